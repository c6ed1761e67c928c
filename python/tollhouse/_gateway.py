"""The gateway, for programs that block."""

from __future__ import annotations

from . import _calls
from ._base import BaseGateway
from ._chat import Chat, ChatStream
from ._json import read, text
from ._reports import LogPage, Usage
from ._response import Response
from ._typing import overload

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from types import TracebackType
    from typing import Any, Literal

    from typing_extensions import Self

    from ._types import Body, Entry, GatewayOptions, Headers, HeaderValue, Json, Messages, Metadata


class Gateway(BaseGateway):
    """An AI gateway in this process. Making one starts nothing: no thread, no file, no socket.

    Args:
        config: The configuration as a dict, or the path of a file (TOML, or JSON if it ends in `.json`). Without any
            argument `tollhouse.toml` in the working directory is taken, if there is one.
        embedder: A function of one text that gives its vector, for `cache.semantic`, instead of a provider. It may be
            async. It is called in a thread of its own, which starts with the first question.
        **sections: Sections of the configuration by name, such as `cache={"ttl": "1h"}`. A `timedelta` is a duration
            too.

    Raises:
        ConfigError: The configuration cannot work; the error names the field.
    """

    __slots__ = ()

    def handle(self, method: str, target: str, headers: Headers | None = None, body: Body | None = None) -> Response:
        """The door: every other call is a short path to it. Failures of a provider are answers.

        Args:
            method: The HTTP method.
            target: `/{provider}/{native path}`, `/compat/chat/completions`, `/` (the universal endpoint), or the URL of
                a provider.
            headers: Passed on to the provider, except `cf-aig-*`, which speak to the gateway.
            body: Bytes or text as they are; a dict or list as JSON.

        Raises:
            ClosedError: The gateway was closed.
        """
        content, headers = _calls.body(body, headers)
        return Response(self._native.handle(method, target, headers, content))

    def run(
        self,
        entries: Entry | Sequence[Entry],
        *,
        gateway: GatewayOptions | None = None,
        extra_headers: Mapping[str, HeaderValue] | None = None,
    ) -> Response:
        """The universal endpoint: tries the entries in order until one answers well. Its index is in `cf-aig-step`.

        Args:
            entries: `{"provider", "endpoint", "headers", "query"}`, or a list of such.
            gateway: Settings of this call, such as `{"cache_ttl": 3600}`.
            extra_headers: Headers of the call as a whole. They win over `gateway`; those of an entry win over both.
        """
        return Response(self._native.run(text(entries), _calls.options(gateway, extra_headers)))

    @overload
    def chat(
        self,
        model: str,
        messages: Messages,
        *,
        stream: Literal[False] = False,
        gateway: GatewayOptions | None = None,
        extra_headers: Mapping[str, HeaderValue] | None = None,
        **body: Any,
    ) -> Chat: ...

    @overload
    def chat(
        self,
        model: str,
        messages: Messages,
        *,
        stream: Literal[True],
        gateway: GatewayOptions | None = None,
        extra_headers: Mapping[str, HeaderValue] | None = None,
        **body: Any,
    ) -> ChatStream: ...

    def chat(
        self,
        model: str,
        messages: Messages,
        *,
        stream: bool = False,
        gateway: GatewayOptions | None = None,
        extra_headers: Mapping[str, HeaderValue] | None = None,
        **body: Any,
    ) -> Chat | ChatStream:
        """Asks any model in OpenAI's shape. `str()` of the answer is its text.

        Args:
            model: `{provider}/{model}`, such as `anthropic/claude-sonnet-4-5`.
            messages: A question, or a list of messages.
            stream: Whether the text comes in pieces, to iterate over.
            gateway: Settings of this call, such as `{"cache_ttl": 3600}`.
            extra_headers: Headers for the provider and the gateway.
            **body: Further fields of the body, such as `temperature=0` or `tools=[…]`.
        """
        if stream:
            body["stream"] = True
        options = _calls.options(gateway, extra_headers, **body)
        response = Response(self._native.chat(model, text(messages), options))
        return ChatStream(response) if stream else Chat(response)

    def get_log(self, log_id: str) -> Json:
        """The log of one call, readable as soon as its answer is there.

        Raises:
            LogNotFoundError: There is none.
        """
        return dict(read(self._native.get_log(log_id)))

    def why_miss(self, method: str, target: str, headers: Headers | None = None, body: Body | None = None) -> Json:
        """Why a request would not be answered from the cache: the nearest kept answer, and the fields that differ.

        Nothing is sent or logged. `would_hit`, `reason` and `text` say it in short, `targets` for each target; of what
        is kept only digests are told, and of a key nothing.

        Args:
            method: As for `handle`.
            target: As for `handle`.
            headers: As for `handle`.
            body: As for `handle`.
        """
        content, headers = _calls.body(body, headers)
        return dict(read(self._native.why_miss(method, target, headers, content)))

    def explain(self, log_id: str) -> Json:
        """A call's walk, line by line: where it was resolved to, cache, each try, what it cost.

        Raises:
            LogNotFoundError: There is none.
        """
        return dict(read(self._native.explain(log_id)))

    def patch_log(
        self,
        log_id: str,
        patch: Mapping[str, object] | None = None,
        /,
        *,
        feedback: Literal[1, -1] | None = None,
        score: float | None = None,
        metadata: Metadata | None = None,
    ) -> None:
        """Adds what people think of an answer to its log.

        Args:
            log_id: The log.
            patch: The same as a dict, in which None clears a field.
            feedback: 1 for a good answer, -1 for a bad one.
            score: Any number, in a scale of your own.
            metadata: Takes the place of all metadata.
        """
        self._native.patch_log(log_id, _calls.patch(patch, feedback=feedback, score=score, metadata=metadata))

    def logs(self, **query: object) -> LogPage:
        """Logs, newest first. Prints as a table.

        Args:
            **query: `limit`, `page`, `order_by`, `direction`, `search`, `since="1h"`, `until`, `metadata={…}`,
                `filters=[…]`, or a field and its value, such as `model="gpt-4o-mini"`.
        """
        return LogPage(read(self._native.logs(text(query))))

    def delete_logs(self, **query: object) -> int:
        """Deletes the logs that a query finds, and tells how many there were.

        Args:
            **query: As for `logs`. Without any all logs are deleted.
        """
        return self._native.delete_logs(text(query))

    def log_payload(self, log_id: str, part: Literal["request", "response"]) -> bytes:
        """One body of a call, whole, where payloads were collected.

        Raises:
            LogNotFoundError: There is no such log, or it was logged without that body.
        """
        return self._native.log_payload(log_id, part)

    def budgets(self) -> Json:
        """How every budget stands: `budgets` in the report lists what was spent, is reserved and is left."""
        return dict(read(self._native.budgets()))

    def top_up(
        self,
        wallet: str,
        amount: str,
        *,
        expires_at: str | None = None,
        idempotency_key: str | None = None,
        note: str | None = None,
    ) -> Json:
        """Puts credit into a wallet.

        Args:
            wallet: Its name, such as `customers/acme`.
            amount: Money, such as `"10 USD"`.
            expires_at: When it ends, such as `"2027-01-01T00:00:00Z"`.
            idempotency_key: Under one that was used before nothing is put in.
            note: What the ledger is to say of it.
        """
        options = {"expires_at": expires_at, "idempotency_key": idempotency_key, "note": note}
        return dict(read(self._native.top_up(wallet, amount, text(options))))

    def refund(
        self,
        wallet: str,
        amount: str,
        *,
        log_id: str | None = None,
        expires_at: str | None = None,
        idempotency_key: str | None = None,
        note: str | None = None,
    ) -> Json:
        """Gives credit back that calls drew on a wallet.

        Args:
            wallet: Its name.
            amount: Money, no more than was drawn.
            log_id: The call whose draw it is; without it any.
            expires_at: When it ends.
            idempotency_key: Under one that was used before nothing is given back.
            note: What the ledger is to say of it.
        """
        options = {"log_id": log_id, "expires_at": expires_at, "idempotency_key": idempotency_key, "note": note}
        return dict(read(self._native.refund(wallet, amount, text(options))))

    def balance(self, wallet: str) -> Json:
        """What a wallet has, what calls under way hold of it, and what ends when."""
        return dict(read(self._native.balance(wallet)))

    def ledger(self, **query: object) -> Json:
        """The entries of the ledger of credits, the newest first.

        Args:
            **query: `wallet`, `kind`, `log_id`, `limit`, `page`.
        """
        return dict(read(self._native.ledger(text(query))))

    def bill(self, **query: object) -> Json:
        """What calls have cost in a period, one page for each customer.

        Args:
            **query: `by` (who a customer is, such as `"metadata.customer"`), `since`, `until`, `markup_percent`,
                `format` (`"csv"` or `"html"`, whose text stands under `text`), and what `logs` selects by.
        """
        return dict(read(self._native.bill(text(query))))

    def reconcile(self, provider: str, report: object, options: Mapping[str, object] | None = None) -> Json:
        """Holds what a provider's own usage or cost report says against the log, by day and model.

        Args:
            provider: `openai` or `anthropic`.
            report: A page as its API answers it, or a list of pages.
            options: What `logs` selects by.
        """
        return dict(read(self._native.reconcile(provider, text(report), text(dict(options or {})))))

    def usage(self, **query: object) -> Usage:
        """Requests, tokens and cost. Prints as a table.

        Args:
            **query: `group_by="model"` or a list of names, and what `logs` selects by.
        """
        return Usage(read(self._native.usage(text(query))))

    def cache_stats(self) -> Json:
        """What the cache holds, and what it was asked for: hits, misses, entries and bytes, store by store."""
        return dict(read(self._native.cache_stats()))

    def purge_cache(self, **filter: object) -> Json:  # noqa: A002 - the name it has in every language
        """Takes away the kept answers that meet all of a filter, and tells how many there were and their bytes.

        Args:
            **filter: `scope`, `provider`, `model`, `key` (a word that stood in `cf-aig-cache-key`) and
                `older_than="1h"`. Without any all answers are taken away.

        Raises:
            StorageError: A shared store does not answer; what it holds is given until its time is over.
        """
        return dict(read(self._native.purge_cache(text(filter))))

    def recost(self, **query: object) -> Json:
        """Prices what was logged once more, by the prices in force on the day of each call, in one transaction.

        Args:
            **query: What `logs` selects by, such as `since="2026-11-01"`. Without any all logs are priced.

        Returns:
            How many were looked at and changed, and what they cost before and after.
        """
        return dict(read(self._native.recost(text(query))))

    def estimate(self, model: str, messages: Messages, options: Mapping[str, object] | None = None) -> Json:
        """Least, likely and most that a call may use and cost, before it is made.

        Args:
            model: `{provider}/{model}`.
            messages: A text, or a list of messages.
            options: Further fields of the body, such as `max_tokens`, `tools` or `service_tier`.

        Returns:
            `tokens_in`, `tokens_out` and `cost` in US dollars, each with `least`, `likely` and `most`; `cost` is None
            where the price is not known.
        """
        return dict(read(self._native.estimate(model, text(messages), text(options or {}))))

    def flush(self) -> None:
        """Ends when everything that was logged so far is on disk."""
        self._native.flush()

    def close(self, *, seconds: float = 5.0) -> None:
        """Writes what is still to be written, for at most `seconds`, and refuses calls from now on.

        Closing twice is harmless.
        """
        self._native.close(seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()
