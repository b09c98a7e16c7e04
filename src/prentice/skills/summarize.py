"""A task, a diff or a file in a few sentences: by a model, or by a plain extract that says that it is one."""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Final, Literal

from pydantic import BaseModel, ConfigDict, Field

from prentice.backends.asking import BUILTIN, ask
from prentice.backends.context_window import estimate_tokens
from prentice.backends.protocol import Message, Piece, Recorder, Request, Sampling
from prentice.backends.router import Choice
from prentice.errors import TextError
from prentice.prompts.render import Data, render
from prentice.skills.optimize.model_key import tuned_for
from prentice.skills.services import Services

Kind = Literal["task", "diff", "file"]

PURPOSE: Final = "summarize"
MAX_BYTES: Final = 4_000_000
"""The largest text that is read at all, in bytes."""
MAX_CHARACTERS: Final = 48_000
"""What a model is shown at most, about 16,000 tokens: more than this no small model keeps in mind."""
SENTENCES: Final = 3
REPLY_TOKENS: Final = 400

_KINDS: Final[dict[Kind, str]] = {"task": "a task", "diff": "a change, given as a diff,", "file": "a file"}
_DIFF: Final = re.compile(r"^(?:diff --git |--- .*\n\+\+\+ |@@ -\d)", re.MULTILINE)
_END: Final = re.compile(r"(?<=[.!?])\s+(?=[A-Z0-9`\"'(])")
_HEAD: Final = re.compile(r"^diff --git a/(.+) b/(.+)$|^\+\+\+ (?:b/)?([^\t\n]+)")
_SYMBOL: Final = re.compile(r"^\s*(?:async\s+)?(?:def|class|func|function|fn|struct|interface|type)\s+(\w+)")


class SummaryReply(BaseModel):
    """What a model answers."""

    model_config = ConfigDict(extra="forbid")

    summary: str = Field(min_length=1, max_length=1200)


@dataclass(frozen=True, slots=True, kw_only=True)
class Summary:
    """A text in a few sentences. `shown` of `characters` were read; `extractive` tells that no model wrote it."""

    kind: Kind
    name: str
    summary: str
    backend: str
    model: str
    characters: int
    shown: int
    notes: tuple[str, ...] = ()

    @property
    def extractive(self) -> bool:
        """Whether it is put together from the text's own words, by rules."""
        return self.backend == BUILTIN

    def document(self) -> dict[str, object]:
        """Give it as JSON values."""
        return {
            "kind": self.kind, "name": self.name, "summary": self.summary, "backend": self.backend,
            "model": self.model, "extractive": self.extractive, "characters": self.characters, "shown": self.shown,
            "notes": list(self.notes),
        }  # fmt: skip


def kind_of(text: str) -> Kind:
    """Tell a diff from any other file."""
    return "diff" if _DIFF.search(text[:20_000]) else "file"


def checked(text: str, *, name: str) -> str:
    """Give a text that can be summarized.

    Raises:
        TextError: it is empty, too large, or no text.
    """
    if not text.strip():
        raise TextError(f"{name} is empty.", next_step="Name a file with text, or send a diff: `git diff | ...`.")
    if len(text.encode("utf-8", "replace")) > MAX_BYTES:
        raise TextError(
            f"{name} is larger than {MAX_BYTES // 1_000_000} MB.",
            next_step="Summarize a part of it, such as `git diff -- PATH`.",
        )
    if "\0" in text:
        raise TextError(f"{name} is no text: it holds zero bytes.", next_step="Name a file with text.")
    return text


async def summarize(
    text: str, *, kind: Kind, name: str, services: Services, on_piece: Callable[[Piece], None] | None = None
) -> Summary:
    """Summarize a text with the model that the router chooses; without one, give an extract.

    Raises:
        TextError: the text is empty, too large, or no text.
        ReplyError: no usable answer came after the one retry.
        BackendError: the backend that was named failed.
    """
    text, notes = checked(text, name=name), list[str]()

    async def by(choice: Choice, left: float) -> Summary:
        if choice.backend.name == BUILTIN:
            notes.append("No model wrote this: it is an extract of the text's own words.")
            return _summary(extract(text, kind=kind), choice, shown=len(text))
        shown = cut(text)
        key = await tuned_for(choice, "summarize.system", "summarize.user")
        system = render("summarize.system", key, kind=_KINDS[kind], sentences=str(SENTENCES))
        part = "The beginning and the end of it; the middle is left out." if shown != text else "The whole of it."
        user = render("summarize.user", key, note=part, text=Data(shown))
        request = Request(
            purpose=PURPOSE,
            model=choice.model,
            messages=(Message(role="system", content=system.text), Message(role="user", content=user.text)),
            sampling=Sampling(temperature=0.2, seed=1),
            max_tokens=REPLY_TOKENS,
            deadline=left,
            idle=services.settings.idle_seconds,
        )
        recorder: Recorder = services.recorder
        reply = await ask(
            choice.backend, request, SummaryReply, recorder=recorder, on_piece=on_piece, prompt_version=system.version
        )
        if shown != text:
            notes.append(f"The model was shown {len(shown):,} of {len(text):,} characters: the beginning and the end.")
        return _summary(" ".join(reply.summary.split()), choice, shown=len(shown))

    def _summary(says: str, choice: Choice, *, shown: int) -> Summary:
        return Summary(
            kind=kind,
            name=name,
            summary=says,
            backend=choice.backend.name,
            model=choice.model,
            characters=len(text),
            shown=shown,
            notes=tuple(notes),
        )

    return await services.answer(PURPOSE, by, on_fallback=notes.append)


def cut(text: str) -> str:
    """Give as much of a text as is summarized: of a long one its beginning and its end, with a mark between them."""
    if len(text) <= MAX_CHARACTERS:
        return text
    head, tail = MAX_CHARACTERS * 3 // 4, MAX_CHARACTERS // 4
    return f"{text[:head]}\n[... {len(text) - head - tail:,} characters left out ...]\n{text[-tail:]}"


def extract(text: str, *, kind: Kind) -> str:
    """Put a summary together from the text's own words, without a model."""
    return _of_diff(text) if kind == "diff" else _of_prose(text)


def _of_diff(text: str) -> str:
    files: dict[str, list[int]] = {}
    symbols: dict[str, None] = {}
    current: list[int] = [0, 0]
    for line in text.splitlines():
        if (head := _HEAD.match(line)) and (name := head[2] or head[3]) != "/dev/null":
            current = files.setdefault(name, [0, 0])
        elif line[:1] in {"+", "-"} and line[:3] not in {"+++", "---"}:
            current["+-".index(line[0])] += 1
            if line[0] == "+" and (symbol := _SYMBOL.match(line[1:])):
                symbols[symbol[1]] = None
    added, removed = (sum(counts[side] for counts in files.values()) for side in (0, 1))
    most = sorted(files, key=lambda name: -sum(files[name]))
    named = ", ".join(f"{name} (+{files[name][0]} -{files[name][1]})" for name in most[:5])
    more = f" and {len(most) - 5} more" if len(most) > 5 else ""
    says = f"{len(files)} file{'' if len(files) == 1 else 's'} changed, {added} lines added and {removed} removed"
    touched = f" New or rewritten: {', '.join(list(symbols)[:6])}." if symbols else ""
    return f"{says}: {named}{more}.{touched}"


def _of_prose(text: str) -> str:
    """Take the first sentences that say something: no headings, marks or empty lines."""
    found: list[str] = []
    for sentence in _sentences(text):
        if len(found) == SENTENCES or sum(len(item) for item in found) > 400:
            break
        found.append(sentence)
    lines = text.count("\n") + 1
    return " ".join(found) if found else f"{lines} lines, of about {estimate_tokens(text)} tokens, without a sentence."


def _sentences(text: str) -> Iterator[str]:
    for block in re.split(r"\n\s*\n", text[:MAX_CHARACTERS]):
        lines = [
            line.strip().strip('"#/*').strip() for line in block.splitlines() if not line.startswith(("#!", "# ---"))
        ]
        for sentence in _END.split(" ".join(line for line in lines if line)):
            if len(sentence.split()) >= 3:
                yield sentence if len(sentence) <= 300 else sentence[:299] + "…"
