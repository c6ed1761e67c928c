"""Writes core/src/account/prices.json from the PyPI package genai-prices.

    pip download genai-prices==0.2.3 --no-deps && unzip genai_prices-*.whl -d package
    python3 scripts/prices.py package 2026-11-22 > core/src/account/prices.json

The first argument is the unpacked wheel, the second the day that the prices are for. The package is read as syntax,
never imported, so neither it nor what it depends on runs here.
"""

import ast
import datetime
import json
import pathlib
import re
import sys
from decimal import Decimal
from typing import Any

Fields = dict[str, Any]

# Which models, under the names that providers answer with: {our provider: (the package's provider, models)}.
# `ours=theirs` where the package files a model under another name.
MODELS = {
    "openai": ("openai", """
        gpt-4o gpt-4o-2024-05-13 gpt-4o-mini gpt-4.1 gpt-4.1-mini gpt-4.1-nano o1 o3 o3-mini o3-pro o4-mini
        gpt-5 gpt-5-mini gpt-5-nano gpt-5-pro gpt-5.1 gpt-5.2 gpt-5.4 gpt-5.4-mini gpt-5.4-nano gpt-5.5
        gpt-5.6-sol gpt-5.6-terra gpt-5.6-luna gpt-6-astra gpt-6-sol gpt-6-luna gpt-6.1-sol gpt-6.1-terra
        text-embedding-3-small text-embedding-3-large text-embedding-ada-002"""),
    "anthropic": ("anthropic", """
        claude-3-5-haiku=claude-3-5-haiku-latest claude-haiku-4-5
        claude-sonnet-4=claude-sonnet-4-0 claude-sonnet-4-0 claude-sonnet-4-5 claude-sonnet-4-6 claude-sonnet-5
        claude-sonnet-5-5 claude-opus-4=claude-opus-4-0 claude-opus-4-0 claude-opus-4-1 claude-opus-4-5
        claude-opus-4-6 claude-opus-4-7 claude-opus-4-8 claude-opus-5 claude-opus-5-5 claude-haiku-5-5"""),
    "google-ai-studio": ("google", """
        gemini-2.0-flash gemini-2.0-flash-lite gemini-2.5-flash gemini-2.5-flash-lite gemini-2.5-pro
        gemini-3-flash-preview gemini-3-pro-preview gemini-3.1-pro-preview gemini-3.1-flash-lite gemini-3.5-flash
        gemini-3.8-flash gemini-embedding-001"""),
    "groq": ("groq", """
        llama-3.1-8b-instant llama-3.3-70b-versatile openai/gpt-oss-20b openai/gpt-oss-120b qwen/qwen3-32b"""),
    "mistral": ("mistral", """
        mistral-large-2512 mistral-medium-2508=mistral-medium-3-1 mistral-medium-latest mistral-small-2603
        mistral-small-latest codestral-2508 mistral-embed"""),
    "deepseek": ("deepseek", "deepseek-chat deepseek-reasoner deepseek-v4-flash deepseek-v4-pro"),
}

RATES = {
    "input": "input_mtok",
    "output": "output_mtok",
    "cache_read": "cache_read_mtok",
    "cache_write": "cache_write_mtok",
}

# The suffix that `account/prices.rs` takes off a name which it does not find.
SNAPSHOT = re.compile(r"-(\d{4}-\d{2}-\d{2}|\d{8}|\d{3}|latest)$")


def main(package: pathlib.Path, day: datetime.date) -> None:
    catalogue = read(package / "genai_prices" / "data.py")
    providers = {ours: table(catalogue[theirs], names.split(), day) for ours, (theirs, names) in MODELS.items()}
    about = next(package.glob("genai_prices-*.dist-info"))
    metadata = (about / "METADATA").read_text(encoding="utf-8")
    licence = (about / "licenses" / "LICENSE").read_text(encoding="utf-8")
    head = {
        "unit": "US dollars per million tokens",
        "date": day.isoformat(),
        "source": {
            "package": "genai-prices",
            "version": line(metadata, r"^Version: (.+)$"),
            "url": "https://pypi.org/project/genai-prices/",
            "licence": line(metadata, r"^License-Expression: (.+)$"),
            "copyright": line(licence, r"^(Copyright .+)$"),
        },
        "notes": [
            "Made by scripts/prices.py: do not edit.",
            "Standard tier, text tokens, five-minute cache writes.",
            "up_to: the rates hold for prompts of up to so many tokens; longer ones are dearer and have no price here.",
            "Where the provider's price depends on the hour, this is the dearest hour's.",
        ],
    }
    print(render(head, providers))


def table(models: Fields, names: list[str], day: datetime.date) -> Fields:
    rows: Fields = {}
    for name in names:
        ours, _, theirs = name.partition("=")
        rows[ours] = row(models[theirs or ours]["prices"], day)
    for name in models:
        base = SNAPSHOT.sub("", name)
        if base in rows and name not in rows and row(models[name]["prices"], day) != rows[base]:
            sys.exit(f"{name} has a price of its own: without a row it would be charged as {base}")
    return rows


def row(prices: Fields | list[Fields], day: datetime.date) -> Fields:
    """The rates of one model on `day`."""
    candidates = [prices] if isinstance(prices, dict) else in_force(prices, day)
    dearest = max(candidates, key=lambda rates: amount(rates.get("input_mtok", "0")))
    rates = {ours: f"{amount(dearest[theirs]).normalize():f}" for ours, theirs in RATES.items() if theirs in dearest}
    starts = [tier["start"] for rate in dearest.values() if isinstance(rate, dict) for tier in rate["tiers"]]
    return rates | ({"up_to": min(starts)} if starts else {})


def in_force(conditional: list[Fields], day: datetime.date) -> list[Fields]:
    """The last price that has begun by `day`, and every one that is bound to an hour of the day."""
    hourly = [price for price in conditional if "start_time" in (price.get("constraint") or {})]
    begun = [price for price in conditional if price not in hourly and begins(price) <= day]
    return [price["prices"] for price in begun[-1:] + hourly]


def begins(price: Fields) -> datetime.date:
    constraint = price.get("constraint")
    return datetime.date(*constraint["start_date"]["args"]) if constraint else datetime.date.min


def amount(rate: str | Fields) -> Decimal:
    return Decimal(rate["base"] if isinstance(rate, dict) else rate)


def read(source: pathlib.Path) -> Fields:
    """`{provider: {model: fields}}` out of the package's data module."""
    for statement in ast.parse(source.read_text(encoding="utf-8")).body:
        match statement:
            case ast.AnnAssign(target=ast.Name(id="providers"), value=ast.List(elts=providers)):
                return {p["id"]: {m["id"]: m for m in p["models"]} for p in map(value, providers)}
    sys.exit(f"{source} has no `providers`: the package has changed its shape")


def value(node: ast.expr) -> Any:
    """A constructor call as a dict of its arguments, everything else as what it is."""
    match node:
        case ast.Call(func=ast.Name(id="Decimal"), args=[ast.Constant(value=number)]):
            return number
        case ast.Call():
            fields = {keyword.arg or "": value(keyword.value) for keyword in node.keywords}
            return fields | {"args": [value(argument) for argument in node.args]}
        case ast.List() | ast.Tuple():
            return [value(item) for item in node.elts]
        case ast.Dict():
            return {value(key): value(item) for key, item in zip(node.keys, node.values) if key}
        case ast.Constant():
            return node.value
        case _:
            return ast.unparse(node)


def line(text: str, pattern: str) -> str:
    found = re.search(pattern, text, re.MULTILINE)
    return found.group(1) if found else sys.exit(f"the package has no line like {pattern}")


def render(head: Fields, providers: Fields) -> str:
    """JSON with one model a line, so that a change of price is a change of one line."""
    blocks = []
    for provider, rows in providers.items():
        lines = [f"      {json.dumps(name)}: {json.dumps(rates)}" for name, rates in rows.items()]
        blocks.append(f"    {json.dumps(provider)}: {{\n" + ",\n".join(lines) + "\n    }")
    top = json.dumps(head, indent=2)[:-2]
    return top + ',\n  "providers": {\n' + ",\n".join(blocks) + "\n  }\n}"


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]), datetime.date.fromisoformat(sys.argv[2]))
