"""One catalogue out of two. The first one's word stands; the second fills what it leaves out, and is held against it."""

from decimal import Decimal
from typing import Any

from .rates import FEES, TIERS, TOKENS, Row, bare, find, first

# Beyond this they differ.
TOLERANCE = Decimal("0.01")

# Whose models a provider has under their own names, where it lists none of its own: {provider: owners}.
SEE = {
    "azure-openai": ["openai", "anthropic", "deepseek", "grok", "moonshot"],
    "azure-ai": ["azure-openai", "openai", "anthropic", "deepseek", "grok", "moonshot"],
    "google-vertex-ai": ["google-ai-studio", "anthropic"],
}

Providers = dict[str, dict[str, Row]]
# Provider, model, rate, the first one's price, the second one's.
Difference = tuple[str, str, str, str, str]


def merge(providers: Providers, others: Providers) -> list[Difference]:
    review: list[Difference] = []
    for provider, models in others.items():
        rows = providers.setdefault(provider, {})
        alone = {}
        for name, fields in models.items():
            known, is_own = known_row(providers, provider, name)
            if known is None:
                alone[name] = fields
            elif agree(known, fields):
                fill(known, fields if is_own else {})
            else:
                review.extend(differences(provider, name, known, fields))
        rows.update(without_snapshots(alone, rows))
    return sorted(set(review))


def known_row(providers: Providers, provider: str, name: str) -> tuple[Row | None, bool]:
    """The first source's row, also where it has a provider's models under their owner; and whether it is its own."""
    for owner in (provider, *SEE.get(provider, [])):
        rows = providers.get(owner, {})
        if (known := find(rows, name) or find(rows, bare(name))) is not None:
            return rows[known], owner == provider
    return None, False


def agree(row: Row, other: Row) -> bool:
    return not any(disagree(row, other, rate) for rate in (*TOKENS, *FEES))


def fill(row: Row, other: Row) -> None:
    """Takes over what `row` leaves out."""
    has = [tier for tier in TIERS if tier in row]
    for rate in TOKENS:
        # A price that is nought there is one that it does not know; a rate beyond a length is read by its own.
        if rate not in row and rate in other and first(other[rate]) > 0 and not same(row, other, rate):
            row[rate] = other[rate]
    for tier in TIERS:
        if tier in other and tier not in has:
            row[tier] = other[tier]


def same(row: Row, other: Row, rate: str) -> bool:
    """Whether the rate says nothing: what is not listed costs as much as the tokens that it is a part of."""
    whole = "output" if rate in ("reasoning", "audio_out", "image_out") else "input"
    return rate != whole and whole in row and first(other[rate]) == first(row[whole])


def disagree(row: Row, other: Row, rate: str) -> bool:
    if rate not in row or rate not in other:
        return False
    mine, theirs = first(row[rate]), first(other[rate])
    return abs(mine - theirs) > TOLERANCE * max(mine, theirs)


def differences(provider: str, name: str, row: Row, other: Row) -> list[Difference]:
    found = [rate for rate in (*TOKENS, *FEES) if disagree(row, other, rate)]
    return [(provider, name, rate, str(first(row[rate])), str(first(other[rate]))) for rate in found]


def without_snapshots(alone: dict[str, Row], rows: dict[str, Row]) -> dict[str, Row]:
    """Snapshots that cost what the model costs whose mark they bear need no row."""

    def is_told(name: str, fields: Row) -> bool:
        base: Any = bare(name)
        known = rows.get(base) or alone.get(base)
        return base != name and known == fields

    return {name: fields for name, fields in alone.items() if not is_told(name, fields)}
