"""`micrograd doctor FILE.py[:Class]`: what is wrong with an engine of one's own; with --loop, with a training loop."""

from __future__ import annotations

import argparse
import json
import os
import sys
from pathlib import Path
from typing import Any

from micrograd.cli.assignments import Refused
from micrograd.cli.output import ending_of, keep, put

ABOUT = """\
The file is run in a process of its own, which is ended after --timeout seconds. Its class (the one with backward() and operators, or the
one named) is asked every operation; each mistake is named, with its line, the smallest expression that shows it, and hints.

  micrograd doctor engine.py
  micrograd doctor engine.py:Value --hints 3
  micrograd doctor engine.py -o report.html --open
  micrograd doctor train.py --loop                   a training loop, watched while it runs

Exit status: 0 nothing is wrong, 1 mistakes were found, 2 the command was wrong, 3 it could not be read.
"""


def options(parser: argparse.ArgumentParser) -> None:
    """What the command takes."""
    parser.add_argument("expression", metavar="FILE.py[:Class]", nargs="?", help="a file of Python, which is run, and a class in it")
    parser.add_argument("-o", "--output", dest="output", metavar="FILE", help="write the report: .html, .json or .txt")
    parser.add_argument("--open", action="store_true", help="open the page in the browser; without -o the file is a temporary one")
    parser.add_argument("--loop", action="store_true", help="watch the training loop of the file")
    parser.add_argument("--maximise", action="store_true", help="with --loop: its loop goes up, as for a reward or a likelihood")
    parser.add_argument(
        "--hints", type=int, default=1, choices=range(4), metavar="N", help="how many of three hints are shown (default: 1)"
    )
    parser.add_argument("--solution", action="store_true", help="show the corrected line too")
    parser.add_argument("--timeout", type=float, default=20.0, metavar="S", help="seconds after which the file is stopped (default: 20)")


def doctor(args: Any) -> int:
    """Do it. Refused, with a sentence, where it cannot be done."""
    text = args.expression.removeprefix(" ")
    path, colon, name = text.rpartition(":") if ".py:" in text else (text, "", "")
    if colon and not name.isidentifier():
        raise Refused(f"{text!r} is not FILE.py:Class, such as engine.py:Value")
    if not path.endswith(".py"):
        raise Refused(f"{path!r} is not a file of Python, such as engine.py")
    if not Path(path).is_file():
        raise Refused(f"there is no file {path!r}")
    if args.timeout <= 0:
        raise Refused(f"--timeout {args.timeout:g}: a number of seconds above 0 is needed")
    if args.maximise and not args.loop:
        raise Refused("--maximise goes with --loop: it says that a training loop goes up")
    target = args.output
    if target is not None:
        ending_of(target, ".html", ".json", ".txt")
    elif args.open:
        target = "doctor.html"
    made = examined(path, name, args.timeout, solution=args.solution, loop=args.loop, maximise=args.maximise)
    report = made["report"]
    lines = made["texts"][3 if args.solution else args.hints].splitlines()
    if target is None:
        put(None, lines)
    elif target.lower().endswith(".txt"):
        put(target, lines)
    else:
        content = made["page"] if target.lower().endswith(".html") else json.dumps(report, indent=2, ensure_ascii=False) + "\n"
        from micrograd.files import write

        keep(args, target, lambda place: write(place, content.encode()))
    faults = [f for f in report["findings"] if f["kind"] == "fault"]
    return 1 if faults else 3 if not report["works"] else 0


def examined(path: str, name: str, timeout: float, *, solution: bool = False, loop: bool = False, maximise: bool = False) -> dict[str, Any]:
    """What the process of its own found: the report as data, its texts and its page. One that says so where it ran away."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        target = os.path.join(folder, "report.json")
        module = "micrograd.doctor.loop_child" if loop else "micrograd.doctor.child"
        first = ""
        for whole in ("1", "0"):
            asked = [str(path), name, whole, "1" if solution else "0", *(["maximise"] if maximise else []), target]
            told = _run([sys.executable, "-m", module, *asked], timeout)
            if os.path.exists(target):
                made: dict[str, Any] = json.loads(Path(target).read_text(encoding="utf-8"))
                if whole == "0":
                    made["report"]["said"] = f"{first}; its classes were read alone"
                    made["texts"] = [f"{t}\n\n{made['report']['said']}" for t in made["texts"]]
                return made
            first = told
            if loop:
                break
        raise Refused(f"{path}: {told}")


def _run(command: list[str], timeout: float) -> str:
    """Run a process to its end; what is to be said where it came to none, or to a bad one."""
    import subprocess

    here = str(Path(__file__).resolve().parents[2])
    found = os.pathsep.join(filter(None, [here, os.environ.get("PYTHONPATH", "")]))
    try:
        done = subprocess.run(
            command, stdin=subprocess.DEVNULL, capture_output=True, timeout=timeout, env={**os.environ, "PYTHONPATH": found}, check=False
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        return f"the file does not end within {timeout:g} seconds"
    if done.returncode:
        last = done.stderr.decode(errors="replace").strip().splitlines()
        return f"the process that ran it ended with status {done.returncode}: {last[-1] if last else 'no word'}"
    return ""
