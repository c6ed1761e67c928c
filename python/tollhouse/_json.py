"""JSON as it crosses to the native module: compact, and with the types that Python has for spans of time and paths."""

from __future__ import annotations

import os

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import timedelta
    from typing import Any

# `json` and `datetime` are imported at their first use: importing this package is to cost next to nothing.


def text(value: object) -> str:
    """`value` as JSON text. A `timedelta` becomes a duration such as `"1500ms"`, a path its text."""
    return _encoder()(value)


def read(document: str | bytes) -> Any:
    """The value of a JSON text."""
    import json

    return json.loads(document)


def given(**fields: object) -> str:
    """The fields that are not None, as JSON text."""
    return text({name: value for name, value in fields.items() if value is not None})


_encoders: list[Callable[[object], str]] = []


def _encoder() -> Callable[[object], str]:
    if not _encoders:
        import json

        encoder = json.JSONEncoder(separators=(",", ":"), ensure_ascii=False, allow_nan=False, default=_plain)
        _encoders.append(encoder.encode)
    return _encoders[0]


def _plain(value: object) -> object:
    from datetime import timedelta

    if isinstance(value, timedelta):
        return _span(value)
    if isinstance(value, os.PathLike):
        return os.fspath(value)
    raise TypeError(f"{type(value).__name__} cannot be written as JSON")


def _span(span: timedelta) -> str:
    microseconds = (span.days * 86_400 + span.seconds) * 1_000_000 + span.microseconds
    if microseconds % 1_000:
        raise ValueError(f"{span!r} is finer than a millisecond")
    return f"{microseconds // 1_000}ms"
