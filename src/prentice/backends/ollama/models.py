"""What Ollama tells of its models: the entries of `/api/tags` and the facts of `/api/show`."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from prentice.backends.context_window import ModelShape
from prentice.backends.protocol import ModelInfo
from prentice.errors import RemoteRefusedError


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """What one call needs to know of a model."""

    shape: ModelShape = ModelShape()  # noqa: RUF009 - frozen, so shared safely
    capabilities: tuple[str, ...] = ()
    family: str = ""

    @property
    def answers(self) -> bool:
        """Whether the model completes text: one that only embeds does not, one that says nothing is tried."""
        return not self.capabilities or "completion" in self.capabilities

    @property
    def think(self) -> bool | str | None:
        """The `think` to send: off where the model thinks (absent means on), `low` for gpt-oss, which has no off."""
        if "thinking" not in self.capabilities:
            return None
        return "low" if self.family.replace("-", "") == "gptoss" else False


@dataclass(frozen=True, slots=True, kw_only=True)
class Installed:
    """A model that the server lists; `why_not` says why it cannot be used here, and is empty where it can."""

    info: ModelInfo
    why_not: str = ""
    refusal: RemoteRefusedError | None = None
    """The error to raise for who asks for it by name, where it does not run on this machine."""


def facts(document: Mapping[str, object]) -> ModelFacts:
    """Read an answer of `/api/show`; odd or absent values leave the defaults."""
    info = document.get("model_info")
    info = info if isinstance(info, dict) else {}
    family = _text(_mapping(document.get("details")).get("family")) or _text(info.get("general.architecture"))
    return ModelFacts(
        shape=ModelShape.from_info(info), capabilities=_texts(document.get("capabilities")), family=family.casefold()
    )


def listed(document: Mapping[str, object], *, host: str) -> list[tuple[ModelInfo, dict[str, object]]] | None:
    """Read an answer of `/api/tags` as models beside their raw entries; None where it has another shape."""
    entries = document.get("models", document)
    if entries is None:
        return []  # Go writes an empty list so
    if not isinstance(entries, list):
        return None
    found = []
    for entry in entries:
        if not isinstance(entry, dict):
            return None
        name = _text(entry.get("name")) or _text(entry.get("model"))
        if not name:
            return None
        details = _mapping(entry.get("details"))
        size = entry.get("size")
        info = ModelInfo(
            name=name,
            backend="ollama",
            host=host,
            size_bytes=size if isinstance(size, int) and not isinstance(size, bool) and size > 0 else None,
            quantization=_text(details.get("quantization_level")),
            family=_text(details.get("family")).casefold(),
            digest=_text(entry.get("digest")),
            capabilities=_texts(entry.get("capabilities")),
        )
        found.append((info, entry))
    return found


def with_facts(info: ModelInfo, known: ModelFacts) -> ModelInfo:
    """Complete an entry of the list by what `/api/show` says."""
    return replace(
        info,
        capabilities=known.capabilities or info.capabilities,
        context=known.shape.trained,
        family=known.family or info.family,
    )


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, dict) else {}


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""


def _texts(value: object) -> tuple[str, ...]:
    return tuple(item for item in value if isinstance(item, str)) if isinstance(value, list) else ()
