"""What this package raises: one base class, and a subclass for each kind of error."""

from __future__ import annotations


class Error(Exception):
    """Something that a program can act upon.

    Its text says what happened, where, and what to do next. Failures of a provider are answers with a status, not
    errors; these are for misuse, and for an answer that breaks off while it is read.

    Attributes:
        kind: A stable word, the same in every language: `config`, `closed`, `timeout`, …
        message: The text without the field.
        field: The key of the configuration, or the argument, that the error is about.
        source: Whose side it stems from: `caller`, `gateway` or `upstream`.
        status: The HTTP status, where the provider had answered.
        retryable: Whether the same call may succeed later without a change.
        log_id: The log of the call that failed, where one was written.
    """

    kind: str = "error"

    def __init__(
        self,
        text: str = "",
        *,
        message: str | None = None,
        field: str | None = None,
        source: str = "caller",
        status: int | None = None,
        retryable: bool = False,
        log_id: str | None = None,
    ) -> None:
        super().__init__(text)
        self.message = text if message is None else message
        self.field = field
        self.source = source
        self.status = status
        self.retryable = retryable
        self.log_id = log_id

    def __reduce__(self) -> tuple[object, ...]:
        """So that an error can cross to another process."""
        return (_remade, (type(self), str(self), self.__dict__))


class ConfigError(Error):
    """The configuration cannot work. `field` names the key."""

    kind = "config"


class InvalidRequestError(Error):
    """A call's argument is not acceptable. `field` names it."""

    kind = "invalid_request"


class ClosedError(Error):
    """The gateway was closed before this call."""

    kind = "closed"


class LogNotFoundError(Error):
    """No log has this id."""

    kind = "log_not_found"


class UnknownModelError(Error):
    """The model's vocabulary is not known, so its tokens cannot be counted."""

    kind = "unknown_model"


class StorageError(Error):
    """The log store could not do what was asked."""

    kind = "storage"


class UpstreamConnectError(Error):
    """No connection to the provider: nothing was sent."""

    kind = "connect"


class UpstreamTimeoutError(Error):
    """The provider did not answer in time, or stopped in the middle of its answer."""

    kind = "timeout"


class UpstreamConnectTimeoutError(UpstreamConnectError, UpstreamTimeoutError):
    """No connection to the provider within its time: nothing was sent."""

    kind = "connect_timeout"


class StreamBrokenError(Error):
    """The connection broke, or the answer ended without its end marker."""

    kind = "broken"


class TooLargeError(Error):
    """The answer is larger than a configured bound."""

    kind = "too_large"


class StatusError(Error):
    """The answer to `chat` is a refusal or a provider's error, so there is no text. `status` says which.

    Only the short ways to a text raise it; `handle` and `run` give the answer as it is.
    """

    kind = "status"


CLASSES: dict[str, type[Error]] = {
    found.kind: found
    for found in (
        ConfigError,
        InvalidRequestError,
        ClosedError,
        LogNotFoundError,
        UnknownModelError,
        StorageError,
        UpstreamConnectError,
        UpstreamConnectTimeoutError,
        UpstreamTimeoutError,
        StreamBrokenError,
        TooLargeError,
    )
}


def make(  # noqa: PLR0917 - called by the native module alone
    kind: str,
    text: str,
    message: str,
    field: str | None,
    source: str,
    status: int | None,
    retryable: bool,
    log_id: str | None,
) -> Error:
    """The exception for an error of the native module. A kind that is newer than this file gets the base class."""
    error = CLASSES.get(kind, Error)(
        text, message=message, field=field, source=source, status=status, retryable=retryable, log_id=log_id
    )
    if error.kind != kind:
        error.kind = kind
    return error


def _remade(cls: type[Error], text: str, attributes: dict[str, object]) -> Error:
    error = cls(text)
    error.__dict__.update(attributes)
    return error
