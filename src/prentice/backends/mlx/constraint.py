"""Keeping a reply to a JSON Schema, token by token: llguidance says which may come next, and which must."""

import json
from collections import OrderedDict
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Final

import llguidance
import mlx.core as mx
import numpy as np
from llguidance.numpy import fill_next_token_bitmask_par

from prentice.backends.mlx.tokens import Vocabulary
from prentice.errors import ModelUnsupportedError

if TYPE_CHECKING:
    from llguidance._lib import JsonCompileOptions

_KEPT_SCHEMAS: Final = 16
_BITS: Final = 32
# No white space between tokens: free white space lets a model write blanks without end, and forces less.
_OPTIONS: "Final[JsonCompileOptions]" = {"whitespace_flexible": False}


class Constraint:
    """One reply's place in its schema."""

    def __init__(self, matcher: llguidance.LLMatcher, *, ends: frozenset[int]) -> None:
        self.matcher = matcher
        self._ends = ends

    def take(self, token: int) -> bool:
        """Take in a token that was drawn; False if it cannot stand here."""
        return self.matcher.consume_token(token)

    def forced(self, *, most: int) -> list[int]:
        """Give the tokens of which each is the only one that can come next, at most so many, and take them in."""
        tokens = self.matcher.compute_ff_tokens()[: max(0, most)]
        end = next((at for at, token in enumerate(tokens) if token in self._ends), len(tokens))
        tokens = tokens[:end]
        if tokens:
            self.matcher.consume_tokens(tokens)
        return tokens

    @property
    def complete(self) -> bool:
        """Whether the document is whole, and nothing more can come."""
        return self.matcher.is_stopped() and not self.matcher.is_error()

    @property
    def failure(self) -> str:
        """Why the reply cannot go on; empty while it can."""
        return self.matcher.get_error() if self.matcher.is_error() else ""


class Constrainer:
    """Compiles schemas for one model; the last few stay compiled."""

    def __init__(self, vocabulary: Vocabulary, *, width: int) -> None:
        """Read the vocabulary, which takes a second for the largest; `width` is that of the model's logits."""
        self._ends = vocabulary.ends
        self._width = width
        self._tokenizer = llguidance.LLTokenizer(
            vocabulary.tokenizer.to_str(), n_vocab=width, eos_token=sorted(vocabulary.ends)
        )
        self._executor = llguidance.LLExecutor(num_threads=1)
        self._compiled: OrderedDict[str, llguidance.LLMatcher] = OrderedDict()

    def constraint(self, schema: Mapping[str, object]) -> Constraint:
        """Begin a reply under a schema.

        Raises:
            ModelUnsupportedError: the schema cannot be compiled; says what of it.
        """
        try:
            text = json.dumps(schema)
        except (TypeError, ValueError, RecursionError) as error:
            raise _refused(str(error)) from error
        matcher = self._compiled.get(text)
        if matcher is None:
            matcher = self._compile(text)
            self._compiled[text] = matcher
            while len(self._compiled) > _KEPT_SCHEMAS:
                self._compiled.popitem(last=False)
        self._compiled.move_to_end(text)
        return Constraint(matcher.deep_copy(), ends=self._ends)

    def masked(self, logits: mx.array, constraints: Sequence[Constraint | None]) -> mx.array:
        """Take out of each row's logits what its constraint does not let come next."""
        words = np.full((len(constraints), -(-self._width // _BITS)), -1, dtype=np.int32)
        matchers = [(item.matcher, row) for row, item in enumerate(constraints) if item is not None]
        fill_next_token_bitmask_par(self._executor, matchers, words)
        bits = (mx.array(words.view(np.uint32))[..., None] >> mx.arange(_BITS, dtype=mx.uint32)) & 1
        allowed = bits.reshape(len(constraints), -1)[:, : self._width].astype(mx.bool_)
        return mx.where(allowed, logits, mx.array(-mx.inf, dtype=logits.dtype))

    def _compile(self, text: str) -> llguidance.LLMatcher:
        try:
            grammar = llguidance.LLMatcher.grammar_from_json_schema(text, overrides=_OPTIONS)
            matcher = llguidance.LLMatcher(self._tokenizer, grammar, log_level=0)
        except (ValueError, RuntimeError, TypeError) as error:
            raise _refused(str(error)) from error
        if matcher.is_error():
            raise _refused(matcher.get_error())
        return matcher


def _refused(why: str) -> ModelUnsupportedError:
    line = " ".join(why.split())
    return ModelUnsupportedError(
        f"The schema of the reply cannot be enforced: {line[:200] or 'it makes no sense'}",
        next_step="Use a plainer schema (no unknown keywords, no contradictions), or a server with `--backend ollama`.",
    )
