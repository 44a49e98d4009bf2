"""`python -m aegru_hw`."""

import sys

from aegru_hw.cli import main

sys.exit(main())
