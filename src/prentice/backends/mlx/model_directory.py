"""A model's directory on disk, looked at without MLX: is it whole, what is it, how large, has it changed."""

import functools
import hashlib
import json
import os
import re
import struct
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from prentice.backends.mlx.runtime import architectures, versions
from prentice.backends.protocol import ModelInfo
from prentice.errors import ModelNotFoundError, ModelUnsupportedError

RENAMED: Final = {"mistral": "llama"}
"""Architectures that mlx-lm defines under another's name (`MODEL_REMAPPING` of its `utils.py`, 0.32.2)."""

DEFAULT_CONTEXT: Final = 4096

_LARGEST_HEADER: Final = 100_000_000  # the format's own limit, in bytes
_PLAIN_TYPES: Final = frozenset({"F32", "F16", "BF16"})
_PACKED_TYPES: Final = frozenset({"U32", "U8", "I8", "F8_E4M3", "F8_E5M2", "F4", "F8_E8M0"})
_HUB_ID: Final = re.compile(r"[\w.-]+/[\w.-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelDirectory:
    """A whole model. `size_bytes` are its weights, `context` its trained window in tokens.

    `identity` changes with anything that changes what the model computes: files, templates, versions of MLX.
    """

    name: str
    path: Path
    config: Mapping[str, object]
    architecture: str
    shards: tuple[Path, ...]
    size_bytes: int
    context: int
    identity: str

    @property
    def quantization(self) -> str:
        """Bits of a weight as people write them: `4-bit`, or the type of unpacked weights."""
        packed = self.config.get("quantization") or self.config.get("quantization_config")
        if isinstance(packed, Mapping):
            bits = packed.get("bits")
            return f"{bits}-bit" if isinstance(bits, int) else str(packed.get("quant_method", ""))
        return str(self.config.get("torch_dtype") or self.config.get("dtype") or "")

    @property
    def cache_per_token(self) -> int | None:
        """Bytes of keys and values for each token of the window; None where the configuration does not tell."""
        inner = self.config.get("text_config")
        told = {**self.config, **inner} if isinstance(inner, Mapping) else self.config
        heads = _whole(told.get("num_attention_heads"))
        width = _whole(told.get("hidden_size"))
        layers = _whole(told.get("num_hidden_layers"))
        size = _whole(told.get("head_dim")) or (width // heads if width and heads else None)
        shared = _whole(told.get("num_key_value_heads")) or heads
        if not layers or not shared or not size:
            return None
        return 2 * layers * shared * size * (4 if self.quantization == "float32" else 2)

    def table(self, file: str) -> dict[str, object]:
        """Read another of the model's JSON files; empty where there is none or it is no object."""
        try:
            value = json.loads((self.path / file).read_text(encoding="utf-8"))
        except (OSError, ValueError):
            return {}
        return value if isinstance(value, dict) else {}

    def info(self) -> ModelInfo:
        """Describe the model as a backend lists it."""
        return ModelInfo(
            name=self.name,
            backend="mlx",
            size_bytes=self.size_bytes,
            quantization=self.quantization,
            context=self.context,
            capabilities=("completion",),
            family=str(self.config.get("model_type", "")),
            digest=self.identity,
        )


def find(name: str, *, directories: Sequence[Path] = ()) -> Path:
    """Give the directory of a model: a path, a name in one of the directories, or an id in the hub's local cache.

    Raises:
        ModelNotFoundError: it is in none of them; names the command that fetches a hub id.
    """
    if path := directory_named(name):
        return path
    for directory in directories:
        if "/" not in name and (path := directory_named(str(directory / name))):
            return path
    if _HUB_ID.fullmatch(name):
        snapshot = _snapshot(hub_cache() / f"models--{name.replace('/', '--')}")
        if snapshot is not None:
            return snapshot
        raise ModelNotFoundError(
            f"The model {name} is not on this machine.",
            next_step=f"Fetch it with `{fetching(name)}`, or name a directory that holds a model.",
            details={"model": name},
        )
    raise ModelNotFoundError(
        f"There is no model {name}: it is neither a directory nor an id such as mlx-community/Qwen2.5-7B-4bit.",
        next_step="Name a directory with `--model`, or an id of the hub; `mlx.directories` lists where yours are.",
        details={"model": name},
    )


def directory_named(name: str) -> Path | None:
    """Give the directory that a text names; None where it names none, is no name at all, or may not be looked at."""
    try:
        path = expanded(name)
        return path if path.is_dir() else None
    except (OSError, ValueError):
        return None


def expanded(name: str | Path) -> Path:
    """Give a path with the user's home in the place of `~`; with that of an unknown user it stays as it is."""
    try:
        return Path(name).expanduser()
    except RuntimeError:
        return Path(name)


def fetching(name: str) -> str:
    """Give the command that fetches a hub id; of an owner other than MLX's community it has to be told the backend."""
    return f"prentice models pull {name}{'' if name.startswith('mlx-community/') else ' --backend mlx'}"


def installed(*, directories: Sequence[Path] = ()) -> list[ModelDirectory]:
    """List the whole models of the given directories and of the hub's local cache, by name."""
    found: dict[str, ModelDirectory] = {}
    for name, path in _candidates(directories):
        try:
            found.setdefault(name, examine(path, name=name))
        except ModelUnsupportedError:
            continue  # a half-downloaded or foreign model is told about when it is asked for
    return [found[name] for name in sorted(found)]


def examine(path: Path, *, name: str = "") -> ModelDirectory:
    """Look at a model's directory, and make sure that MLX can load it.

    Raises:
        ModelUnsupportedError: something is missing, cut off, of a wrong type or unknown; says which file.
    """
    return _examined(path, name or path.name, _stamp(path))


@functools.lru_cache(maxsize=64)
def _examined(path: Path, name: str, _: object) -> ModelDirectory:
    config = _config(path, name=name)
    architecture = _architecture(config, name=name)
    if not any((path / file).is_file() for file in ("tokenizer.json", "tokenizer.model")):
        raise _broken(name, f"it has no tokenizer: neither tokenizer.json nor tokenizer.model is in {path}")
    shards = _shards(path, name=name)
    digest = hashlib.sha256(f"{versions()}\n".encode())
    for file in sorted(path.glob("*.json")) + sorted(path.glob("*.jinja")):
        digest.update(file.name.encode() + b"\0" + file.read_bytes() + b"\0")
    size = 0
    for shard in shards:
        header = _header(shard, name=name)
        _check_types(header, config, shard=shard, name=name)
        size += shard.stat().st_size
        # The hub's cache links to a file that is named by its content; elsewhere size and time have to do.
        stat, real = shard.stat(), shard.resolve().name
        digest.update(f"{real} {stat.st_size} {stat.st_mtime_ns}\n".encode() + json.dumps(header).encode())
    return ModelDirectory(
        name=name,
        path=path,
        config=config,
        architecture=architecture,
        shards=shards,
        size_bytes=size,
        context=_context(config),
        identity=digest.hexdigest(),
    )


def _stamp(path: Path) -> tuple[tuple[str, int, int], ...]:
    """Give what changes with any file of a directory; reading them all again takes much longer."""
    try:
        stats = [(file.name, file.stat()) for file in sorted(path.iterdir()) if file.is_file()]
    except OSError:
        return ()
    return tuple((name, stat.st_size, stat.st_mtime_ns) for name, stat in stats)


def _config(path: Path, *, name: str) -> Mapping[str, object]:
    try:
        config = json.loads((path / "config.json").read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise _broken(name, f"{path} has no config.json") from None
    except (OSError, ValueError) as error:
        raise _broken(name, f"its config.json cannot be read ({error})") from error
    if not isinstance(config, dict) or not isinstance(config.get("model_type"), str):
        raise _broken(name, "its config.json does not say which architecture it has (`model_type`)")
    if "model_file" in config:
        raise ModelUnsupportedError(
            f"The model {name} brings its own program code ({config['model_file']}), which Prentice does not run.",
            next_step="Choose a model of an architecture that mlx-lm knows, with `--model`.",
            details={"model": name},
        )
    return config


def _architecture(config: Mapping[str, object], *, name: str) -> str:
    kind = str(config["model_type"])
    known, kind = architectures(), RENAMED.get(kind, kind)
    if re.fullmatch(r"[\w-]+", kind) and (known is None or (known / f"{kind}.py").is_file()):
        return kind
    raise ModelUnsupportedError(
        f"The model {name} is of the architecture {kind}, which the installed mlx-lm does not know.",
        next_step="Update with `uv tool upgrade prentice`, or choose another model with `--model`.",
        details={"model": name, "architecture": kind},
    )


def _shards(path: Path, *, name: str) -> tuple[Path, ...]:
    index = path / "model.safetensors.index.json"
    if index.is_file():
        try:
            listed = sorted(set(json.loads(index.read_text(encoding="utf-8"))["weight_map"].values()))
        except (OSError, ValueError, KeyError, AttributeError, TypeError) as error:
            raise _broken(name, f"its {index.name} cannot be read ({error})") from error
        missing = [item for item in listed if not (path / str(item)).is_file()]
        if missing:
            raise _broken(name, f"{len(missing)} of its {len(listed)} files of weights are missing: {missing[0]}")
        return tuple(path / str(item) for item in listed)
    shards = tuple(sorted(path.glob("model*.safetensors")))
    if not shards:
        raise _broken(name, f"no weights (model*.safetensors) are in {path}")
    return shards


def _header(shard: Path, *, name: str) -> dict[str, dict[str, object]]:
    """Read what a safetensors file says of its tensors, and compare it with the file's length."""
    try:
        with shard.open("rb") as file:
            (length,) = struct.unpack("<Q", file.read(8))
            if length > _LARGEST_HEADER:
                raise ValueError("its header is too long")  # noqa: TRY301 - all ways to be broken end alike
            header = json.loads(file.read(length))
        header.pop("__metadata__", None)
        end = max((int(item["data_offsets"][1]) for item in header.values()), default=0)
    except (OSError, ValueError, KeyError, TypeError, AttributeError, struct.error) as error:
        raise _broken(name, f"its file {shard.name} is no safetensors file ({error})") from error
    if shard.stat().st_size < 8 + length + end:
        raise _broken(name, f"its file {shard.name} is cut off")
    return dict(header)


def _check_types(
    header: Mapping[str, Mapping[str, object]], config: Mapping[str, object], *, shard: Path, name: str
) -> None:
    packed = bool(config.get("quantization") or config.get("quantization_config"))
    for tensor, facts in header.items():
        kind = facts.get("dtype")
        if tensor.endswith(".weight") and kind not in _PLAIN_TYPES and not (packed and kind in _PACKED_TYPES):
            raise _broken(name, f"{tensor} in {shard.name} is of the type {kind}, which no weight can have here")


def _context(config: Mapping[str, object]) -> int:
    inner = config.get("text_config")
    for table in (config, inner if isinstance(inner, Mapping) else {}):
        for key in ("max_position_embeddings", "max_sequence_length", "n_positions", "n_ctx"):
            value = table.get(key)
            if isinstance(value, int) and 0 < value < 2**40:
                return value
    return DEFAULT_CONTEXT


def _whole(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) and 0 < value < 2**31 else None


def _candidates(directories: Sequence[Path]) -> Iterator[tuple[str, Path]]:
    for directory in directories:
        for config in sorted(expanded(directory).glob("*/config.json")):
            yield config.parent.name, config.parent
    for repository in sorted(hub_cache().glob("models--*--*")):
        snapshot = _snapshot(repository)
        if snapshot is not None:
            yield "/".join(repository.name.split("--")[1:]), snapshot


def hub_cache() -> Path:
    """Give the hub's local cache, found as the hub's own client finds it."""
    if cache := os.environ.get("HF_HUB_CACHE"):
        return Path(cache)
    home = os.environ.get("HF_HOME")
    base = Path(home) if home else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "huggingface"
    return base / "hub"


def _snapshot(repository: Path) -> Path | None:
    try:
        revision = (repository / "refs" / "main").read_text(encoding="utf-8").strip()
    except (OSError, ValueError):
        revision = ""
    snapshots = repository / "snapshots"
    if re.fullmatch(r"\w+", revision) and (snapshots / revision / "config.json").is_file():
        return snapshots / revision
    others = sorted(snapshots.glob("*/config.json"), key=lambda item: item.stat().st_mtime)
    return others[-1].parent if others else None


def _broken(name: str, why: str) -> ModelUnsupportedError:
    again = f"Fetch it again with `{fetching(name)}`" if _HUB_ID.fullmatch(name) else "Copy the model again, whole"
    return ModelUnsupportedError(
        f"The model {name} cannot be loaded: {why}.",
        next_step=f"{again}, or choose another with `--model`.",
        details={"model": name},
    )
