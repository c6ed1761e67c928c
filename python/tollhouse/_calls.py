"""What both gateways do with their arguments before they hand them on."""

from __future__ import annotations

import os
from collections.abc import Mapping

from . import _native
from ._errors import InvalidRequestError
from ._json import given, text

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable

    from ._types import Body, Embedder, GatewayOptions, Headers, HeaderValue

CONTENT_TYPE = "content-type"


def opened(
    config: Mapping[str, object] | str | os.PathLike[str] | None,
    sections: dict[str, object],
    embedder: Embedder | None,
) -> _native.Gateway:
    """The native gateway for the arguments of a constructor."""
    if embedder is not None and not callable(embedder):
        raise InvalidRequestError("not callable; give a function of one text", field="embedder")
    starter = None if embedder is None else _starter(embedder)
    if isinstance(config, (str, os.PathLike)):
        if sections:
            named = ", ".join(sections)
            raise InvalidRequestError(
                f"the configuration comes from {os.fspath(config)}; write there what was given beside it: {named}",
                field=next(iter(sections)),
            )
        return _native.Gateway.from_file(os.fspath(config), starter)
    if config is None and not sections:
        return _native.Gateway.discover(starter)
    return _native.Gateway.from_json(text({**(config or {}), **sections}), starter)


def _starter(embedder: Embedder) -> Callable[[_native.Questions], None]:
    # Event loops and loggers take longer to import than all of this package.
    def start(questions: _native.Questions) -> None:
        from . import _host

        _host.start(embedder, questions)

    return start


def body(given_body: Body | None, headers: Headers | None) -> tuple[bytes | None, Headers | None]:
    """The bytes of a body, and headers that say what it is where the caller's do not."""
    if given_body is None or isinstance(given_body, bytes):
        return given_body, headers
    if isinstance(given_body, (bytearray, memoryview)):
        return bytes(given_body), headers
    if isinstance(given_body, str):
        return given_body.encode(), headers
    return text(given_body).encode(), _with_json(headers)


def options(gateway: GatewayOptions | None, extra_headers: Mapping[str, HeaderValue] | None, **more: object) -> str:
    """The options of `run` and `chat`, as core reads them."""
    return given(gateway=gateway, extra_headers=extra_headers, **more)


def patch(changes: Mapping[str, object] | None, **fields: object) -> str:
    """The changes of `patch_log`, as core reads them: None by name keeps a field, None in the dict clears it."""
    return text({**{name: value for name, value in fields.items() if value is not None}, **(changes or {})})


def _with_json(headers: Headers | None) -> Headers:
    if headers is None:
        return {CONTENT_TYPE: "application/json"}
    pairs = list(headers.items() if isinstance(headers, Mapping) else headers)
    names = (name.decode("latin-1") if isinstance(name, bytes) else name for name, _ in pairs)
    if any(name.lower() == CONTENT_TYPE for name in names):
        return pairs
    return [*pairs, (CONTENT_TYPE, "application/json")]
