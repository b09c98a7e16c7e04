import asyncio

import pytest

from prentice.errors import RunError
from prentice.runs.protocol import StepContext
from prentice.runs.registry import Registry


async def answer(context: StepContext[int], *, plus: int) -> int:
    return context.services + plus


def test_a_step_is_called_by_its_name_with_its_arguments_and_the_services() -> None:
    registry: Registry[int] = Registry()
    registry.add_step("answer", answer)
    context = StepContext(40, "R-1", lambda _: None)
    assert asyncio.run(registry.call_step("answer", context, {"plus": 2})) == 42


def test_names_that_are_not_registered_are_typed_errors() -> None:
    registry: Registry[int] = Registry()
    with pytest.raises(RunError, match="no runs of the kind 'gone'"):
        registry.body("gone")
    with pytest.raises(RunError, match="no step 'gone'"):
        asyncio.run(registry.call_step("gone", StepContext(0, "R-1", lambda _: None), {}))


def test_a_step_acts_unless_it_is_registered_as_one_that_does_not() -> None:
    registry: Registry[int] = Registry()
    registry.add_step("reads", answer, acts=False)
    registry.add_step("writes", answer)
    assert (registry.acts("reads"), registry.acts("writes")) == (False, True)
