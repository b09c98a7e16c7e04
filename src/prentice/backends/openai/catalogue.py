"""What a server tells of its models: its list, and what the look-ups beyond OpenAI's add of windows and of places.

Each look-up belongs to a kind of server, but none is asked what it is: an answer of the right shape is used, any other
is passed over.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Final

from prentice.backends.json_values import count, mapping, size, text, texts
from prentice.backends.locality import full_name
from prentice.backends.protocol import ModelInfo

PROPS: Final = "/props"
"""llama-server: the window of one slot, which is the loaded one."""
DETAILS: Final = "/api/v0/models"
"""LM Studio: type, quantization, the loaded and the largest window of each model."""
ROUTES: Final = "/model/info"
"""LiteLLM: where each model is forwarded to, and the largest input it takes."""
TAGS: Final = "/api/tags"
"""Ollama, also behind its OpenAI-compatible paths: `remote_host` of models that are forwarded."""
LOOK_UPS: Final = (PROPS, DETAILS, ROUTES, TAGS)

_LOADED: Final = ("max_model_len", "loaded_context_length", "context_length", "context_window", "max_input_tokens")
_LOCAL_ROUTES: Final = ("ollama/", "ollama_chat/")


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What is known of one model. `window` is the largest that may be in force, in tokens; None where nobody says."""

    info: ModelInfo
    window: int | None = None
    aliases: tuple[str, ...] = ()
    forwarded_to: str = ""
    """Where the server sends the model's requests, as it says itself; empty where it does not say so."""
    version: str = ""
    """The server's own, where it tells it (llama-server)."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """The models of a server that answer."""

    models: tuple[Facts, ...]

    def find(self, name: str) -> Facts | None:
        """Find a model by its name, by another name that the server gives it, or by a pattern that it lists."""
        for known in self.models:
            if name == known.info.name or name in known.aliases:
                return known
        return next((known for known in self.models if _covers(known.info.name, name)), None)

    @property
    def names(self) -> list[str]:
        """The names of the models that answer."""
        return [known.info.name for known in self.models]


def listed(document: Mapping[str, object]) -> list[Mapping[str, object]] | None:
    """Give the entries of an answer of `/models`; None where it has another shape."""
    entries = document.get("data")
    if entries is None:
        return [] if "data" in document else None
    if not isinstance(entries, list):
        return None
    found: list[Mapping[str, object]] = []
    for entry in entries:
        if not isinstance(entry, dict) or not text(entry.get("id")):
            return None
        found.append(entry)
    return found


def read(entries: Sequence[Mapping[str, object]], looked_up: Mapping[str, object], *, url: str) -> Catalogue:
    """Put together what the list and the look-ups say; models that only embed are left out."""
    details = {str(entry.get("id")): entry for entry in _entries(looked_up.get(DETAILS), "data")}
    routes: dict[str, list[Mapping[str, object]]] = {}
    for entry in _entries(looked_up.get(ROUTES), "data"):
        routes.setdefault(str(entry.get("model_name")), []).append(entry)
    tags = {full_name(str(entry.get("name"))): entry for entry in _entries(looked_up.get(TAGS), "models")}
    version = text(mapping(looked_up.get(PROPS)).get("build_info"))
    slot = mapping(mapping(looked_up.get(PROPS)).get("default_generation_settings")).get("n_ctx")
    models = []
    for entry in entries:
        name = str(entry["id"])
        detail = details.get(name, {})
        if detail.get("type") == "embeddings":
            continue
        routed = routes.get(name, [])
        window = _window(entry, detail, routed, slot=count(slot))
        models.append(
            Facts(
                info=_info(entry, detail, window=window, url=url),
                window=window,
                aliases=texts(entry.get("aliases")),
                forwarded_to=_forwarded_to(routed, tags.get(full_name(name), {})),
                version=version,
            )
        )
    return Catalogue(models=tuple(models))


def _window(
    entry: Mapping[str, object],
    detail: Mapping[str, object],
    routed: Sequence[Mapping[str, object]],
    *,
    slot: int | None,
) -> int | None:
    """Give the window in force where a source says it, else the largest that the model has."""
    meta = mapping(entry.get("meta"))
    limits = [count(mapping(item.get("model_info")).get("max_input_tokens")) for item in routed]
    loaded = [
        slot,
        count(meta.get("n_ctx")),
        count(detail.get("loaded_context_length")),
        *(count(entry.get(key)) for key in _LOADED),
        min((limit for limit in limits if limit), default=None),
    ]
    trained = [count(source) for source in (entry.get("max_context_length"), detail.get("max_context_length"))]
    trained.append(count(meta.get("n_ctx_train")))
    return next((size for size in (*loaded, *trained) if size), None)


def _info(entry: Mapping[str, object], detail: Mapping[str, object], *, window: int | None, url: str) -> ModelInfo:
    meta = mapping(entry.get("meta"))
    return ModelInfo(
        name=str(entry["id"]),
        backend="openai",
        host=url,
        size_bytes=size(meta.get("size")),
        quantization=text(detail.get("quantization")) or text(meta.get("ftype")),
        context=window,
        capabilities=("completion",),
        family=text(detail.get("arch")).casefold(),
    )


def _forwarded_to(routed: Sequence[Mapping[str, object]], tag: Mapping[str, object]) -> str:
    for item in routed:
        parameters = mapping(item.get("litellm_params"))
        base, model = text(parameters.get("api_base")), text(parameters.get("model"))
        if base:
            return base
        if model and not model.startswith(_LOCAL_ROUTES):
            return model.partition("/")[0] if "/" in model else f"the provider of {model}"
    return text(tag.get("remote_host")) or text(tag.get("remote_model"))


def _entries(document: object, key: str) -> Iterator[Mapping[str, object]]:
    entries = mapping(document).get(key)
    if isinstance(entries, list):
        yield from (entry for entry in entries if isinstance(entry, dict))


def _covers(pattern: str, name: str) -> bool:
    return "*" in pattern and fnmatchcase(name, pattern.replace("[", "[[]"))
