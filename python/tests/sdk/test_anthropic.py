"""The current `anthropic` package over the gateway, against the scripted upstream over real HTTP."""

import anthropic
import pytest

import tollhouse

ASK = {"model": "claude-haiku-4-5", "max_tokens": 100, "messages": [{"role": "user", "content": "tell me a joke"}]}
TEXT = "[anthropic claude-haiku-4-5] You said: tell me a joke"
TOOLS = [
    {
        "name": "weather",
        "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
    }
]


@pytest.fixture
def gateway(providers):
    with tollhouse.Gateway(providers=providers) as gateway:
        yield gateway


@pytest.fixture
def settings(providers):
    return {"api_key": "sk-sdk", "base_url": providers["anthropic"]["base_url"], "max_retries": 0}


@pytest.fixture
def client(gateway, settings):
    with anthropic.Anthropic(http_client=gateway.http_client(), **settings) as client:
        yield client


@pytest.fixture
def async_client(gateway, settings):
    return anthropic.AsyncAnthropic(http_client=gateway.async_http_client(), **settings)


def test_a_call(client, gateway, upstream):
    assert client.messages.create(**ASK).content[0].text == TEXT
    assert upstream.ledger()[0]["headers"]["authorization"] == "Bearer sk-sdk"
    [log] = gateway.logs()
    assert (log["provider"], log["tokens_in"], log["tokens_out"]) == ("anthropic", 4, 8)


def test_a_stream(client, upstream):
    with client.messages.stream(**ASK) as stream:
        assert "".join(stream.text_stream) == TEXT
        assert stream.get_final_message().usage.output_tokens == 8
    assert upstream.ledger("?settled=1")[0]["ending"] == "complete"


def test_tools_there_and_back(client):
    reply = client.messages.create(**ASK, tools=TOOLS)
    call = reply.content[-1]
    assert (call.name, call.input) == ("weather", {"city": "tell me a joke"})
    result = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call.id, "content": "sunny"}]}
    messages = [*ASK["messages"], {"role": "assistant", "content": reply.content}, result]
    after = client.messages.create(**ASK | {"messages": messages}, tools=TOOLS)
    assert after.content[0].text == "[anthropic claude-haiku-4-5] The tool said: sunny"


def test_a_file_goes_up(client, upstream):
    client.beta.files.upload(file=("facts.txt", b"one", "text/plain"))
    assert upstream.ledger()[0]["headers"]["content-type"].startswith("multipart/form-data")


def test_errors_are_the_sdk_s_own(client, upstream):
    with pytest.raises(anthropic.NotFoundError):
        client.messages.create(**ASK | {"model": "no-such-model"})
    with pytest.raises(anthropic.RateLimitError):
        client.messages.create(**ASK | {"model": "fail-429"})
    upstream.script({"delay_ms": 5000})
    with pytest.raises(anthropic.APITimeoutError):
        client.with_options(timeout=0.05).messages.create(**ASK)
    upstream.script({"fail": "refuse"})
    with pytest.raises(anthropic.APIConnectionError):
        client.messages.create(**ASK)


@pytest.mark.anyio
async def test_async(async_client, upstream):
    async with async_client as client:
        assert (await client.messages.create(**ASK)).content[0].text == TEXT
        async with client.messages.stream(**ASK) as stream:
            assert "".join([text async for text in stream.text_stream]) == TEXT
        reply = await client.messages.create(**ASK, tools=TOOLS)
        assert reply.content[-1].name == "weather"
        await client.beta.files.upload(file=("facts.txt", b"one", "text/plain"))
        with pytest.raises(anthropic.InternalServerError):
            await client.messages.create(**ASK | {"model": "fail-500"})
    assert len(upstream.ledger()) == 5


def test_one_gateway_translates_for_the_other_shape(gateway):
    reply = gateway.chat("anthropic/claude-haiku-4-5", "tell me a joke", max_tokens=100)
    assert str(reply) == TEXT
