"""The tiny models as files: made once for a recipe, in a process of its own, and kept in the user's cache.

The recipe is everything that shapes the files: the sources that make them, the product's prompt and schema, and the
versions of the libraries. Nothing here imports mlx, so that it never enters the test process.
"""

import hashlib
import importlib.metadata
import importlib.util
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import prentice

TESTS = Path(__file__).resolve().parents[1]
LIBRARIES = ("mlx", "gguf", "tokenizers", "numpy")
TRAINING_LIMIT = 900
"""Seconds; one minute with OpenBLAS on two cores, six without it."""

_PRODUCT = ("prompts/render.py", "skills/breakdown/prompt.py", "skills/breakdown/reply.py", "tasks/plan.py")
_OPENBLAS = ("libopenblas.so.0", "libopenblas.so")


class NotPossibleError(Exception):
    """The models cannot be made here; the message says what is missing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFiles:
    """A model trained to plan, one of random weights, one that repeats itself; `made_in` are seconds of training.

    Each is a GGUF file, for Ollama, and beside it a directory of the same weights, for MLX.
    """

    trained: Path
    random: Path
    stuck: Path
    made_in: float

    @staticmethod
    def directory(gguf: Path) -> Path:
        """Give the directory with the weights of a file."""
        return gguf.with_suffix("")


def model_files() -> ModelFiles:
    """Give the tiny models, from the cache or made now.

    Raises:
        NotPossibleError: a library is missing, or the training failed.
    """
    if missing := [name for name in LIBRARIES if importlib.util.find_spec(name) is None]:
        raise NotPossibleError(f"the tiny model needs {', '.join(missing)}: run `uv sync --group engines`")
    place = _cache() / f"tiny-{_recipe()[:16]}"
    if not (place / "made.json").exists():
        _make(place)
    made = json.loads((place / "made.json").read_text(encoding="utf-8"))
    return ModelFiles(
        trained=place / "trained.gguf",
        random=place / "random.gguf",
        stuck=place / "stuck.gguf",
        made_in=made["seconds"],
    )


def _make(place: Path) -> None:
    """Train into a directory beside the place and move it there whole; whoever comes second finds it done."""
    place.parent.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(dir=place.parent, prefix="making-") as scratch:
        made = Path(scratch) / "made"
        process = subprocess.run(
            [sys.executable, "-m", "engines.tiny_model", str(made)],
            cwd=TESTS,
            env=training_environment(),
            capture_output=True,
            text=True,
            timeout=TRAINING_LIMIT,
            check=False,
        )
        if process.returncode:
            raise NotPossibleError(f"the tiny model could not be trained:\n{process.stdout}{process.stderr}")
        try:
            made.rename(place)
        except OSError:
            if not (place / "made.json").exists():
                raise


def training_environment() -> dict[str, str]:
    """Give the environment in which MLX computes fast: OpenBLAS where Linux has it, and one thread."""
    environment = {**os.environ, "OPENBLAS_NUM_THREADS": "1"}
    if library := _openblas():
        environment["LD_PRELOAD"] = library
    return environment


def _openblas() -> str | None:
    """Find OpenBLAS on Linux by the linker's own list; other systems have a fast BLAS of their own."""
    if sys.platform != "linux":
        return None
    listed = subprocess.run(["/sbin/ldconfig", "-p"], capture_output=True, text=True, check=False).stdout
    for line in listed.splitlines():
        name, _, path = line.strip().partition(" => ")
        if name.split(" ")[0] in _OPENBLAS:
            return path
    return None


def _cache() -> Path:
    return Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "prentice-tests"


def _recipe() -> str:
    digest = hashlib.sha256()
    for path in _sources():
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    for name in LIBRARIES:
        digest.update(f"{name} {importlib.metadata.version(name)}\n".encode())
    return digest.hexdigest()


def _sources() -> Iterator[Path]:
    yield from sorted(Path(__file__).parent.glob("tiny_*.py"))
    package = Path(prentice.__file__).parent
    yield from (package / name for name in _PRODUCT)
    yield from sorted((package / "prompts" / "templates").glob("breakdown.*.md"))
