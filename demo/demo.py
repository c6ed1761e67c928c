"""The gateway at work in Python, under the real `openai` package. `make demo` runs it; it needs no key."""

import os
import time

import openai
import tollhouse

QUESTION = [{"role": "user", "content": "Why does a toll house stand where the road is narrow?"}]

# `make demo` puts a scripted provider in OpenAI's place, unless it was asked for the real one.
UPSTREAM = os.environ.get("DEMO_UPSTREAM")
PROVIDERS = {"openai": {"base_url": f"{UPSTREAM}/v1"}} if UPSTREAM else {}


def main() -> None:
    """Shows one thing after the other."""
    print(f"Python: openai {openai.__version__} through tollhouse {tollhouse.__version__}")

    # A provider that nobody can reach, to fall back from.
    providers = {**PROVIDERS, "broken": {"base_url": "http://127.0.0.1:9"}}
    gateway = tollhouse.Gateway(cache={"ttl": "1h"}, providers=providers)
    client = openai.OpenAI(http_client=gateway.http_client(), max_retries=0)

    title("A first call goes to the provider")
    log_id = ask(client)

    title("The same call again comes from the cache")
    ask(client)

    title("A provider fails, and the next one answers")
    fall_back(gateway)

    title("A limit of two calls a minute refuses the third")
    exceed_limit()

    title("A streamed answer arrives piece by piece")
    stream(client)

    title("What the log knows about the first call")
    show_log(gateway, log_id)

    title("Feedback, written into that log")
    gateway.patch_log(log_id, feedback=1, score=0.9)
    log = gateway.get_log(log_id)
    print(f"feedback {log['feedback']}, score {log['score']}")

    title("Usage by model")
    print(gateway.usage(group_by="model"))


def ask(client: openai.OpenAI) -> str:
    """Asks, shows where the answer came from and how long it took, and gives the id of its log."""
    started = time.perf_counter()
    raw = client.chat.completions.with_raw_response.create(model="gpt-4o-mini", messages=QUESTION)
    milliseconds = (time.perf_counter() - started) * 1000
    print(raw.parse().choices[0].message.content)
    print(f"cache {raw.headers['cf-aig-cache-status']}, {milliseconds:.1f} ms")
    return raw.headers["cf-aig-log-id"]


def fall_back(gateway: tollhouse.Gateway) -> None:
    """The universal endpoint: a list of providers, tried in order."""
    path = "chat/completions"
    answer = gateway.run(
        [
            {"provider": "custom-broken", "endpoint": path, "query": {"model": "any", "messages": QUESTION}},
            {"provider": "openai", "endpoint": path, "query": {"model": "gpt-4.1-mini", "messages": QUESTION}},
        ]
    )
    print(answer.json()["choices"][0]["message"]["content"])
    for attempt in gateway.get_log(answer.log_id)["attempts"]:
        print(f"{attempt['provider']}: {attempt['reason'] or attempt['status']}")


def exceed_limit() -> None:
    """A gateway of its own, so that the limit holds nobody else up."""
    rule = {"limit": 2, "per": "1m", "technique": "sliding"}
    with tollhouse.Gateway(limits={"requests": rule}, providers=PROVIDERS) as gateway:
        client = openai.OpenAI(http_client=gateway.http_client(), max_retries=0)
        for number in range(1, 4):
            try:
                client.chat.completions.create(model="gpt-4o-mini", messages=QUESTION)
                print(f"call {number}: answered")
            except openai.RateLimitError as refusal:
                seconds = refusal.response.headers["retry-after"]
                print(f"call {number}: {type(refusal).__name__} {refusal.status_code}, try again in {seconds} s")


def stream(client: openai.OpenAI) -> None:
    """The pieces are printed as they come."""
    chunks = client.chat.completions.create(
        model="gpt-4o-mini", messages=QUESTION, stream=True, stream_options={"include_usage": True}
    )
    for chunk in chunks:
        if chunk.choices:
            print(chunk.choices[0].delta.content or "", end="", flush=True)
    print()


def show_log(gateway: tollhouse.Gateway, log_id: str) -> None:
    """Some of the fields of a log."""
    log = gateway.get_log(log_id)
    print(f"{log['provider']}/{log['model']}, status {log['status_code']}, {log['duration']:.0f} ms")
    print(f"{log['tokens_in']} tokens in, {log['tokens_out']} out, ${log['cost']:.7f}")


def title(text: str) -> None:
    """Begins a part."""
    print(f"\n── {text}")


if __name__ == "__main__":
    main()
