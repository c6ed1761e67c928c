"""Shapes of what goes in. For type checkers; nothing here runs."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from typing import Any, Literal, TypedDict

HeaderValue = str | bytes | int | float | bool | Mapping[str, object]
Headers = Mapping[str, HeaderValue] | Iterable[tuple[str | bytes, HeaderValue]]
"""Numbers, booleans and dicts are written as the `cf-aig-*` headers want them."""

Body = bytes | bytearray | str | Mapping[str, object] | Sequence[object]
"""Dicts and lists are sent as JSON."""

Messages = str | Sequence[Mapping[str, object]]

Embedder = Callable[[str], Iterable[float] | Awaitable[Iterable[float]]]
"""Gives the vector of a text."""
"""One question, or messages in OpenAI's shape."""

Metadata = Mapping[str, str | int | float | bool | None]

Json = dict[str, Any]
"""A JSON object."""


class Retries(TypedDict, total=False):
    """How one call is tried again at the same provider."""

    max_attempts: int
    retry_delay_ms: int
    backoff: Literal["constant", "linear", "exponential"]


class GatewayOptions(TypedDict, total=False):
    """What one call sets otherwise than the configuration."""

    skip_cache: bool
    cache_ttl: int
    """Seconds."""
    cache_key: str
    cache_scope: str
    """Whose answers these are, such as a tenant."""
    cache_namespace: str
    """Whose threshold holds for near answers."""
    cache_mode: Literal["read-write", "read-only", "write-only"]
    cache_control: str
    """As HTTP has it: "no-cache", "max-age=60", "only-if-cached"."""
    metadata: Metadata
    collect_log: bool
    event_id: str
    request_timeout_ms: int
    retries: Retries
    hedge_after_ms: int
    """How long without an answer before a second call is made beside; 0 is never."""


class _Entry(TypedDict):
    provider: str
    endpoint: str


class Entry(_Entry, total=False):
    """One provider to try in `run`."""

    headers: Mapping[str, HeaderValue]
    query: object
    config: Mapping[str, object]
