"""What lets a browser in: the token of the printed address, tickets for one use, the cookie, the forms' own token.

All are made anew whenever the page is started, and kept in memory only.
"""

import hmac
import secrets
import threading
import time
from dataclasses import dataclass, field
from typing import Final

TICKET_SECONDS: Final = 120.0
"""How long a ticket opens the door: a slow browser's start."""


def _secret() -> str:
    return secrets.token_urlsafe(32)


@dataclass(slots=True)
class Keys:
    """The secrets of one server. `port` keeps the cookies of two servers apart: browsers do not tell ports apart."""

    port: int
    token: str = field(default_factory=_secret)
    session: str = field(default_factory=_secret)
    form: str = field(default_factory=_secret)
    _tickets: dict[str, float] = field(default_factory=dict)
    _turn: threading.Lock = field(default_factory=threading.Lock)

    @property
    def cookie(self) -> str:
        """The cookie's name."""
        return f"prentice-{self.port}"

    def ticket(self) -> str:
        """Make a token for one use: the address that a browser is started with can be read by other users."""
        made = _secret()
        with self._turn:
            self._tickets[made] = time.monotonic() + TICKET_SECONDS
        return made

    def opens(self, given: str) -> bool:
        """Whether this is the token, or a ticket that was not used yet; a ticket is used up by asking."""
        if same(given, self.token):
            return True
        with self._turn:
            until = self._tickets.pop(given, 0.0)
        return time.monotonic() < until


def same(given: str, expected: str) -> bool:
    """Compare in a time that tells nothing of where two texts differ."""
    return hmac.compare_digest(given.encode("utf-8", "replace"), expected.encode())
