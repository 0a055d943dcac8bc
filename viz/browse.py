"""Show a page in the browser: what `.show()` does in a script, and `--open` on the command line.

In a notebook a thing is shown where it stands, in the lab by its page; elsewhere its page is written to a file of its own among the
temporary ones, which stays (the browser reads it after this program has ended).
"""

from __future__ import annotations

import os
import sys
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .save import write

if TYPE_CHECKING:
    from pathlib import Path


def shown(thing: Any, page: Callable[[], str], name: str) -> None:
    """Show `thing`: in a notebook as the last line of a cell would, else its page in the browser."""
    if in_notebook():
        from IPython.display import display

        display(thing)  # type: ignore[no-untyped-call, unused-ignore]
    elif sys.platform == "emscripten":  # the lab's page
        print("show() opens a page, and this is one: it shows the Value that the last line gives", file=sys.stderr)
    else:
        open_page(write(new_file(name), page().encode()))


def new_file(name: str) -> Path:
    """A path in a new temporary folder: the name is what the browser's history will show."""
    import tempfile
    from pathlib import Path

    return Path(tempfile.mkdtemp(prefix="micrograd-")) / name


def open_page(path: str | os.PathLike[str]) -> bool:
    """Open a file in the browser; where there is none, say on standard error which file to open. Was one there?"""
    import webbrowser
    from pathlib import Path

    place = Path(path).resolve()
    if webbrowser.open(place.as_uri()):
        return True
    print(f"no browser could be started here: open {place} in one", file=sys.stderr)
    return False


def in_notebook() -> bool:
    """Does this code run in a kernel, whose cells show what they are given?"""
    module = sys.modules.get("IPython")
    shell = module.get_ipython() if module is not None and hasattr(module, "get_ipython") else None
    return getattr(shell, "kernel", None) is not None
