"""Iterating over a body that is still on its way, awaited.

Classes instead of async generators: a loop that is left early leaves nothing behind for an event loop to finish.
"""

from __future__ import annotations

from ._events import Parser

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._events import Event
    from ._native import Body


class AsyncChunks:
    """The chunks of a body, each as soon as it comes."""

    __slots__ = ("_body", "_waiting")

    def __init__(self, content: bytes | None, body: Body | None) -> None:
        self._body = body
        self._waiting = [content] if content else []

    def __aiter__(self) -> AsyncChunks:
        return self

    async def __anext__(self) -> bytes:
        while not self._waiting:
            came = None if self._body is None else await self._body.next_async()
            if came is None:
                raise StopAsyncIteration
            self._waiting = came[::-1]
        return self._waiting.pop()


class AsyncEvents:
    """The server-sent events of a body."""

    __slots__ = ("_chunks", "_ended", "_parser", "_waiting")

    def __init__(self, chunks: AsyncChunks) -> None:
        self._chunks = chunks
        self._ended = False
        self._parser = Parser()
        self._waiting: list[Event] = []

    def __aiter__(self) -> AsyncEvents:
        return self

    async def __anext__(self) -> Event:
        while not self._waiting:
            if self._ended:
                raise StopAsyncIteration
            self._waiting = (await self._next())[::-1]
        return self._waiting.pop()

    async def _next(self) -> list[Event]:
        try:
            return list(self._parser.feed(await anext(self._chunks)))
        except StopAsyncIteration:
            self._ended = True
            return list(self._parser.end())
