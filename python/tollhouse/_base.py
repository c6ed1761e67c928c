"""What both gateways have: the constructor, and everything that has nothing to wait for."""

from __future__ import annotations

from . import _calls, _clients, _process
from ._json import read, text
from ._tokens import TokenCount
from ._transport import Transport

TYPE_CHECKING = False
if TYPE_CHECKING:
    import os
    from collections.abc import Mapping, Sequence
    from typing import Any

    import httpx
    import httpx2

    from . import _native
    from ._types import Embedder, Json, Messages


class BaseGateway:
    """The part of `Gateway` and `AsyncGateway` that is the same."""

    __slots__ = ("__weakref__", "_native")

    def __init__(
        self,
        config: Mapping[str, object] | str | os.PathLike[str] | None = None,
        /,
        *,
        embedder: Embedder | None = None,
        **sections: object,
    ) -> None:
        self._open(_calls.opened(config, sections, embedder))

    def _open(self, native: _native.Gateway) -> None:
        self._native = native
        _process.track(native)

    def get_url(self, provider: str | None = None) -> str:
        """The gateway's URL on this machine, for all that takes a base URL. The first call starts a server."""
        return self._native.get_url(provider)

    def ui_url(self) -> str:
        """The dashboard's URL, for a browser on this machine: logs, costs, reliability. The first call starts a server.

        Whoever has the URL may read and rate logs; its key is drawn anew at each start.
        """
        return self._native.ui_url()

    def load_prices(self, prices: Mapping[str, object] | str) -> Json:
        """Takes a newer price catalogue, as a dict or as its text, from the next call on; gives its version.

        Raises:
            InvalidRequestError: It is cut short or has a price that cannot be. The prices in force stay.
        """
        return dict(read(self._native.load_prices(text(prices))))

    def count_tokens(self, model: str, input: Messages | Sequence[str] | Mapping[str, object]) -> TokenCount:  # noqa: A002 - the name it has in every language
        """Tokens counted offline. A number that says how exact it is.

        Args:
            model: The model, with or without its provider.
            input: A text, a list of texts, messages, or `{"messages": […], "tools": […]}`.

        Raises:
            UnknownModelError: The model's vocabulary is not known.
        """
        return TokenCount.of(read(self._native.count_tokens(model, text(input))))

    def set_route(self, name: str, route: Mapping[str, object] | None) -> int:
        """Puts a route in the place of the one of this name, or takes it away with `None`; gives its version.

        Raises:
            ConfigError: It cannot work. The route that is there goes on.
        """
        return self._native.set_route(name, text(route))

    def config(self) -> Json:
        """The configuration in force. Secrets show as `set`."""
        return dict(read(self._native.config()))

    def health(self) -> Json:
        """How the log is doing: whether it had to leave its file, and what it has lost."""
        return dict(read(self._native.health()))

    def transport(self) -> Transport:
        """What clients of `httpx` and `httpx2` take, sync and async: `Client(transport=gateway.transport())`."""
        return Transport(self._native)

    def http_client(self, **settings: Any) -> Any:
        """The client that the installed SDKs want: of `httpx2` if it is there, of `httpx` if not.

        Args:
            **settings: Further arguments of the client.
        """
        return _clients.client(_clients.preferred(), self.transport(), settings)

    def async_http_client(self, **settings: Any) -> Any:
        """As `http_client`, for async SDKs."""
        return _clients.async_client(_clients.preferred(), self.transport(), settings)

    def httpx_client(self, **settings: Any) -> httpx.Client:
        """A client of `httpx`."""
        client: httpx.Client = _clients.client(_clients.named("httpx"), self.transport(), settings)
        return client

    def async_httpx_client(self, **settings: Any) -> httpx.AsyncClient:
        """An async client of `httpx`."""
        client: httpx.AsyncClient = _clients.async_client(_clients.named("httpx"), self.transport(), settings)
        return client

    def httpx2_client(self, **settings: Any) -> httpx2.Client:
        """A client of `httpx2`."""
        client: httpx2.Client = _clients.client(_clients.named("httpx2"), self.transport(), settings)
        return client

    def async_httpx2_client(self, **settings: Any) -> httpx2.AsyncClient:
        """An async client of `httpx2`."""
        client: httpx2.AsyncClient = _clients.async_client(_clients.named("httpx2"), self.transport(), settings)
        return client

    def __repr__(self) -> str:
        return f"<{type(self).__name__} {self.config()['id']!r}>"
