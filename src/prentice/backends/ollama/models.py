"""What Ollama tells of its models: the entries of `/api/tags` and the facts of `/api/show`."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

from prentice.backends.context_window import ModelShape
from prentice.backends.json_values import mapping, size, text, texts
from prentice.backends.locality import REMOTE_KEYS
from prentice.backends.protocol import ModelInfo
from prentice.errors import RemoteRefusedError


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelFacts:
    """What one call needs to know of a model. `name` is the one to use in requests: it keeps the model local."""

    name: str = ""
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
    cache_per_token: int | None = None
    """Bytes of keys and values for each token of the window, where the server was asked."""
    refusal: RemoteRefusedError | None = None
    """The error to raise for who asks for it by name, where it does not run on this machine."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Loaded:
    """A model in the server's memory; sizes in bytes. `expires` is when it leaves, as the server writes it."""

    name: str
    size_bytes: int
    vram_bytes: int
    context: int | None = None
    digest: str = ""
    expires: str = ""

    @property
    def on_cpu(self) -> float:
        """The share of the model that is not in graphics memory, from 0 to 1: what makes it slow."""
        return max(0.0, 1 - self.vram_bytes / self.size_bytes) if self.size_bytes else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelCard:
    """All that is shown of a model. `engine` is `mlx` for the format that Ollama's own engine runs, else `gguf`.

    `parameters` are the lines that the model itself sets, `license` is its first line.
    """

    info: ModelInfo
    engine: str = ""
    parameter_size: str = ""
    cache_per_token: int = 0
    template: str = ""
    parameters: tuple[str, ...] = ()
    license: str = ""
    modified: str = ""


def card(document: Mapping[str, object], *, info: ModelInfo) -> ModelCard:
    """Read an answer of `/api/show` in full; odd or absent values leave the defaults."""
    details = mapping(document.get("details"))
    lines = [line.strip() for line in text(document.get("parameters")).splitlines()]
    return ModelCard(
        info=info,
        engine={"safetensors": "mlx"}.get(text(details.get("format")), text(details.get("format"))),
        parameter_size=text(details.get("parameter_size")),
        cache_per_token=facts(document).shape.cache_per_token,
        template=text(document.get("template")),
        parameters=tuple(" ".join(line.split()) for line in lines if line),
        license=next((line.strip() for line in text(document.get("license")).splitlines() if line.strip()), ""),
        modified=text(document.get("modified_at")),
    )


def version(document: Mapping[str, object]) -> str | None:
    """Read an answer of `/api/version`; None where it has another shape."""
    return text(document.get("version")) or None


def shown(document: dict[str, object]) -> dict[str, object] | None:
    """Give an answer of `/api/show` as it is; None where it has another shape."""
    known = ("model_info", "details", "capabilities", "modelfile", "template", *REMOTE_KEYS)
    return document if any(key in document for key in known) else None


def loaded(document: Mapping[str, object]) -> tuple[Loaded, ...] | None:
    """Read an answer of `/api/ps`; None where it has another shape."""
    entries = document.get("models", document)
    if entries is None:
        return ()
    if not isinstance(entries, list) or not all(isinstance(entry, dict) for entry in entries):
        return None
    return tuple(
        Loaded(
            name=text(entry.get("name")) or text(entry.get("model")),
            size_bytes=size(entry.get("size")) or 0,
            vram_bytes=size(entry.get("size_vram")) or 0,
            context=size(entry.get("context_length")),
            digest=text(entry.get("digest")),
            expires=text(entry.get("expires_at")),
        )
        for entry in entries
    )


def may_forward(document: Mapping[str, object]) -> bool | None:
    """Read an answer of `/api/status`: whether the cloud is switched on; None where it does not say."""
    disabled = mapping(document.get("cloud")).get("disabled")
    return not disabled if isinstance(disabled, bool) else None


def facts(document: Mapping[str, object]) -> ModelFacts:
    """Read an answer of `/api/show`; odd or absent values leave the defaults."""
    info = document.get("model_info")
    info = info if isinstance(info, dict) else {}
    family = text(mapping(document.get("details")).get("family")) or text(info.get("general.architecture"))
    return ModelFacts(
        shape=ModelShape.from_info(info), capabilities=texts(document.get("capabilities")), family=family.casefold()
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
        name = text(entry.get("name")) or text(entry.get("model"))
        if not name:
            return None
        details = mapping(entry.get("details"))
        info = ModelInfo(
            name=name,
            backend="ollama",
            host=host,
            size_bytes=size(entry.get("size")),
            quantization=text(details.get("quantization_level")),
            family=text(details.get("family")).casefold(),
            digest=text(entry.get("digest")),
            capabilities=texts(entry.get("capabilities")),
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
