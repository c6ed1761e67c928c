"""A gateway with a scripted provider and a clock to turn by hand, for the tests of programs that use tollhouse.

    gateway = tollhouse.testing.gateway([fail(503), answer("hi")], retries={"max_attempts": 2})
    assert str(gateway.chat("openai/gpt-4o-mini", "hello")) == "hi"
    assert len(gateway.calls) == 2

No network, no waiting: what a call sleeps passes at once, and between calls the clock stands still.
"""

from __future__ import annotations

from . import _native
from ._async_gateway import AsyncGateway
from ._base import BaseGateway
from ._gateway import Gateway
from ._json import read, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from datetime import timedelta

    from ._types import Json

    Step = Mapping[str, object]


def gateway(
    script: Iterable[Step] = (), config: Mapping[str, object] | None = None, /, **sections: object
) -> ScriptedGateway:
    """A gateway whose provider, whichever is called, gives the answers of `script`, one to each call.

    The environment is not read. The clock stands at 2026-01-01T12:09:00Z.
    """
    return ScriptedGateway(script, config, **sections)


def async_gateway(
    script: Iterable[Step] = (), config: Mapping[str, object] | None = None, /, **sections: object
) -> AsyncScriptedGateway:
    """As `gateway`, with calls to await."""
    return AsyncScriptedGateway(script, config, **sections)


class Scripted(BaseGateway):
    """What a gateway under test has beside its calls."""

    def __init__(
        self, script: Iterable[Step] = (), config: Mapping[str, object] | None = None, /, **sections: object
    ) -> None:
        native, self._script = _native.Script.open(text({**(config or {}), **sections}), text(list(script)))
        self._open(native)

    @property
    def calls(self) -> list[Json]:
        """What the provider was asked so far: `{method, url, headers, body, json, finished}` each."""
        return list(read(self._script.calls()))

    def advance(self, milliseconds: int | timedelta) -> None:
        """Turns the clock on."""
        if not isinstance(milliseconds, int):
            milliseconds = round(milliseconds.total_seconds() * 1000)
        self._script.advance(milliseconds)


class ScriptedGateway(Scripted, Gateway):
    """A `Gateway` whose only provider answers by script."""


class AsyncScriptedGateway(Scripted, AsyncGateway):
    """An `AsyncGateway` whose only provider answers by script."""


def answer(content: str, *, model: str = "gpt-4o-mini", tokens_in: int = 1, tokens_out: int = 1) -> Step:
    """A chat completion of OpenAI with this text."""
    message = {"role": "assistant", "content": content}
    return {
        "json": {
            "id": "chatcmpl-scripted",
            "object": "chat.completion",
            "created": 0,
            "model": model,
            "choices": [{"index": 0, "message": message, "finish_reason": "stop"}],
            "usage": {
                "prompt_tokens": tokens_in,
                "completion_tokens": tokens_out,
                "total_tokens": tokens_in + tokens_out,
            },
        }
    }


def stream(*pieces: str, model: str = "gpt-4o-mini", cut: bool = False) -> Step:
    """The same, in pieces. A stream that is `cut` breaks off behind them."""
    deltas: list[Json] = [{"role": "assistant", "content": piece} for piece in pieces]
    if not cut:
        deltas.append({})
    events = [
        {
            "id": "chatcmpl-scripted",
            "object": "chat.completion.chunk",
            "created": 0,
            "model": model,
            "choices": [{"index": 0, "delta": delta, "finish_reason": None if delta else "stop"}],
        }
        for delta in deltas
    ]
    return {"sse": events, "fail": "cut"} if cut else {"sse": [*events, "[DONE]"]}


def fail(status: int, message: str = "scripted failure") -> Step:
    """An error of OpenAI with this status."""
    return {"status": status, "json": {"error": {"message": message, "type": "scripted", "param": None, "code": None}}}


def unreachable() -> Step:
    """Nobody listens."""
    return {"fail": "connect"}
