"""The one place that starts a program: DOT in, a laid-out picture out.

`dot` is used where it is installed; otherwise `graphviz-pure`, which pip puts beside Python.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
import sysconfig
from collections.abc import Iterator
from pathlib import Path

SECONDS = 120


class LayoutError(RuntimeError):
    """No layout program, or it failed."""


def program() -> str:
    """The path of the layout program; LayoutError when there is none."""
    found = shutil.which("dot")
    if found:
        return found
    for folder in _folders():
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
    flags = getattr(subprocess, "CREATE_NO_WINDOW", 0)  # Windows would open a console
    try:
        done = subprocess.run(command, input=dot.encode(), capture_output=True, timeout=SECONDS, check=False, creationflags=flags)
    except subprocess.TimeoutExpired:
        raise LayoutError(f"the layout took more than {SECONDS} s: fold more, or draw with a smaller budget") from None
    except OSError as error:
        raise LayoutError(f"cannot run {command[0]}: {error}") from None
    if done.returncode or not done.stdout:
        said = done.stderr.decode(errors="replace").strip()[:500]
        raise LayoutError(f"{Path(command[0]).name} failed ({done.returncode}): {said}")
    if not _is(format, done.stdout):
        said = done.stdout[:60].decode("ascii", "backslashreplace")
        raise LayoutError(f"{Path(command[0]).name} gave no {format.upper()} but {said!r}: is it Graphviz's?")
    return done.stdout


def _folders() -> Iterator[Path]:
    """Where pip puts programs: bin or Scripts, of this environment or of the user, by what this system calls them."""
    if sys.executable:
        yield Path(sys.executable).parent
    yield from (Path(sys.prefix) / "bin", Path(sys.prefix) / "Scripts")
    yield Path(sysconfig.get_path("scripts", sysconfig.get_preferred_scheme("user")))


def _is(format: str, content: bytes) -> bool:
    """Whether it is what was asked for, as far as its first look tells."""
    if format in ("png", "pdf"):
        return content.startswith(b"\x89PNG" if format == "png" else b"%PDF")
    if format != "svg":
        return True
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    start = content.find(b"<svg")
    return 0 <= start < content.find(b"</svg>")
