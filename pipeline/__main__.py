"""python -m pipeline COMMAND, the same as malicious-domains COMMAND."""

import sys

from malicious_domains.cli import main

if __name__ == "__main__":
    sys.exit(main())
