"""`python -m enishi.config.cli`, for where the `enishi` script is not on the path."""

import sys

from enishi.config.cli import main

if __name__ == "__main__":
    sys.exit(main())
