"""Templates that were tuned for one model in one quantization, as data with their scores.

They lie in the user's data directory, one JSON file each. What was tuned for one model says nothing for another.
"""

import hashlib
import json
import os
import re
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final, Self

from prentice.config import data_directory
from prentice.errors import ConfigError

_TEXTS: Final = ("template", "base", "base_version", "model", "quantization", "text", "made")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelKey:
    """What a template is tuned for: a model's name, and its quantization where the backend tells it."""

    name: str
    quantization: str = ""

    @property
    def slug(self) -> str:
        """A name for files that no other model has."""
        written = f"{self.name}@{self.quantization}"
        digest = hashlib.sha256(written.encode("utf-8", "replace")).hexdigest()[:8]
        return f"{re.sub(r'[^A-Za-z0-9.]+', '-', written).strip('-.')[:60]}-{digest}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuned:
    """A template's tuned text. `base` is the digest of the text that it was made from; scores are shares, 0 to 1.

    `scores` holds `held_out` and `validation`, each with `default` and `tuned`; `examples` the number of examples by
    part; `made` is a time in UTC; `calls` counts the replies that it took.
    """

    template: str
    base: str
    base_version: str
    model: str
    quantization: str
    text: str
    made: str
    calls: int
    scores: Mapping[str, Mapping[str, float]]
    examples: Mapping[str, int]

    @property
    def key(self) -> ModelKey:
        """The model that it is for."""
        return ModelKey(name=self.model, quantization=self.quantization)

    def document(self) -> dict[str, object]:
        """Give it as JSON values."""
        return asdict(self)

    @classmethod
    def from_document(cls, document: object) -> Self:
        """Read what `document` gave.

        Raises:
            ValueError: it is something else.
        """
        if not isinstance(document, dict) or not all(isinstance(document.get(key), str) for key in _TEXTS):
            raise ValueError("it is no tuned template")
        try:
            return cls(**document)
        except TypeError as error:
            raise ValueError("it has other keys than a tuned template") from error


def tuned_path(name: str, model: ModelKey) -> Path:
    """Give the file that holds what a template was tuned to for a model, where it was."""
    return data_directory(os.environ) / "tuned" / name / f"{model.slug}.json"


def is_tuned(name: str) -> bool:
    """Whether a template was tuned for any model; only then is it worth asking which quantization one has."""
    return (data_directory(os.environ) / "tuned" / name).is_dir()


def read_tuned(name: str, model: ModelKey) -> Tuned | None:
    """Give what a template was tuned to for a model, or nothing.

    Raises:
        ConfigError: the file is damaged.
    """
    path = tuned_path(name, model)
    try:
        return Tuned.from_document(json.loads(path.read_text(encoding="utf-8")))
    except FileNotFoundError:
        return None
    except (OSError, ValueError, RecursionError) as error:
        raise ConfigError(f"The tuned template {path} cannot be read: {error}.", next_step=f"Remove {path}.") from error


def keep_tuned(tuned: Tuned) -> Path:
    """Keep a tuned template in place of an earlier one; the old file or the new one is there at any moment."""
    path = tuned_path(tuned.template, tuned.key)
    path.parent.mkdir(parents=True, exist_ok=True)
    written = path.with_suffix(f".{os.getpid()}.new")
    written.write_text(json.dumps(tuned.document(), indent=2, ensure_ascii=False) + "\n", encoding="utf-8")
    written.replace(path)
    return path
