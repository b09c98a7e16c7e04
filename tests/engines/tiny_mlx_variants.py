"""Other models of the tiny size, as directories that mlx-lm loads: 4 bits, half precision, sliding windows."""

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any, cast

from prentice.backends.mlx.runtime import load_openblas

load_openblas()  # before the first import of mlx in the test process, which is the one below

import mlx.core as mx  # noqa: E402 - as above


def copied(model: Path, directory: Path, **config: Any) -> Path:
    """Copy a model's directory, and change entries of its configuration; None removes one."""
    shutil.copytree(model, directory)
    path = directory / "config.json"
    changed = json.loads(path.read_text(encoding="utf-8")) | config
    path.write_text(json.dumps({key: value for key, value in changed.items() if value is not None}), encoding="utf-8")
    return directory


def weights_of(directory: Path) -> dict[str, mx.array]:
    """Read a model's weights."""
    return dict(cast("dict[str, mx.array]", mx.load(str(directory / "model.safetensors"))))


def write_weights(directory: Path, weights: dict[str, mx.array]) -> None:
    """Replace a model's weights."""
    mx.eval(weights)
    mx.save_safetensors(str(directory / "model.safetensors"), weights, {"format": "pt"})


def in_type(model: Path, directory: Path, kind: mx.Dtype) -> Path:
    """Copy a model with its weights in another type."""
    copied(model, directory)
    write_weights(directory, {name: weight.astype(kind) for name, weight in weights_of(model).items()})
    return directory


def in_four_bits(model: Path, directory: Path) -> Path:
    """Copy a model with its matrices packed as mlx-lm packs them."""
    copied(model, directory, quantization={"group_size": 64, "bits": 4})
    packed: dict[str, mx.array] = {}
    for name, weight in weights_of(model).items():
        stem, _, kind = name.rpartition(".")
        if kind == "weight" and weight.ndim == 2:
            values, scales, biases = mx.quantize(weight, group_size=64, bits=4)
            packed |= {name: values, f"{stem}.scales": scales, f"{stem}.biases": biases}
        else:
            packed[name] = weight
    write_weights(directory, packed)
    return directory


def with_sliding_windows(model: Path, directory: Path, *, window: int) -> Path:
    """Make a Llama from a model's weights in which every other layer sees only a window of tokens."""
    config = json.loads((model / "config.json").read_text(encoding="utf-8"))
    layers = config["num_hidden_layers"]
    kinds = ["sliding_attention" if number % 2 else "full_attention" for number in range(layers)]
    copied(model, directory, model_type="llama", sliding_window=window, layer_types=kinds, attention_bias=True)
    weights = weights_of(model)
    for number in range(layers):
        weights[f"model.layers.{number}.self_attn.o_proj.bias"] = mx.zeros((config["hidden_size"],))
    write_weights(directory, weights)
    return directory


def memory_in_use() -> int:
    """Give the bytes of all arrays that are alive."""
    mx.clear_cache()
    return mx.get_active_memory()


def wait_for(condition: Callable[[], bool], *, seconds: float = 20.0) -> None:
    """Wait until something holds, for a while at most."""
    end = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)
