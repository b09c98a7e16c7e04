"""Texts to tokens and back: the model's tokenizer, and the text of tokens that come one by one."""

import importlib
from typing import Any, Final

from tokenizers import Tokenizer

from prentice.backends.mlx.model_directory import ModelDirectory
from prentice.errors import ModelUnsupportedError

_TORN: Final = "\ufffd"
_MOST_TORN: Final = 4  # bytes of the longest character; more tokens than that will not become one


class Vocabulary:
    """A model's tokenizer. `ends` are the tokens with which the model ends its turn."""

    def __init__(self, directory: ModelDirectory) -> None:
        """Read the tokenizer.

        Raises:
            ModelUnsupportedError: it cannot be read, or no token ends a reply.
        """
        self.name = directory.name
        try:
            self.tokenizer = _read(directory)
        except Exception as error:
            # The library raises bare `Exception`s for files that are none of its own.
            raise ModelUnsupportedError(
                f"The tokenizer of the model {directory.name} cannot be read: {' '.join(str(error).split())[:200]}",
                next_step="Fetch or copy the model again, or choose another with `--model`.",
                details={"model": directory.name},
            ) from error
        self.tokenizer.no_truncation()
        self.tokenizer.no_padding()
        self.ends = _ends(directory, self.tokenizer)

    def encode(self, text: str) -> list[int]:
        """Give the tokens of a text that already holds its marks, as a chat template writes it."""
        ids: list[int] = self.tokenizer.encode(text, add_special_tokens=False).ids
        return ids

    def decode(self, tokens: list[int]) -> str:
        """Give the text of tokens, marks left out."""
        text: str = self.tokenizer.decode(tokens, skip_special_tokens=True)
        return text


class TokenText:
    """The text of a growing list of tokens: each call gives the characters that have become certain."""

    def __init__(self, vocabulary: Vocabulary) -> None:
        self._vocabulary = vocabulary
        self._context: list[int] = []  # tokens whose text is out already; what follows is spelled by way of them
        self._waiting: list[int] = []

    def add(self, tokens: list[int]) -> str:
        """Take in tokens, and give the new text."""
        self._waiting += tokens
        return self._certain(at_end=False)

    def finish(self) -> str:
        """Give what was held back; half a character becomes U+FFFD."""
        return self._certain(at_end=True)

    def _certain(self, *, at_end: bool) -> str:
        if not self._waiting:
            return ""
        known = self._vocabulary.decode(self._context)
        whole = self._vocabulary.decode(self._context + self._waiting)
        if whole.endswith(_TORN) and not at_end and len(self._waiting) <= _MOST_TORN:
            return ""
        self._context = (self._context + self._waiting)[-_MOST_TORN:] if whole else self._context
        self._waiting = []
        return whole[len(known) :]


def _read(directory: ModelDirectory) -> Tokenizer:
    file = directory.path / "tokenizer.json"
    if file.is_file():
        return Tokenizer.from_file(str(file))
    # Only a few older models come without the file; transformers can make one of theirs.
    transformers: Any = importlib.import_module("transformers")
    slow = transformers.AutoTokenizer.from_pretrained(directory.path, local_files_only=True, trust_remote_code=False)
    made: Tokenizer = slow.backend_tokenizer
    return made


def _ends(directory: ModelDirectory, tokenizer: Tokenizer) -> frozenset[int]:
    ends: set[int] = set()
    for table in (directory.table("generation_config.json"), directory.config):
        value = table.get("eos_token_id")
        ends |= {item for item in (value if isinstance(value, list) else [value]) if isinstance(item, int)}
    mark = directory.table("tokenizer_config.json").get("eos_token")
    text = mark.get("content") if isinstance(mark, dict) else mark
    number = tokenizer.token_to_id(text) if isinstance(text, str) else None
    if number is not None:
        ends.add(number)
    if not ends:
        raise ModelUnsupportedError(
            f"The model {directory.name} does not say which token ends a reply (`eos_token_id`).",
            next_step="Add it to generation_config.json in the model's directory, or choose another model.",
            details={"model": directory.name},
        )
    return frozenset(ends)
