import asyncio
import json
from collections.abc import AsyncIterator, Callable, Coroutine, Iterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import pytest

from prentice.errors import DefectError, LedgerError, RunError, StoppedError, TextError
from prentice.ledger.database import Database
from prentice.ledger.migrations import LEDGER
from prentice.ledger.runs_table import RunsTable, Submission
from prentice.runs.engine import DurableRuns
from prentice.runs.protocol import Event, Step, StepContext
from prentice.runs.registry import Registry

PATIENCE = 20
"""Seconds after which a wait has failed; nothing here takes one."""


@dataclass
class World:
    """What the steps of these tests touch: a list of what was done, and gates that they wait at."""

    done: list[object] = field(default_factory=list)
    reached: asyncio.Event = field(default_factory=asyncio.Event)
    gate: asyncio.Event = field(default_factory=asyncio.Event)


Context = StepContext[World]


async def note(context: Context, *, what: object) -> object:
    context.services.done.append(what)
    return what


async def pause(context: Context) -> str:
    context.report({"doing": "waiting"})
    context.services.reached.set()
    await context.services.gate.wait()
    return "paused"


async def tell_much(context: Context) -> None:
    for number in range(3):
        context.report({"doing": number})


async def typed_failure(_context: Context) -> None:
    raise TextError("The text is empty.", next_step="Write one.", details={"at": 3})


async def untyped_failure(_context: Context) -> None:
    raise KeyError("lost")


async def odd_result(_context: Context) -> object:
    return {"pair": (1, 2), 3: None}


async def no_json(_context: Context) -> object:
    return {1, 2}


async def two_notes_around_a_pause(step: Step, arguments: Mapping[str, Any]) -> object:
    first = await step.do("note", what=arguments["first"])
    await step.do("pause")
    second = await step.do("note", what="second")
    return [first, second]


async def waits(step: Step, _arguments: Mapping[str, Any]) -> object:
    await step.do("note", what="before")
    return await step.wait("answer")


async def times_and_ids(step: Step, _arguments: Mapping[str, Any]) -> object:
    return [await step.now(), await step.now(), await step.new_id(), await step.new_id()]


async def same_step_twice(step: Step, _arguments: Mapping[str, Any]) -> object:
    return [await step.do("note", what=number) for number in range(3)]


async def does(step: Step, arguments: Mapping[str, Any]) -> object:
    return await step.do(arguments["step"])


async def fails_between_steps(_step: Step, _arguments: Mapping[str, Any]) -> object:
    raise ValueError


def registry() -> Registry[World]:
    made: Registry[World] = Registry()
    for body in (two_notes_around_a_pause, waits, times_and_ids, same_step_twice, does, fails_between_steps):
        made.add_body(body.__name__, body)
    for step in (note, pause, tell_much, typed_failure, untyped_failure, odd_result, no_json):
        made.add_step(step.__name__, step)
    return made


@pytest.fixture
def table(tmp_path: Path) -> Iterator[RunsTable]:
    database = Database(tmp_path / "ledger.db", LEDGER)
    yield RunsTable(database)
    database.close()


def carried(
    table: RunsTable, scene: Callable[[DurableRuns[World], World], Coroutine[Any, Any, None]], **options: Any
) -> None:
    """Play a scene on an event loop of its own, as a process does."""

    async def main() -> None:
        world = World()

        @asynccontextmanager
        async def services(_run: str, _options: object) -> AsyncIterator[World]:
            yield world

        async with DurableRuns(table, registry(), services, **options) as runs:
            await asyncio.wait_for(scene(runs, world), PATIENCE)

    asyncio.run(main())


async def kinds(events: AsyncIterator[Event]) -> list[str]:
    return [event.kind async for event in events]


def test_a_run_goes_through_its_steps_and_keeps_its_result(table: RunsTable) -> None:
    async def scene(runs: DurableRuns[World], world: World) -> None:
        world.gate.set()
        run = await runs.submit("two_notes_around_a_pause", {"first": "one"})
        assert await runs.outcome(run) == ["one", "second"]
        state = await runs.get(run)
        assert (state.id, state.kind, state.state, state.arguments, state.result, state.error) == (
            "R-1", "two_notes_around_a_pause", "finished", {"first": "one"}, ["one", "second"], None,
        )  # fmt: skip
        assert world.done == ["one", "second"]

    carried(table, scene)


def test_a_run_carried_on_by_another_process_does_no_finished_step_again(table: RunsTable) -> None:
    async def dies(runs: DurableRuns[World], world: World) -> None:
        run = await runs.submit("two_notes_around_a_pause", {"first": "one"})
        await world.reached.wait()
        assert world.done == ["one"]
        table.database.close()  # as a killed process: nothing more is written
        with pytest.raises(LedgerError):
            await runs.get(run)

    carried(table, dies)
    database = Database(table.database.path, LEDGER)
    again = RunsTable(database)
    assert again.get("R-1").state == "running"
    with database.transaction() as connection:
        connection.execute("UPDATE runs SET lease_until = 0")

    async def takes_over(runs: DurableRuns[World], world: World) -> None:
        world.gate.set()
        runs.adopt("R-1")
        assert await runs.outcome("R-1") == ["one", "second"]
        assert world.done == ["second"]
        assert [event.kind for event in again.events("R-1")] == [
            "begin", "step", "begin", "taken over", "begin", "step", "begin", "step", "finished",
        ]  # fmt: skip
        assert again.events("R-1")[3].data["by"] == runs.name
        runs.adopt("R-1")
        assert await runs.outcome("R-1") == ["one", "second"]
        assert world.done == ["second"], "an ended run is not carried on"

    carried(again, takes_over)
    database.close()


def test_times_and_ids_are_the_same_when_the_body_runs_again(table: RunsTable) -> None:
    async def first(runs: DurableRuns[World], _world: World) -> None:
        run = await runs.submit("times_and_ids", {})
        result = await runs.outcome(run)
        assert result[0] <= result[1]
        assert result[2] != result[3]

    carried(table, first)
    with table.database.transaction() as connection:
        connection.execute("UPDATE runs SET state = 'queued', result = NULL")

    async def second(runs: DurableRuns[World], _world: World) -> None:
        before = [json.loads(row["result"]) for row in table.database.rows("SELECT result FROM steps ORDER BY rowid")]
        runs.adopt("R-1")
        assert await runs.outcome("R-1") == before

    carried(table, second)


def test_steps_of_one_name_are_kept_apart_by_their_number(table: RunsTable) -> None:
    async def scene(runs: DurableRuns[World], world: World) -> None:
        assert await runs.outcome(await runs.submit("same_step_twice", {})) == [0, 1, 2]
        assert world.done == [0, 1, 2]
        assert [event.data for event in table.events("R-1") if event.kind == "step"] == [
            {"name": "note", "n": n} for n in (1, 2, 3)
        ]

    carried(table, scene)


def test_a_result_is_at_once_what_a_later_process_will_read(table: RunsTable) -> None:
    async def scene(runs: DurableRuns[World], _world: World) -> None:
        result = await runs.outcome(await runs.submit("does", {"step": "odd_result"}))
        assert result == {"pair": [1, 2], "3": None}
        assert table.step_result("R-1", "odd_result", 1) == (result,)

    carried(table, scene)


FAILURES: dict[str, tuple[str, Mapping[str, Any], type[Exception], dict[str, object]]] = {
    "a typed error of a step": (
        "does", {"step": "typed_failure"}, TextError,
        {"code": "task_text", "message": "The text is empty.", "next_step": "Write one.", "at": 3},
    ),
    "an untyped error of a step": ("does", {"step": "untyped_failure"}, KeyError, {"code": "defect"}),
    "an error between steps": ("fails_between_steps", {}, ValueError, {"code": "defect"}),
    "an unknown step": ("does", {"step": "gone"}, RunError, {"code": "run"}),
    "a result that is not JSON": ("does", {"step": "no_json"}, DefectError, {"code": "defect"}),
}  # fmt: skip


@pytest.mark.parametrize("failure", FAILURES)
def test_a_failure_ends_the_run_with_its_error_document(table: RunsTable, failure: str) -> None:
    body, arguments, error, document = FAILURES[failure]

    async def scene(runs: DurableRuns[World], _world: World) -> None:
        run = await runs.submit(body, arguments)
        with pytest.raises(error):
            await runs.outcome(run)
        state = await runs.get(run)
        assert state.state == "failed"
        assert state.result is None
        assert document.items() <= state.error.items()
        assert state.error["message"]
        assert state.error["next_step"]
        assert (await kinds(runs.watch(run)))[-1] == "failed"
        assert table.step_result(run, str(arguments.get("step")), 1) is None, "a step that failed is not remembered"

    carried(table, scene)


def test_an_unknown_body_makes_no_run(table: RunsTable) -> None:
    async def scene(runs: DurableRuns[World], _world: World) -> None:
        with pytest.raises(RunError, match="no runs of the kind 'gone'"):
            await runs.submit("gone", {})
        with pytest.raises(DefectError):
            await runs.submit("waits", {"set": {1}})
        with pytest.raises(RunError, match="no run R-1"):
            await runs.get("R-1")

    carried(table, scene)


def test_a_run_of_a_kind_that_this_version_lacks_is_left_to_one_that_has_it(table: RunsTable) -> None:
    run = table.submit(Submission(kind="of the future", arguments={})).id

    async def scene(runs: DurableRuns[World], _world: World) -> None:
        with pytest.raises(RunError) as caught:
            runs.adopt(run)
        assert "version" in caught.value.next_step
        known = await runs.submit("same_step_twice", {})
        assert await runs.outcome(known) == [0, 1, 2]

    carried(table, scene, carries="all")
    assert table.get(run).state == "queued"


def test_runs_that_do_not_exist_are_typed_errors_and_so_are_signals_to_ended_ones(table: RunsTable) -> None:
    async def scene(runs: DurableRuns[World], _world: World) -> None:
        for call in (runs.get, runs.cancel, runs.outcome):
            with pytest.raises(RunError, match="no run R-99"):
                await call("R-99")
        with pytest.raises(RunError):
            runs.watch("R-99")
        with pytest.raises(RunError):
            await runs.signal("R-99", "answer", 1)
        ended = await runs.submit("same_step_twice", {})
        await runs.outcome(ended)
        with pytest.raises(RunError, match="has ended"):
            await runs.signal(ended, "answer", 1)

    carried(table, scene)


def test_a_watcher_sees_every_event_from_the_beginning_and_then_the_end(table: RunsTable) -> None:
    whole = ["begin", "step", "begin", "progress", "step", "begin", "step", "finished"]

    async def scene(runs: DurableRuns[World], world: World) -> None:
        run = await runs.submit("two_notes_around_a_pause", {"first": "one"})
        early = asyncio.create_task(kinds(runs.watch(run)))
        await world.reached.wait()
        late = asyncio.create_task(kinds(runs.watch(run)))
        world.gate.set()
        await runs.outcome(run)
        assert await early == whole
        assert await late == [kind for kind in whole if kind != "progress"], "passing progress is not kept"
        assert await kinds(runs.watch(run)) == await late

    carried(table, scene)


def test_progress_comes_in_its_place_also_to_a_watcher_who_is_slower_than_the_run(table: RunsTable) -> None:
    async def scene(runs: DurableRuns[World], _world: World) -> None:
        run = await runs.submit("does", {"step": "tell_much"})
        events = runs.watch(run)
        await runs.outcome(run)
        table.note(run, "call", {"late": True})
        assert [(event.kind, event.data) for event in [event async for event in events]] == [
            ("begin", {"name": "tell_much", "n": 1}),
            ("progress", {"doing": 0}), ("progress", {"doing": 1}), ("progress", {"doing": 2}),
            ("step", {"name": "tell_much", "n": 1}), ("finished", None), ("call", {"late": True}),
        ]  # fmt: skip
        assert (await kinds(runs.watch(run)))[-1] == "call", "what is noted after the end keeps nobody waiting"

    carried(table, scene)


def test_a_signal_is_awaited_remembered_and_may_come_before_the_wait(table: RunsTable) -> None:
    async def scene(runs: DurableRuns[World], _world: World) -> None:
        run = await runs.submit("waits", {})
        await runs.signal(run, "answer", {"yes": True})
        await runs.signal(run, "answer", "too late")
        assert await runs.outcome(run) == {"yes": True}
        assert table.step_result(run, "wait:answer", 1) == ({"yes": True},)
        waiting = await runs.submit("waits", {})
        async for event in runs.watch(waiting):
            if event.kind == "waiting":
                break
        assert (await runs.get(waiting)).state == "waiting"
        await runs.signal(waiting, "answer", None)
        assert await runs.outcome(waiting) is None

    carried(table, scene)


@pytest.mark.parametrize("begun", [True, False])
def test_a_cancelled_run_ends_as_cancelled_for_all_who_wait_or_watch(table: RunsTable, *, begun: bool) -> None:
    async def scene(runs: DurableRuns[World], world: World) -> None:
        run = await runs.submit("two_notes_around_a_pause", {"first": 1})
        watching = asyncio.create_task(kinds(runs.watch(run)))
        if begun:
            await world.reached.wait()
        await runs.cancel(run)
        with pytest.raises(StoppedError, match=run):
            await runs.outcome(run)
        assert (await runs.get(run)).state == "cancelled"
        assert (await watching)[-1] == "cancelled"
        assert await kinds(runs.watch(run)) == (["begin", "step", "begin", "cancelled"] if begun else ["cancelled"])
        await runs.cancel(run)
        assert [event.kind for event in table.events(run)].count("cancelled") == 1

    carried(table, scene)


def test_a_run_that_no_process_carries_can_be_cancelled(table: RunsTable) -> None:
    run = table.submit(Submission(kind="waits", arguments={})).id

    async def scene(runs: DurableRuns[World], _world: World) -> None:
        await runs.cancel(run)
        assert (await runs.get(run)).state == "cancelled"

    carried(table, scene)


def test_whoever_is_stopped_while_waiting_for_a_run_takes_the_run_along(table: RunsTable) -> None:
    async def scene(runs: DurableRuns[World], world: World) -> None:
        run = await runs.submit("two_notes_around_a_pause", {"first": 1})
        waiting = asyncio.create_task(runs.outcome(run))
        await world.reached.wait()
        waiting.cancel()
        with pytest.raises(asyncio.CancelledError):
            await waiting
        assert (await runs.get(run)).state == "cancelled"

    carried(table, scene)


def test_an_engine_that_closes_gives_its_runs_back(table: RunsTable) -> None:
    async def scene(runs: DurableRuns[World], world: World) -> None:
        await runs.submit("waits", {})
        await runs.submit("two_notes_around_a_pause", {"first": 1})
        await world.reached.wait()
        await runs.submit("two_notes_around_a_pause", {"first": 2})

    carried(table, scene)
    assert [table.get(run).state for run in ("R-1", "R-2", "R-3")] == ["waiting", "queued", "queued"]


def test_a_watcher_is_not_left_waiting_when_the_ledger_can_no_longer_be_written(table: RunsTable) -> None:
    async def scene(runs: DurableRuns[World], world: World) -> None:
        run = await runs.submit("two_notes_around_a_pause", {"first": 1})
        events = runs.watch(run)
        await world.reached.wait()
        table.database.close()
        world.gate.set()
        with pytest.raises(LedgerError):
            await runs.outcome(run)
        assert (await kinds(events))[-1] == "failed"

    carried(table, scene)


def test_a_large_result_survives(table: RunsTable) -> None:
    async def scene(runs: DurableRuns[World], world: World) -> None:
        world.gate.set()
        text = "ü" * 200_000
        run = await runs.submit("two_notes_around_a_pause", {"first": text})
        assert (await runs.outcome(run))[0] == text
        assert (await runs.get(run)).result[0] == text

    carried(table, scene)
