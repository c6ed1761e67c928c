"""The part of `typing` that runs, without the milliseconds that importing all of it takes."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import overload
else:

    def overload(_function):  # noqa: ANN001, ANN202
        """Marks one of a function's signatures. Only type checkers read it."""


__all__ = ["overload"]
