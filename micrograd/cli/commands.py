"""What `draw`, `step`, `check`, `quiz` and `exercise` do with an expression that has been read."""

from __future__ import annotations

import importlib
import itertools
from collections.abc import Iterator
from typing import Any

from micrograd import files
from micrograd.cli.assignments import Refused
from micrograd.cli.output import ending_of, keep, place, put
from micrograd.engine import Value
from micrograd.notation import show


def draw(args: Any, root: Value) -> int:
    """A picture, or a tree of text."""
    target = place(args, "graph.html", ".svg", ".png", ".pdf", ".html", ".dot", ".txt")
    if target is None or target.lower().endswith(".txt"):
        given = {"--partials": args.partials, "--color": args.color, "--rankdir": args.rankdir}
        for option in (name for name, value in given.items() if value):
            raise Refused(f"{option} is for pictures and changes nothing in a tree of text: add -o graph.svg, say")
    root.backward()
    viz = importlib.import_module("viz")
    try:
        picture = viz.draw(root, labels=False, partials=args.partials, color=args.color or "kind", rankdir=args.rankdir or "LR")
        if target is not None:
            return keep(args, target, lambda path: files.put(path, picture.file(path)))
        put(None, picture.text.splitlines())
    except (RuntimeError, ImportError) as error:  # no layout program, no PDF library: it says what to install
        raise Refused(str(error)) from error
    return 0


def step(args: Any, root: Value) -> int:
    """Every step, as text, LaTeX or a page."""
    target = place(args, "steps.html", ".html", ".txt", ".tex")
    ending = "" if target is None else target.lower()
    if args.latex and ending.endswith(".html"):
        raise Refused("--latex writes LaTeX, not a page: give a name that ends in .tex, or leave --latex out")
    if target is not None and ending.endswith(".html"):
        return keep(args, target, importlib.import_module("viz").step(root, names=False).save)
    if args.latex or ending.endswith(".tex"):
        inside = " \\\\\n".join(step.latex() for step in root.steps())
        put(target, [r"\begin{gather*}", inside, r"\end{gather*}"])
    else:
        put(target, itertools.chain(map(str, root.steps()), _gradients(root)))
    return 0


def check(args: Any, root: Value) -> int:
    """The gradients against finite differences, or with a proof: status 1 where one is wrong, 3 where one cannot be told."""
    if args.output is not None:
        ending_of(args.output, ".txt")
    if args.certify:
        from micrograd.cli.proof import proof

        return proof(args, root)
    from micrograd.checking.checks import check_grads

    report = check_grads(root, _named(root) or None)
    put(args.output, str(report).splitlines())
    return 1 if report.wrong else 3 if report.undecided else 0


def quiz(args: Any, root: Value) -> int:
    """The stepper with its questions, opened at the first."""
    target = place(args, "quiz.html", ".html")
    if target is None:
        raise Refused("the questions are asked in a page: add --open to see it in the browser, or -o quiz.html to keep it")
    if not any(value.op is not None for value in root.topological()):
        raise Refused("there is nothing to ask: no operation leads to this value")
    return keep(args, target, importlib.import_module("viz").step(root, names=False, quiz=args.seed, at=-1).save)


def exercise(args: Any, root: Value) -> int:
    """A worksheet to print, or its questions as text."""
    target = place(args, "exercise.html", ".html", ".svg", ".pdf")
    try:
        blanks = 1.0 if args.blanks is None else args.blanks
        sheet = importlib.import_module("viz").exercise(root, seed=args.seed, blanks=blanks, names=False)
        if target is not None:
            return keep(args, target, lambda path: sheet.save(path, key=args.key))
        rows = [f"{i}. {b.question} = {b.answer if args.key else '______'}" for i, b in enumerate(sheet.blanks, 1)]
        put(None, [f"{sheet.title} (sheet {sheet.seed})", "", *rows])
    except (ValueError, RuntimeError, ImportError) as error:
        raise Refused(str(error)) from error
    return 0


def _named(root: Value) -> list[Value]:
    return [v for v in root.topological() if v.op is None and v.label]


def _gradients(root: Value) -> Iterator[str]:
    """A table of the named leaves with their gradients, made when it is reached: after the steps."""
    leaves = _named(root)
    rows = [("", "value", "gradient"), *((v.label, show(v.data), show(v.grad)) for v in leaves)]
    wide = [max(len(row[i]) for row in rows) for i in range(3)]
    if leaves:
        yield ""
        yield from (f"{name:<{wide[0]}}  {data:>{wide[1]}}  {grad:>{wide[2]}}" for name, data, grad in rows)
