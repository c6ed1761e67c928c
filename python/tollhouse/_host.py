"""The program's own code, as a gateway asks it: in a thread with an event loop of its own, where it holds nobody up."""

from __future__ import annotations

import asyncio
import inspect
import logging
import threading

TYPE_CHECKING = False
if TYPE_CHECKING:
    from typing import Any

    from . import _native
    from ._types import Embedder

_log = logging.getLogger("tollhouse")


def start(embedder: Embedder, questions: _native.Questions) -> None:
    """Answers `questions` from now on. Called once, when the first one is asked."""
    threading.Thread(
        target=lambda: asyncio.run(_answer_all(embedder, questions)), name="tollhouse-host", daemon=True
    ).start()


async def _answer_all(embedder: Embedder, questions: _native.Questions) -> None:
    tasks = set()
    while (question := await questions.take()) is not None:
        task = asyncio.create_task(_answer(embedder, question))
        tasks.add(task)
        task.add_done_callback(tasks.discard)


async def _answer(embedder: Embedder, question: _native.Question) -> None:
    work = asyncio.create_task(_called(embedder, question.text))
    gone = asyncio.ensure_future(question.gone())
    await asyncio.wait({work, gone}, return_when=asyncio.FIRST_COMPLETED)
    gone.cancel()
    if not work.done():
        work.cancel()
        return
    try:
        question.answer([float(part) for part in work.result()])
    except Exception as error:  # noqa: BLE001 - whatever the program raises costs the call nothing but a near hit
        # The text of an exception may repeat the question, so only the program's own log has it.
        _log.warning("the embedder failed; the call goes on without it", exc_info=error)
        question.fail(type(error).__name__)


async def _called(embedder: Embedder, text: str) -> Any:
    if inspect.iscoroutinefunction(embedder):
        return await embedder(text)
    vector = await asyncio.to_thread(embedder, text)
    return await vector if inspect.isawaitable(vector) else vector
