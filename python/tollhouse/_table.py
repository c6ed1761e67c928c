"""Tables of text."""

from __future__ import annotations

import itertools

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


def table(titles: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """Rows under titles, in columns as wide as they must be; numbers stand to the right."""
    columns = list(zip(titles, *rows, strict=True))
    widths = [max(map(len, column)) for column in columns]
    right = [all(_is_number(cell) for cell in column[1:]) for column in columns]
    rule = ["─" * width for width in widths]
    lines = [
        "  ".join(
            cell.rjust(width) if number else cell.ljust(width)
            for cell, width, number in zip(row, widths, right, strict=True)
        ).rstrip()
        for row in itertools.chain([titles, rule], rows)
    ]
    return "\n".join(lines)


def _is_number(cell: str) -> bool:
    return cell in {"", "-"} or cell.removeprefix("$").replace(".", "", 1).isdigit()
