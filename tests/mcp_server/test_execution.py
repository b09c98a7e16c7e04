"""Carrying out tasks through the server: changes, evidence, decisions of a person, and what an assistant may not do."""

import asyncio
from typing import Any

import pytest
from mcp import Client
from mcp_types import ElicitResult

import prentice
from mcp_server.clients import Person, document, error
from mcp_server.workshop import Workshop, workshop
from prentice.changes.formats import Format
from skills.execute.calculator import CALC, MENDED, TASK, answer, script

__all__ = ["workshop"]
ABSOLUTE = CALC.replace("return -a", "return abs(a)")
NEG = "Fix `neg` in calc.py: it should return the absolute value"


def applying(decision: str = "apply", comment: str = "") -> Person:
    return Person(ElicitResult(action="accept", content={"decision": decision, "comment": comment}))


def test_a_change_comes_with_its_diff_and_evidence_and_nothing_is_applied(workshop: Workshop, era: str) -> None:
    task = workshop.bench.task()

    async def main() -> dict[str, Any]:
        async with Client(workshop.server(answer(Format.SYMBOL)), mode=era) as client:
            return document(await client.call_tool("model_auto_execute", {"tasks": [task]}))

    found = asyncio.run(main())
    assert found["state"] == "proposed"
    assert found["files"] == ["calc.py"]
    assert "+    return a + b" in found["diff"]
    assert found["evidence"]
    assert [check["decisive"] for check in found["checks"]] == [True]
    assert f"prentice apply {found['run_id']}" in found["next_step"]
    assert workshop.calc == CALC
    assert prentice.open(workshop.bench.root).task(task).status == "Review"


def test_a_person_applies_a_change_at_the_client(workshop: Workshop, era: str) -> None:
    task, person = workshop.bench.task(), applying()

    async def main() -> dict[str, Any]:
        server = workshop.server(answer(Format.SYMBOL))
        async with Client(server, mode=era, elicitation_callback=person) as client:
            return document(await client.call_tool("model_auto_execute", {"tasks": [task]}))

    found = asyncio.run(main())
    assert found["state"] == "applied"
    assert workshop.calc == MENDED
    [question] = person.questions
    assert "+    return a + b" in question
    [decided, *_] = prentice.open(workshop.bench.root).review(found["run_id"])["decisions"]
    assert decided["actor"] == "person"


def test_a_person_requests_changes_and_the_next_attempt_is_told(workshop: Workshop, era: str) -> None:
    task = workshop.bench.task()
    second = {"text": answer(Format.SYMBOL), "match": "without a comment"}
    first = answer(Format.SYMBOL, new=MENDED.replace("a + b", "a + b  # sum"))

    async def main() -> tuple[dict[str, Any], dict[str, Any]]:
        person = applying("request changes", "Do it without a comment.")
        server = workshop.server(second, first)
        async with Client(server, mode=era, elicitation_callback=person) as client:
            after = document(await client.call_tool("model_auto_execute", {"tasks": [task]}))
            before = document(await client.call_tool("model_auto_execute", {"run_id": "R-1"}))
            return before, after

    before, after = asyncio.run(main())
    assert before["state"] == "rejected"
    assert after["run_id"] == "R-2"
    assert after["state"] == "proposed"
    assert "# sum" not in after["diff"]


def test_an_assistant_requests_changes_and_cannot_apply(workshop: Workshop, era: str) -> None:
    task = workshop.bench.task()
    second = {"text": answer(Format.SYMBOL), "match": "without a comment"}
    first = answer(Format.SYMBOL, new=MENDED.replace("a + b", "a + b  # sum"))

    async def main() -> None:
        async with Client(workshop.server(second, first), mode=era) as client:
            one = document(await client.call_tool("model_auto_execute", {"tasks": [task], "apply": "gate"}))
            assert one["state"] == "proposed"
            same = document(await client.call_tool("model_auto_execute", {"run_id": one["run_id"], "apply": "gate"}))
            assert (same["state"], same["diff"]) == ("proposed", one["diff"])
            assert "let the person decide: `prentice review R-1" in same["next_step"]
            wish = {"run_id": one["run_id"], "request_changes": "Do it without a comment."}
            two = document(await client.call_tool("model_auto_execute", wish))
            assert two["run_id"] != one["run_id"]
            assert two["state"] == "proposed"
            again = document(await client.call_tool("model_auto_execute", wish))
            assert again["run_id"] == two["run_id"]

    asyncio.run(main())
    assert workshop.calc == CALC


@pytest.mark.parametrize("asked", ["by the form", "by the call"])
def test_a_next_attempt_is_made_by_the_backend_of_the_first(workshop: Workshop, era: str, asked: str) -> None:
    second = {"text": answer(Format.SYMBOL), "match": "without a comment"}
    first = answer(Format.SYMBOL, new=MENDED.replace("a + b", "a + b  # sum"))
    chosen = script(workshop.bench.beside, second, first)
    person = applying("request changes", "Do it without a comment.") if asked == "by the form" else None
    wish = {"run_id": "R-1"} if person else {"run_id": "R-1", "request_changes": "Do it without a comment."}

    async def main() -> list[dict[str, Any]]:
        async with Client(workshop.server(backend="builtin"), mode=era, elicitation_callback=person) as client:
            calls = ({"tasks": [workshop.bench.task()], "backend": chosen}, wish)
            return [document(await client.call_tool("model_auto_execute", call)) for call in calls]

    asyncio.run(main())
    last = prentice.open(workshop.bench.root).review("R-2")
    assert (last["state"], last["attempt_of"], last["backend"]) == ("proposed", "R-1", "scripted")
    assert "# sum" not in last["diff"]


def test_an_attempt_is_made_by_the_backend_and_in_the_format_that_are_named_for_it(workshop: Workshop) -> None:
    second = script(workshop.bench.beside, answer(Format.WHOLE, new=CALC.replace("a - b", "b + a")))
    wish = {"run_id": "R-1", "request_changes": "Otherwise.", "backend": second, "format": "whole"}

    async def main() -> dict[str, Any]:
        async with Client(workshop.server(answer(Format.SYMBOL))) as client:
            await client.call_tool("model_auto_execute", {"tasks": [workshop.bench.task()]})
            return document(await client.call_tool("model_auto_execute", wish))

    assert asyncio.run(main())["format"] == "whole"


def test_a_change_whose_task_is_gone_is_not_sent_back(workshop: Workshop, era: str) -> None:
    task = workshop.bench.task()

    async def main() -> dict[str, Any]:
        async with Client(workshop.server(answer(Format.SYMBOL)), mode=era) as client:
            await client.call_tool("model_auto_execute", {"tasks": [task]})
            workshop.bench.opened(actor="person").delete(task)
            wish = {"run_id": "R-1", "request_changes": "Do it without a comment."}
            return error(await client.call_tool("model_auto_execute", wish))

    assert asyncio.run(main())["code"] == "task_not_found"
    assert prentice.open(workshop.bench.root).review("R-1")["state"] == "proposed"


def test_the_gate_applies_where_the_users_settings_let_an_assistant(workshop: Workshop) -> None:
    workshop.settings('[approve]\nassistant = "apply"\n')
    task = workshop.bench.task()

    async def main() -> dict[str, Any]:
        async with Client(workshop.server(answer(Format.SYMBOL))) as client:
            one = document(await client.call_tool("model_auto_execute", {"tasks": [task]}))
            assert one["state"] == "proposed"
            return document(await client.call_tool("model_auto_execute", {"run_id": one["run_id"], "apply": "gate"}))

    assert asyncio.run(main())["state"] == "applied"
    assert workshop.calc == MENDED


def test_several_tasks_give_a_line_each_and_one_failure_stops_no_other(workshop: Workshop, era: str) -> None:
    first, second = workshop.bench.task(), workshop.bench.task(NEG, "Never below zero.")
    lines = [{"text": answer(Format.SYMBOL), "match": "subtracts"}, {"error": "stream_failed", "match": "absolute"}]

    async def main() -> dict[str, Any]:
        async with Client(workshop.server(*lines), mode=era) as client:
            found = document(await client.call_tool("model_auto_execute", {"tasks": [first, second]}))
            told = error(await client.call_tool("model_auto_execute", {"run_id": found["runs"][1]["run_id"]}))
            assert told["code"] == "stream_failed"
            return found

    found = asyncio.run(main())
    assert found["state"] == "done"
    assert [(line["task"], line["state"]) for line in found["runs"]] == [(first, "proposed"), (second, "failed")]


def test_a_task_that_no_model_can_do_comes_back_as_a_prompt_for_the_assistant(workshop: Workshop) -> None:
    task = workshop.bench.task()

    async def main() -> dict[str, Any]:
        async with Client(workshop.server(backend="builtin")) as client:
            return document(await client.call_tool("model_auto_execute", {"tasks": [task]}))

    found = asyncio.run(main())
    assert found["state"] == "handed_off"
    assert "subtracts" in found["handoff"]["prompt"]
    assert "handoff.prompt" in found["next_step"]


def test_a_free_text_is_carried_out_as_well(workshop: Workshop) -> None:
    async def main() -> dict[str, Any]:
        async with Client(workshop.server(answer(Format.SYMBOL))) as client:
            return document(await client.call_tool("model_auto_execute", {"tasks": [TASK]}))

    assert asyncio.run(main())["state"] == "proposed"


def test_a_long_change_is_cut_to_the_limit_and_says_where_the_rest_is(workshop: Workshop) -> None:
    long = MENDED + "".join(f"\n\ndef more_{n}(a):\n    return {n} * a\n" for n in range(150))

    async def main() -> dict[str, Any]:
        async with Client(workshop.server(answer(Format.WHOLE, new=long))) as client:
            result = await client.call_tool("model_auto_execute", {"tasks": [TASK], "format": "whole"})
            assert len(result.model_dump_json(by_alias=True, exclude_none=True).encode()) / 3.5 <= 4_000
            return document(result)

    found = asyncio.run(main())
    assert found["state"] == "proposed", found["why"]
    assert found["diff"].startswith("diff --git")
    assert f"prentice://runs/{found['run_id']}" in found["diff"]


def test_a_person_is_asked_about_a_change_once(workshop: Workshop) -> None:
    task, person = workshop.bench.task(), applying()

    async def main() -> None:
        server = workshop.server(answer(Format.SYMBOL))
        async with Client(server, mode="2026-07-28", elicitation_callback=person) as client:
            one = document(await client.call_tool("model_auto_execute", {"tasks": [task]}))
            again = document(await client.call_tool("model_auto_execute", {"run_id": one["run_id"]}))
            assert again["state"] == "applied"

    asyncio.run(main())
    assert len(person.questions) == 1
