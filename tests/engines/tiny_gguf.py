"""Writing the tiny model as GGUF, the file that llama.cpp and Ollama load."""

import json
from pathlib import Path

import mlx.core as mx
import numpy as np
from gguf import GGUFWriter, LlamaFileType, TokenType
from tokenizers import Tokenizer

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

SPECIALS = ("<|endoftext|>", "<|im_start|>", "<|im_end|>")
END_OF_TEXT, START, END = range(3)
CONTEXT = 16_384
"""The trained window that the file claims, in tokens; the product rounds windows up to sizes below it."""

CHAT_TEMPLATE = (
    "{% for message in messages %}<|im_start|>{{ message['role'] }}\n{{ message['content'] }}<|im_end|>\n{% endfor %}"
    "{% if add_generation_prompt %}<|im_start|>assistant\n{% endif %}"
)
_LAYER_NAMES = {
    "attention_norm": "attn_norm",
    "attention.q": "attn_q",
    "attention.k": "attn_k",
    "attention.v": "attn_v",
    "attention.output": "attn_output",
    "feed_norm": "ffn_norm",
    "gate": "ffn_gate",
    "up": "ffn_up",
    "down": "ffn_down",
}


def write_gguf(model: TinyQwen2, tokenizer: Tokenizer, path: Path, *, output: mx.array | None = None) -> None:
    """Write weights, tokenizer and chat template into one file; `output` is a matrix of its own for the logits."""
    writer = GGUFWriter(path, "qwen2")
    writer.add_name(path.stem)
    writer.add_context_length(CONTEXT)
    writer.add_embedding_length(HIDDEN)
    writer.add_block_count(LAYERS)
    writer.add_feed_forward_length(FEED_FORWARD)
    writer.add_head_count(HEADS)
    writer.add_head_count_kv(KV_HEADS)
    writer.add_rope_freq_base(ROPE_THETA)
    writer.add_layer_norm_rms_eps(EPSILON)
    writer.add_file_type(LlamaFileType.ALL_F32)
    _add_tokenizer(writer, tokenizer)
    for name, weight in model.weights().items():
        writer.add_tensor(_gguf_name(name), np.array(weight, dtype=np.float32))
    if output is not None:
        writer.add_tensor("output.weight", np.array(output, dtype=np.float32))
    writer.write_header_to_file()
    writer.write_kv_data_to_file()
    writer.write_tensors_to_file()
    writer.close()


def _add_tokenizer(writer: GGUFWriter, tokenizer: Tokenizer) -> None:
    vocabulary = json.loads(tokenizer.to_str())["model"]
    names = [tokenizer.id_to_token(number) or "" for number in range(VOCABULARY)]
    writer.add_tokenizer_model("gpt2")
    writer.add_tokenizer_pre("gpt-2")
    writer.add_token_list(names)
    writer.add_token_types([TokenType.CONTROL if name in SPECIALS else TokenType.NORMAL for name in names])
    writer.add_token_merges([" ".join(pair) for pair in vocabulary["merges"]])
    writer.add_bos_token_id(END_OF_TEXT)
    writer.add_eos_token_id(END)
    writer.add_pad_token_id(END_OF_TEXT)
    writer.add_add_bos_token(value=False)
    writer.add_chat_template(CHAT_TEMPLATE)


def _gguf_name(name: str) -> str:
    """Translate a parameter's place in the network: `blocks.0.attention.q.bias` is `blk.0.attn_q.bias`."""
    if name.startswith("embedding."):
        return "token_embd.weight"
    if name.startswith("norm."):
        return "output_norm.weight"
    _, layer, rest = name.split(".", 2)
    part, kind = rest.rsplit(".", 1)
    return f"blk.{layer}.{_LAYER_NAMES[part]}.{kind}"
