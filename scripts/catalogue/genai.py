"""Reads genai-prices: match rules, history, hours, tiers by prompt length, service tiers."""

import ast
import datetime
import itertools
import pathlib
import re
import sys
from decimal import Decimal
from typing import Any

from .rates import Row, decimal, first
from .wheel import Archive

Fields = dict[str, Any]

# Whose prices are taken: {theirs: ours}.
PROVIDERS = {
    "openai": "openai", "anthropic": "anthropic", "google": "google-ai-studio", "azure": "azure-openai",
    "aws": "aws-bedrock", "mistral": "mistral", "groq": "groq", "deepseek": "deepseek", "x-ai": "grok",
    "cohere": "cohere", "cloudflare": "workers-ai", "openrouter": "openrouter", "fireworks": "fireworks",
    "together": "together", "perplexity": "perplexity-ai", "cerebras": "cerebras", "moonshotai": "moonshot",
    "novita": "novita", "baseten": "baseten", "avian": "avian", "minimax": "minimax", "ovhcloud": "ovhcloud",
    "voyageai": "voyage", "zai": "zai", "elevenlabs": "elevenlabs", "meta": "llama-api",
}  # fmt: skip

RATES = {
    "input_mtok": "input", "output_mtok": "output", "cache_read_mtok": "cache_read",
    "cache_write_mtok": "cache_write", "cache_write_5m_mtok": "cache_write", "cache_write_1h_mtok": "cache_write_1h",
    "output_reasoning_mtok": "reasoning", "input_audio_mtok": "audio_in", "output_audio_mtok": "audio_out",
    "cache_audio_read_mtok": "cache_audio_read", "input_image_mtok": "image_in", "output_image_mtok": "image_out",
    "cache_image_read_mtok": "cache_image_read",
}  # fmt: skip
PER_THOUSAND = {"web_searches_kcount": "search", "requests_kcount": "request"}
# Charged by what no answer tells: a model with such a price has none here, rather than a part of one.
UNTOLD = {
    "input_mchars", "input_document_kpages", "input_annotated_document_kpages", "input_text_messages_kcount",
    "input_video_mtok", "output_video_mtok", "output_citation_mtok",
}  # fmt: skip
TIERS = {"batch": "batch", "flex": "flex", "priority": "priority", "fast": "fast"}


class Wheel:
    def __init__(self, path: pathlib.Path) -> None:
        archive = Archive(path)
        self.source = archive.source("genai-prices")
        self.data = archive.text("genai_prices/data.py")

    def providers(self, day: datetime.date) -> dict[str, dict[str, Row]]:
        """`{provider: {model: row}}` under our slugs."""
        theirs = {provider["id"]: provider for provider in read(self.data)}
        if missing := PROVIDERS.keys() - theirs:
            sys.exit(f"genai-prices has no {sorted(missing)} any more")
        return {ours: table(theirs[name]["models"], day) for name, ours in PROVIDERS.items()}


def table(models: list[Fields], day: datetime.date) -> dict[str, Row]:
    rows = {model["id"]: row(model, day) for model in models}
    return {name: fields for name, fields in rows.items() if fields}


def row(model: Fields, day: datetime.date) -> Row | None:
    prices = model["prices"]
    candidates = [{"prices": prices}] if isinstance(prices, dict) else prices
    if any(UNTOLD & candidate["prices"].keys() for candidate in candidates):
        return None
    hourly = [price for price in candidates if "start_time" in (price.get("constraint") or {})]
    dated = sorted((price for price in candidates if price not in hourly), key=begins)
    fields = rates(dated[-1]["prices"])
    if not fields or (is_free(fields) and not model["id"].endswith(":free")) or is_odd(fields):
        return None
    for tier, overlay in variants(model, day).items():
        fields[tier] = overlay
    if hourly:
        fields["hours"] = [[*hours(price["constraint"]), rates(price["prices"])] for price in hourly]
    if len(dated) > 1:
        pairs = itertools.pairwise(dated)
        fields["until"] = {begins(after).isoformat(): rates(before["prices"]) for before, after in pairs}
    also = [pattern for pattern in patterns(model["match"]) if pattern != model["id"]]
    return ({"also": also} if also else {}) | fields


def is_free(fields: Row) -> bool:
    return all(rate == "0" for rate in fields.values())


def is_odd(fields: Row) -> bool:
    """What is read from a cache is never dearer than what is not."""
    return "cache_read" in fields and "input" in fields and first(fields["cache_read"]) > first(fields["input"])


def rates(prices: Fields) -> Row:
    found: Row = {}
    for theirs, ours in RATES.items():
        match prices.get(theirs):
            case None:
                pass
            case {"base": base, "tiers": tiers}:
                steps = [(tier["start"], decimal(Decimal(tier["price"]))) for tier in tiers]
                found[ours] = [decimal(Decimal(base)), *itertools.chain.from_iterable(steps)]
            case price:
                found[ours] = decimal(Decimal(price))
    for theirs, ours in PER_THOUSAND.items():
        if price := prices.get(theirs):
            found[ours] = decimal(Decimal(price) / 1000)
    if hour := prices.get("input_audio_hours", prices.get("audio_hours")):
        found["hour"] = decimal(Decimal(hour))
    return found


def variants(model: Fields, day: datetime.date) -> dict[str, Row]:
    """What service tiers cost, as it is on `day`: how they were before is not known."""
    found: dict[str, Row] = {}
    for variant in sorted(model.get("price_variants") or [], key=begins):
        when = next(iter(variant["when"].values()))
        if when in TIERS and len(variant["when"]) == 1 and (begins(variant) <= day or TIERS[when] not in found):
            found[TIERS[when]] = rates(variant["prices"])
    return {tier: overlay for tier, overlay in found.items() if overlay}


def begins(price: Fields) -> datetime.date:
    constraint = price.get("constraint") or {}
    return datetime.date(*constraint["start_date"]["args"]) if "start_date" in constraint else datetime.date.min


def hours(constraint: Fields) -> list[str]:
    return ["{:02}:{:02}".format(*constraint[end]["args"]) for end in ("start_time", "end_time")]


def patterns(match: Fields) -> list[str]:
    """A match rule as names and patterns: `*` is anything, `#` a digit, and `!` takes away."""
    found: list[str] = []
    for kind, value in match.items():
        match kind:
            case "equals":
                found.append(value)
            case "starts_with":
                found.append(f"{value}*")
            case "ends_with":
                found.append(f"*{value}")
            case "contains":
                found.append(f"*{value}*")
            case "regex":
                found.extend(digits(value))
            case "or_" | "and_":
                found.extend(pattern for one in value for pattern in patterns(one))
    return found


def digits(regex: str) -> list[str]:
    """Their regular expressions name snapshots, or keep speech models apart."""
    if regex == "^(?!.*-[tT][tT][sS](?:$|-))":
        return ["!*-tts*"]
    text = regex.removeprefix("^")
    pattern = text.removesuffix("$") if text.endswith("$") else f"{text}*"
    names = [pattern]
    for choice in ("[-@]", "(typesafe/)?", r"(-\d{8})?"):
        inner = ["-", "@"] if choice == "[-@]" else ["", choice.strip("()?")]
        names = [name.replace(choice, one) for name in names for one in inner] if choice in pattern else names
    names = [re.sub(r"\\d\{(\d)\}", lambda found: "#" * int(found[1]), name) for name in names]
    names = [name.replace(r"\d", "#").replace("\\", "") for name in names]
    if any(set(name) & set("()[]{}|?+^$") for name in names):
        sys.exit(f"no pattern of ours says {regex}")
    return names


def read(source: str) -> list[Fields]:
    for statement in ast.parse(source).body:
        match statement:
            case ast.AnnAssign(target=ast.Name(id="providers"), value=ast.List(elts=providers)):
                return [value(provider) for provider in providers]
    sys.exit("genai-prices has no `providers`: the package has changed its shape")


def value(node: ast.expr) -> Any:
    """A constructor call as a dict of its arguments, everything else as what it is."""
    match node:
        case ast.Call(func=ast.Name(id="Decimal"), args=[ast.Constant(value=number)]):
            return number
        case ast.Call():
            fields = {keyword.arg or "": value(keyword.value) for keyword in node.keywords}
            arguments = [value(argument) for argument in node.args]
            return fields | ({"args": arguments} if arguments else {})
        case ast.List() | ast.Tuple():
            return [value(item) for item in node.elts]
        case ast.Dict():
            return {value(key): value(item) for key, item in zip(node.keys, node.values) if key}
        case ast.Constant():
            return node.value
        case _:
            return ast.unparse(node)
