"""The end of the process, and its forks: what has to be done before them for every gateway that is open."""

from __future__ import annotations

import atexit
import os
import weakref

from . import _native

BUDGET_S = 2.0
"""Exit and fork wait at most so long for the log of each gateway."""

_open: weakref.WeakSet[_native.Gateway] = weakref.WeakSet()


def track(gateway: _native.Gateway) -> None:
    """Looks after `gateway` until it is collected."""
    _open.add(gateway)


def _before_fork() -> None:
    for gateway in list(_open):
        gateway.before_fork(BUDGET_S)


@atexit.register
def _end() -> None:
    # The logs first; then the background thread, so that it is gone before the interpreter takes itself apart.
    for gateway in list(_open):
        gateway.close(BUDGET_S)
    _native.shutdown()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(before=_before_fork)
