"""SDKs of one provider that speak to models of another, against the scripted upstream over real HTTP."""

import anthropic
import openai
import pytest

import tollhouse

URL = "https://tollhouse.invalid/compat"
ASK = {"model": "openai/gpt-4o-mini", "max_tokens": 100, "messages": [{"role": "user", "content": "tell me a joke"}]}
SAID = "[openai gpt-4o-mini] You said: tell me a joke"
ASK_CLAUDE = {"model": "anthropic/claude-haiku-4-5", "max_output_tokens": 100, "input": "tell me a joke"}
CLAUDE_SAID = "[anthropic claude-haiku-4-5] You said: tell me a joke"
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}


@pytest.fixture
def gateway(providers):
    with tollhouse.Gateway(providers=providers) as gateway:
        yield gateway


@pytest.fixture
def claude(gateway):
    with anthropic.Anthropic(
        api_key="sk-sdk", base_url=URL, max_retries=0, http_client=gateway.http_client()
    ) as client:
        yield client


@pytest.fixture
def gpt(gateway):
    with openai.OpenAI(api_key="sk-sdk", base_url=URL, max_retries=0, http_client=gateway.http_client()) as client:
        yield client


def test_anthropic_s_sdk_asks_a_model_of_openai_s(claude, gateway, upstream):
    message = claude.messages.create(**ASK)
    assert (message.content[0].text, message.stop_reason) == (SAID, "end_turn")
    assert upstream.ledger()[0]["headers"]["authorization"] == "Bearer sk-sdk"
    [log] = gateway.logs()
    assert (log["provider"], log["tokens_in"]) == ("openai", message.usage.input_tokens)


def test_and_streams(claude):
    with claude.messages.stream(**ASK) as stream:
        assert "".join(stream.text_stream) == SAID
        final = stream.get_final_message()
    assert (final.stop_reason, final.content[0].text) == ("end_turn", SAID)
    assert final.usage.output_tokens > 0


def test_and_calls_tools_there_and_back(claude):
    tools = [{"name": "weather", "input_schema": SCHEMA}]
    with claude.messages.stream(**ASK, tools=tools) as stream:
        reply = stream.get_final_message()
    call = reply.content[-1]
    assert (reply.stop_reason, call.name, call.input) == ("tool_use", "weather", {"city": "tell me a joke"})
    result = {"role": "user", "content": [{"type": "tool_result", "tool_use_id": call.id, "content": "sunny"}]}
    messages = [*ASK["messages"], {"role": "assistant", "content": reply.content}, result]
    after = claude.messages.create(**ASK | {"messages": messages}, tools=tools)
    assert after.content[0].text == "[openai gpt-4o-mini] The tool said: sunny"


def test_and_raises_its_own_errors(claude):
    with pytest.raises(anthropic.RateLimitError) as raised:
        claude.messages.create(**ASK | {"model": "openai/fail-429"})
    assert raised.value.body["error"]["type"] == "rate_limit_error"
    with pytest.raises(anthropic.BadRequestError) as raised:
        claude.messages.create(**ASK | {"model": "no-prefix"})
    assert raised.value.body["error"]["type"] == "invalid_request_error"


def test_openai_s_sdk_asks_a_model_of_anthropic_s(gpt, gateway, upstream):
    response = gpt.responses.create(**ASK_CLAUDE)
    assert (response.output_text, response.status) == (CLAUDE_SAID, "completed")
    assert response.usage.total_tokens == response.usage.input_tokens + response.usage.output_tokens
    assert upstream.ledger()[0]["headers"]["x-api-key"] == "sk-sdk"
    [log] = gateway.logs()
    assert (log["provider"], log["request_type"]) == ("anthropic", "responses")


def test_and_streams_responses(gpt):
    with gpt.responses.stream(**ASK_CLAUDE) as stream:
        pieces = [event.delta for event in stream if event.type == "response.output_text.delta"]
        final = stream.get_final_response()
    assert ("".join(pieces), final.output_text) == (CLAUDE_SAID, CLAUDE_SAID)


def test_and_calls_functions_there_and_back(gpt):
    tools = [{"type": "function", "name": "weather", "parameters": SCHEMA, "strict": False}]
    response = gpt.responses.create(**ASK_CLAUDE, tools=tools)
    call = response.output[-1]
    assert (call.type, call.name, call.arguments) == ("function_call", "weather", '{"city":"tell me a joke"}')
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "sunny"}
    items = [{"role": "user", "content": "tell me a joke"}, *response.output, result]
    after = gpt.responses.create(**ASK_CLAUDE | {"input": items}, tools=tools)
    assert after.output_text == "[anthropic claude-haiku-4-5] The tool said: sunny"


def test_and_raises_openai_s_errors(gpt):
    with pytest.raises(openai.RateLimitError):
        gpt.responses.create(**ASK_CLAUDE | {"model": "anthropic/fail-429"})
    with pytest.raises(openai.BadRequestError) as raised:
        gpt.responses.create(**ASK_CLAUDE, previous_response_id="resp_1")
    assert "previous_response_id" in raised.value.message
