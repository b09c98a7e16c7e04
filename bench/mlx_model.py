"""A model of 40 million parameters that says what the tiny trained one says, made in a second.

Speed depends on shapes, not on values: the tiny model's weights stand in the first rows and columns of larger matrices,
and whatever else is in them is random and multiplied by zero before it reaches an output. So a model of realistic cost
writes realistic plans, whose share of forced tokens is that of real ones.
"""

import json
import keyword
import sys
from pathlib import Path

import mlx.core as mx

HIDDEN, LAYERS, HEADS, KV_HEADS, HEAD, FEED_FORWARD, VOCABULARY = 512, 8, 16, 8, 32, 1408, 32_000


def widen(tiny: Path, directory: Path) -> None:
    """Write the wide model, from the tiny one's directory."""
    directory.mkdir(parents=True)
    config = json.loads((tiny / "config.json").read_text(encoding="utf-8"))
    loaded = mx.load(str(tiny / "model.safetensors"))
    assert isinstance(loaded, dict)
    growth = HIDDEN / config["hidden_size"]
    mx.random.seed(0)
    shapes = _shapes()
    weights = {}
    for name, shape in shapes.items():
        weight = 0.02 * mx.random.normal(shape)
        # What random parts compute must not come out: these write to the stream that all layers share.
        if name.endswith(("o_proj.weight", "down_proj.weight", "o_proj.bias")):
            weight = mx.zeros(shape)
        source = loaded.get(name)
        if name == "model.embed_tokens.weight":
            weight[:, : config["hidden_size"]] = 0
            weight[: config["vocab_size"]] = 0
        if source is not None:
            if name.endswith("norm.weight"):
                weight, source = mx.ones(shape), source / growth**0.5
            elif source.ndim == 2:
                weight[: source.shape[0]] = 0
            weight[tuple(slice(0, size) for size in source.shape)] = source
        weights[name] = weight
    mx.eval(weights)
    mx.save_safetensors(str(directory / "model.safetensors"), weights, {"format": "pt"})
    config |= {
        "model_type": "llama",
        "architectures": ["LlamaForCausalLM"],
        "hidden_size": HIDDEN,
        "num_hidden_layers": LAYERS,
        "intermediate_size": FEED_FORWARD,
        "num_attention_heads": HEADS,
        "num_key_value_heads": KV_HEADS,
        "head_dim": HEAD,
        "attention_bias": True,
        "vocab_size": VOCABULARY,
        "rms_norm_eps": config["rms_norm_eps"] / growth,
    }
    (directory / "config.json").write_text(json.dumps(config), encoding="utf-8")
    for name in ("generation_config.json", "tokenizer_config.json"):
        (directory / name).write_bytes((tiny / name).read_bytes())
    (directory / "tokenizer.json").write_text(_tokenizer(tiny), encoding="utf-8")


def _shapes() -> dict[str, tuple[int, ...]]:
    shapes: dict[str, tuple[int, ...]] = {
        "model.embed_tokens.weight": (VOCABULARY, HIDDEN),
        "model.norm.weight": (HIDDEN,),
    }
    for number in range(LAYERS):
        layer = f"model.layers.{number}"
        for part, rows in (("q", HEADS * HEAD), ("k", KV_HEADS * HEAD), ("v", KV_HEADS * HEAD)):
            shapes[f"{layer}.self_attn.{part}_proj.weight"] = (rows, HIDDEN)
            shapes[f"{layer}.self_attn.{part}_proj.bias"] = (rows,)
        shapes[f"{layer}.self_attn.o_proj.weight"] = (HIDDEN, HEADS * HEAD)
        shapes[f"{layer}.self_attn.o_proj.bias"] = (HIDDEN,)
        shapes[f"{layer}.mlp.gate_proj.weight"] = (FEED_FORWARD, HIDDEN)
        shapes[f"{layer}.mlp.up_proj.weight"] = (FEED_FORWARD, HIDDEN)
        shapes[f"{layer}.mlp.down_proj.weight"] = (HIDDEN, FEED_FORWARD)
        shapes[f"{layer}.input_layernorm.weight"] = shapes[f"{layer}.post_attention_layernorm.weight"] = (HIDDEN,)
    return shapes


def _tokenizer(tiny: Path) -> str:
    """Fill the vocabulary up with words, so that masks are computed over one of realistic size."""
    tokenizer = json.loads((tiny / "tokenizer.json").read_text(encoding="utf-8"))
    vocabulary = tokenizer["model"]["vocab"]
    stems = sorted({*keyword.kwlist, *(name.lstrip("_") for name in sys.stdlib_module_names)} - {""})
    words = (f"{mark}{one}{two}" for two in ("", *stems) for one in stems for mark in ("", "\u0120"))
    while len(vocabulary) < VOCABULARY:
        vocabulary.setdefault(next(words), len(vocabulary))
    return json.dumps(tokenizer)
