"""The catalogue and the list of differences as text."""

import datetime
import json
from typing import Any

from .merge import SEE, Difference, Providers

NOTES = [
    "Made by scripts/prices.py: do not edit.",
    "Rates are US dollars per million tokens; request, image, search and hour are US dollars each.",
    "A list is a rate, then pairs of a prompt's length in tokens and the rate of prompts that are longer.",
    "also: further names; * is anything, # a digit, ! takes names away. until: rates before that day. hours: rates in these hours, UTC.",
    "batch, flex, priority and fast take the place of some of the rates.",
    "The first source's word stands. Where the second differs by more than 1 % see docs/reference/prices-review.md.",
]


def catalogue(day: datetime.date, sources: list[dict[str, str]], providers: Providers) -> str:
    """JSON with one model a line, so that a change of price is a change of one line."""
    head: dict[str, Any] = {"version": day.isoformat(), "currency": "USD", "sources": sources, "notes": NOTES}
    blocks = []
    for provider in sorted(providers.keys() | SEE.keys()):
        rows = providers.get(provider, {})
        lines = [f"{quoted(name)}:{quoted(row)}" for name, row in rows.items()]
        see = f'"see":{quoted(SEE[provider])},' if provider in SEE else ""
        blocks.append(f'{quoted(provider)}:{{{see}"models":{{\n' + ",\n".join(lines) + "\n}}")
    return json.dumps(head, indent=1)[:-2] + ',\n "providers":{\n' + ",\n".join(blocks) + "\n}}\n"


def quoted(value: Any) -> str:
    return json.dumps(value, separators=(",", ":"), ensure_ascii=False)


def review(day: datetime.date, sources: list[dict[str, str]], differences: list[Difference]) -> str:
    mine, theirs = (f"{source['package']} {source['version']}" for source in sources)
    head = f"""# Prices that two sources tell differently

Made by `scripts/prices.py` on {day.isoformat()}: do not edit. The catalogue has the price of {mine}. Where {theirs} says
another by more than 1 %, it stands here for somebody to look at, and nothing else is taken from it for that model.

| provider | model | rate | {mine} | {theirs} |
|---|---|---|---|---|
"""
    return head + "".join(f"| {' | '.join(difference)} |\n" for difference in differences)
