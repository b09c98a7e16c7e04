"""What a model's name and size say of it: family, kind, parameters, bits of a weight, what it is not for.

Names come as `qwen2.5-coder:7b`, `hf.co/OWNER/Qwen2.5-Coder-7B-Instruct-GGUF:Q4_K_M`,
`mlx-community/Phi-3.5-mini-instruct-4bit` or as a path. A name proves nothing: what it says is used for
the order alone, never to let a model do something.
"""

import re
from dataclasses import dataclass
from typing import Final, Literal

from prentice.backends.protocol import ModelInfo
from prentice.backends.routing.policy import Policy

_PARAMETERS: Final = re.compile(r"(?<![\d.a-z])(?:(\d{1,2})x)?(\d{1,4}(?:\.\d{1,2})?)(b|m)(?![a-z\d])")
_ACTIVE: Final = re.compile(r"(?<![a-z\d])a(\d{1,3}(?:\.\d)?)b(?![a-z\d])")
_BITS: Final = (
    re.compile(r"(?<![a-z\d])i?q(\d)(?:[_-]|(?![a-z\d]))"),
    re.compile(r"(?<!\d)(\d{1,2})[-_ ]?bits?(?![a-z])"),
    re.compile(r"(?<![a-z\d])(?:bf|fp|f|float|bfloat)(\d{1,2})(?!\d)"),
    re.compile(r"(?<![a-z\d])(?:mx|nv)fp(\d)(?!\d)"),
    re.compile(r"(?<![a-z\d])(?:w|int)(\d{1,2})(?!\d)"),
)
_FOUR_BITS: Final = re.compile(r"awq|gptq|dwq")
_KNOWN_SIZES: Final = (
    (re.compile(r"phi-?3(?:\.5)?-mini|^phi-?3(?:\.5)?(?::|$)|^phi-?4-mini|phi-?4-mini"), 3.8e9),
    (re.compile(r"^phi-?4(?::|$)|^phi-?4-"), 14.7e9),
    (re.compile(r"^llama3\.2(?::latest)?$"), 3.2e9),
    (re.compile(r"^mistral-nemo"), 12.2e9),
    (re.compile(r"^mistral-small|^devstral|^magistral"), 24e9),
    (re.compile(r"^codestral"), 22e9),
    (re.compile(r"^mistral(?::|$)"), 7.2e9),
)
"""Parameters of models whose usual names do not tell them, from their publishers' pages."""

_FULL_BITS: Final = 4.5
"""Bits of a weight where neither name nor server tells: what `Q4_K_M`, the default of Ollama's library, comes to."""

_CLASSES: Final = (2.5e9, 6e9, 10.5e9, 20e9, 45e9)
"""Borders between sizes that people compare: 1B-2B, 3B-4B, 7B-9B, 12B-14B, 20B-34B, 70B and more."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Traits:
    """What is taken from name and size. `parameters` counts all of them, `active_share` is what one token reads."""

    family: str = ""
    kind: Literal["code", "general", "unknown"] = "unknown"
    tier: int = 3
    says: str = "of a family that is not known here"
    parameters: float | None = None
    active_share: float = 1.0
    bits: float | None = None
    not_for_text: str = ""
    """Why it is never chosen; empty where it may be."""

    @property
    def size_class(self) -> int:
        """The class of its size, 0 for the smallest; what is not known counts as 3B to 4B."""
        return 1 if self.parameters is None else sum(self.parameters >= border for border in _CLASSES)


def short_name(name: str) -> str:
    """Give the last part of a model's name in small letters: without host, owner and directories."""
    last = name.replace("\\", "/").rstrip("/").rpartition("/")[2]
    return re.sub(r"[\s_]", "-", last.casefold()).removesuffix(".gguf")


def traits(info: ModelInfo, *, policy: Policy) -> Traits:
    """Read what a model's name, family and size tell."""
    name = short_name(info.name)
    told = info.family.casefold()
    not_for_text = next((says for pattern, says in policy.never if pattern.search(name)), "")
    if info.capabilities and not {"completion", "chat"} & set(info.capabilities):
        not_for_text = f"its server says that it is for {', '.join(info.capabilities)} only"
    bits = _bits(info.quantization.casefold()) or _bits(name)
    family = next((item for item in policy.families if item.pattern.search(name)), None) or next(
        (item for item in policy.families if told and item.pattern.search(told)), None
    )
    return Traits(
        family=family.name if family else "",
        kind=family.kind if family else "unknown",
        tier=family.tier if family else 3,
        says=family.says if family else "of a family that is not known here",
        parameters=_parameters(name) or _from_size(info.size_bytes, bits),
        active_share=_active_share(name)
        or next((share for pattern, share in policy.mixtures if pattern.search(name)), 1.0),
        bits=bits,
        not_for_text=not_for_text,
    )


def _parameters(name: str) -> float | None:
    for pattern, count in _KNOWN_SIZES:
        if pattern.search(name) and not _PARAMETERS.search(name):
            return count
    counts = [
        (int(times) if times else 1) * float(number) * (1e9 if unit == "b" else 1e6)
        for times, number, unit in _PARAMETERS.findall(name)
    ]
    return max((count for count in counts if 1e6 <= count < 3e12), default=None)


def _active_share(name: str) -> float | None:
    active, total = _ACTIVE.search(name), _parameters(name)
    if active and total:
        return min(1.0, float(active.group(1)) * 1e9 / total)
    return None


def _from_size(size: int | None, bits: float | None) -> float | None:
    return size * 8 / (bits or _FULL_BITS) if size else None


def _bits(text: str) -> float | None:
    for pattern in _BITS:
        if (found := pattern.search(text)) and 1 <= int(found.group(1)) <= 32:
            return float(found.group(1))
    return 4.0 if _FOUR_BITS.search(text) else None
