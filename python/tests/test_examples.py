"""Runs the examples of the documentation, and compares what they print with what their page says.

An example is a block marked `python run`. The names in the comment above it say what the scripted provider answers, and
a text block below it what the example prints.
"""

from __future__ import annotations

import importlib.util
import json
import re
from pathlib import Path

import pytest

import tollhouse
from tollhouse import testing

ROOT = Path(__file__).parents[2]
PAGES = [ROOT / "README.md", ROOT / "python" / "README.md", *sorted((ROOT / "docs" / "guides").glob("*.md"))]
ANSWERS = json.loads((ROOT / "docs" / "guides" / "answers.json").read_text(encoding="utf-8"))
EXAMPLE = re.compile(
    r"(?:<!-- answers: (?P<answers>[^>]*) -->\n)?"
    r"```python run\n(?P<code>.*?)```\n"
    r"(?:```text\n(?P<printed>.*?)```)?",
    re.DOTALL,
)
SDKS = re.compile(r"^(?:from|import) (openai|anthropic|groq|httpx2?)\b", re.MULTILINE)


EXAMPLES = [
    pytest.param(example, id=f"{page.name}-{number}")
    for page in PAGES
    for number, example in enumerate(EXAMPLE.finditer(page.read_text(encoding="utf-8")), start=1)
]


@pytest.mark.parametrize("example", EXAMPLES)
def test_example(example, capsys, monkeypatch):
    for sdk in SDKS.findall(example["code"]):
        if importlib.util.find_spec(sdk) is None:
            pytest.skip(f"{sdk} is not in this environment")
    script = [ANSWERS[name.strip()] for name in (example["answers"] or "").split(",") if name.strip()]
    monkeypatch.setattr(tollhouse, "Gateway", scripted(testing.gateway, script))
    monkeypatch.setattr(tollhouse, "AsyncGateway", scripted(testing.async_gateway, script))
    monkeypatch.setenv("OPENAI_API_KEY", "sk-example")
    monkeypatch.setenv("ANTHROPIC_API_KEY", "sk-example")
    exec(compile(example["code"], "example", "exec"), {"__name__": "__main__"})
    if example["printed"] is not None:
        assert capsys.readouterr().out.strip() == example["printed"].strip()


def scripted(kind, script):
    """The constructor of a gateway whose only provider answers by `script`."""
    return lambda config=None, /, **sections: kind(script, config, **sections)


def test_there_are_examples():
    assert len(EXAMPLES) > 10
