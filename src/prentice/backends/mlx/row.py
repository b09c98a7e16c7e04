"""One reply in the making: the tokens still to be fed, those drawn, and the text that has gone out."""

import time
from dataclasses import dataclass

from prentice.backends.mlx.constraint import Constraint
from prentice.backends.mlx.job import ALIVE, Job
from prentice.backends.mlx.reply_text import StopText, Thinking
from prentice.backends.mlx.sampling import Draw
from prentice.backends.mlx.tokens import TokenText, Vocabulary
from prentice.backends.protocol import FinishReason, Piece, Reply
from prentice.errors import PrenticeError, StreamError


@dataclass(frozen=True, slots=True, kw_only=True)
class Prompt:
    """A prompt in tokens. `room` is how many more the window holds; `thought` the mark of a thought it opens."""

    tokens: list[int]
    room: int
    thought: str = ""
    shared: int = 0
    """Tokens at its beginning that every prompt of the same template has."""


class Row:
    """A reply that grows token by token. Feeding and drawing are the batch's; this keeps count and writes the text."""

    def __init__(
        self,
        job: Job,
        prompt: Prompt,
        *,
        draw: Draw,
        vocabulary: Vocabulary,
        constraint: Constraint | None,
        load: float,
    ) -> None:
        self.job, self.draw, self.constraint = job, draw, constraint
        self.pending = prompt.tokens[-1:]
        self.drawn = 0
        self.finish: FinishReason | None = None
        self.cached = 0
        self.failed = False
        self._prompt_tokens = len(prompt.tokens)
        self._most = min(job.request.max_tokens, prompt.room)
        self._ends = vocabulary.ends
        self._load = load
        self._tokens, self._first_token = 0, 0.0
        self._fresh: list[int] = []
        self._text = TokenText(vocabulary)
        self._stop = StopText(job.request.sampling.stop)
        self._thinking = Thinking(opened=prompt.thought, possible=constraint is None)
        self._parts: list[str] = []

    @property
    def size(self) -> int:
        """The most tokens that the row may come to hold, its prompt included."""
        return self._prompt_tokens + self._most

    def fail(self, error: PrenticeError) -> None:
        """End the reply with an error."""
        self.failed = True
        self.job.deliver(error)

    def open(self) -> None:
        """Put tokens that the schema forces at the beginning behind the prompt."""
        if self.constraint is not None:
            self._append_forced(self.constraint)

    def take(self, token: int) -> None:
        """Take in a token that was drawn, and what it forces; may finish the reply."""
        self.drawn += 1
        if token in self._ends:
            self.finish = "stop"
            return
        if self.constraint is not None and not self.constraint.take(token):
            raise StreamError(
                f"The reply left its schema: {self.constraint.failure[:200] or 'a token did not fit'}",
                next_step="Try again with another seed, or use a plainer schema.",
            )
        self._append([token])
        if self.finish is None and self.constraint is not None:
            self._append_forced(self.constraint)

    def flush(self) -> None:
        """Deliver the text of new tokens; a stop sequence in it finishes the reply."""
        if not self._fresh:
            return
        fresh, self._fresh = self._fresh, []
        self._first_token = self._first_token or time.perf_counter() - self.job.begun
        text = self._stop.add(self._text.add(fresh))
        if not self._send(text):
            self.job.deliver(ALIVE)
        if self._stop.stopped:
            self.finish = "stop"

    def close(self) -> None:
        """Deliver the rest of the text and the `Reply`."""
        self.flush()
        if not self._stop.stopped:
            self._send(self._stop.add(self._text.finish()))
        if not self._stop.stopped:
            self._send(self._stop.finish())
        self._deliver(self._thinking.finish())
        self.job.deliver(
            Reply(
                text="".join(self._parts),
                backend="mlx",
                model=self.job.request.model,
                finish=self.finish or "stop",
                prompt_tokens=self._prompt_tokens,
                reply_tokens=self._tokens,
                cached_tokens=self.cached,
                load=self._load,
                first_token=self._first_token or time.perf_counter() - self.job.begun,
                total=time.perf_counter() - self.job.begun,
            )
        )

    def _append_forced(self, constraint: Constraint) -> None:
        if not constraint.complete:
            self._append(constraint.forced(most=self._most - self._tokens))
        if self.finish is None and constraint.complete:
            self.finish = "stop"

    def _append(self, tokens: list[int]) -> None:
        self.pending += tokens
        self._fresh += tokens
        self._tokens += len(tokens)
        if self._tokens >= self._most:
            self.finish = "stop" if self.constraint is not None and self.constraint.complete else "length"

    def _send(self, text: str) -> bool:
        pieces = self._thinking.add(text) if text else []
        self._deliver(pieces)
        return bool(pieces)

    def _deliver(self, pieces: list[Piece]) -> None:
        for piece in pieces:
            self._parts += [] if piece.thinking else [piece.text]
            self.job.deliver(piece)
