"""The current `groq` package, which is on httpx, over the gateway, against the scripted upstream over real HTTP."""

import groq
import httpx
import pytest

import tollhouse

MESSAGES = [{"role": "user", "content": "tell me a joke"}]
TEXT = "[groq llama-3.1-8b-instant] You said: tell me a joke"
MODEL = "llama-3.1-8b-instant"
TOOLS = [
    {
        "type": "function",
        "function": {
            "name": "weather",
            "parameters": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
        },
    }
]


@pytest.fixture
def gateway(providers):
    with tollhouse.Gateway(providers=providers) as gateway:
        yield gateway


@pytest.fixture
def settings(upstream):
    # The SDK adds `openai/v1` itself.
    return {"api_key": "sk-sdk", "base_url": f"{upstream.url}/groq", "max_retries": 0}


@pytest.fixture
def client(gateway, settings):
    with groq.Groq(http_client=gateway.httpx_client(), **settings) as client:
        yield client


@pytest.fixture
def async_client(gateway, settings):
    return groq.AsyncGroq(http_client=gateway.async_httpx_client(), **settings)


def test_a_call(client, gateway, upstream):
    assert client.chat.completions.create(model=MODEL, messages=MESSAGES).choices[0].message.content == TEXT
    assert upstream.ledger()[0]["headers"]["authorization"] == "Bearer sk-sdk"
    [log] = gateway.logs()
    assert (log["provider"], log["tokens_in"], log["tokens_out"]) == ("groq", 4, 8)


def test_a_stream(client):
    chunks = client.chat.completions.create(model=MODEL, messages=MESSAGES, stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == TEXT


def test_a_stream_that_breaks(client, upstream):
    upstream.script({"fail": "cut"})
    with pytest.raises((groq.APIConnectionError, httpx.RemoteProtocolError)):
        list(client.chat.completions.create(model=MODEL, messages=MESSAGES, stream=True))


def test_tools(client):
    reply = client.chat.completions.create(model=MODEL, messages=MESSAGES, tools=TOOLS)
    assert reply.choices[0].message.tool_calls[0].function.name == "weather"


def test_a_file_goes_up(client, upstream):
    reply = client.audio.transcriptions.create(model="whisper-large-v3", file=("speech.wav", b"RIFF"))
    assert isinstance(reply.text, str)
    assert upstream.ledger()[0]["headers"]["content-type"].startswith("multipart/form-data")


def test_errors_are_the_sdk_s_own(client, upstream):
    with pytest.raises(groq.NotFoundError):
        client.chat.completions.create(model="no-such-model", messages=MESSAGES)
    with pytest.raises(groq.InternalServerError):
        client.chat.completions.create(model="fail-503", messages=MESSAGES)
    upstream.script({"delay_ms": 5000})
    with pytest.raises(groq.APITimeoutError):
        client.with_options(timeout=0.05).chat.completions.create(model=MODEL, messages=MESSAGES)


@pytest.mark.anyio
async def test_async(async_client, upstream):
    async with async_client as client:
        reply = await client.chat.completions.create(model=MODEL, messages=MESSAGES)
        assert reply.choices[0].message.content == TEXT
        stream = await client.chat.completions.create(model=MODEL, messages=MESSAGES, stream=True)
        text = [chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices]
        assert "".join(text) == TEXT
        reply = await client.chat.completions.create(model=MODEL, messages=MESSAGES, tools=TOOLS)
        assert reply.choices[0].message.tool_calls[0].function.name == "weather"
        await client.audio.transcriptions.create(model="whisper-large-v3", file=("speech.wav", b"RIFF"))
    assert len(upstream.ledger()) == 4
