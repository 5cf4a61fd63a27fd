"""Sending many requests, several at once."""

from collections import deque
from collections.abc import Generator, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

from ..calls import Request, RequestSender, StartedRequest
from ..errors import ReconnectRequired, TotalExpertError, TryLater

K = TypeVar("K")


def send_each(
    sender: RequestSender, requests: Iterable[tuple[K, Request]], *, concurrency: int
) -> Generator[tuple[K, Any], None, None]:
    """Send requests, up to `concurrency` of them at once. Yield each key with its JSON value or its error, in order.

    After TryLater or ReconnectRequired nothing more is started: requests whose keys are not yielded were never sent. The
    sender's hooks run in the thread that iterates. Iterate to the end.
    """
    waiting, stopped = iter(requests), False
    started: deque[tuple[K, StartedRequest]] = deque()
    with ThreadPoolExecutor(concurrency, thread_name_prefix="total-expert-send") as executor:
        try:
            while True:
                while not stopped and len(started) < concurrency:
                    item = next(waiting, None)
                    if item is None:
                        break
                    started.append((item[0], sender.start(item[1], executor)))
                if not started:
                    return
                key, running = started.popleft()
                answer = _answer_of(sender, running)
                stopped = stopped or isinstance(answer, (TryLater, ReconnectRequired))
                yield key, answer
        finally:
            sender.cancel([running for _, running in started])


def _answer_of(sender: RequestSender, started: StartedRequest) -> Any:
    try:
        return sender.finish(started)
    except TotalExpertError as error:
        return error
