"""Writing the tiny model as a directory of the Hugging Face form, which mlx-lm loads."""

import json
from pathlib import Path

import mlx.core as mx
from tokenizers import Tokenizer

from engines.tiny_gguf import CHAT_TEMPLATE, CONTEXT, END, END_OF_TEXT, SPECIALS
from engines.tiny_network import (
    EPSILON,
    FEED_FORWARD,
    HEADS,
    HIDDEN,
    KV_HEADS,
    LAYERS,
    ROPE_THETA,
    VOCABULARY,
    TinyQwen2,
)

_LAYER_NAMES = {
    "attention_norm": "input_layernorm",
    "attention.q": "self_attn.q_proj",
    "attention.k": "self_attn.k_proj",
    "attention.v": "self_attn.v_proj",
    "attention.output": "self_attn.o_proj",
    "feed_norm": "post_attention_layernorm",
    "gate": "mlp.gate_proj",
    "up": "mlp.up_proj",
    "down": "mlp.down_proj",
}


def write_directory(model: TinyQwen2, tokenizer: Tokenizer, directory: Path, *, output: mx.array | None = None) -> None:
    """Write weights, tokenizer, chat template and configuration; `output` is a matrix of its own for the logits."""
    directory.mkdir(parents=True)
    weights = {_hub_name(name): weight for name, weight in model.weights().items()}
    if output is not None:
        weights["lm_head.weight"] = output
    mx.save_safetensors(str(directory / "model.safetensors"), weights, {"format": "pt"})
    special = Tokenizer.from_str(tokenizer.to_str())
    special.add_special_tokens(list(SPECIALS))
    special.save(str(directory / "tokenizer.json"))
    documents = {
        "config.json": {
            "model_type": "qwen2",
            "architectures": ["Qwen2ForCausalLM"],
            "hidden_size": HIDDEN,
            "num_hidden_layers": LAYERS,
            "intermediate_size": FEED_FORWARD,
            "num_attention_heads": HEADS,
            "num_key_value_heads": KV_HEADS,
            "vocab_size": VOCABULARY,
            "rms_norm_eps": EPSILON,
            "rope_theta": ROPE_THETA,
            "max_position_embeddings": CONTEXT,
            "tie_word_embeddings": output is None,
            "torch_dtype": "float32",
        },
        "generation_config.json": {"eos_token_id": [END, END_OF_TEXT], "bos_token_id": END_OF_TEXT},
        "tokenizer_config.json": {
            "tokenizer_class": "PreTrainedTokenizerFast",
            "eos_token": SPECIALS[END],
            "chat_template": CHAT_TEMPLATE,
        },
    }
    for name, document in documents.items():
        (directory / name).write_text(json.dumps(document, indent=1) + "\n", encoding="utf-8")


def _hub_name(name: str) -> str:
    """Translate a parameter's place: `blocks.0.attention.q.bias` is `model.layers.0.self_attn.q_proj.bias`."""
    if name.startswith("embedding."):
        return "model.embed_tokens.weight"
    if name.startswith("norm."):
        return "model.norm.weight"
    _, layer, rest = name.split(".", 2)
    part, kind = rest.rsplit(".", 1)
    return f"model.layers.{layer}.{_LAYER_NAMES[part]}.{kind}"
