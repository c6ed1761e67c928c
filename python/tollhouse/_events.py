"""Server-sent events out of bytes, as the HTML standard's "event stream interpretation" defines them."""

from __future__ import annotations

from ._json import read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from typing import Any


class Event:
    """One event of a stream.

    Attributes:
        event: Its name, `message` if it has none.
        data: Its text.
        id: Its id, if one was set.
    """

    __slots__ = ("data", "event", "id")

    def __init__(self, event: str, data: str, id: str | None = None) -> None:  # noqa: A002 - the standard's own word
        self.event = event
        self.data = data
        self.id = id

    def json(self) -> Any:
        """The data as JSON."""
        return read(self.data)

    def __repr__(self) -> str:
        return f"Event({self.event!r}, {self.data!r})"


class Parser:
    """Takes bytes as they come and gives the events that are complete."""

    def __init__(self) -> None:
        self._rest = b""
        self._begun = False
        self._name = ""
        self._data: list[str] = []
        self._id: str | None = None

    def feed(self, chunk: bytes) -> Iterator[Event]:
        """The events that end in `chunk`."""
        lines = (self._rest + chunk).splitlines(keepends=True)
        self._rest = b""
        if lines and not _is_whole(lines[-1]):
            self._rest = lines.pop()
        for line in lines:
            event = self._line(line.rstrip(b"\r\n").decode(errors="replace"))
            if event is not None:
                yield event

    def end(self) -> Iterator[Event]:
        """The events that only the end of the stream shows to be complete. What is still open is dropped."""
        return self.feed(b"\n") if self._rest.endswith(b"\r") else iter(())

    def _line(self, line: str) -> Event | None:
        if not self._begun:
            self._begun = True
            line = line.removeprefix("\ufeff")
        if not line:
            return self._dispatch()
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "data":
            self._data.append(value)
        elif field == "event":
            self._name = value
        elif field == "id" and "\0" not in value:
            self._id = value
        return None

    def _dispatch(self) -> Event | None:
        name, data = self._name or "message", self._data
        self._name, self._data = "", []
        return Event(name, "\n".join(data), self._id) if data else None


def _is_whole(line: bytes) -> bool:
    # A lone carriage return at the end may be half of a line end whose other half is still to come.
    return line.endswith(b"\n")
