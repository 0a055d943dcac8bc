"""`python -m micrograd`: the command line."""

import sys

from micrograd.start import main

if __name__ == "__main__":
    sys.exit(main())
