"""The one place that starts a program: DOT in, a laid-out picture out.

`dot` is used where it is installed; otherwise `graphviz-pure`, which pip puts beside Python.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

SECONDS = 120


class LayoutError(RuntimeError):
    """No layout program, or it failed."""


def program() -> str:
    """The path of the layout program; LayoutError when there is none."""
    found = shutil.which("dot")
    if found:
        return found
    for folder in (Path(sys.executable).parent, Path(sys.prefix) / "bin", Path(sys.prefix) / "Scripts"):
        for name in ("graphviz-pure", "graphviz-pure.exe"):
            if (folder / name).is_file():
                return str(folder / name)
    found = shutil.which("graphviz-pure")
    if found:
        return found
    raise LayoutError(
        "no program to lay out the graph: found neither `dot` (Graphviz) nor `graphviz-pure`. "
        "`pip install graphviz-pure` is enough; `viz.text_tree(root)` needs nothing."
    )


def layout(dot: str, format: str = "svg", *, dpi: int | None = None) -> bytes:
    """Run the layout program over DOT source."""
    command = [program(), f"-T{format}"]
    if dpi is not None:
        command.append(f"-Gdpi={dpi}")
    try:
        done = subprocess.run(
            command, input=dot.encode(), capture_output=True, timeout=SECONDS, check=False
        )
    except subprocess.TimeoutExpired:
        raise LayoutError(
            f"the layout took more than {SECONDS} s: fold more, or draw with a smaller budget"
        ) from None
    except OSError as error:
        raise LayoutError(f"cannot run {command[0]}: {error}") from None
    if done.returncode or not done.stdout:
        said = done.stderr.decode(errors="replace").strip()[:500]
        raise LayoutError(f"{Path(command[0]).name} failed ({done.returncode}): {said}")
    return done.stdout
