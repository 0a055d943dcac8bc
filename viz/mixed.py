"""Two packages named micrograd: whether another one's files lie among ours, and the two commands that mend it.

The original installs a package `micrograd` too. Whichever is installed second overwrites files of the first, and uninstalling
one takes files from the other. `viz/mixed.py` and `micrograd/mixed.py` are one text: either works where the other is not found.
"""

from __future__ import annotations

import os
import sys

HOME = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))  # where both our packages lie
told = False  # has it been said?
MEND = "\n    pip uninstall -y micrograd micrograd-lab\n    pip install micrograd-lab"


def trouble() -> str:
    """What is wrong, with the commands that mend it; "" when nothing is. A folder named micrograd in front of ours is no fault."""
    other = _another(HOME) or _another(_in_front())
    if other:
        return f"two packages named micrograd are installed, micrograd-lab and {other}, and overwrite each other's files. To mend it:{MEND}"
    ours = os.path.join(HOME, "micrograd")
    if os.path.isdir(ours) and not all(os.path.exists(os.path.join(ours, name)) for name in ("__init__.py", "engine.py")):
        return f"files of micrograd-lab are gone (another package named micrograd was uninstalled). To mend it:{MEND}"
    return ""


def glance() -> None:
    """`warn()`, at the price of one look, where the original's nn.py lies beside our folder nn: whichever came second."""
    if os.path.exists(os.path.join(HOME, "micrograd", "nn.py")):
        warn()


def warn() -> None:
    """Say it once in a process, whoever asks."""
    global told
    said = trouble()
    if said:
        import warnings

        told = True
        warnings.warn_explicit(said, UserWarning, "micrograd-lab", 1, "micrograd", warnings.onceregistry)  # type: ignore[attr-defined]


def _another(folder: str) -> str:
    """The name and version of a distribution `micrograd` that is installed into this folder, "" for none."""
    try:
        names = os.listdir(folder) if folder else []
    except OSError:
        return ""
    for name in sorted(names):
        project, _, version = name.removesuffix(".dist-info").removesuffix(".egg-info").partition("-")
        if project.lower() == "micrograd" and version[:1].isdigit() and name.endswith("-info"):
            return f"micrograd {version}"
    return ""


def _in_front() -> str:
    """The folder from which `import micrograd` takes it, where that is not ours."""
    for folder in sys.path:
        if os.path.isfile(os.path.join(folder or os.getcwd(), "micrograd", "__init__.py")):
            return "" if os.path.abspath(folder) == HOME else os.path.abspath(folder)
    return ""
