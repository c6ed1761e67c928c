"""Headers of an answer."""

from __future__ import annotations

from collections.abc import Mapping

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Iterator


class Headers(Mapping[str, str]):
    """A mapping whose names are found in any case. A header that came several times reads as one, joined with commas.

    Attributes:
        raw: The headers as they came: pairs of bytes, duplicates kept.
    """

    __slots__ = ("_values", "raw")

    def __init__(self, raw: list[tuple[bytes, bytes]]) -> None:
        self.raw = raw
        self._values: dict[str, list[str]] = {}
        for name, value in raw:
            self._values.setdefault(name.decode("latin-1").lower(), []).append(_text(value))

    def __getitem__(self, name: str) -> str:
        return ", ".join(self._values[name.lower()])

    def __contains__(self, name: object) -> bool:
        return isinstance(name, str) and name.lower() in self._values

    def __iter__(self) -> Iterator[str]:
        return iter(self._values)

    def __len__(self) -> int:
        return len(self._values)

    def get_list(self, name: str) -> list[str]:
        """Every value of a header, in the order in which they came."""
        return list(self._values.get(name.lower(), ()))

    def __repr__(self) -> str:
        return f"Headers({dict(self)!r})"


def _text(value: bytes) -> str:
    # Header values are bytes; providers write UTF-8 where they write more than ASCII.
    try:
        return value.decode()
    except UnicodeDecodeError:
        return value.decode("latin-1")
