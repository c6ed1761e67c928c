"""What the native bridge needs of trio. Imported only in a program that has trio."""

from __future__ import annotations

from typing import TYPE_CHECKING

import trio
from trio.lowlevel import Abort, current_task, current_trio_token, reschedule, wait_task_rescheduled

if TYPE_CHECKING:
    from collections.abc import Callable

    from ._native import Pending

__all__ = ["Bell", "in_task", "token"]


def in_task() -> bool:
    """Whether a task of trio is calling, and not one of asyncio in the same program."""
    try:
        current_task()
    except RuntimeError:
        return False
    return True


def token() -> trio.lowlevel.TrioToken:
    """Stands for the loop that runs the calling task."""
    return current_trio_token()


class Bell:
    """Wakes a task when its call is done: the part of `asyncio.Future` that the bridge rings."""

    def __init__(self) -> None:
        self._task: trio.lowlevel.Task | None = None
        self._rung = False

    def done(self) -> bool:
        """Whether it has rung."""
        return self._rung

    def set_result(self, _value: None) -> None:
        """Rings it."""
        self._rung = True
        if self._task is not None:
            reschedule(self._task)

    async def wait(self, call: Pending) -> object:
        """The outcome of `call`. Cancelling drops the call."""

        def abort(_raise_cancel: Callable[[], object]) -> Abort:
            # The call would not be told by the garbage collector in time: a traceback may hold on to it.
            self._rung = True
            call.cancel()
            return Abort.SUCCEEDED

        if not self._rung:
            self._task = current_task()
            await wait_task_rescheduled(abort)
        return call.take()
