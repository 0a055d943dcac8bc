"""The one place that starts a program: DOT in, a laid-out picture out.

`graphviz-pure`, which pip puts beside Python, comes first: it gives the same picture on every machine. A system `dot` is taken where
that is missing, or on request: ``viz.draw(root, layout="dot")`` or the environment variable ``VIZ_LAYOUT=dot``.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator

SECONDS = 120
LAYOUTS = ("auto", "graphviz-pure", "dot", "layers")
VARIABLE = "VIZ_LAYOUT"


class LayoutError(RuntimeError):
    """No layout program, or it failed."""


def chosen(wanted: str = "auto") -> str:
    """Which layout is asked for: by name, else by the environment."""
    said = (os.environ.get(VARIABLE, "").strip() or "auto") if wanted == "auto" else wanted
    if said not in LAYOUTS:
        where = f"{VARIABLE}={said!r}" if wanted == "auto" else f"layout={said!r}"
        raise ValueError(f"{where}: expected one of {', '.join(map(repr, LAYOUTS))}")
    return said


def found(wanted: str = "auto") -> str | None:
    """The path of the layout program; None where pictures are laid out without one.

    LayoutError when the one that was asked for is not installed.
    """
    said = chosen(wanted)
    if said == "layers" or (said == "auto" and sys.platform in ("emscripten", "wasi")):  # in a browser no program can be started
        return None
    path = (_pure() if said != "dot" else None) or (_dot() if said != "graphviz-pure" else None)
    if path is None and said != "auto":
        raise LayoutError(f"{said} was asked for and is not installed" + (": `pip install graphviz-pure`" if said != "dot" else ""))
    return path


def program(wanted: str = "auto") -> str:
    """The path of the layout program; LayoutError when there is none."""
    path = found(wanted)
    if path is None:
        raise LayoutError(
            "no program to lay out the graph: found neither `graphviz-pure` nor `dot` (Graphviz). "
            "`pip install graphviz-pure` is enough; `viz.draw(root)` needs nothing for SVG and HTML, `viz.text_tree(root)` nothing at all."
        )
    return path


def _dot() -> str | None:
    import shutil

    return shutil.which("dot")


def _pure() -> str | None:
    for folder in _folders():
        for name in ("graphviz-pure", "graphviz-pure.exe"):
            if os.path.isfile(path := os.path.join(folder, name)):
                return path
    import shutil

    return shutil.which("graphviz-pure")


def layout(dot: str, format: str = "svg", *, dpi: int | None = None, path: str | None = None) -> bytes:
    """Run the layout program, that at ``path`` or the one found, over DOT source."""
    import subprocess

    command = [path or program(), f"-T{format}"]
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
        raise LayoutError(f"{os.path.basename(command[0])} failed ({done.returncode}): {said}")
    if not _is(format, done.stdout):
        said = done.stdout[:60].decode("ascii", "backslashreplace")
        raise LayoutError(f"{os.path.basename(command[0])} gave no {format.upper()} but {said!r}: is it Graphviz's?")
    return done.stdout


def _folders() -> Iterator[str]:
    """Where pip puts programs: bin or Scripts, of this environment or of the user, by what this system calls them."""
    if sys.executable:
        yield os.path.dirname(sys.executable)
    yield from (os.path.join(sys.prefix, "bin"), os.path.join(sys.prefix, "Scripts"))
    import sysconfig

    yield sysconfig.get_path("scripts", sysconfig.get_preferred_scheme("user"))


def _is(format: str, content: bytes) -> bool:
    """Whether it is what was asked for, as far as its first look tells."""
    if format in ("png", "pdf"):
        return content.startswith(b"\x89PNG" if format == "png" else b"%PDF")
    if format == "json":
        return content.lstrip().startswith(b"{") and content.rstrip().endswith(b"}")
    if format != "svg":
        return True
    try:
        content.decode()
    except UnicodeDecodeError:
        return False
    start = content.find(b"<svg")
    return 0 <= start < content.find(b"</svg>")
