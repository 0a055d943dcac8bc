"""A progress bar, or none."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Mapping
from typing import Any


class Bar:
    """No bar."""

    def update(self) -> None:
        """A step is done."""

    def note(self, numbers: Mapping[str, float]) -> None:
        """An epoch is done, with these numbers."""

    def close(self) -> None:
        """The run is over."""


class _Tqdm(Bar):
    def __init__(self, tqdm: Any, total: int | None, done: int) -> None:
        notebook = "ipykernel" in sys.modules
        self.bar = tqdm(
            total=total, initial=done, unit="step", leave=True, dynamic_ncols=not notebook,
            file=sys.stdout if notebook else sys.stderr, mininterval=0.2,
        )  # fmt: skip

    def update(self) -> None:
        self.bar.update()

    def note(self, numbers: Mapping[str, float]) -> None:
        self.bar.set_postfix({k: f"{v:.4g}" for k, v in numbers.items()}, refresh=False)

    def close(self) -> None:
        self.bar.close()


def progress_bar(wanted: bool | None, total: int | None, done: int = 0) -> Bar:
    """A bar of `total` steps (None: not known): by tqdm where it is installed; if not said, in a terminal and in a notebook only."""
    if wanted is None:
        wanted = "ipykernel" in sys.modules or _terminal(sys.stderr)
    if not wanted:
        return Bar()
    try:
        tqdm: Any = importlib.import_module("tqdm").tqdm
    except ImportError:
        return Bar()
    return _Tqdm(tqdm, total, done)


def _terminal(stream: Any) -> bool:
    """Whether somebody watches it: pythonw on Windows has no stderr, and one may be closed."""
    return stream is not None and not stream.closed and bool(stream.isatty())
