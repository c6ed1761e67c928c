"""How an event loop wakes the tasks whose calls the background thread has finished."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._native import Rung


def ring(rung: Rung) -> None:
    """Rings the bells that wait to be rung. Runs in the loop."""
    for bell in rung.take():
        if not bell.done():
            bell.set_result(None)
