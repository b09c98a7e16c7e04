"""How the number of requests in flight is learned, against a server that answers a fixed number at once."""

import asyncio
import json
import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from itertools import groupby

from prentice.backends.ollama.backend import OllamaBackend
from prentice.backends.ollama.reply import Ending
from prentice.backends.ollama.traffic import FIRST_LIMIT, Traffic
from prentice.backends.parallel import gather
from prentice.backends.patience import Patience
from prentice.backends.protocol import Message, Reply, Request
from prentice.backends.turns import Turn
from prentice.errors import PrenticeError

WORK = 0.15
"""Seconds that a reply of the server takes; it tells of ten times as much."""

BOUND = 10.0
"""Seconds that it waits for the next request of a crowd."""


class Line:
    """So many slots, given in the order of asking, as Ollama's own semaphore does."""

    def __init__(self, free: int) -> None:
        self._free = free
        self._waiting: deque[threading.Event] = deque()
        self._lock = threading.Lock()

    def ask(self) -> threading.Event | None:
        """Take a slot and give None, or give what is set when one is given to the asker."""
        with self._lock:
            if self._free:
                self._free -= 1
                return None
            self._waiting.append(threading.Event())
            return self._waiting[-1]

    def leave(self) -> None:
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._free += 1


class Slots(ThreadingHTTPServer):
    """An Ollama with so many slots; who finds none free stands in line, which its durations tell.

    The first `crowd` requests each wait for the next one to come before they end, however slow the machine.
    """

    daemon_threads = True
    request_queue_size = 64

    def __init__(self, slots: int, *, crowd: int = 0) -> None:
        super().__init__(("127.0.0.1", 0), _Slot)
        self.slots = Line(slots)
        self.crowd = crowd
        self.came = threading.Condition()
        self.counting = threading.Lock()
        self.ended = threading.Event()
        self.in_flight = self.most = self.refusals = 0
        self.models: list[str] = []

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self.server_port}"


class _Slot(BaseHTTPRequestHandler):
    server: Slots

    def do_GET(self) -> None:
        names = ("tiny:latest", "other:latest")
        self._says({"models": [{"name": name, "size": 5, "details": {"format": "gguf"}} for name in names]})

    def do_POST(self) -> None:
        body = json.loads(self.rfile.read(int(self.headers["content-length"])))
        if self.path == "/api/show":
            self._says({"capabilities": ["completion"], "model_info": {}})
            return
        with self.server.counting:
            self.server.in_flight += 1
            self.server.most = max(self.server.most, self.server.in_flight)
            refused = self.server.refusals > 0
            self.server.refusals -= refused
        # Whether a request stands in line is settled before it is said to have come: who waits for it may end then.
        self._stood = None if refused else self.server.slots.ask()
        with self.server.came:
            self.server.models.append(body["model"].split(":")[0])
            self._place = len(self.server.models)
            self.server.came.notify_all()
        if not refused:
            self._answer()
        with self.server.counting:
            self.server.in_flight -= 1
        if refused:
            self._says({"error": "server busy, please try again.  maximum pending requests exceeded"}, status=503)
        else:
            self.wfile.write(json.dumps(self._last).encode() + b"\n")

    def _answer(self) -> None:
        self.send_response(200)
        if self._stood:
            self._stood.wait()
        try:
            self.end_headers()
            self.wfile.write(b'{"message": {"content": "a"}, "done": false}\n')
            self.server.ended.wait(WORK)
            with self.server.came:
                awaited = self._place + 1 if self._place <= self.server.crowd else 0
                self.server.came.wait_for(lambda: len(self.server.models) >= awaited, timeout=BOUND)
        finally:
            self.server.slots.leave()
        worked = int(10 * WORK * 1e9)
        total = worked if self._stood is None else 2 * worked
        self._last = {"message": {"content": ""}, "done": True, "done_reason": "stop", "prompt_eval_count": 5,
                      "eval_count": 1, "load_duration": 1, "prompt_eval_duration": worked // 2,
                      "eval_duration": worked // 2, "total_duration": total + 1}  # fmt: skip

    def _says(self, document: object, *, status: int = 200) -> None:
        self.send_response(status)
        self.end_headers()
        self.wfile.write(json.dumps(document).encode())

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - the base class's parameter
        pass


@contextmanager
def serving(slots: int, *, crowd: int = 0) -> Iterator[Slots]:
    with Slots(slots, crowd=crowd) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02})
        thread.start()
        try:
            yield server
        finally:
            server.ended.set()
            server.shutdown()
            thread.join()


def asking(model: str = "tiny", *, deadline: float = 20.0) -> Request:
    return Request(purpose="test", model=model, messages=(Message(role="user", content="Hi"),), deadline=deadline)


def answered(
    server: Slots, *requests: Request, most: int = 8, load_seconds: float = 10.0
) -> tuple[list[Reply | PrenticeError], int]:
    """Give the outcomes, and the limit that was learned.

    The first request is with the server before the others are sent: which of two takes its only slot is no chance.
    """

    async def ask() -> tuple[list[Reply | PrenticeError], int]:
        begun = asyncio.Event()
        async with OllamaBackend(server.url, max_in_flight=most, load_seconds=load_seconds) as backend:
            first = asyncio.create_task(
                gather(backend, requests[:1], on_error="collect", on_piece=lambda *_: begun.set())
            )
            first.add_done_callback(lambda _: begun.set())
            await begun.wait()
            others = await gather(backend, requests[1:], on_error="collect")
            return [*await first, *others], backend.turns.limit

    outcomes, limit = asyncio.run(ask())
    assert all(isinstance(outcome, Reply) for outcome in outcomes), outcomes
    return outcomes, limit


def reply(*, place: int, queued: float, worked: float = 2.0) -> tuple[Turn, Ending]:
    return Turn("tiny", place), Ending(finish="stop", queued=queued, worked=worked)


def learned(*replies: tuple[Turn, Ending], most: int = 8) -> list[int]:
    """Give the limit after each reply."""

    async def learn() -> list[int]:
        traffic, limits = Traffic(most), []
        for turn, ending in replies:
            traffic.answered(turn, ending)
            limits.append(traffic.turns.limit)
        return limits

    return asyncio.run(learn())


def test_one_more_is_sent_while_nobody_stands_in_line() -> None:
    assert learned(*[reply(place=place, queued=0.01) for place in (1, 2, 3, 4)]) == [2, 3, 4, 5]
    assert learned(*[reply(place=place, queued=0.0) for place in range(2, 9)], most=4)[-1] == 4


def test_two_that_stood_in_line_tell_how_many_slots_there_are_and_the_limit_stays_there() -> None:
    third = reply(place=3, queued=1.0)
    assert learned(reply(place=2, queued=0.0), third, third, *[reply(place=2, queued=0.0)] * 2) == [3, 3, 2, 2, 2]
    assert learned(reply(place=1, queued=0.0), *[reply(place=2, queued=1.9)] * 2) == [2, 2, 1]


def test_a_single_wait_is_refuted_by_the_next_that_did_not_wait() -> None:
    hiccup, free = reply(place=2, queued=1.9), reply(place=2, queued=0.0)
    assert learned(hiccup, free, hiccup, free) == [2, 3, 3, 3]


def test_with_many_at_work_a_short_wait_counts() -> None:
    """Of eight under way one ends after an eighth of a reply."""
    free = [reply(place=place, queued=0.0) for place in range(2, 8)]
    assert learned(*free, *[reply(place=8, queued=0.3)] * 2)[-1] == 7


def test_time_that_any_short_reply_takes_beside_the_work_is_no_wait() -> None:
    assert learned(*[reply(place=2, queued=0.13, worked=0.2)] * 3) == [3, 3, 3]


def test_a_wait_that_others_caused_does_not_go_below_one() -> None:
    assert learned(*[reply(place=1, queued=5.0)] * 3) == [2, 2, 2]


def test_replies_without_times_teach_nothing() -> None:
    assert learned((Turn("tiny", 2), Ending(finish="stop"))) == [2]


def test_a_server_that_answers_one_at_a_time_gets_one_after_the_first_two() -> None:
    with serving(1, crowd=2) as server:
        _, limit = answered(server, *[asking()] * 6)
        assert limit == 1
        assert server.most == FIRST_LIMIT


def test_a_server_that_answers_four_at_a_time_is_kept_busy() -> None:
    with serving(4) as server:
        answered(server, *[asking()] * 24)
        assert server.most >= 4


def test_no_more_than_the_setting_allows_are_sent() -> None:
    with serving(8) as server:
        answered(server, *[asking()] * 12, most=3)
        assert server.most == 3


def test_a_single_caller_learns_nothing_that_it_did_not_try() -> None:
    with serving(8) as server:
        for _ in range(3):
            assert answered(server, asking())[1] == FIRST_LIMIT


def test_a_full_queue_makes_fewer_go_at_a_time_and_fails_nobody() -> None:
    with serving(8) as server:
        server.refusals = 1
        outcomes, _ = answered(server, *[asking()] * 4)
        assert len(outcomes) == 4
        assert server.most <= FIRST_LIMIT


def test_the_time_until_ones_turn_is_none_of_the_time_for_loading() -> None:
    with serving(1) as server:
        answered(server, *[asking()] * 16, most=1, load_seconds=8 * WORK)


def test_who_waits_for_the_reply_of_another_does_not_run_out_of_time_for_loading() -> None:
    async def story() -> bool:
        traffic, done = Traffic(8), asyncio.Event()
        first, second = (Patience(load=0.4, idle=60.0, deadline=60.0, model="tiny") for _ in range(2))
        traffic.sent(first)
        traffic.sent(second)

        async def pieces() -> None:
            for _ in range(10):
                await asyncio.sleep(0.1)
                traffic.piece_came(first, model="tiny")
            done.set()

        async with asyncio.TaskGroup() as group:
            group.create_task(pieces())
            return await second.wait(done.wait())

    assert asyncio.run(story())


def test_requests_are_ordered_by_model() -> None:
    with serving(1) as server:
        answered(server, *[asking("tiny"), asking("other")] * 4)
        assert len([name for name, _ in groupby(server.models)]) == 2


def test_all_backends_of_one_server_share_its_turns() -> None:
    async def ask(url: str, another: str) -> tuple[bool, bool]:
        async with OllamaBackend(url) as one, OllamaBackend(url) as two, OllamaBackend(another) as three:
            return one.turns is two.turns, one.turns is three.turns

    assert asyncio.run(ask("127.0.0.1:1", "127.0.0.1:2")) == (True, False)
