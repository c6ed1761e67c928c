"""The command `tollhouse`."""

from __future__ import annotations

import signal
import sys

from ._native import run_command


def main() -> int:
    """Runs the command that the program's arguments ask for, and gives its exit status."""
    # The command handles Ctrl-C itself; Python would only note it and wait for the command's end.
    signal.signal(signal.SIGINT, signal.SIG_DFL)
    return run_command(sys.argv[1:])
