"""The gateway's answer."""

from __future__ import annotations

from ._chunks import AsyncChunks, AsyncEvents
from ._events import Parser
from ._headers import Headers
from ._json import read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Any

    from typing_extensions import Self

    from ._errors import Error
    from ._events import Event
    from ._native import Answer


class Response:
    """Status, headers and body, as the provider gave them.

    A body that is still on its way is read as a whole by `content`, `text` and `json()`, or piece by piece by the
    iterators. Of an `AsyncGateway`'s answer it is read by `await response.aread()` and the async iterators.
    """

    __slots__ = ("_answer", "_content", "_headers")

    def __init__(self, answer: Answer) -> None:
        self._answer = answer
        self._content = answer.content
        self._headers: Headers | None = None

    @property
    def status(self) -> int:
        """The HTTP status: the provider's own, or the gateway's for a refusal."""
        return self._answer.status

    @property
    def ok(self) -> bool:
        """Whether the status is below 400."""
        return self._answer.status < 400  # noqa: PLR2004 - the first status that is an error

    @property
    def headers(self) -> Headers:
        """The provider's headers and the gateway's `cf-aig-*` ones."""
        if self._headers is None:
            self._headers = Headers(self._answer.headers)
        return self._headers

    @property
    def log_id(self) -> str | None:
        """What `get_log` and `patch_log` want, if the call was logged."""
        return self._answer.header("cf-aig-log-id")

    @property
    def failure(self) -> Error | None:
        """Why no provider answered, if none did: a connection error or a timeout, not raised."""
        return self._answer.failure

    @property
    def content(self) -> bytes:
        """The whole body.

        Raises:
            UpstreamTimeoutError: The provider stopped in the middle.
            StreamBrokenError: The body broke off.
        """
        return self.read() if self._content is None else self._content

    @property
    def text(self) -> str:
        """The body as text, in UTF-8."""
        return self.content.decode(errors="replace")

    def json(self) -> Any:
        """The body as JSON."""
        return read(self.content)

    def read(self) -> bytes:
        """Reads the body to its end and gives it."""
        if self._content is None:
            self._content = b"".join(self.iter_bytes())
        return self._content

    async def aread(self) -> bytes:
        """Reads the body of an `AsyncGateway`'s answer to its end and gives it."""
        if self._content is None:
            self._content = b"".join([chunk async for chunk in self.aiter_bytes()])
        return self._content

    def iter_bytes(self) -> Iterator[bytes]:
        """The chunks of the body, each as soon as it comes."""
        if self._content is not None:
            if self._content:
                yield self._content
            return
        body = self._answer.body
        while body is not None and (chunks := body.next()) is not None:
            yield from chunks

    def aiter_bytes(self) -> AsyncChunks:
        """The chunks of the body, each as soon as it comes."""
        return AsyncChunks(self._content, None if self._content is not None else self._answer.body)

    def iter_events(self) -> Iterator[Event]:
        """The server-sent events of a streamed body."""
        parser = Parser()
        for chunk in self.iter_bytes():
            yield from parser.feed(chunk)
        yield from parser.end()

    def aiter_events(self) -> AsyncEvents:
        """The server-sent events of a streamed body."""
        return AsyncEvents(self.aiter_bytes())

    def close(self) -> None:
        """Lets go of the body: the provider is told to stop. Closing twice is harmless."""
        if self._answer.body is not None:
            self._answer.body.close()

    async def aclose(self) -> None:
        """As `close`."""
        self.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def __repr__(self) -> str:
        return f"<Response {self.status}>"
