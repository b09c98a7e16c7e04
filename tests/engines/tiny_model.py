"""Make the tiny models, one trained on the corpus of plans and two with random weights, as each engine reads them.

A program, run in a process of its own: `python -m engines.tiny_model DIRECTORY`. It first learns the shape of a
plan from prompts cut down to their last lines, then the product's whole prompts, which cost three times as much a step.
On Linux, mlx's wheel links a reference BLAS; with OpenBLAS preloaded and one thread a step takes a sixth of the time.
"""

import argparse
import json
import random
import time
from collections import defaultdict
from collections.abc import Iterator
from itertools import chain, islice
from pathlib import Path
from typing import TypeAlias

import mlx.core as mx
import numpy as np
from mlx import optimizers
from mlx.nn.losses import cross_entropy
from mlx.nn.utils import value_and_grad
from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

from engines.tiny_corpus import Example, bare_examples, examples
from engines.tiny_gguf import END, SPECIALS, START, write_gguf
from engines.tiny_mlx import write_directory
from engines.tiny_network import HIDDEN, VOCABULARY, TinyQwen2

SHORT_STEPS, MIDDLE_STEPS, WHOLE_STEPS, BATCH = 40, 35, 20, 8
WARM_UP, START_RATE, PEAK_RATE, END_RATE = 20, 1e-4, 4e-3, 2e-4
SEED = 0
MIDDLE_PREFIX = 100
_IGNORED = -1

Batch: TypeAlias = tuple[list[int], list[tuple[list[int], list[int]]]]
"""Tokens that all rows begin with, and each row's own tokens: the rest of the prompt, and the answer."""


class Encoder:
    """A byte-level BPE with ChatML's marks, trained on the corpus itself."""

    def __init__(self, corpus: list[Example]) -> None:
        self.tokenizer = Tokenizer(models.BPE())
        self.tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
        self.tokenizer.decoder = decoders.ByteLevel()
        trainer = trainers.BpeTrainer(
            vocab_size=VOCABULARY,
            special_tokens=list(SPECIALS),
            initial_alphabet=pre_tokenizers.ByteLevel.alphabet(),
            show_progress=False,
        )
        texts = [text for example in corpus for text in (*example.messages, example.plan)]
        self.tokenizer.train_from_iterator(texts, trainer)

    def turn(self, role: str, text: str) -> list[int]:
        """Encode a whole turn, as the chat template writes it."""
        return [START, *self.ids(f"{role}\n{text}"), END, *self.ids("\n")]

    def answer(self, text: str) -> list[int]:
        """Encode what the model has to say, with the mark that ends it."""
        return [*self.ids(text), END]

    def ids(self, text: str) -> list[int]:
        """Encode plain text."""
        ids: list[int] = self.tokenizer.encode(text).ids
        return ids


def short_batches(encoder: Encoder) -> Iterator[Batch]:
    """Make batches that show the task alone: the user's message from its last heading on, no system message."""
    opening = [START, *encoder.ids("assistant\n")]
    source = bare_examples(seed=SEED + 1)
    while True:
        rows = []
        for example in islice(source, BATCH):
            user = example.messages[1]
            task = user[user.index("Break down this task") :]
            rows.append((encoder.turn("user", task) + opening, encoder.answer(example.plan)))
        yield [], rows


def middle_batches(encoder: Encoder) -> Iterator[Batch]:
    """Make batches of whole user messages behind a random piece of the system message: what has to be looked past."""
    draw = random.Random(SEED + 3)
    for prefix, rows in whole_batches(encoder):
        length = draw.randrange(1, MIDDLE_PREFIX)
        begin = draw.randrange(len(prefix) - length)
        yield prefix[begin : begin + length], rows


def whole_batches(encoder: Encoder) -> Iterator[Batch]:
    """Make batches of whole prompts; the rows of one share their system message."""
    opening = [START, *encoder.ids("assistant\n")]
    waiting: dict[str, list[tuple[list[int], list[int]]]] = defaultdict(list)
    for example in examples(seed=SEED + 2):
        system, user = example.messages
        waiting[system].append((encoder.turn("user", user) + opening, encoder.answer(example.plan)))
        if len(waiting[system]) == BATCH:
            yield encoder.turn("system", system), waiting.pop(system)


def train(model: TinyQwen2, encoder: Encoder) -> float:
    """Train the model in place; gives the last batch's loss in nats a token."""
    steps = SHORT_STEPS + MIDDLE_STEPS + WHOLE_STEPS
    schedule = optimizers.join_schedules(
        [
            optimizers.linear_schedule(START_RATE, PEAK_RATE, WARM_UP),
            optimizers.cosine_decay(PEAK_RATE, steps - WARM_UP, END_RATE),
        ],
        [WARM_UP],
    )
    # Without bias correction, which mlx leaves out by default, the first steps are so large that nothing is learnt.
    optimizer = optimizers.AdamW(learning_rate=schedule, betas=[0.9, 0.95], weight_decay=0.01, bias_correction=True)
    gradient = value_and_grad(model, _loss)
    loss = mx.array(0.0)
    lessons = chain(
        islice(short_batches(encoder), SHORT_STEPS),
        islice(middle_batches(encoder), MIDDLE_STEPS),
        islice(whole_batches(encoder), WHOLE_STEPS),
    )
    for prefix, rows in lessons:
        tokens, targets = _padded(rows)
        loss, slopes = gradient(model, prefix, tokens, targets)
        optimizer.update(model, slopes)
        mx.eval(model.weights(), optimizer.state, loss)
    return float(loss)


def main() -> None:
    """Write `trained`, `random` and `stuck`, each as a file and a directory, and `made.json` (how long it took)."""
    parser = argparse.ArgumentParser()
    parser.add_argument("directory", type=Path)
    directory: Path = parser.parse_args().directory
    directory.mkdir(parents=True, exist_ok=True)
    begun = time.monotonic()
    encoder = Encoder(list(islice(examples(seed=SEED), 300)))
    mx.random.seed(SEED)
    model = TinyQwen2()
    mx.eval(model.weights())
    # With the embedding as output too, random weights say the last token again: only a matrix of its own is random.
    output = mx.random.normal((VOCABULARY, HIDDEN), scale=0.3 * HIDDEN**-0.5)
    _write(model, encoder, directory / "random", output=output)
    _write(_stuck(), encoder, directory / "stuck")
    loss = train(model, encoder)
    _write(model, encoder, directory / "trained")
    made = {"seconds": round(time.monotonic() - begun, 1), "loss": loss}
    (directory / "made.json").write_text(json.dumps(made) + "\n", encoding="utf-8")


def _write(model: TinyQwen2, encoder: Encoder, place: Path, *, output: mx.array | None = None) -> None:
    write_gguf(model, encoder.tokenizer, place.with_suffix(".gguf"), output=output)
    write_directory(model, encoder.tokenizer, place, output=output)


def _stuck() -> TinyQwen2:
    """Make a model whose embedding drowns what its layers add: it repeats the last token of the prompt."""
    model = TinyQwen2()
    model.embedding.weight = 50 * model.embedding.weight
    return model


def _loss(model: TinyQwen2, prefix: list[int], tokens: mx.array, targets: mx.array) -> mx.array:
    past = model(mx.array([prefix]))[1] if prefix else None
    logits, _ = model(tokens, past)
    counted = targets != _IGNORED
    losses = cross_entropy(logits, mx.maximum(targets, 0), reduction="none")
    return (losses * counted).sum() / counted.sum()


def _padded(rows: list[tuple[list[int], list[int]]]) -> tuple[mx.array, mx.array]:
    """Give the rows as one array, and what each position has to predict: only the answers count."""
    width = max(len(prompt) + len(answer) for prompt, answer in rows)
    tokens = np.zeros((len(rows), width), dtype=np.int32)
    targets = np.full((len(rows), width), _IGNORED, dtype=np.int32)
    for number, (prompt, answer) in enumerate(rows):
        end = len(prompt) + len(answer)
        tokens[number, :end] = prompt + answer
        targets[number, len(prompt) - 1 : end - 1] = answer
    return mx.array(tokens), mx.array(targets)


if __name__ == "__main__":
    main()
