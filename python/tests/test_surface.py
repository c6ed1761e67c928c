"""Compares the public surface with tests/surface.json, which every language compares itself with."""

import inspect
import json

import pytest
from conftest import ROOT

import tollhouse
from tollhouse import _native
from tollhouse._errors import CLASSES

SURFACE = json.loads((ROOT / "tests" / "surface.json").read_text())

# How the package is woven into Python: clients and transports under SDKs.
ONLY_IN_PYTHON = {
    "transport",
    "http_client",
    "async_http_client",
    "httpx_client",
    "async_httpx_client",
    "httpx2_client",
    "async_httpx2_client",
}


@pytest.mark.parametrize("face", [tollhouse.Gateway, tollhouse.AsyncGateway])
def test_methods(face):
    methods = {name for name, _ in inspect.getmembers(face, inspect.isfunction) if not name.startswith("_")}
    assert methods - ONLY_IN_PYTHON == set(SURFACE["methods"])


@pytest.mark.parametrize("name", SURFACE["methods"])
def test_parameters(name):
    method, twin = getattr(tollhouse.Gateway, name), getattr(tollhouse.AsyncGateway, name)
    parameters = inspect.signature(method).parameters.values()
    positional = [each.name for each in parameters if each.kind is not each.KEYWORD_ONLY][1:]
    # Python spells objects of options out: as keywords, or as any keywords.
    keywords = any(each.kind in (each.KEYWORD_ONLY, each.VAR_KEYWORD) for each in parameters)
    expected = [each for each in SURFACE["methods"][name]["parameters"] if each != "options" or not keywords]
    assert [each for each in positional if each != "body" or name in ("handle", "why_miss")] == expected
    assert inspect.signature(twin).parameters.keys() == inspect.signature(method).parameters.keys()
    assert inspect.iscoroutinefunction(twin) == SURFACE["methods"][name]["async"]


def test_error_kinds():
    assert _native.error_kinds() == list(CLASSES) == SURFACE["error_kinds"]
    for error in CLASSES.values():
        assert getattr(tollhouse, error.__name__) is error


def test_everything_public_is_listed():
    public = {
        name for name, value in vars(tollhouse).items() if not name.startswith("_") and not inspect.ismodule(value)
    }
    assert public | {"__version__"} == set(tollhouse.__all__)
