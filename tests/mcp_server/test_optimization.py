"""Prompts through the server: what comes back, and questions that only a person can answer."""

import asyncio
from typing import Any

from mcp import Client
from mcp_types import ElicitResult

from mcp_server.clients import Person, document, error
from prentice import Prentice
from prentice.mcp.server import PrenticeServer

PROMPT = "Fix the bug in the upload client, it should be faster."


def server(project: Prentice) -> PrenticeServer:
    return PrenticeServer(project.directory, backend="builtin", hold=60)


def test_a_prompt_comes_back_with_scores_and_what_is_open(project: Prentice, era: str) -> None:
    async def main() -> None:
        async with Client(server(project), mode=era) as client:
            found = document(await client.call_tool("model_optimize_prompt", {"prompt": PROMPT}))
            assert found["state"] == "done"
            assert set(found["scores"]) == {"before", "after"}
            assert found["questions"]
            assert f"run_id {found['run_id']} and `answers`" in found["next_step"]
            about = found["questions"][0]["about"]
            call = {"run_id": found["run_id"], "answers": {about: "A timeout after 30 s in src/upload.py"}}
            after = document(await client.call_tool("model_optimize_prompt", call))
            assert about not in [question["about"] for question in after["questions"]]
            assert "A timeout after 30 s" in after["optimized"]
            again = document(await client.call_tool("model_optimize_prompt", call))
            assert again["run_id"] == after["run_id"]
            task = document(await client.call_tool("model_optimize_prompt", {"prompt": "T-1"}))
            assert "flaky" in task["optimized"]
            assert error(await client.call_tool("model_optimize_prompt", {"answers": {"a": "b"}}))["code"] == "usage"

    asyncio.run(main())


def test_open_questions_are_put_to_the_person_and_the_answers_go_in(project: Prentice, era: str) -> None:
    person = Person(ElicitResult(action="accept", content={"answer_1": "A timeout after 30 s in src/upload.py"}))

    async def main() -> dict[str, Any]:
        async with Client(server(project), mode=era, elicitation_callback=person) as client:
            return document(await client.call_tool("model_optimize_prompt", {"prompt": PROMPT}))

    found = asyncio.run(main())
    assert "A timeout after 30 s" in found["optimized"]
    [question] = person.questions
    assert PROMPT in question


def test_every_answer_stands_where_the_text_left_a_place_for_it(project: Prentice, era: str) -> None:
    person = Person(ElicitResult(action="accept", content={"answer_1": "the carts", "answer_2": "date"}))
    prompt = "Sort [NEEDS: which list?] by [NEEDS: what?] in src/cart.py and test it with `pytest`"

    async def main() -> None:
        async with Client(server(project), mode=era, elicitation_callback=person) as client:
            found = document(await client.call_tool("model_optimize_prompt", {"prompt": prompt}))
            assert "Sort the carts by date in src/cart.py" in found["optimized"]
            assert "[NEEDS: which list" not in found["optimized"]

    asyncio.run(main())


def test_a_person_who_answers_nothing_is_not_asked_again(project: Prentice, era: str) -> None:
    person = Person(ElicitResult(action="decline"))

    async def main() -> None:
        async with Client(server(project), mode=era, elicitation_callback=person) as client:
            found = document(await client.call_tool("model_optimize_prompt", {"prompt": PROMPT}))
            assert found["questions"]
            document(await client.call_tool("model_optimize_prompt", {"run_id": found["run_id"]}))

    asyncio.run(main())
    assert len(person.questions) == 1


def test_a_corrected_answer_starts_anew_and_the_same_one_does_not(project: Prentice) -> None:
    async def main() -> None:
        async with Client(server(project)) as client:
            asked = document(await client.call_tool("model_optimize_prompt", {"prompt": PROMPT}))
            about = asked["questions"][0]["about"]

            async def say(answer: str, run: str = asked["run_id"]) -> dict[str, Any]:
                call = {"run_id": run, "answers": {about: answer}}
                return document(await client.call_tool("model_optimize_prompt", call))

            first, second = await say("A timeout after 30 s"), await say("A lost chunk of the file")
            assert ("timeout after 30 s" in first["optimized"], "lost chunk" in second["optimized"]) == (True, True)
            assert "timeout after 30 s" not in second["optimized"]
            assert len({asked["run_id"], first["run_id"], second["run_id"]}) == 3
            assert await say("A timeout after 30 s") == first
            later = await say("A lost chunk, after all", run=first["run_id"])
            assert "after all" in later["optimized"]

    asyncio.run(main())


def test_an_answer_that_nothing_asks_for_is_refused_with_what_is_asked(project: Prentice) -> None:
    async def main() -> None:
        async with Client(server(project)) as client:
            asked = document(await client.call_tool("model_optimize_prompt", {"prompt": PROMPT}))
            about = [question["about"] for question in asked["questions"]]
            for answers, says in (
                ({"colour": "Blue"}, ", ".join(dict.fromkeys(about))),
                ({about[0]: "a" * 4_001}, "4,001 characters"),
                ({about[0]: "  "}, "empty"),
            ):
                call = {"run_id": asked["run_id"], "answers": answers}
                told = error(await client.call_tool("model_optimize_prompt", call))
                assert told["code"] == "task_text"
                assert says in told["message"] + told["next_step"]
            blanks = {**dict.fromkeys(about, ""), about[0]: "A timeout after 30 s"}
            call = {"run_id": asked["run_id"], "answers": blanks}
            after = document(await client.call_tool("model_optimize_prompt", call))
            assert about[0] not in [question["about"] for question in after["questions"]]

    asyncio.run(main())
    assert len(project.latest_runs()) == 2
