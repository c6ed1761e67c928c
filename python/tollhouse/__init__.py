"""tollhouse: an AI gateway that runs inside your application.

import tollhouse
from openai import OpenAI

gateway = tollhouse.Gateway(cache={"ttl": "1h"})
client = OpenAI(http_client=gateway.http_client())
"""

from ._async_gateway import AsyncGateway
from ._chat import AsyncChatStream, Chat, ChatStream
from ._errors import (
    ClosedError,
    ConfigError,
    Error,
    InvalidRequestError,
    LogNotFoundError,
    StatusError,
    StorageError,
    StreamBrokenError,
    TooLargeError,
    UnknownModelError,
    UpstreamConnectError,
    UpstreamConnectTimeoutError,
    UpstreamTimeoutError,
)
from ._events import Event
from ._gateway import Gateway
from ._headers import Headers
from ._native import __version__
from ._reports import LogPage, Usage
from ._response import Response
from ._tokens import TokenCount
from ._transport import Transport

__all__ = [
    "AsyncChatStream",
    "AsyncGateway",
    "Chat",
    "ChatStream",
    "ClosedError",
    "ConfigError",
    "Error",
    "Event",
    "Gateway",
    "Headers",
    "InvalidRequestError",
    "LogNotFoundError",
    "LogPage",
    "Response",
    "StatusError",
    "StorageError",
    "StreamBrokenError",
    "TokenCount",
    "TooLargeError",
    "Transport",
    "UnknownModelError",
    "UpstreamConnectError",
    "UpstreamConnectTimeoutError",
    "UpstreamTimeoutError",
    "Usage",
    "__version__",
]
