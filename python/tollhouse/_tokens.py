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
    """

    exact: bool
    encoding: str

    @classmethod
    def of(cls, document: Json) -> TokenCount:
        """The count that a document of the native module describes."""
        count = cls(document["tokens"])
        count.exact = document["exact"]
        count.encoding = document["encoding"]
        return count
