"""The current `openai` package over the gateway, against the scripted upstream over real HTTP."""

import httpx2
import openai
import pytest

import tollhouse

MESSAGES = [{"role": "user", "content": "tell me a joke"}]
TEXT = "[openai gpt-4o-mini] You said: tell me a joke"
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
    with tollhouse.Gateway(providers=providers, cache={"ttl": "1h"}) as gateway:
        yield gateway


@pytest.fixture
def settings(providers):
    return {"api_key": "sk-sdk", "base_url": providers["openai"]["base_url"], "max_retries": 0}


@pytest.fixture
def client(gateway, settings):
    with openai.OpenAI(http_client=gateway.http_client(), **settings) as client:
        yield client


@pytest.fixture
def async_client(gateway, settings):
    return openai.AsyncOpenAI(http_client=gateway.async_http_client(), **settings)


def test_a_call_and_the_same_from_the_cache(client, gateway, upstream):
    raw = [client.chat.completions.with_raw_response.create(model="gpt-4o-mini", messages=MESSAGES) for _ in range(2)]
    assert [each.parse().choices[0].message.content for each in raw] == [TEXT, TEXT]
    assert [each.headers["cf-aig-cache-status"] for each in raw] == ["MISS", "HIT"]
    assert raw[0].http_response.extensions["tollhouse"]["step"] == 0
    [call] = upstream.ledger()
    assert call["headers"]["authorization"] == "Bearer sk-sdk"
    assert call["headers"]["user-agent"].startswith("OpenAI/Python")
    log = gateway.get_log(raw[0].headers["cf-aig-log-id"])
    assert (log["tokens_in"], log["tokens_out"], log["cost"] > 0) == (4, 8, True)


def test_a_stream(client, gateway, upstream):
    stream = client.chat.completions.create(
        model="gpt-4o-mini", messages=MESSAGES, stream=True, stream_options={"include_usage": True}
    )
    chunks = list(stream)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices) == TEXT
    assert chunks[-1].usage.completion_tokens == 8
    assert upstream.ledger("?settled=1")[0]["ending"] == "complete"
    [log] = gateway.logs()
    assert (log["stream"], log["tokens_in"], log["tokens_out"]) == (True, 4, 8)


def test_tools_there_and_back(client):
    reply = client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES, tools=TOOLS)
    [call] = reply.choices[0].message.tool_calls
    assert (call.function.name, call.function.arguments) == ("weather", '{"city":"tell me a joke"}')
    answer = {"role": "tool", "tool_call_id": call.id, "content": "sunny"}
    messages = [*MESSAGES, reply.choices[0].message, answer]
    after = client.chat.completions.create(model="gpt-4o-mini", messages=messages, tools=TOOLS)
    assert after.choices[0].message.content == "[openai gpt-4o-mini] The tool said: sunny"


def test_responses_and_embeddings(client):
    assert client.responses.create(model="gpt-4o-mini", input="tell me a joke").output_text == TEXT
    with client.responses.stream(model="gpt-4o-mini", input="tell me a joke") as stream:
        stream.until_done()
        assert stream.get_final_response().output_text == TEXT
    vectors = client.embeddings.create(model="text-embedding-3-small", input=["a", "b"])
    assert len(vectors.data) == 2


def test_a_file_goes_up(client, upstream):
    assert client.files.create(file=("facts.jsonl", b'{"a": 1}\n'), purpose="batch").filename == "facts.jsonl"
    assert upstream.ledger()[0]["headers"]["content-type"].startswith("multipart/form-data")


def test_errors_are_the_sdk_s_own(client, upstream, settings, gateway):
    with pytest.raises(openai.NotFoundError):
        client.chat.completions.create(model="no-such-model", messages=MESSAGES)
    with pytest.raises(openai.RateLimitError):
        client.chat.completions.create(model="fail-429", messages=MESSAGES)
    upstream.script({"fail": "refuse"})
    with pytest.raises(openai.APIConnectionError):
        client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)
    upstream.script({"delay_ms": 5000})
    with pytest.raises(openai.APITimeoutError):
        client.with_options(timeout=0.05).chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)
    upstream.script({"fail": "cut"})
    with pytest.raises((openai.APIConnectionError, httpx2.RemoteProtocolError)):
        list(client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES, stream=True))
    nobody = openai.OpenAI(http_client=gateway.http_client(), **settings | {"base_url": "http://127.0.0.1:9/v1"})
    with pytest.raises(openai.APIConnectionError):
        nobody.models.list()


def test_a_stream_that_is_left_early(client, upstream):
    upstream.script({"fail": "stall"})
    with client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES, stream=True) as stream:
        next(stream)
    assert upstream.ledger("?settled=1")[0]["ending"] == "client_gone"


@pytest.mark.anyio
@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the SDK's own generators, under trio
async def test_async(async_client, upstream):
    async with async_client as client:
        reply = await client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES)
        assert reply.choices[0].message.content == TEXT
        stream = await client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES, stream=True)
        text = [chunk.choices[0].delta.content or "" async for chunk in stream if chunk.choices]
        assert "".join(text) == TEXT
        reply = await client.chat.completions.create(model="gpt-4o-mini", messages=MESSAGES, tools=TOOLS)
        assert reply.choices[0].message.tool_calls[0].function.name == "weather"
        file = await client.files.create(file=("facts.jsonl", b'{"a": 1}\n'), purpose="batch")
        assert file.filename == "facts.jsonl"
        with pytest.raises(openai.InternalServerError):
            await client.chat.completions.create(model="fail-503", messages=MESSAGES)
    assert len(upstream.ledger()) == 5


def test_the_sdk_s_retries_are_not_multiplied(gateway, settings, upstream):
    """Its two retries on top of ours would be nine calls; the gateway tells it that trying again is settled."""
    client = openai.OpenAI(http_client=gateway.http_client(), **settings | {"max_retries": 2})
    headers = {"cf-aig-max-attempts": "3", "cf-aig-retry-delay": "1"}
    with pytest.raises(openai.InternalServerError):
        client.chat.completions.create(model="fail-503", messages=MESSAGES, extra_headers=headers)
    assert len(upstream.ledger()) == 3
