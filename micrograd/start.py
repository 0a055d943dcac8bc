"""What the command `micrograd` starts: it says what is wrong with the installation before that can make it fail."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence

from micrograd import mixed


def main(argv: Sequence[str] | None = None) -> int:
    """Run the command line; where another package named micrograd lies among our files, say so, and go on if it can."""
    said = mixed.trouble()
    if said and not mixed.told:
        print(f"micrograd: {said}", file=sys.stderr)
        warnings.filterwarnings("ignore", "two packages named micrograd|files of micrograd-lab", UserWarning)  # it has been said
    try:
        from micrograd.cli.main import main as run
    except (ImportError, AttributeError):
        if not said:
            raise
        return 2
    return run(argv)
