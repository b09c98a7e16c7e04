"""The extension for durable tasks: what goes on is polled, answered and cancelled by a handle that leads to its run."""

import asyncio
import json
import socket
from datetime import datetime
from pathlib import Path
from typing import Any

import httpx2
import pytest
import uvicorn
from mcp import Client
from mcp.client.streamable_http import streamable_http_client
from mcp_types import ElicitResult

import prentice
from mcp_server.clients import approving, document, served_at
from mcp_server.task_clients import (
    EXTENSION,
    HOLD,
    MODERN,
    TAKES_FORMS,
    TAKES_TASKS,
    Tasks,
    raw_tasks,
    short,
    tasks_client,
)
from mcp_server.workshop import Workshop, workshop
from plans import good_plan, reply, script, subtask
from prentice import Prentice
from prentice.changes.formats import Format
from prentice.mcp.answers import BYTES_PER_TOKEN
from prentice.mcp.http import app_of
from prentice.mcp.server import PrenticeServer
from prentice.mcp.task_handles import OFFERED
from skills.execute.calculator import CALC, MENDED, answer

__all__ = ["workshop"]
DELAY = 0.6
"""Seconds that a model takes for each half of its answer; twice as long as a call lasts."""
INVALID, MISSING, UNKNOWN_METHOD = -32602, -32021, -32601
BREAKDOWN, EXECUTE, OPTIMIZE = "model_task_breakdown", "model_auto_execute", "model_optimize_prompt"
PLAN: dict[str, Any] = {"task": "T-1"}
TOKEN = "a-token-of-a-test-with-enough-letters"
YES = ElicitResult(action="accept", content={"approve": True})
NO = ElicitResult(action="decline")


def halves(words: str) -> dict[str, Any]:
    middle = len(words) // 2
    return {"chunks": [words[:middle], words[middle:]], "delay": DELAY}


@pytest.fixture
def slow(tmp_path: Path) -> str:
    """A backend that makes the same good plan twice, each time for longer than a call lasts."""
    return script(tmp_path / "slow.jsonl", *[halves(reply(good_plan()))] * 2)


@pytest.fixture
def endless(tmp_path: Path) -> str:
    return script(tmp_path / "endless.jsonl", {"endless": True, "delay": 0.05})


def server(project: Prentice, backend: str) -> PrenticeServer:
    return PrenticeServer(project.directory, backend=backend, hold=HOLD)


def structure(task: dict[str, Any]) -> dict[str, Any]:
    """Give the document of a task that is done."""
    assert task["status"] == "completed", task
    assert not task["result"].get("isError"), task
    found: dict[str, Any] = task["result"]["structuredContent"]
    return found


def test_a_call_that_goes_on_gives_a_task_whose_result_is_what_the_run_gives(project: Prentice, slow: str) -> None:
    async def main() -> None:
        async with tasks_client(short(project.directory, slow)) as client:
            task = await client.begin(BREAKDOWN, PLAN)
            assert (task.status, task.ttl_ms) == ("working", None)
            assert task.task_id.startswith("R-1.")
            assert len(task.task_id) > len("R-1.") + 20
            assert "R-1: " in task.status_message
            made = await client.settled(task.task_id)
            assert made["createdAt"] == task.created_at
            assert datetime.fromisoformat(made["createdAt"]) <= datetime.fromisoformat(made["lastUpdatedAt"])
            assert made["ttlMs"] is None
            assert made["pollIntervalMs"] == task.poll_interval_ms
            assert structure(made)["proposal_id"] == "P-1"
            given = await client.session.call_tool(BREAKDOWN, {"run_id": "R-1"})
            assert made["result"] == given.model_dump(by_alias=True, mode="json", exclude_none=True, exclude={"meta"})

    asyncio.run(main())


def test_a_client_that_does_not_declare_the_extension_gets_no_task_and_may_not_ask_for_one(
    project: Prentice, slow: str
) -> None:
    async def main() -> None:
        served = short(project.directory, slow)
        async with raw_tasks(served) as other:
            task = (await other.call(BREAKDOWN, PLAN))["taskId"]
            schemas = (await other.result("tools/list"))["tools"]
        async with raw_tasks(served, {"elicitation": {"form": {}}}) as client:
            assert (await client.result("tools/list"))["tools"] == schemas
            found = await client.call(BREAKDOWN, PLAN)
            assert found["resultType"] == "complete"
            assert found["structuredContent"]["state"] == "running"
            for method in ("tasks/get", "tasks/cancel", "tasks/update"):
                refused = (await client.ask(method, taskId=task, inputResponses={}))["error"]
                assert refused["code"] == MISSING
                assert refused["data"] == {"requiredCapabilities": {"extensions": {EXTENSION: {}}}}
            listening = await client.ask("subscriptions/listen", notifications={"taskIds": [task]})
            assert listening["error"]["code"] == MISSING

    asyncio.run(main())


def test_clients_of_the_earlier_era_see_nothing_of_tasks(project: Prentice, slow: str) -> None:
    async def main() -> None:
        async with Client(server(project, slow), mode="legacy", extensions=[Tasks()]) as client:
            assert not client.server_capabilities.extensions
            found = document(await client.call_tool(BREAKDOWN, PLAN))
            assert found["state"] == "running"
            assert OFFERED not in [event["kind"] for event in project.run_document("R-1")["events"]]
            async with raw_tasks(short(project.directory, slow)) as raw:
                await raw.talk.hello({"extensions": {EXTENSION: {}}})
                await raw.talk.send({"id": 2, "method": "tasks/get", "params": {"taskId": "R-1.x"}})
                assert (await raw.talk.until(id=2))["error"]["code"] == UNKNOWN_METHOD

    asyncio.run(main())


def test_the_program_itself_offers_the_extension_and_answers_quick_calls_at_once(project: Prentice) -> None:
    async def main() -> None:
        async with raw_tasks(served_at(project.directory)) as client:
            assert EXTENSION in (await client.result("server/discover"))["capabilities"]["extensions"]
            found = await client.call(BREAKDOWN, PLAN)
            assert (found["resultType"], found["structuredContent"]["state"]) == ("complete", "open")

    asyncio.run(main())


def test_the_task_of_a_server_that_was_killed_is_finished_by_the_next(project: Prentice, slow: str) -> None:
    served = short(project.directory, slow)

    async def main() -> dict[str, Any]:
        async with raw_tasks(served) as client:
            task: str = (await client.call(BREAKDOWN, PLAN))["taskId"]
            await client.talk.kill()
        assert project.run_state("R-1").state == "running"  # nobody could say otherwise
        async with raw_tasks(served) as client:
            assert (await client.result("tasks/get", taskId=task))["status"] == "working"
            return structure(await client.settled(task))

    plan = asyncio.run(main())
    assert (plan["state"], plan["run_id"]) == ("open", "R-1")
    assert [proposal.id for proposal in project.proposals()] == ["P-1"]


def test_a_person_approves_through_the_task_once(project: Prentice, slow: str) -> None:
    served = short(project.directory, slow)

    async def main() -> None:
        async with raw_tasks(served, TAKES_FORMS) as client:
            task: str = (await client.call(BREAKDOWN, PLAN))["taskId"]
            asked = await client.settled(task)
            assert asked["status"] == "input_required"
            [(key, question)] = asked["inputRequests"].items()
            assert question["method"] == "elicitation/create"
            assert str(project.directory) in question["params"]["message"]
            assert "approve" in question["params"]["requestedSchema"]["properties"]
            assert (await client.result("tasks/get", taskId=task))["inputRequests"] == asked["inputRequests"]
            for said in ({"action": "accept", "content": {"approve": True, "only": "docs"}}, {"action": "accept"}):
                for name in (key, "another"):
                    done = await client.result("tasks/update", taskId=task, inputResponses={name: said})
                    assert done["resultType"] == "complete"
            await client.talk.kill()
        async with raw_tasks(served, TAKES_FORMS) as client:
            late = {"action": "accept", "content": {"approve": True}}
            await client.result("tasks/update", taskId=task, inputResponses={key: late})
            plan = structure(await client.settled(task))
            assert (plan["state"], len(plan["created"])) == ("approved", 1)

    asyncio.run(main())
    assert len(project.tasks().children("T-1")) == 1
    assert (project.proposal("P-1").decision or {})["actor"] == "person"


def test_a_person_who_declined_is_asked_by_no_later_server(project: Prentice, slow: str) -> None:
    async def main() -> None:
        async with tasks_client(server(project, slow), asks=True) as client:
            task = (await client.begin(BREAKDOWN, PLAN)).task_id
            key, _ = await client.question(task)
            await client.update(task, key, NO)
            assert structure(await client.get(task))["state"] == "open"
        async with tasks_client(server(project, slow), asks=True) as client:
            plan = structure(await client.get(task))
            assert plan["state"] == "open"
            assert "prentice approve P-1" in plan["approve"]
            await client.update(task, key, YES)
            assert structure(await client.get(task))["state"] == "open"

    asyncio.run(main())
    assert list(project.tasks().tasks) == ["T-1"]


def test_an_approval_that_the_rules_refuse_ends_the_task_with_the_reason(project: Prentice, slow: str) -> None:
    project.comment("T-1", "Found to be done.", kind="result")
    owner = prentice.open(project.directory, actor="person")

    async def main() -> None:
        async with tasks_client(server(project, slow), asks=True) as client:
            task = (await client.begin(BREAKDOWN, PLAN)).task_id
            key, _ = await client.question(task)
            for status in ("In Progress", "Review", "Done"):
                owner.set_status("T-1", status)
            await client.update(task, key, YES)
        async with tasks_client(server(project, slow), asks=True) as client:
            found = await client.get(task)
            assert (found["status"], found["result"]["isError"]) == ("completed", True)
            assert found["result"]["structuredContent"]["error"]["code"] == "rule_refused"

    asyncio.run(main())
    assert list(project.tasks().tasks) == ["T-1"]


def test_a_plan_that_was_approved_elsewhere_is_no_longer_asked_about(project: Prentice, slow: str) -> None:
    async def main() -> None:
        async with tasks_client(server(project, slow), asks=True) as client:
            task = (await client.begin(BREAKDOWN, PLAN)).task_id
            key, _ = await client.question(task)
            prentice.open(project.directory).approve("P-1", only=["docs"])
            assert structure(await client.get(task))["state"] == "approved"
            await client.update(task, key, YES)

    asyncio.run(main())
    assert len(project.tasks().children("T-1")) == 1


def test_the_part_of_a_plan_that_was_wanted_is_what_the_task_asks_about(project: Prentice, slow: str) -> None:
    async def main() -> None:
        async with tasks_client(server(project, slow), asks=True) as client:
            first = await client.begin(BREAKDOWN, PLAN)
            task = (await client.begin(BREAKDOWN, {"run_id": "R-1", "only": ["docs"]})).task_id
            assert task != first.task_id
            key, asked = await client.question(task)
            assert "Make this task" in asked["params"]["message"]
            await client.update(task, key, YES)
            plan = structure(await client.get(task))
            assert len(plan["created"]) == 1
            assert "before" not in plan["next_step"]
            assert structure(await client.get(first.task_id))["created"] == plan["created"]

    asyncio.run(main())


def test_changes_requested_through_a_task_lead_to_the_next_attempt_and_its_question(workshop: Workshop) -> None:
    call = {"tasks": [workshop.bench.task()]}
    other = answer(Format.SYMBOL, new=CALC.replace("a - b", "b + a"))
    replies = (halves(answer(Format.SYMBOL)), {**halves(other), "match": "Say why."})

    async def main() -> None:
        async with tasks_client(workshop.server(*replies, hold=HOLD), asks=True) as client:
            task = (await client.begin(EXECUTE, call)).task_id
        async with tasks_client(workshop.server(*replies), asks=True) as client:
            first, _ = await client.question(task)
            back = ElicitResult(action="accept", content={"decision": "request changes", "comment": "Say why."})
            await client.update(task, first, back)
            working = await client.get(task)  # whose server lets other calls wait for a minute
            assert working["status"] == "working"
            assert "R-2: " in working["statusMessage"]
            second, asked = await client.question(task)
            assert second != first
            assert "Change R-2 for" in asked["params"]["message"]
            assert workshop.calc == CALC
            for key in (first, second):
                await client.update(task, key, ElicitResult(action="accept", content={"decision": "apply"}))
            found = structure(await client.get(task))
            assert (found["run_id"], found["state"]) == ("R-2", "applied")
            prentice.open(workshop.bench.root, actor="person").undo("R-2")
            await client.update(task, second, ElicitResult(action="accept", content={"decision": "apply"}))
            assert structure(await client.get(task))["state"] == "undone"

    asyncio.run(main())
    assert workshop.calc == CALC
    assert workshop.worktrees() == []


def test_a_change_is_applied_through_a_task_after_the_server_was_killed(workshop: Workshop) -> None:
    call = {"tasks": [workshop.bench.task()]}
    served = short(workshop.bench.root, script(workshop.bench.beside / "s.jsonl", halves(answer(Format.SYMBOL))))

    async def main() -> None:
        async with raw_tasks(served, TAKES_FORMS) as client:
            task: str = (await client.call(EXECUTE, call))["taskId"]
            [key] = (await client.settled(task))["inputRequests"]
            await client.talk.kill()
        async with raw_tasks(served, TAKES_FORMS) as client:
            said = {"action": "accept", "content": {"decision": "apply"}}
            await client.result("tasks/update", taskId=task, inputResponses={key: said})
            assert structure(await client.settled(task))["state"] == "applied"

    asyncio.run(main())
    assert workshop.calc == MENDED


def test_cancelling_a_task_stops_its_run(project: Prentice, endless: str) -> None:
    async def main() -> None:
        async with tasks_client(short(project.directory, endless)) as client:
            task = (await client.begin(BREAKDOWN, PLAN)).task_id
            await client.ask("tasks/cancel", taskId=task)
            found = await client.settled(task)
            assert found["status"] == "cancelled"
            assert "result" not in found
            await client.ask("tasks/cancel", taskId=task)  # again, which changes nothing

    asyncio.run(main())
    assert project.run_state("R-1").state == "cancelled"
    assert project.proposals() == []


def test_cancelling_a_task_that_asks_takes_the_question_back_and_leaves_the_plan(project: Prentice, slow: str) -> None:
    async def main() -> None:
        async with tasks_client(server(project, slow), asks=True) as client:
            task = (await client.begin(BREAKDOWN, PLAN)).task_id
            key, _ = await client.question(task)
            await client.ask("tasks/cancel", taskId=task)
            await client.update(task, key, YES)
        async with tasks_client(server(project, slow), asks=True) as client:
            assert (await client.get(task))["status"] == "cancelled"

    asyncio.run(main())
    assert project.proposal("P-1").state == "open"
    assert list(project.tasks().tasks) == ["T-1"]


def test_cancelling_a_task_that_is_done_changes_nothing(project: Prentice, slow: str) -> None:
    async def main() -> None:
        async with tasks_client(server(project, slow)) as client:
            task = (await client.begin(BREAKDOWN, PLAN)).task_id
            plan = structure(await client.settled(task))
            await client.ask("tasks/cancel", taskId=task)
            assert structure(await client.get(task)) == plan

    asyncio.run(main())


@pytest.mark.parametrize("method", ["tasks/get", "tasks/update", "tasks/cancel"])
def test_unknown_tasks_and_those_of_another_project_are_refused_with_the_directory(
    project: Prentice, slow: str, tmp_path_factory: pytest.TempPathFactory, method: str
) -> None:
    elsewhere = prentice.open(tmp_path_factory.mktemp("elsewhere"))
    elsewhere.init()
    elsewhere.add("Make downloads survive", description="The client gives up.")

    async def main() -> None:
        async with tasks_client(server(elsewhere, slow)) as client:
            foreign = (await client.begin(BREAKDOWN, PLAN)).task_id
        async with tasks_client(server(project, slow)) as client:
            mine = (await client.begin(BREAKDOWN, PLAN)).task_id
            wrong = [foreign, f"{mine}x", "R-1", "R-1.", "R-99.secret", "", "R-1.\x1b[2J", "📎"]
            for task in wrong:
                refused = await client.refused(method, taskId=task, inputResponses={})
                assert refused.error.code == INVALID
                assert f"{project.directory}, from --project" in refused.error.message
                assert "\x1b" not in refused.error.message
            for nonsense in (None, 5, "R" * 10_000):
                assert (await client.refused(method, taskId=nonsense, inputResponses={})).error.code == INVALID

    asyncio.run(main())


@pytest.mark.parametrize("said", [{"action": "perhaps"}, {}, {"action": "accept", "content": {"approve": [[1]]}}])
def test_an_answer_that_is_none_is_refused_and_decides_nothing(
    project: Prentice, slow: str, said: dict[str, Any]
) -> None:
    async def main() -> None:
        async with tasks_client(server(project, slow), asks=True) as client:
            task = (await client.begin(BREAKDOWN, PLAN)).task_id
            key, _ = await client.question(task)
            refused = await client.refused("tasks/update", taskId=task, inputResponses={key: said})
            assert refused.error.code == INVALID
            assert (await client.question(task))[0] == key

    asyncio.run(main())


def test_a_run_that_fails_ends_its_task_with_the_error_of_the_tool(project: Prentice, tmp_path: Path) -> None:
    backend = script(tmp_path / "bad.jsonl", {"error": "stream_failed", "delay": 2 * DELAY})

    async def main() -> None:
        async with tasks_client(server(project, backend)) as client:
            found = await client.settled((await client.begin(BREAKDOWN, PLAN)).task_id)
            assert found["status"] == "completed"  # `failed` is for errors of the protocol alone
            assert found["result"]["isError"]
            assert found["result"]["structuredContent"]["error"]["code"] == "stream_failed"

    asyncio.run(main())


def test_open_questions_are_answered_through_a_task_and_not_asked_again(project: Prentice, tmp_path: Path) -> None:
    # Each call of an optimization waits: nothing in the prompt can be taken from a quick answer.
    backend = script(tmp_path / "slow.jsonl", *[{"text": "no answer", "delay": 2 * DELAY}] * 12)
    call = {"prompt": "Fix the bug in the upload client, it should be faster."}

    async def main() -> None:
        async with tasks_client(server(project, backend), asks=True) as client:
            task = (await client.begin(OPTIMIZE, call)).task_id
            key, _ = await client.question(task)
            said = ElicitResult(action="accept", content={"answer_1": "A timeout after 30 s in src/upload.py"})
            await client.update(task, key, said)
            found = structure(await client.settled(task))
            assert found["run_id"] == "R-2"
            assert "30 s" in found["optimized"]
        async with tasks_client(server(project, backend), asks=True) as client:
            assert structure(await client.get(task))["run_id"] == "R-2"

    asyncio.run(main())


def test_the_tool_of_a_backend_gives_tasks_too_and_their_result_in_its_own_form(project: Prentice, slow: str) -> None:
    async def main() -> None:
        async with tasks_client(server(project, slow)) as client:
            await client.begin(BREAKDOWN, PLAN)
            task = (await client.begin("ollama", {"action": "breakdown", "run_id": "R-1"})).task_id
            found = structure(await client.settled(task))
            assert (found["state"], found["run_id"]) == ("open", "R-1")
            assert found["result"]["proposal_id"] == "P-1"

    asyncio.run(main())


def test_a_call_for_several_tasks_answers_with_the_runs_of_each(workshop: Workshop) -> None:
    tasks = [workshop.bench.task(), workshop.bench.task("Fix `neg` in calc.py: it must accept strings")]

    async def main() -> None:
        async with tasks_client(workshop.server({"endless": True, "delay": 0.05}, hold=HOLD)) as client:
            found = document(await client.session.call_tool(EXECUTE, {"tasks": tasks}))
            assert found["state"] == "running"
            runs = [line["run_id"] for line in found["runs"]]
            assert sorted(runs) == ["R-1", "R-2"]
            for run in reversed(runs):
                task = await client.begin(EXECUTE, {"run_id": run})
                await client.ask("tasks/cancel", taskId=task.task_id)
                assert (await client.settled(task.task_id))["status"] == "cancelled"

    asyncio.run(main())
    assert workshop.calc == CALC


def test_a_server_that_was_told_no_directory_asks_the_client_of_a_task_for_its_roots(
    project: Prentice, slow: str, tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch
) -> None:
    elsewhere = tmp_path_factory.mktemp("elsewhere")
    served = served_at(elsewhere)
    named = served.args.index("--project")
    served.args[named : named + 2] = []
    roots = {"roots": [{"uri": project.directory.as_uri()}]}

    async def main() -> None:
        async with tasks_client(server(project, slow)) as client:
            task = (await client.begin(BREAKDOWN, PLAN)).task_id
            await client.settled(task)
        monkeypatch.chdir(elsewhere)
        async with raw_tasks(served, {**TAKES_TASKS, "roots": {}}) as client:
            asked = await client.result("tasks/get", taskId=task)
            assert asked["status"] == "input_required"
            [(key, request)] = asked["inputRequests"].items()
            assert request["method"] == "roots/list"
            refused = (await client.ask("tasks/cancel", taskId=task))["error"]
            assert refused["code"] == INVALID
            assert f"{elsewhere}, from the working directory" in refused["message"]
            await client.result("tasks/update", taskId=task, inputResponses={key: roots})
            assert structure(await client.settled(task))["proposal_id"] == "P-1"

    asyncio.run(main())


def test_the_ledger_keeps_no_handle_that_a_reader_of_the_run_could_use(project: Prentice, slow: str) -> None:
    async def main() -> str:
        async with tasks_client(server(project, slow)) as client:
            return (await client.begin(BREAKDOWN, PLAN)).task_id

    secret = asyncio.run(main()).partition(".")[2]
    assert OFFERED in [event["kind"] for event in project.run_document("R-1")["events"]]
    assert secret not in str(project.run_document("R-1"))


def test_a_client_of_the_sdk_follows_a_task_to_its_approved_plan(project: Prentice, slow: str) -> None:
    person = approving()
    tasks = Tasks(person)

    async def main() -> dict[str, Any]:
        served = short(project.directory, slow)
        async with Client(served, mode=MODERN, elicitation_callback=person, extensions=[tasks]) as client:
            return document(await client.call_tool(BREAKDOWN, PLAN))

    assert asyncio.run(main())["state"] == "approved"
    assert tasks.statuses == ["input_required", "completed"]
    assert len(person.questions) == 1


def test_a_task_is_followed_over_http(project: Prentice, slow: str) -> None:
    app = app_of(server(project, slow), token=TOKEN)
    web = uvicorn.Server(uvicorn.Config(app, log_level="warning", lifespan="on"))

    async def main() -> dict[str, Any]:
        with socket.create_server(("127.0.0.1", 0)) as listening:
            serving = asyncio.create_task(web.serve(sockets=[listening]))
            url = f"http://127.0.0.1:{listening.getsockname()[1]}/mcp"
            http = httpx2.AsyncClient(headers={"Authorization": f"Bearer {TOKEN}"})
            async with http, tasks_client(streamable_http_client(url, http_client=http), asks=True) as client:
                task = (await client.begin(BREAKDOWN, PLAN)).task_id
                key, _ = await client.question(task)
                await client.update(task, key, YES)
                found = structure(await client.get(task))
            web.should_exit = True
            await serving
            return found

    assert asyncio.run(main())["state"] == "approved"


def test_a_task_with_the_largest_result_costs_no_more_than_any_answer(project: Prentice, tmp_path: Path) -> None:
    # As `test_limits` has it: every text as long as it may be.
    criteria = [f"{m} {'e' * 110}" for m in range(5)]
    steps = [
        subtask(
            f"step-{n}", f"{n} {'e' * 75}", description="e" * 270, acceptance_criteria=criteria, complexity="complex"
        )
        for n in range(20)
    ]
    served = short(project.directory, script(tmp_path / "slow.jsonl", halves(reply(steps))))

    async def main() -> int:
        async with raw_tasks(served) as client:
            task: str = (await client.call(BREAKDOWN, {**PLAN, "max_subtasks": 20}))["taskId"]
            assert len(structure(await client.settled(task))["subtasks"]) == 20
            answer = await client.result("tasks/get", taskId=task)
            return len(json.dumps(answer, ensure_ascii=False, separators=(",", ":")).encode())

    assert 3_500 < asyncio.run(main()) / BYTES_PER_TOKEN <= 4_000
