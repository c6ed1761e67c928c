"""What `chat` gives: an answer in OpenAI's shape, whose text is what one usually wants of it."""

from __future__ import annotations

from ._errors import StatusError
from ._json import read

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator
    from types import TracebackType
    from typing import Any

    from typing_extensions import Self

    from ._events import Event
    from ._response import Response

DONE = "[DONE]"


class Chat:
    """A whole answer. `str()` of it is its text.

    Attributes:
        response: The answer with its status and headers.
    """

    __slots__ = ("response",)

    def __init__(self, response: Response) -> None:
        self.response = response

    @property
    def text(self) -> str:
        """What the model said; empty if it only called tools.

        Raises:
            StatusError: There is no text, because the answer is an error.
        """
        raise_for(self.response)
        return str(self.message.get("content") or "")

    @property
    def message(self) -> dict[str, Any]:
        """The message of the first choice, with `tool_calls` where there are any."""
        raise_for(self.response)
        choices = self.json().get("choices") or [{}]
        return dict(choices[0].get("message") or {})

    def json(self) -> Any:
        """The whole answer."""
        return self.response.json()

    def __str__(self) -> str:
        return self.text

    def __repr__(self) -> str:
        return f"<Chat {self.response.status}>"


class ChatStream:
    """An answer that is still being written: iterating gives pieces of its text.

    Attributes:
        response: The answer with its status and headers.
    """

    __slots__ = ("_pieces", "response")

    def __init__(self, response: Response) -> None:
        self.response = response
        self._pieces = self._read()

    def __iter__(self) -> Iterator[str]:
        return self._pieces

    def __next__(self) -> str:
        return next(self._pieces)

    def _read(self) -> Iterator[str]:
        raise_for(self.response)
        for event in self.response.iter_events():
            if piece := _piece(event, self.response):
                yield piece

    def close(self) -> None:
        """Lets go of the answer: the provider is told to stop."""
        self.response.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()


class AsyncChatStream:
    """As `ChatStream`, for `async for`.

    Attributes:
        response: The answer with its status and headers.
    """

    __slots__ = ("_events", "response")

    def __init__(self, response: Response) -> None:
        self.response = response
        self._events = response.aiter_events()

    def __aiter__(self) -> AsyncChatStream:
        return self

    async def __anext__(self) -> str:
        if not self.response.ok:
            await self.response.aread()
            raise_for(self.response)
        while True:
            if piece := _piece(await anext(self._events), self.response):
                return piece

    async def aclose(self) -> None:
        """Lets go of the answer: the provider is told to stop."""
        self.response.close()

    async def __aenter__(self) -> Self:
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.response.close()


def raise_for(response: Response) -> None:
    """Raises if the answer is an error, so that its text is not taken for a model's."""
    if response.failure is not None:
        raise response.failure
    if not response.ok:
        raise _status_error(response, response.text)


def _piece(event: Event, response: Response) -> str:
    if event.data == DONE:
        # Not the end of the body: only who reads on to that gives the connection back.
        return ""
    document = read(event.data)
    if "error" in document:
        raise _status_error(response, event.data)
    choices = document.get("choices")
    return str(choices[0].get("delta", {}).get("content") or "") if choices else ""


def _status_error(response: Response, body: str) -> StatusError:
    status = response.status
    reason = _reason(body)
    return StatusError(
        f"the answer is an error with status {status}: {reason}",
        message=reason,
        source="upstream",
        status=status,
        retryable=status in {408, 409, 429} or status >= 500,  # noqa: PLR2004 - the server's errors
        log_id=response.log_id,
    )


def _reason(body: str) -> str:
    """The sentence in an error body: `error.message` of OpenAI and most others, `error[0].message` of the gateway."""
    try:
        error = read(body)["error"]
    except (ValueError, KeyError, TypeError):
        return body
    first = error[0] if isinstance(error, list) and error else error
    return str(first.get("message", first)) if isinstance(first, dict) else str(first)
