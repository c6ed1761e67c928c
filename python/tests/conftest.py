"""What all tests share: the HTTP libraries of this environment, and the scripted upstream over real HTTP."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import urllib.request
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from collections.abc import Iterator

ROOT = Path(__file__).parents[2]

LIBRARIES = [name for name in ("httpx", "httpx2") if importlib.util.find_spec(name)]
SDKS = {
    "test_openai.py": "openai",
    "test_anthropic.py": "anthropic",
    "test_groq.py": "groq",
    "test_shapes.py": "anthropic",
}

# Each environment runs what its packages allow; the three together run everything.
collect_ignore = [f"sdk/{test}" for test, package in SDKS.items() if not importlib.util.find_spec(package)]
collect_ignore += [] if importlib.util.find_spec("tiktoken") else ["test_tokens.py"]


@pytest.fixture(params=LIBRARIES)
def library(request: pytest.FixtureRequest) -> Any:
    """httpx or httpx2."""
    return importlib.import_module(request.param)


@pytest.fixture(params=["asyncio", "trio"])
def anyio_backend(request: pytest.FixtureRequest) -> str:
    """Every async test runs under both."""
    return request.param


class Upstream:
    """The scripted provider in a process of its own; see tests/upstream/README.md."""

    def __init__(self) -> None:
        target = os.environ.get("CARGO_TARGET_DIR", str(ROOT / "target"))
        program = os.environ.get("TOLLHOUSE_UPSTREAM", f"{target}/debug/tollhouse-upstream")
        self._process = subprocess.Popen(
            [program, "--port", "0", "--with-stdin"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        assert self._process.stdout is not None
        self.url = self._process.stdout.readline().rsplit(maxsplit=1)[-1]

    def script(self, *steps: dict[str, Any]) -> None:
        """What the next calls get."""
        self._control("script", list(steps))

    def ledger(self, query: str = "") -> list[dict[str, Any]]:
        """The calls so far."""
        return self._control("ledger" + query)

    def reset(self) -> None:
        """Forgets calls and script."""
        self._control("reset", None)

    def stop(self) -> None:
        """Ends the process."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._process.stdout.close()

    def _control(self, path: str, *body: Any) -> Any:
        data = json.dumps(body[0]).encode() if body else None
        with urllib.request.urlopen(f"{self.url}/__{path}", data) as answer:
            text = answer.read()
        return json.loads(text) if text else None


@pytest.fixture(scope="session")
def upstream_process() -> Iterator[Upstream]:
    """Started once."""
    upstream = Upstream()
    yield upstream
    upstream.stop()


@pytest.fixture
def upstream(upstream_process: Upstream) -> Upstream:
    """With nothing scripted and nothing seen."""
    upstream_process.reset()
    return upstream_process


@pytest.fixture
def providers(upstream: Upstream) -> dict[str, Any]:
    """Settings under which every provider is the scripted upstream."""
    paths = {"openai": "openai/v1", "anthropic": "anthropic", "groq": "groq/openai/v1"}
    return {name: {"base_url": f"{upstream.url}/{path}", "key": "sk-test"} for name, path in paths.items()}
