"""The process in which a training loop runs while it is watched; it can be killed."""

from __future__ import annotations

import ast
import contextlib
import io
import json
import math
import os
import sys
import types
from pathlib import Path

from micrograd.doctor.child import MODULE
from micrograd.doctor.findings import Report
from micrograd.doctor.listening import Enough, Watched, listening
from micrograd.doctor.loop_text import LoopText
from micrograd.doctor.loops import judged
from micrograd.doctor.student import engines_in
from micrograd.engine import Value


def watched_run(text: str, path: str, module: types.ModuleType, until: float = math.inf, maximise: bool = False) -> Report:
    """Run a program in a module, watched, and judge its training loop. until: the `time.perf_counter()` at which it is ended."""
    watched, raised = Watched(until), ""
    with contextlib.ExitStack() as stack:
        stack.enter_context(listening(watched, [Value]))
        try:
            heard: set[type] = {Value}
            vars(module)["__name__"] = "__main__"
            for node in ast.parse(text, path).body:  # statement by statement: a class is heard as soon as it is there
                exec(compile(ast.Module([node], []), path, "exec"), vars(module))
                homes = {"__main__"}
                if isinstance(node, ast.ImportFrom):  # an engine of another file, known here by its name (or by *)
                    homes |= {getattr(vars(module).get(name.asname or name.name), "__module__", node.module or "") for name in node.names}
                for cls in [cls for home in homes for cls in engines_in(vars(module), home)]:
                    if cls not in heard and isinstance(node, (ast.ClassDef, ast.Import, ast.ImportFrom)):
                        heard.add(cls)
                        stack.enter_context(listening(watched, [cls]))
        except Enough:
            pass
        except SyntaxError as error:
            raised = f"line {error.lineno}: {error.msg}: this is no Python yet"
        except BaseException as error:
            raised = f"it ended with {type(error).__name__}: {error}"
    return judged(watched, LoopText(text, path), raised, maximise)


def main() -> None:
    """path, whether a quantity is maximised ("maximise"), and the file for the report (the last argument)."""
    path, target = sys.argv[1], sys.argv[-1]
    text = Path(path).read_text(encoding="utf-8")
    module = types.ModuleType(MODULE)
    module.__file__ = path
    sys.modules[MODULE] = module
    sys.path.insert(0, str(Path(path).resolve().parent))
    silent = io.StringIO()
    with contextlib.redirect_stdout(silent), contextlib.redirect_stderr(silent):
        report = watched_run(text, path, module, maximise="maximise" in sys.argv[2:-1])
    from micrograd.doctor.page import page

    made = {"report": report.as_dict(), "texts": [report.text(k) for k in range(4)], "page": page(report)}
    Path(f"{target}.part").write_text(json.dumps(made), encoding="utf-8")
    os.replace(f"{target}.part", target)


if __name__ == "__main__":
    main()
