"""`python -m micrograd`: the command line."""

import sys

from micrograd.cli import main

if __name__ == "__main__":
    sys.exit(main())
