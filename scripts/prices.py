"""Writes the price catalogue, core/src/account/prices.json, from two PyPI packages, and the list of where they differ.

    make prices

which is

    pip download --no-deps --dest target/prices genai-prices litellm==1.106.2
    python3 scripts/prices.py target/prices/genai_prices-*.whl target/prices/litellm-*.whl 2026-11-24

The last argument is the day that the prices are for. Both packages are read as data out of their wheels and never
imported, so nothing of them runs here. litellm's is this one version; another is refused.
"""

import datetime
import json
import pathlib
import sys
import zlib

from catalogue import genai, litellm, merge, render

ROOT = pathlib.Path(__file__).resolve().parent.parent
TABLE = ROOT / "core/src/account/prices.json"
REVIEW = ROOT / "docs/reference/prices-review.md"
# What the catalogue may add to a package, compressed.
MAX_BYTES = 150_000


def main(genai_wheel: pathlib.Path, litellm_wheel: pathlib.Path, day: datetime.date) -> None:
    first, second = genai.Wheel(genai_wheel), litellm.Wheel(litellm_wheel)
    providers = first.providers(day)
    review = merge.merge(providers, second.providers())
    text = render.catalogue(day, [first.source, second.source], providers)
    compressed = len(zlib.compress(text.encode(), 9))
    if compressed > MAX_BYTES:
        sys.exit(f"the catalogue has {compressed} bytes compressed: more than {MAX_BYTES}")
    TABLE.write_text(text, encoding="utf-8")
    REVIEW.write_text(render.review(day, [first.source, second.source], review), encoding="utf-8")
    rows = sum(len(provider["models"]) for provider in json.loads(text)["providers"].values())
    print(f"{rows} models, {len(text)} bytes, {compressed} compressed; {len(review)} differences to look at")


if __name__ == "__main__":
    if len(sys.argv) != 4:
        sys.exit(__doc__)
    main(pathlib.Path(sys.argv[1]), pathlib.Path(sys.argv[2]), datetime.date.fromisoformat(sys.argv[3]))
