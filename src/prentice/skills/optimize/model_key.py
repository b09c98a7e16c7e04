"""What a model's tuned templates are found by: its name and its quantization."""

from prentice.backends.router import Choice
from prentice.errors import BackendError
from prentice.prompts.tuned import ModelKey, is_tuned


async def model_key(choice: Choice) -> ModelKey:
    """Give the key of the model that was chosen; the quantization is the backend's word, where it has one."""
    if choice.candidate is not None:
        return ModelKey(name=choice.model, quantization=choice.candidate.info.quantization)
    try:
        listed = await choice.backend.models()
    except BackendError:
        listed = []
    found = next((info for info in listed if info.name == choice.model), None)
    return ModelKey(name=choice.model, quantization=found.quantization if found else "")


async def tuned_for(choice: Choice, *templates: str) -> ModelKey | None:
    """Give the key where any of the templates was tuned for some model; else nobody is asked, and there is none."""
    return await model_key(choice) if any(is_tuned(template) for template in templates) else None
