"""How many requests one Ollama gets at a time: learned from what it tells of each reply, and from its refusals.

`OLLAMA_NUM_PARALLEL` stands in no answer. But the last line of a reply has four durations, and what is left of the
whole when loading, reading and writing are taken away is the time that the request stood in line at the server. The
n-th request at a time that stood in line found n - 1 slots taken and no other; one that did not proves n slots. One
that stood there may have met a hiccup, so two are asked for.
"""

import asyncio
from typing import Final
from weakref import WeakKeyDictionary

from prentice.backends.ollama.reply import Ending
from prentice.backends.patience import Patience
from prentice.backends.turns import Turn, Turns

FIRST_LIMIT: Final = 2
"""Requests at a time until anything is known: the second finds out whether the server answers two at once."""

KNOWN_SECONDS: Final = 300.0
"""How long a limit that was found holds before one more is tried; the server may have been started anew."""

_STOOD_SECONDS: Final = 0.2
"""Time in line that counts: templates, grammars and a busy processor take up to 0.13 s of a reply (v0.24.0, 2 cores).
"""

_STOOD_SHARE: Final = 0.3
"""The share that counts beside it, of the time until one of the replies under way ends: with n under way that is on
average the n-th part of a reply.
"""

_STOOD_TIMES: Final = 2

_HARDLY: Final = 1.0
"""Seconds that a request may have left that ran out of time: who asked for it counts from a moment earlier."""

_loops: "WeakKeyDictionary[asyncio.AbstractEventLoop, dict[str, Traffic]]" = WeakKeyDictionary()


class Traffic:
    """The requests of this process to one server, from one event loop. `most` is the user's limit."""

    def __init__(self, most: int) -> None:
        self._most = self._ceiling = most
        self._known_until = 0.0
        self._stood: list[int] = []
        self._unanswered: set[Patience] = set()
        self._left_early: set[str] = set()
        self._stuck: set[str] = set()
        self.turns = Turns(min(FIRST_LIMIT, most))

    def set_most(self, most: int) -> None:
        """Take over the user's limit."""
        if most != self._most:
            self._most = self._ceiling = most
            self.turns.set_limit(min(self.turns.limit, most))

    def sent(self, patience: Patience) -> None:
        """Note that a request is with the server, and lets its limit for loading begin."""
        patience.load_begins()
        self._unanswered.add(patience)

    def piece_came(self, patience: Patience, *, model: str) -> None:
        """Note a sign of life: who still waits for a first piece may be waiting for this reply to end."""
        self._left_early.discard(model)
        self._unanswered.discard(patience)
        for other in self._unanswered:
            other.load_begins()

    def left(self, patience: Patience, *, model: str, is_answered: bool) -> None:
        """Note that a request is over, however it ended.

        A model is stuck when a reply of it was left in the middle, and the next request got no piece in all its time.
        """
        self._unanswered.discard(patience)
        if not is_answered and patience.began:
            self._left_early.add(model)
        elif not is_answered and model in self._left_early and patience.left() < _HARDLY:
            self._left_early.discard(model)
            self._stuck.add(model)

    def takes_stuck(self, model: str) -> bool:
        """Say whether a model is stuck, to the first that asks: who is told so sets it right."""
        is_stuck = model in self._stuck
        self._stuck.discard(model)
        return is_stuck

    def answered(self, turn: Turn, ending: Ending) -> None:
        """Learn from a reply."""
        if ending.queued is None or ending.worked is None:
            return
        if ending.queued > _STOOD_SECONDS + _STOOD_SHARE * ending.worked / turn.place:
            if turn.place > 1:
                self._stood.append(turn.place)
            if len(self._stood) >= _STOOD_TIMES:
                self._lower(max(self._stood) - 1)
            return
        self._stood = [place for place in self._stood if place > turn.place]
        if turn.place >= self.turns.limit and not self._stood:
            self._raise()

    def refused(self, turn: Turn) -> None:
        """Learn from a full queue, which others may have filled."""
        self._lower(max(1, turn.place - 1))

    def _lower(self, limit: int) -> None:
        self._stood = []
        self._ceiling = min(limit, self._most)
        self._known_until = asyncio.get_running_loop().time() + KNOWN_SECONDS
        self.turns.set_limit(min(self.turns.limit, limit))

    def _raise(self) -> None:
        if self.turns.limit >= self._ceiling and asyncio.get_running_loop().time() > self._known_until:
            self._ceiling = self._most
        self.turns.set_limit(min(self.turns.limit + 1, self._ceiling))


def traffic_of(url: str, *, most: int) -> Traffic:
    """Give the traffic to a server, which all backends of this event loop share."""
    of_loop = _loops.setdefault(asyncio.get_running_loop(), {})
    traffic = of_loop.setdefault(url, Traffic(most))
    traffic.set_most(most)
    return traffic
