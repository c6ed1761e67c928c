"""The words of the catalogue, and how its names match. `core/src/account/prices/` reads the same way."""

import re
from decimal import Decimal
from typing import Any

Row = dict[str, Any]

# US dollars per million tokens.
TOKENS = (
    "input", "output", "cache_read", "cache_write", "cache_write_1h", "reasoning", "audio_in", "audio_out",
    "cache_audio_read", "image_in", "image_out", "cache_image_read",
)  # fmt: skip
# US dollars each: a request, an image that is made, a search on the web, an hour of sound that is listened to.
FEES = ("request", "image", "search", "hour")
# Service tiers: each takes the place of some of the rates.
TIERS = ("batch", "flex", "priority", "fast")

# The marks of a snapshot, which are taken off a name that has no price of its own.
SNAPSHOT = re.compile(r"-(\d{4}-\d{2}-\d{2}|\d{8}|\d{3}|latest)$")


def decimal(number: Decimal) -> str:
    """As short as it can be written. Beyond nine decimals there is only the noise of a binary fraction."""
    return f"{round(number, 9).normalize():f}"


def bare(name: str) -> str:
    return SNAPSHOT.sub("", name)


def matches(pattern: str, name: str) -> bool:
    """`*` stands for anything, `#` for a digit."""
    regex = "".join({"*": ".*", "#": r"\d"}.get(letter, re.escape(letter)) for letter in pattern.lower())
    return re.fullmatch(regex, name.lower()) is not None


def find(rows: dict[str, Row], name: str) -> str | None:
    """The row that prices `name`: under its name first, then by the first pattern."""
    for row in rows:
        if row.lower() == name.lower() or any(also.lower() == name.lower() for also in rows[row].get("also", [])):
            return row
    for row, fields in rows.items():
        patterns = fields.get("also", [])
        if any(matches(p[1:], name) for p in patterns if p.startswith("!")):
            continue
        if any(matches(p, name) for p in patterns if not p.startswith("!") and ("*" in p or "#" in p)):
            return row
    return None


def first(rate: Any) -> Decimal:
    """A rate up to the first bound of its prompt's length."""
    return Decimal(rate[0] if isinstance(rate, list) else rate)
