"""One loaded model at work: prompts are read a portion at a time, in turn with a step of the replies in flight."""

import gc
import time
from collections import deque
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import mlx.core as mx

from prentice.backends.context_window import prompt_too_long
from prentice.backends.hardware import available_memory
from prentice.backends.mlx import loading
from prentice.backends.mlx.batch import Batch, Joining
from prentice.backends.mlx.chat_template import ChatTemplate
from prentice.backends.mlx.constraint import Constrainer, Constraint
from prentice.backends.mlx.job import Job
from prentice.backends.mlx.limits import Limits
from prentice.backends.mlx.model_directory import ModelDirectory
from prentice.backends.mlx.prefix_cache import PrefixCache, cut
from prentice.backends.mlx.prefix_files import LEAST, PrefixFiles
from prentice.backends.mlx.reply_text import opened_thought
from prentice.backends.mlx.row import Prompt, Row
from prentice.backends.mlx.sampling import Draw
from prentice.backends.mlx.tokens import Vocabulary
from prentice.backends.protocol import Message
from prentice.errors import ModelUnsupportedError, PrenticeError

PORTION: Final = 256
"""Tokens of a prompt that are read between two steps of the replies in flight."""


@dataclass(slots=True, eq=False)
class _Reading:
    """A prompt that is being read. `stops` are the places after which its state is kept."""

    row: Row
    prompt: Prompt
    caches: list[Any]
    read: int
    stops: list[int]


class Session:
    """A model in memory with all that belongs to it. Everything here runs in the thread that owns MLX."""

    def __init__(self, directory: ModelDirectory, *, limits: Limits, prefixes: Path) -> None:
        """Load the model.

        Raises:
            ModelUnsupportedError: it cannot be loaded.
        """
        begun = time.perf_counter()
        loading.check_memory(directory, memory=available_memory())
        self.directory = directory
        self._limits = limits
        self._template = ChatTemplate(directory)
        self._vocabulary = Vocabulary(directory)
        self._network = loading.load(directory)
        self._defaults = directory.table("generation_config.json")
        self._batch = Batch(self._network)
        self._prefixes = PrefixCache(budget=limits.memory_cache_bytes)
        self._files = PrefixFiles(
            prefixes,
            identity=directory.identity,
            budget=limits.disk_cache_bytes,
            caches=self._network.caches,
        )
        self._starts: dict[str, list[int]] = {}  # of the last system message
        self.warm: dict[str, int] = {}
        """By the purpose of calls, how many tokens of their prompts' beginning are kept in memory."""
        self._waiting: deque[Job] = deque()
        self._reading: _Reading | None = None
        self._loaded_in = time.perf_counter() - begun

    @property
    def busy(self) -> bool:
        """Whether any reply is under way or waits."""
        return bool(self._waiting or self._reading or self._batch.rows)

    def add(self, job: Job) -> None:
        """Let a job wait for its turn."""
        self._waiting.append(job)

    def step(self) -> None:
        """Do one portion of work for everybody."""
        self._drop_ended()
        if self._reading is None:
            self._begin_reading()
        if self._reading is not None:
            self._read_portion(self._reading)
        if self._batch.rows:
            self._batch.step()

    def fail(self, error: PrenticeError) -> None:
        """End all that is under way with an error, after MLX failed in the middle of it."""
        jobs = [row.job for row in self._batch.rows] + ([self._reading.row.job] if self._reading else [])
        for job in [*jobs, *self._waiting]:
            job.deliver(error)
        constrainer, self._batch = self._batch.constrainer, Batch(self._network)
        self._batch.constrainer = constrainer
        self._reading = None
        self._waiting.clear()

    def close(self) -> None:
        """Give the model's memory back."""
        self._prefixes.clear()
        del self._network, self._batch, self._files, self._reading
        gc.collect()
        mx.clear_cache()

    def _drop_ended(self) -> None:
        self._waiting = deque(job for job in self._waiting if not job.ended)
        if self._reading is not None and self._reading.row.job.ended:
            self._reading = None
        self._batch.leave([row for row in self._batch.rows if row.job.ended])

    def _begin_reading(self) -> None:
        """Take up waiting jobs; those whose prompt is known already join the batch at once."""
        joining: list[Joining] = []
        while self._waiting and len(self._batch.rows) + len(joining) < self._limits.parallel:
            job = self._waiting[0]
            try:
                prompt = self._prompt(job)
                if not self._has_room(prompt, job, beside=bool(self._batch.rows or joining)):
                    break
                self._waiting.popleft()
                row = self._row(job, prompt)
            except PrenticeError as error:
                if self._waiting and self._waiting[0] is job:
                    self._waiting.popleft()
                job.deliver(error)
                continue
            reading = self._started(row, prompt)
            if not self._reads_while_joining(reading, beside=bool(joining or self._waiting)):
                self._reading = reading
                break
            joining.append(Joining(row, reading.caches, prompt.tokens[reading.read : -1]))
        self._batch.join(joining)

    def _prompt(self, job: Job) -> Prompt:
        request = job.request
        text = self._template.render(request.messages)
        thought = opened_thought(text)
        if thought and request.schema is not None:  # the answer has to begin with the document
            text, thought = f"{text}\n</{thought[1:]}\n\n", ""
        tokens = self._vocabulary.encode(text)
        window = min(self.directory.context, request.context_tokens or self.directory.context)
        least = -(-request.max_tokens // 3)
        if len(tokens) + least > window:
            raise prompt_too_long(prompt=len(tokens), room=least, window=window, model=request.model, measured=True)
        return Prompt(
            tokens=tokens, room=window - len(tokens), thought=thought, shared=self._shared(request.messages, tokens)
        )

    def _shared(self, messages: Sequence[Message], tokens: list[int]) -> int:
        """Count the tokens at the beginning that come from the system message and the template alone."""
        system = messages[0].content if messages and messages[0].role == "system" else ""
        if system not in self._starts:
            self._starts = {system: self._vocabulary.encode(self._template.shared_prefix(messages))}
        start = self._starts[system]
        same = next((at for at, pair in enumerate(zip(start, tokens, strict=False)) if pair[0] != pair[1]), len(start))
        return min(same, len(tokens) - 1)

    def _row(self, job: Job, prompt: Prompt) -> Row:
        row = Row(
            job,
            prompt,
            draw=Draw.of(job.request.sampling, defaults=self._defaults),
            vocabulary=self._vocabulary,
            constraint=self._constraint(job),
            load=self._loaded_in,
        )
        self._loaded_in = 0.0  # the first reply alone waited for it
        row.open()
        return row

    def _constraint(self, job: Job) -> Constraint | None:
        if job.request.schema is None:
            return None
        if self._batch.constrainer is None:
            self._batch.constrainer = Constrainer(self._vocabulary, width=self._network.vocabulary)
        return self._batch.constrainer.constraint(job.request.schema)

    def _has_room(self, prompt: Prompt, job: Job, *, beside: bool) -> bool:
        """Whether the keys and values of one more reply fit the memory; alone, a reply that does not is refused."""
        memory = available_memory()
        needed = self._network.cache_per_token * (len(prompt.tokens) + min(job.request.max_tokens, prompt.room))
        if memory is None or needed <= memory * loading.MEMORY_SHARE:
            return True
        if beside:
            return False
        raise ModelUnsupportedError(
            f"The prompt and its reply would take {needed / 1e9:.1f} GB of memory beside the model "
            f"{self.directory.name}, and {memory * loading.MEMORY_SHARE / 1e9:.1f} GB may be used now.",
            next_step="Shorten the task's description, close other programs, or choose a smaller model with `--model`.",
            details={"needed": needed, "available": memory},
        )

    def _started(self, row: Row, prompt: Prompt) -> _Reading:
        """Take over what is known of a prompt, from memory or disk."""
        last = len(prompt.tokens) - 1
        known = self._prefixes.find(prompt.tokens)
        if known.tokens < prompt.shared or known.caches is None:
            found = self._files.find(prompt.tokens, longer_than=known.tokens)
            if found is not None:
                self._prefixes.keep(*found)
                known = self._prefixes.find(prompt.tokens)
        row.cached = known.tokens
        stops = {prompt.shared, known.parting, last}
        return _Reading(
            row=row,
            prompt=prompt,
            caches=self._network.caches() if known.caches is None else known.caches,
            read=known.tokens,
            stops=sorted(stop for stop in stops if known.tokens < stop <= last),
        )

    def _reads_while_joining(self, reading: _Reading, *, beside: bool) -> bool:
        """Whether what is left of a prompt is read when it joins: the ends of several prompts are read in one call."""
        last = len(reading.prompt.tokens) - 1
        if reading.read == last:
            return True
        short = last - reading.read <= PORTION
        return beside and short and self._network.ragged and reading.stops == [last]

    def _read_portion(self, reading: _Reading) -> None:
        """Read on, up to the next place whose state is kept; at the end the reply joins the batch."""
        end = min(reading.read + PORTION, reading.stops[0])
        self._network.read(mx.array([reading.prompt.tokens[reading.read : end]]), reading.caches)
        mx.eval([cache.state for cache in reading.caches])
        reading.read = end
        if end == reading.stops[0]:
            reading.stops.pop(0)
            self._keep(reading)
        if not reading.stops:
            self._reading = None
            mx.clear_cache()
            self._batch.join([Joining(reading.row, reading.caches, [])])

    def _keep(self, reading: _Reading) -> None:
        tokens, prompt = reading.prompt.tokens[: reading.read], reading.prompt
        # Caches that can be cut need no entry on the way: that of the whole prompt holds it.
        if reading.read == len(prompt.tokens) - 1 or not self._network.ragged:
            self._prefixes.keep(tokens, reading.caches)
        purpose = reading.row.job.request.purpose
        if self._prefixes.nbytes and prompt.shared >= LEAST:
            self.warm[purpose] = prompt.shared
        if reading.read == prompt.shared >= LEAST and not self._files.has(tokens):
            self._files.keep(tokens, cut(reading.caches, reading.read), purpose=purpose)
