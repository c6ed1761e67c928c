"""The gateway as a transport under httpx and its fork httpx2, blocking and async.

The two libraries have the same shapes but not the same classes, and each accepts only its own. So the transport has no
base class, and takes the classes of answers, streams and errors from the library of the request that it is given.
"""

from __future__ import annotations

from . import _libraries

TYPE_CHECKING = False
if TYPE_CHECKING:
    from types import TracebackType
    from typing import Any

    from typing_extensions import Self

    from ._native import Answer, Gateway

    Timeouts = tuple[float | None, float | None]


class Transport:
    """What `Client(transport=…)` and `AsyncClient(transport=…)` of httpx and httpx2 take, all of them at once.

    Closing a client leaves the gateway open, since others may use it.
    """

    __slots__ = ("_async_native", "_native")

    def __init__(self, native: Gateway) -> None:
        self._native = native
        self._async_native = native.asynchronous()

    def handle_request(self, request: Any) -> Any:
        """Answers a request of a blocking client."""
        library = _libraries.of(request)
        answer = self._native.handle(
            request.method, str(request.url), request.headers.raw, request.read(), _timeouts(request)
        )
        return _response(library, request, answer)

    async def handle_async_request(self, request: Any) -> Any:
        """Answers a request of an async client."""
        library = _libraries.of(request)
        answer = await self._async_native.handle(
            request.method, str(request.url), request.headers.raw, await request.aread(), _timeouts(request)
        )
        return _response(library, request, answer)

    def close(self) -> None:
        """Does nothing."""

    async def aclose(self) -> None:
        """Does nothing."""

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        pass

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        pass


def _timeouts(request: Any) -> Timeouts:
    # `write` and `pool` have nothing to bound: a body is handed over whole, and nobody queues for a connection.
    timeout = request.extensions.get("timeout") or {}
    return timeout.get("connect"), timeout.get("read")


def _response(library: _libraries.Library, request: Any, answer: Answer) -> Any:
    failure = answer.failure
    if failure is not None:
        raise library.exception(failure, request, begun=False) from failure
    body = answer.body
    return library.Response(
        answer.status,
        headers=answer.headers,
        stream=library.ByteStream(answer.content) if body is None else library.stream(body, request),
        extensions={"http_version": b"HTTP/1.1", "tollhouse": _facts(answer)},
        request=request,
    )


def _facts(answer: Answer) -> dict[str, object]:
    """What the gateway did, for programs that look at the raw answer behind an SDK's."""
    step = answer.header("cf-aig-step")
    return {
        "step": None if step is None else int(step),
        "cache_status": answer.header("cf-aig-cache-status"),
        "log_id": answer.header("cf-aig-log-id"),
    }
