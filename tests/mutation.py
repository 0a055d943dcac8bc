"""Mutation testing: does a test fail when a line of the mathematics is changed? `python tests/mutation.py [GROUP …]`.

Needs cosmic-ray (`pip install -e .[mutation]`) and a system that forks. Works in a clone of the last commit, one a group; prints the score
and every mutant that lives. What is mutated: operators, comparisons, numbers, conditions, loops. Left out, since they tell nothing here:
bit operations and `//`, `%`, `**` for `+` (a TypeError or a number far off in every test), `|` in annotations, `is` for `==`, orders for
equalities, `strict=`, `slots=` and `@overload`, bounds of a domain other than 0 and ±1 (where tests draw from: a choice), 1 more than
1e100. docs/mutation.md has the latest scores, and says of each living mutant why no test sees it.

A mutant is tried by the tests most likely to notice first (those of the row that was changed, with few examples), and lives only if
all pass with all their examples. They run in a fork of a process that has loaded pytest and NumPy already.
"""

from __future__ import annotations

import argparse
import ast
import json
import os
import random
import re
import resource
import select
import signal
import socket
import subprocess
import sys
import tempfile
import time
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parent.parent
TABLE = "test_digits test_numerics test_ops test_zeros test_notation test_laws"
OF_ROWS = (  # the table's tests of the changed row, with others by their names, and the files
    ("rounding shortest power_of_two", "test_digits"),
    ("defaults domains_end kept", "test_ops test_numerics"),
    ("fresh", "test_notation"),
)
COMPILER = "test_compiler_passes test_compiler_structure test_compiler_told test_compiler test_compiler_take"
GROUPS = {  # name → (files, the tests that must notice, the likeliest first)
    "ops": ("micrograd/ops/table.py", TABLE),
    "rules": ("micrograd/ops/rules.py", TABLE),
    "op": ("micrograd/ops/op.py", "test_engine test_compat test_ops test_constants test_zeros test_laws"),
    "engine": ("micrograd/engine.py", "test_engine test_compat test_dropin test_cycles test_ops test_laws"),
    "functional": ("micrograd/functional.py", "test_functional test_habits test_laws"),
    "losses": ("micrograd/losses.py", "test_losses test_given test_nn test_habits"),
    "optim": ("micrograd/optim/*.py", "test_optim test_train"),
    "transpose": ("micrograd/compiler/passes/transpose.py", f"{COMPILER} test_zeros_compiled"),
    "fuse": ("micrograd/compiler/passes/fuse.py", COMPILER),
    "factor": ("micrograd/compiler/passes/factor.py", COMPILER),
    "group": ("micrograd/compiler/passes/group.py micrograd/compiler/passes/layout.py", COMPILER),
    "graph": (
        "micrograd/compiler/tracing/scalars.py micrograd/compiler/program/rule.py",
        f"{COMPILER} test_zeros_compiled",
    ),
}
NOT_TOLD = (
    r"core/ReplaceBinaryOperator_\w+_(RShift|LShift|BitOr|BitAnd|BitXor|FloorDiv|Mod|Pow)",
    r"core/ReplaceBinaryOperator_BitOr_\w+",
    r"core/ReplaceUnaryOperator_\w+_(UAdd|Not|Invert)",
    r"core/ReplaceComparisonOperator_(Eq|NotEq|Is|IsNot)_(Lt|LtE|Gt|GtE)",
    r"core/ReplaceComparisonOperator_(Eq|NotEq|Lt|LtE|Gt|GtE)_(Is|IsNot)",
    r"core/ReplaceComparisonOperator_(Lt|LtE|Gt|GtE)_Eq",
    r"core/ReplaceComparisonOperator_(Is|IsNot)_(Eq|NotEq)",
)
MEMORY = 6 << 30  # bytes: a mutant that asks for more is noticed
ASK = "import socket,sys;s=socket.socket(socket.AF_UNIX);s.connect(sys.argv[1]);sys.exit(int(s.recv(1)))"


# --- the process that tries mutants ----------------------------------------------------------------------------------


class Server:
    """Runs a group's tests on what is in the current folder, whenever it is asked; answers 1 where one fails."""

    def __init__(self, name: str, quick: bool = False) -> None:
        import hypothesis.strategies  # noqa: F401  what tests load, loaded once
        import mpmath  # noqa: F401
        import numpy  # noqa: F401
        import pytest  # noqa: F401

        files, tests = GROUPS[name]
        self.sources = {path: path.read_text() for pattern in files.split() for path in Path().glob(pattern)}
        self.tests = [str(path) for test in tests.split() for path in Path("tests").rglob(f"{test}.py")]
        self.left_out: tuple[str, ...] = ()
        if "compiler" in files:  # passes are the same for every back end, and the compiled ones are slow to start
            sys.modules["numba"] = None  # type: ignore[assignment]
            self.left_out = ("-k", "not numba and not interpreter")
        self.quick = ("--hypothesis-profile=mutants",)
        self.whole = self.quick if quick else ()
        self.limit = 0.0  # seconds of processor time, once known

    def fails(self, *options: str) -> bool:
        """Whether one of the tests fails, takes several times the usual time, or dies. No tests at all is no failure."""
        child = os.fork()
        if not child:
            os.setpgid(0, 0)
            resource.setrlimit(resource.RLIMIT_AS, (MEMORY, MEMORY))
            if self.limit:
                resource.setrlimit(resource.RLIMIT_CPU, (int(self.limit), int(self.limit)))
                signal.alarm(20 * int(self.limit))
            os.dup2(os.open(os.devnull if self.limit else "baseline.txt", os.O_WRONLY | os.O_CREAT), 1)
            import pytest

            fixed = ["-q", "-o", "addopts=-x", "-W", "ignore::pytest.PytestAssertRewriteWarning", "-p", "_hypothesis_pytestplugin"]
            for plugin in ("cacheprovider", "unraisableexception", "threadexception"):  # (they collect garbage at the end)
                fixed += ["-p", f"no:{plugin}"]
            files = () if any(option.endswith(".py") for option in options) else self.tests
            os._exit(int(pytest.main([*fixed, *self.left_out, *options, *files])))
        status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
        with suppress(ProcessLookupError):
            os.killpg(child, signal.SIGKILL)
        return status not in (0, 5)

    def noticed(self) -> bool:
        """Whether the tests notice what is changed: those of the row or the first file with few examples, then all."""
        if not self.limit:
            return self.fails(*self.whole)
        rows = self.rows()
        if not rows:
            return self.fails(*self.quick, self.tests[0]) or self.fails(*self.whole)
        for names, files in OF_ROWS:
            found = [str(path) for file in files.split() for path in Path("tests").rglob(f"{file}.py")]
            if self.fails(*self.quick, "-k", " or ".join([*rows, *names.split()]), *found):
                return True
        return not self.whole and self.fails()

    def rows(self) -> list[str]:
        """The rows of the table of ops that the changed line belongs to."""
        for path, text in self.sources.items():
            lines = text.splitlines()
            changed = next((i for i, (a, b) in enumerate(zip(lines, path.read_text().splitlines(), strict=False)) if a != b), None)
            if changed is not None and path.name == "table.py":  # a row is indented but for its first line
                found = [name for line in lines[changed + 1 :: -1] for name in re.findall(r'^    "(\w+)",|^(?!\)|\w+: Op)\S', line)]
                return [name for name in found[:1] if name]
            if changed is not None and path.name == "rules.py":
                found = [name for line in lines[changed::-1] for name in re.findall(r"^(?:def )?(\w+)", line)][:1]
                for rule in found:  # and the rules that use it
                    users = re.findall(rf"^def (\w+)(?=[^\n]*\n(?: .*\n|\n)*? .*\b{rule}\b)", text, re.MULTILINE)
                    found += [user for user in users if user not in found]
                rows = re.split(r"^\w+: Op = row\(", Path("micrograd/ops/table.py").read_text(), flags=re.MULTILINE)
                return [row.split('"')[1] for row in rows[1:] if re.search(rf"rules\.({'|'.join(found)})\b", row)]
        return []

    def serve(self, path: str) -> None:
        """First the baseline, which must pass; then whoever asks."""
        began = os.times().children_user
        with socket.socket(socket.AF_UNIX) as listening:
            listening.bind(path)
            failed = self.noticed()
            self.limit = 5.0 + 3 * (os.times().children_user - began)
            listening.listen()
            print(f"baseline {'FAILS' if failed else 'passes'}, {self.limit:.0f} s of processor time are the limit", flush=True)
            while not failed and sys.stdin not in select.select([listening, sys.stdin], [], [])[0]:  # its end: the driver is gone
                asking, _ = listening.accept()
                with asking:
                    asking.sendall(b"1" if self.noticed() else b"0")


# --- the driver ------------------------------------------------------------------------------------------------------


def run(name: str, work: Path, given: argparse.Namespace) -> tuple[str, int, list[str]]:
    """Mutate a group in a clone: its name, how many mutants there were, and those that no test noticed."""
    clone, config, session, asked = work / name, work / f"{name}.toml", work / f"{name}.sqlite", work / f"{name}.socket"
    subprocess.run(["git", "clone", "-q", str(ROOT), str(clone)], check=True)
    found = [path for pattern in GROUPS[name][0].split() for path in sorted(clone.glob(pattern))]
    modules = [str(path.relative_to(clone)) for path in found if path.stem != "__init__"]
    for folder in ("micrograd", "viz"):  # compiled files that hold a hash of the text, not its time: mutants follow one another fast
        subprocess.run([sys.executable, "-m", "compileall", "-q", "--invalidation-mode=checked-hash", folder], cwd=clone, check=True)
    config.write_text(
        f"[cosmic-ray]\nmodule-path = {json.dumps(modules)}\ntimeout = 3600.0\nexcluded-modules = []\n"
        f"test-command = {json.dumps(f'{sys.executable} -SE -c {ASK!r} {asked}')}\n"
        f'[cosmic-ray.distributor]\nname = "local"\n[cosmic-ray.filters.operators-filter]\nexclude-operators = {json.dumps(NOT_TOLD)}\n'
    )
    tool = str(Path(sys.executable).with_name("cosmic-ray"))
    serve = [sys.executable, str(Path(__file__)), "--serve", str(asked), *["--quick"] * given.quick, name]
    environment = {**os.environ, "PYTHONPATH": str(clone), "PYTEST_DISABLE_PLUGIN_AUTOLOAD": "1"}
    pipes: dict[str, Any] = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(serve, cwd=clone, env=environment, **pipes) as server:
        try:
            assert server.stdout
            told = server.stdout.readline()
            print(f"{name}: {told}", end="", flush=True)
            if "passes" not in told:
                raise SystemExit((clone / "baseline.txt").read_text()[-3000:])
            subprocess.run([tool, "init", str(config), str(session)], cwd=clone, check=True)
            filter_ = [str(Path(tool).with_name("cr-filter-operators")), str(session), str(config)]
            subprocess.run(filter_, cwd=clone, check=True, capture_output=True)
            leave(session, clone, given.sample, given.seed)
            start = time.monotonic()
            subprocess.run([tool, "exec", str(config), str(session)], cwd=clone, check=True)
            print(f"{name}: {time.monotonic() - start:.0f} s", flush=True)
        finally:
            server.kill()
    dumped = subprocess.run([tool, "dump", str(session)], cwd=clone, check=True, capture_output=True, text=True).stdout
    tried, living = 0, []
    for line in dumped.splitlines():
        work_item, result = json.loads(line)
        if result is None or result["worker_outcome"] == "skipped":
            continue
        tried += 1
        if result["test_outcome"] == "survived":
            living.append(mutant(work_item["mutations"][0], result["diff"] or ""))
    return name, tried, living


def leave(session: Path, clone: Path, sample: int, seed: int) -> None:
    """Skip what no program could see or is a choice (a domain's bound), and all but a random sample, if one is asked for."""
    from cosmic_ray.work_db import WorkDB, use_db
    from cosmic_ray.work_item import WorkerOutcome, WorkResult

    def seen(mutation: Any) -> bool:
        row, column = mutation.start_pos
        text = (clone / mutation.module_path).read_text()
        line = text.splitlines()[row - 1]
        functions = [node for node in ast.walk(ast.parse(text)) if isinstance(node, ast.FunctionDef) and node.decorator_list]
        declared = [node for node in functions if ast.unparse(node.decorator_list[0]) == "overload"]
        if any(node.decorator_list[0].lineno <= row <= (node.end_lineno or 0) for node in declared):
            return False
        chosen = re.search(r"\bdomain=[^a-z]*$", line[:column]) and re.match(r"-?(?![01]\.0)\d", line[column:])
        huge = re.match(r"1e[1-9]\d\d", line[column:])  # and 1 more is the same double
        return not (line[:column].endswith(("strict=", "slots=")) or chosen or huge)

    with use_db(str(session), WorkDB.Mode.open) as found:
        items = sorted(found.pending_work_items, key=lambda item: str(item.mutations))
        if sample:
            random.Random(seed).shuffle(items)
        kept = [item for item in items if all(map(seen, item.mutations))][: sample or None]
        for item in items:
            if item not in kept:
                found.set_result(item.job_id, WorkResult(output="left out", worker_outcome=WorkerOutcome.SKIPPED))


def mutant(mutation: dict[str, object], diff: str) -> str:
    """A mutant in one line: file, line, what was and what is."""
    changed = [line[1:].strip() for line in diff.splitlines() if line[:1] in "+-" and line[:3] not in ("+++", "---")]
    place = mutation["start_pos"]
    return f"{mutation['module_path']}:{place[0]}: {' → '.join(changed)}"  # type: ignore[index]


def main() -> int:
    """Run the groups asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("groups", nargs="*", metavar="GROUP", help=f"of {', '.join(GROUPS)}; all by default")
    parser.add_argument("--jobs", type=int, default=1, help="groups at a time")
    parser.add_argument("--sample", type=int, default=0, metavar="N", help="only N mutants of each group, drawn at random")
    parser.add_argument("--seed", type=int, default=0, help="of the sample")
    parser.add_argument(
        "--quick", action="store_true", help="few examples, and of the table's tests those of the row: faster, a score too low"
    )
    parser.add_argument("--serve", help=argparse.SUPPRESS)
    given = parser.parse_args()
    if given.serve:
        Server(given.groups[0], given.quick).serve(given.serve)
    unknown = set(given.groups) - set(GROUPS)
    if unknown:
        parser.error(f"no group {unknown.pop()!r}: there are {', '.join(GROUPS)}")
    with tempfile.TemporaryDirectory() as work, ThreadPoolExecutor(given.jobs) as pool:
        for name, tried, living in pool.map(lambda group: run(group, Path(work), given), given.groups or GROUPS):
            print(f"{name}: {tried - len(living)} of {tried} noticed, {100 * (1 - len(living) / max(tried, 1)):.1f} %", flush=True)
            for line in living:
                print(f"    {line}", flush=True)
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
