"""The run that fetches a model: one step, which goes on where a download was cut off, in whichever process."""

from collections.abc import Mapping
from dataclasses import asdict
from typing import Final

from prentice.runs.protocol import Json, Step, StepContext
from prentice.runs.registry import Registry
from prentice.skills.model_store import pull
from prentice.skills.services import Services

PULL: Final = "models.pull"


def register(registry: Registry[Services]) -> None:
    """Register the body and its step."""
    registry.add_body(PULL, fetch_model)
    registry.add_step("models.fetch", fetch)


async def fetch_model(step: Step, arguments: Mapping[str, Json]) -> Json:
    """Fetch a model and give its document. Arguments: `name`, `insecure`."""
    return await step.do("models.fetch", name=arguments["name"], insecure=arguments["insecure"])


async def fetch(context: StepContext[Services], *, name: str, insecure: bool) -> Json:
    """Fetch a model, or what is missing of it, and report how far it is."""
    pulled = await pull(
        name,
        context.services.settings,
        insecure=insecure,
        on_progress=lambda moment: context.report({"doing": "fetching", "progress": asdict(moment)}),
    )
    return pulled.document()
