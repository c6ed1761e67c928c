"""A number of tokens."""

from __future__ import annotations

TYPE_CHECKING = False
if TYPE_CHECKING:
    from ._types import Json


class TokenCount(int):
    """How many tokens a text has.

    Attributes:
        exact: Whether the model's own vocabulary and its published rules were used; otherwise this is an estimate.
        encoding: The vocabulary that was used, such as `o200k_base`.
        error_percent: By how much it may be wrong either way; 0 where it is exact.
        each: The counts of a list of texts, one by one.
    """

    exact: bool
    encoding: str
    error_percent: int
    each: list[int] | None

    @classmethod
    def of(cls, document: Json) -> TokenCount:
        """The count that a document of the native module describes."""
        count = cls(document["tokens"])
        count.exact = document["exact"]
        count.encoding = document["encoding"]
        count.error_percent = document["error_percent"]
        count.each = document.get("each")
        return count
