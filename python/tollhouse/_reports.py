"""Logs and usage: lists of plain dicts that print as tables."""

from __future__ import annotations

from ._table import table

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._types import Json


class LogPage(list["Json"]):
    """Logs that a query selects, one page of them. Prints as a table.

    Attributes:
        total_count: How many logs the query selects in all.
        page: Which page this is, from 1.
        per_page: How many logs a page has.
    """

    def __init__(self, document: Json) -> None:
        super().__init__(document["logs"])
        self.total_count: int = document["total_count"]
        self.page: int = document["page"]
        self.per_page: int = document["per_page"]

    def __str__(self) -> str:
        titles = ["time", "model", "status", "in", "out", "cost", "ms", "cache", "log"]
        return table(titles, [_log_row(log) for log in self])

    def __repr__(self) -> str:
        return f"<LogPage {self.page}: {len(self)} of {self.total_count}>"


class Usage(list["Json"]):
    """Requests, tokens and cost, one row for each group. Prints as a table.

    Attributes:
        total: Everything together.
        basis: How the numbers are counted, in words.
    """

    def __init__(self, document: Json) -> None:
        super().__init__(document["rows"])
        self.total: Json = document["total"]
        self.basis: str = document["basis"]

    def __str__(self) -> str:
        groups = list(self[0]["group"]) if self else []
        titles = [*groups, "requests", "cached", "errors", "in", "out", "cost", "saved"]
        rows = [[*map(_shown, row["group"].values()), *_usage_row(row)] for row in self]
        total = [*(["total", *[""] * (len(groups) - 1)] if groups else []), *_usage_row(self.total)]
        return table(titles, [*rows, total])

    def __repr__(self) -> str:
        return f"<Usage: {len(self)} rows, {self.total['requests']} requests>"


def _log_row(log: Json) -> list[str]:
    return [
        log["created_at"][:19].replace("T", " "),
        f"{log['provider']}/{log['model']}",
        _shown(log["status_code"]),
        _shown(log["tokens_in"]),
        _shown(log["tokens_out"]),
        _dollars(log["cost"]),
        _shown(round(log["duration"])),
        "hit" if log["cached"] else "",
        log["id"],
    ]


def _usage_row(row: Json) -> list[str]:
    counts = [_shown(row[name]) for name in ("requests", "cached", "errors", "tokens_in", "tokens_out")]
    return [*counts, _dollars(row["cost"]), _dollars(row["saved"])]


def _shown(value: object) -> str:
    """Unknown is not zero, so it shows as what it is."""
    return "-" if value is None else str(value)


def _dollars(amount: float | None) -> str:
    return "-" if amount is None else f"${amount:.6f}"
