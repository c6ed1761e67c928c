"""httpx and httpx2: the classes that the transport needs of whichever library a request is of."""

from __future__ import annotations

import sys

from ._chunks import AsyncChunks
from ._errors import Error

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Iterator
    from types import ModuleType
    from typing import Any

    from ._native import Body

EXCEPTIONS = {
    "connect": "ConnectError",
    "connect_timeout": "ConnectTimeout",
    "timeout": "ReadTimeout",
    "broken": "RemoteProtocolError",
    "too_large": "ReadError",
}
"""The exceptions that SDKs expect of a transport; they retry on some and treat all others as bugs."""


class Library:
    """One library's classes."""

    def __init__(self, module: ModuleType) -> None:
        self._module = module
        self.Request = module.Request
        self.Response = module.Response
        self.ByteStream = module.ByteStream
        self.stream = _stream_class(self, module)

    def exception(self, error: Error, request: Any, *, begun: bool) -> Exception:
        """This library's exception for an error, before or after an answer had begun. Misuse stays what it is."""
        name = "ReadError" if error.kind == "broken" and not begun else EXCEPTIONS.get(error.kind)
        if name is None:
            return error
        exception: Exception = getattr(self._module, name)(str(error), request=request)
        return exception


def of(request: Any) -> Library:
    """The library of a request. httpx2 can stand in for httpx under its name, so names decide nothing."""
    for library in _known:
        if isinstance(request, library.Request):
            return library
    for name in ("httpx", "httpx2"):
        module = sys.modules.get(name)
        if module is not None and isinstance(request, module.Request):
            library = Library(module)
            _known.append(library)
            return library
    raise TypeError(
        f"a request of httpx or httpx2 is expected, not {type(request).__module__}.{type(request).__name__}"
    )


_known: list[Library] = []


def _stream_class(library: Library, module: ModuleType) -> Any:
    class Stream(module.SyncByteStream, module.AsyncByteStream):  # type: ignore[name-defined, misc]
        """A body on its way. Letting go of it cancels the upstream call."""

        def __init__(self, body: Body, request: Any) -> None:
            self._body = body
            self._request = request
            self._chunks = AsyncChunks(None, body)

        def __iter__(self) -> Iterator[bytes]:
            try:
                while (chunks := self._body.next()) is not None:
                    yield from chunks
            except Error as error:
                raise library.exception(error, self._request, begun=True) from error

        def __aiter__(self) -> AsyncIterator[bytes]:
            return self

        async def __anext__(self) -> bytes:
            try:
                return await anext(self._chunks)
            except Error as error:
                raise library.exception(error, self._request, begun=True) from error

        def close(self) -> None:
            self._body.close()

        async def aclose(self) -> None:
            self._body.close()

    return Stream
