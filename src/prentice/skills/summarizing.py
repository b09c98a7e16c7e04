"""The run of a summary: one step, so that whoever asked need not stay until a slow model has read a long text."""

from collections.abc import Mapping
from typing import Final

from prentice.runs.protocol import Json, Step, StepContext
from prentice.runs.registry import Need, Registry
from prentice.skills.reporting import pieces_told
from prentice.skills.services import Services
from prentice.skills.summarize import PURPOSE, Kind, summarize

SUMMARIZE: Final = "summarize"


def register(registry: Registry[Services]) -> None:
    """Register the body and its step."""
    registry.add_body(SUMMARIZE, summarize_text)
    registry.add_step("summarize.sum_up", sum_up, needs=server, acts=False)


async def summarize_text(step: Step, arguments: Mapping[str, Json]) -> Json:
    """Give the document of a text's summary. Arguments: `text`, `kind`, `name`."""
    return await step.do("summarize.sum_up", **arguments)


async def server(services: Services, arguments: Mapping[str, Json]) -> Need | None:
    """Say which server the text goes to."""
    del arguments
    return await services.server(PURPOSE)


async def sum_up(context: StepContext[Services], *, text: str, kind: Kind, name: str) -> Json:
    """Summarize a text.

    Raises:
        TextError, ReplyError, BackendError: as for the skill.
    """
    told = pieces_told(context)
    return (await summarize(text, kind=kind, name=name, services=context.services, on_piece=told)).document()
