"""Runs the vectors that every language runs: tests/vectors, described in its README.md."""

import inspect
import json
import re
from collections import Counter
from concurrent.futures import ThreadPoolExecutor

import pytest
from conftest import ROOT

import tollhouse
from tollhouse.testing import gateway

CASES = [
    pytest.param(case, id=f"{file.stem}/{case['name']}")
    for file in sorted((ROOT / "tests" / "vectors").glob("**/*.json"))
    for case in json.loads(file.read_text())["cases"]
]
SURFACE = json.loads((ROOT / "tests" / "surface.json").read_text())["methods"]
UUID7 = re.compile("[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")


@pytest.mark.parametrize("case", CASES)
def test_vector(case):
    test = gateway(case.get("upstream", []), case.get("config"))
    ids = {}
    for number, step in enumerate(case["steps"]):
        if "advance_ms" in step:
            test.advance(step["advance_ms"])
            continue
        found = take(test, step, ids) | {"upstream_calls": len(test.calls)}
        # A case that expects no break or error must not get one.
        expected = {"broken": None, "error": None} | step["expect"]
        assert expected.pop("contains", "") in found.get("body", "")
        assert (number, difference(expected, found)) == (number, None)
    assert difference(case.get("calls"), test.calls) is None or "calls" not in case


def take(test, step, ids):
    """Does one step and gives what came of it."""
    try:
        response = ask(test, step)
        return read(response, step, ids) if response else {"json": report(test, step, ids)}
    except tollhouse.Error as error:
        return {"error": {"kind": error.kind, "field": error.field}}


def ask(test, step):
    if call := step.get("call"):
        body = call.get("json", call.get("body"))
        return test.handle(call.get("method", "POST"), call["target"], call.get("headers"), body)
    options = step.get("options", {})
    if "run" in step:
        return test.run(step["run"], gateway=options.get("gateway"), extra_headers=options.get("extraHeaders"))
    if chat := step.get("chat"):
        return test.chat(chat["model"], chat["messages"], **chat.get("options", {})).response
    return None


def read(response, step, ids):
    ids["$log"] = ids["$" + step.get("save", "log")] = response.log_id
    body, broken = b"", None
    try:
        for number, chunk in enumerate(response.iter_bytes(), 1):
            body += chunk
            if number == step.get("take_chunks"):
                break
    except tollhouse.Error as error:
        broken = error.kind
    response.close()
    text = body.decode(errors="replace")
    failure = response.failure and response.failure.kind
    headers = dict(response.headers)
    return {
        "status": response.status,
        "headers": headers,
        "body": text,
        "json": parsed(text),
        "broken": broken,
        "failure": failure,
    }


def report(test, step, ids):
    if "get_log" in step:
        return test.get_log(ids.get(step["get_log"], step["get_log"]))
    if "patch_log" in step:
        return test.patch_log(ids.get(step["patch_log"], step["patch_log"]), step["patch"])
    if "logs" in step:
        page = test.logs(**step["logs"])
        return {"logs": page, "total_count": page.total_count, "page": page.page, "per_page": page.per_page}
    if "usage" in step:
        usage = test.usage(**step["usage"])
        return {"rows": usage, "total": usage.total, "basis": usage.basis}
    if "together" in step:
        return together(test, step)
    return counted(test, step) if "count_tokens" in step else method(test, step["method"], step.get("with", {}), ids)


def counted(test, step):
    count = test.count_tokens(**step["count_tokens"])
    return {"tokens": int(count), **vars(count)}


def together(test, step):
    """Makes calls at once, or each when the answer of the one before has begun, and counts what came of them."""
    calls = step["together"] * step.get("times", 1)
    if step.get("in_turn"):
        responses = [ask(test, {"call": call}) for call in calls]
    else:
        with ThreadPoolExecutor(len(calls)) as pool:
            responses = list(pool.map(lambda call: ask(test, {"call": call}), calls))
    return {
        "statuses": Counter(str(response.status) for response in responses),
        "cache": Counter(response.headers.get("cf-aig-cache-status", "none") for response in responses),
        "bodies": Counter(b"".join(response.iter_bytes()).decode() for response in responses),
    }


def method(test, name, given, ids):
    """Calls the method of this name. An object is spelled out as keywords where the method takes it so."""
    call = getattr(test, name)
    parameters = inspect.signature(call).parameters
    listed, keywords = [], {}
    assert given.keys() <= set(SURFACE[name]["parameters"])
    for parameter in SURFACE[name]["parameters"]:
        value = given.get(parameter)
        spelled_out = parameter not in parameters or parameters[parameter].kind is inspect.Parameter.VAR_KEYWORD
        if spelled_out:
            keywords |= value or {}
        else:
            listed.append(ids.get(value, value) if isinstance(value, str) else value)
    while listed and listed[-1] is None and len(listed) > len(given):
        listed.pop()
    return call(*listed, **keywords)


def parsed(text):
    try:
        return json.loads(text)
    except ValueError:
        return None


def difference(pattern, value, at="$"):
    """Where `value` does not match, in words; None if it does."""
    if isinstance(pattern, dict) and isinstance(value, dict):
        differences = (difference(inner, value.get(key), f"{at}.{key}") for key, inner in pattern.items())
    elif isinstance(pattern, list) and isinstance(value, list) and len(pattern) == len(value):
        differences = (
            difference(inner, item, f"{at}[{i}]") for i, (inner, item) in enumerate(zip(pattern, value, strict=True))
        )
    elif pattern == "$any":
        return None if value is not None else f"{at}: nothing"
    elif pattern == "$uuid7":
        return None if UUID7.fullmatch(str(value)) else f"{at}: {value!r} is no UUIDv7"
    else:
        return (
            None
            if pattern == value and isinstance(pattern, bool) == isinstance(value, bool)
            else f"{at}: {value!r}, not {pattern!r}"
        )
    return next(filter(None, differences), None)
