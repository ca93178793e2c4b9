"""python -m malicious_domains COMMAND, the same as malicious-domains COMMAND."""

import sys

from .cli import main

if __name__ == "__main__":
    sys.exit(main())
