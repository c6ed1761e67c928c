"""`python -m tollhouse` is the command `tollhouse`."""

import sys

from ._cli import main

sys.exit(main())
