"""The rows of prompts and replies, kept only where the user turned that on, within a size and an age."""

import time
from dataclasses import dataclass
from typing import Final

from prentice.ledger.database import Database

_DAY: Final = 86_400.0


@dataclass(frozen=True, slots=True, kw_only=True)
class TextsTable:
    """Prompts and replies of calls. `most_bytes` bounds them all together (0 keeps none), `most_days` their age."""

    database: Database
    most_bytes: int
    most_days: float

    def keep(self, *, prompt_digest: str, model: str, prompt: str, reply: str) -> None:
        """Keep the texts of one call, and drop what is too old or too much, the oldest first."""
        size = len(prompt.encode(errors="replace")) + len(reply.encode(errors="replace"))
        if size > self.most_bytes:
            return
        now = time.time()
        with self.database.transaction() as connection:
            connection.execute(
                "INSERT INTO texts (at, prompt_digest, model, prompt, reply, size) VALUES (?, ?, ?, ?, ?, ?)",
                (now, prompt_digest, model, _storable(prompt), _storable(reply), size),
            )
            connection.execute("DELETE FROM texts WHERE at < ?", (now - self.most_days * _DAY,))
            connection.execute(
                "DELETE FROM texts WHERE id <= (SELECT coalesce(max(id), 0) FROM"
                " (SELECT id, sum(size) OVER (ORDER BY id DESC) AS total FROM texts) WHERE total > ?)",
                (self.most_bytes,),
            )

    def of(self, prompt_digest: str) -> list[tuple[str, str]]:
        """Give the prompts and replies of the calls with a digest, oldest first."""
        rows = self.database.rows("SELECT prompt, reply FROM texts WHERE prompt_digest = ? ORDER BY id", prompt_digest)
        return [(row["prompt"], row["reply"]) for row in rows]


def _storable(text: str) -> str:
    """Give a text as SQLite takes it: halves of characters, which a reply can hold, become a mark."""
    return text.encode(errors="replace").decode()
