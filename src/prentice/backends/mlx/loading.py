"""From a model's directory to a network in memory, ready to be called."""

import importlib
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final, cast

import mlx.core as mx
from mlx import nn
from mlx.utils import tree_flatten, tree_map

from prentice.backends.hardware import available_memory
from prentice.backends.mlx.model_directory import ModelDirectory
from prentice.backends.mlx.rows_cache import RowsCache
from prentice.backends.mlx.runtime import load_openblas, network_module
from prentice.errors import ModelUnsupportedError

MEMORY_SHARE: Final = 0.8
"""The part of the available memory that a model may take; the rest is for the user's own programs."""

WORKING_SHARE: Final = 1.1
"""Weights and what is computed beside them, as a multiple of the weights."""


# Whatever a network's definition runs into when its configuration or weights make no sense.
_NOT_LOADABLE: Final = (
    ValueError,
    TypeError,
    LookupError,
    ArithmeticError,
    RuntimeError,
    ImportError,
    AttributeError,
    AssertionError,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """A loaded network. `cache_per_token` are bytes of keys and values; `vocabulary` is the width of its logits."""

    model: Any
    body: Callable[..., mx.array] | None
    """The network up to its last hidden state, where it comes apart; `head` makes logits of that."""
    head: Callable[[mx.array], mx.array] | None
    vocabulary: int
    cache_per_token: int
    caches: Callable[[], list[Any]]
    ragged: bool
    """Whether rows of a batch can take different numbers of tokens at once, and caches can be cut anywhere."""

    def read(self, tokens: mx.array, caches: list[Any]) -> None:
        """Take tokens into the caches; nothing else is computed once these are evaluated."""
        self.model(tokens, cache=caches)

    def logits(self, tokens: mx.array, caches: list[Any], *, places: Sequence[int]) -> mx.array:
        """Take tokens into the caches, and give each row's logits behind its token at a place."""
        if self.body is None or self.head is None:
            return _at(self.model(tokens, cache=caches), places)
        return self.head(_at(self.body(tokens, caches), places))


def _at(values: mx.array, places: Sequence[int]) -> mx.array:
    if len(set(places)) == 1:
        return values[:, places[0]]
    return mx.take_along_axis(values, mx.array(list(places))[:, None, None], axis=1)[:, 0]


def check_memory(directory: ModelDirectory, *, memory: int | None) -> None:
    """Refuse a model that does not fit what memory is available, in bytes (None: unknown, anything fits).

    Raises:
        ModelUnsupportedError: says how much it takes and how much there is.
    """
    needed = int(directory.size_bytes * WORKING_SHARE)
    if memory is not None and needed > memory * MEMORY_SHARE:
        raise ModelUnsupportedError(
            f"The model {directory.name} takes {needed / 1e9:.1f} GB of memory, and "
            f"{memory * MEMORY_SHARE / 1e9:.1f} GB may be used now.",
            next_step="Close other programs, or choose a smaller or 4-bit model with `--model`.",
            details={"needed": needed, "available": memory},
        )


def load(directory: ModelDirectory) -> Network:
    """Load a model's weights.

    Raises:
        ModelUnsupportedError: the weights do not fit the memory or the architecture, or MLX refuses them.
    """
    memory = available_memory()
    check_memory(directory, memory=memory)
    try:
        model = _plain(directory) if _is_plain(directory) else _by_mlx_lm(directory)
        if _wants_float32(directory, memory=memory):
            model.update(tree_map(_as_float32, model.parameters()))
        mx.eval(model.parameters())
        return _measured(model)
    except _NOT_LOADABLE as error:
        raise ModelUnsupportedError(
            f"MLX cannot load the model {directory.name}: {_first_line(error)}",
            next_step="Its files do not belong together or are of an unknown kind: fetch it again, "
            "or choose another with `--model`.",
            details={"model": directory.name},
        ) from error


def _is_plain(directory: ModelDirectory) -> bool:
    """Whether weights are as mlx-lm writes them; other ways of packing are left to mlx-lm's own, slower loader."""
    config = directory.config
    packed = config.get("quantization")
    if packed is None:
        nested = config.get("text_config")
        foreign = "quantization_config" in config or (isinstance(nested, Mapping) and "quantization_config" in nested)
        return not foreign and not (directory.path / "hf_quant_config.json").exists()
    return isinstance(packed, Mapping) and packed.get("mode", "affine") == "affine"


def _plain(directory: ModelDirectory) -> Any:  # noqa: ANN401 - a network of mlx-lm, which is not typed
    definition: Any = network_module(directory.architecture)
    model = definition.Model(definition.ModelArgs.from_dict(dict(directory.config)))
    weights: dict[str, mx.array] = {}
    for shard in directory.shards:
        weights |= cast("dict[str, mx.array]", mx.load(str(shard)))
    if hasattr(model, "sanitize"):
        weights = model.sanitize(weights)
    packed = directory.config.get("quantization")
    if isinstance(packed, Mapping):
        _quantize(model, weights, packed)
    model.eval()
    model.load_weights(list(weights.items()), strict=True)
    return model


def _quantize(model: Any, weights: Mapping[str, mx.array], packed: Mapping[str, Any]) -> None:  # noqa: ANN401 - as above
    """Replace the layers whose weights are packed; each layer's shapes say how."""

    def how(path: str, layer: Any) -> Any:  # noqa: ANN401 - as above
        if path in packed:
            return packed[path]
        if not hasattr(layer, "to_quantized") or f"{path}.scales" not in weights:
            return False
        width = layer.weight.shape[-1]
        columns = weights[f"{path}.weight"].shape[-1]
        return {"group_size": width // weights[f"{path}.scales"].shape[-1], "bits": columns * 32 // width}

    nn.quantize(  # type: ignore[attr-defined]  # mlx exports it without saying so
        model, group_size=packed["group_size"], bits=packed["bits"], class_predicate=how
    )


def _by_mlx_lm(directory: ModelDirectory) -> Any:  # noqa: ANN401 - as above
    """Load by mlx-lm itself, which knows the packings of other tools; imports transformers on the way."""
    loader: Any = importlib.import_module("mlx_lm.utils")
    model, _ = loader.load_model(directory.path, lazy=True)
    return model


def _wants_float32(directory: ModelDirectory, *, memory: int | None) -> bool:
    """Whether half-precision weights are widened: a processor computes with them at half the speed or less."""
    if mx.default_device() != mx.cpu or not load_openblas() or sys.platform != "linux":
        return False
    if "quantization" in directory.config or "quantization_config" in directory.config:
        return False
    return memory is not None and 2 * directory.size_bytes * WORKING_SHARE <= memory * MEMORY_SHARE


def _as_float32(array: mx.array) -> mx.array:
    return array.astype(mx.float32) if array.dtype in {mx.float16, mx.bfloat16} else array


def _measured(model: Any) -> Network:  # noqa: ANN401 - as above
    """Call the network once, with two tokens, to learn what it answers and what it keeps."""
    caches = _caches_of(model)
    fresh = caches()
    logits = model(mx.array([[0, 0]]), cache=fresh)
    mx.eval(logits)
    ragged = all(isinstance(cache, RowsCache) for cache in fresh)
    states: Any = tree_flatten([cache.state for cache in fresh])
    arrays = [array for _, array in states if isinstance(array, mx.array)]
    kept = sum(array.nbytes // array.shape[2] for array in arrays if array.ndim == 4 and array.shape[2])
    body, head = _apart(model, caches=caches, whole=logits)
    return Network(
        model=model,
        body=body,
        head=head,
        vocabulary=logits.shape[-1],
        cache_per_token=kept,
        caches=caches,
        ragged=ragged,
    )


def _apart(model: Any, *, caches: Callable[[], list[Any]], whole: mx.array) -> tuple[Any, Any]:  # noqa: ANN401 - as above
    """Take a network apart into body and head, if both together answer as the whole does.

    The head is up to half of a small network, and its answer is needed for the last of several tokens only.
    """
    body, head = getattr(model, "model", None), getattr(model, "lm_head", None)
    head = head or getattr(getattr(body, "embed_tokens", None), "as_linear", None)
    if not callable(body) or not callable(head):
        return None, None
    try:
        parts = head(body(mx.array([[0, 0]]), caches()))
        same = parts.shape == whole.shape and mx.allclose(parts, whole, rtol=1e-4, atol=1e-4).item()
    except (TypeError, ValueError, AttributeError, RuntimeError):
        return None, None
    return (body, head) if same else (None, None)


def _caches_of(model: Any) -> Callable[[], list[Any]]:  # noqa: ANN401 - as above
    kinds: Any = network_module("cache")

    def fresh() -> list[Any]:
        made = kinds.make_prompt_cache(model)
        return [RowsCache() if type(cache) is kinds.KVCache else cache for cache in made]

    return fresh


def _first_line(error: Exception) -> str:
    text = " ".join(str(error).split()) or type(error).__name__
    return text if len(text) <= 200 else text[:199] + "…"
