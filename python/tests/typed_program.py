"""A program that is only type-checked: what a user's editor knows of the package."""

from datetime import timedelta
from typing import Any

from openai import AsyncOpenAI, OpenAI
from typing_extensions import assert_type

import tollhouse
from tollhouse.testing import answer, gateway


def blocking() -> None:
    test = tollhouse.Gateway(cache={"ttl": timedelta(hours=1)})
    OpenAI(http_client=test.http_client())
    OpenAI(http_client=test.httpx2_client(timeout=5))
    assert_type(test.chat("openai/gpt-4o-mini", "hi"), tollhouse.Chat)
    for piece in test.chat("openai/gpt-4o-mini", [{"role": "user", "content": "hi"}], stream=True, temperature=0):
        assert_type(piece, str)
    response = test.handle("POST", "/openai/v1/chat/completions", {"cf-aig-cache-ttl": 3600}, {"messages": []})
    assert_type(response.headers["content-type"], str)
    assert_type(response.failure, tollhouse.Error | None)


async def awaiting() -> None:
    async with tollhouse.AsyncGateway("tollhouse.toml") as test:
        AsyncOpenAI(http_client=test.async_httpx2_client())
        assert_type(await test.chat("openai/gpt-4o-mini", "hi", stream=True), tollhouse.AsyncChatStream)
        response = await test.run([{"provider": "openai", "endpoint": "responses"}], gateway={"cache_ttl": 60})
        async for event in response.aiter_events():
            assert_type(event, tollhouse.Event)


def scripted() -> None:
    with gateway([answer("hi")], cache={"ttl": "1h"}) as test:
        assert_type(test.calls, list[dict[str, Any]])
        assert_type(test.logs(limit=1)[0], dict[str, Any])
        assert_type(test.count_tokens("gpt-4o-mini", "hi").exact, bool)
        test.patch_log("id", feedback=1, score=2.5, metadata={"user": "123"})
