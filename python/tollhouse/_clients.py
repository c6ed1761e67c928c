"""Clients of httpx and httpx2 over the gateway's transport, with the settings that SDKs give their own."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import ModuleType
    from typing import Any

    from ._transport import Transport

TIMEOUT_S = 600.0
CONNECT_TIMEOUT_S = 5.0
"""What the SDKs of OpenAI and Anthropic wait, since a long answer may think for minutes before its first byte."""


def named(library: str) -> ModuleType:
    """The library of this name."""
    try:
        return __import__(library)
    except ModuleNotFoundError as missing:
        raise ModuleNotFoundError(f"{library} is not installed: pip install {library}", name=library) from missing


def preferred() -> ModuleType:
    """httpx2 where it is installed, since the SDKs that need it install it; else httpx."""
    try:
        return named("httpx2")
    except ModuleNotFoundError:
        return named("httpx")


def client(library: ModuleType, transport: Transport, settings: dict[str, Any]) -> Any:
    """A blocking client."""
    return library.Client(transport=transport, **_with_defaults(library, settings))


def async_client(library: ModuleType, transport: Transport, settings: dict[str, Any]) -> Any:
    """An async client."""
    return library.AsyncClient(transport=transport, **_with_defaults(library, settings))


def _with_defaults(library: ModuleType, settings: dict[str, Any]) -> dict[str, Any]:
    timeout = library.Timeout(TIMEOUT_S, connect=CONNECT_TIMEOUT_S)
    return {"timeout": timeout, "follow_redirects": True, **settings}
