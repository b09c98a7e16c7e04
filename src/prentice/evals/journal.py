"""The journal of a tuning: every reply that came, kept before it is used, so that none is asked for twice.

A tuning that was killed is begun anew with the same journal: what was answered comes from it, and the search, which
draws lots from a fixed seed, goes the same way to the place where it ended.
"""

import hashlib
import json
import os
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Self

from prentice.backends.protocol import FinishReason, Reply, Request


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A reply as it is kept."""

    key: str
    text: str
    backend: str
    model: str
    finish: FinishReason
    prompt_tokens: int
    reply_tokens: int
    total: float
    schema_in_prompt: bool

    def reply(self) -> Reply:
        """Give the reply again."""
        return Reply(
            text=self.text, backend=self.backend, model=self.model, finish=self.finish,
            prompt_tokens=self.prompt_tokens, reply_tokens=self.reply_tokens, total=self.total,
            schema_in_prompt=self.schema_in_prompt,
        )  # fmt: skip

    @classmethod
    def of(cls, key: str, reply: Reply) -> Self:
        """Make an entry of a reply."""
        return cls(
            key=key, text=reply.text, backend=reply.backend, model=reply.model, finish=reply.finish,
            prompt_tokens=reply.prompt_tokens, reply_tokens=reply.reply_tokens, total=reply.total,
            schema_in_prompt=reply.schema_in_prompt,
        )  # fmt: skip


class Journal:
    """Replies by what was asked, in a file that only grows."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self._entries: dict[str, Entry] = {}
        path.parent.mkdir(parents=True, exist_ok=True)
        self._read()

    def __len__(self) -> int:
        return len(self._entries)

    def __contains__(self, key: str) -> bool:
        return key in self._entries

    def __getitem__(self, key: str) -> Reply:
        return self._entries[key].reply()

    def keep(self, key: str, reply: Reply) -> None:
        """Keep a reply; when this returns it is on the disk."""
        entry = Entry.of(key, reply)
        line = json.dumps(asdict(entry), ensure_ascii=True) + "\n"
        with self.path.open("a", encoding="utf-8") as file:
            file.write(line)
            file.flush()
            os.fsync(file.fileno())
        self._entries[key] = entry

    def _read(self) -> None:
        """Read what is there, and cut off a last line that a killed process left unfinished."""
        content = self.path.read_bytes() if self.path.exists() else b""
        whole = content[: content.rfind(b"\n") + 1]
        if len(whole) < len(content):
            with self.path.open("r+b") as file:
                file.truncate(len(whole))
        for line in whole.splitlines():
            try:
                entry = Entry(**json.loads(line))
            except (ValueError, TypeError):
                continue  # a line that was damaged is asked for again
            self._entries[entry.key] = entry


def key_of(request: Request) -> str:
    """Give what tells a request from any other: model, messages, schema, and how tokens are drawn."""
    told = [
        request.model, [[item.role, item.content] for item in request.messages], request.schema,
        asdict(request.sampling), request.max_tokens,
    ]  # fmt: skip
    return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()
