"""A model that could answer, with all that is known of it before the choice."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from prentice.backends.protocol import ModelInfo
from prentice.backends.routing.track_record import Outcomes, Speed


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """One model at one place. What is None is not known.

    `refusal` says why it may not be used at all (it runs elsewhere, it only embeds), empty where it may. `resident`
    tells that it is in memory now, with a window of `loaded_context` tokens; `warm` by the purpose of calls how many
    tokens of their prompts' beginning the backend has computed already; `structured` whether a probe showed that its
    replies keep to a schema. `cache_per_token` is in bytes.
    """

    info: ModelInfo
    refusal: str = ""
    resident: bool = False
    loaded_context: int | None = None
    warm: Mapping[str, int] = field(default_factory=dict)
    structured: bool | None = None
    elsewhere: bool = False
    """Whether its host is another machine, of whose memory and speed nothing is known here."""
    cache_per_token: int | None = None
    speed: Speed = Speed()  # noqa: RUF009 - frozen, so shared safely
    outcomes: Outcomes = Outcomes()  # noqa: RUF009 - as above

    @property
    def name(self) -> str:
        """The model's name at its backend."""
        return self.info.name

    @property
    def backend(self) -> str:
        """The backend's name."""
        return self.info.backend

    @property
    def place(self) -> tuple[str, str]:
        """What serves it: when this fails, all its models are gone."""
        return self.info.backend, self.info.host
