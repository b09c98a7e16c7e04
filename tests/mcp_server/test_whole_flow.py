"""The whole way of a task: two servers at once, and an assistant that knows nothing but what the tools tell it."""

import asyncio
import json
import re
from typing import Any

from mcp import Client
from mcp_types import ElicitResult

import prentice
from mcp_server.clients import Person, approving, document, served_at
from mcp_server.workshop import Workshop, workshop
from plans import reply, script, subtask
from prentice import Prentice
from prentice.changes.formats import Format
from skills.execute import calculator
from skills.execute.calculator import MENDED, answer

__all__ = ["workshop"]

CHANGES = 25
COMPLEX = (
    "Make the calculator trustworthy: its sums are wrong, negation is unclear, and nobody knows what the public "
    "functions promise across the whole program and its users"
)
ADD = "Fix `add` in calc.py: it subtracts instead of adding"
SURVEY = "Find out who calls the calculator today, in which versions and on which machines"
DESIGN = "Decide what the public functions promise to their users"


def test_two_servers_on_one_project_lose_none_of_fifty_changes(project: Prentice) -> None:
    """Each server approves 25 plans of one task each, through two processes at a time."""

    def plan(name: str, number: int) -> dict[str, str]:
        word = f"{'abcdefghijklmnopqrstuvwxy'[number]}{name}"  # names of tasks may not be too much alike
        one, other = f"{word}alor {word}intu {word}esmo", f"{word}umbi {word}okra {word}ilde"
        return {"text": reply([subtask("one", one), subtask("other", other)]), "match": f"{name} number {number} "}

    def played(name: str) -> str:
        # Later prompts name the earlier tasks too, so that the last line that matches is the right one.
        lines = [plan(name, number) for number in reversed(range(CHANGES))]
        return script(project.directory / f"{name}.jsonl", *lines)

    names = ("one", "two")

    async def serve(name: str) -> list[str]:
        made: list[str] = []
        server = served_at(project.directory, "--backend", played(name))
        async with Client(server, mode="legacy", elicitation_callback=approving()) as client:
            for number in range(CHANGES):
                text = f"Make uploads of kind {name} number {number} survive a flaky network"
                call = {"task": text, "min_subtasks": 2}
                found = document(await client.call_tool("model_task_breakdown", call))
                while found["state"] == "running":
                    found = document(await client.call_tool("model_task_breakdown", {"run_id": found["run_id"]}))
                assert found["state"] == "approved", found
                made.append(found["parent"])
        return made

    async def main() -> list[list[str]]:
        return await asyncio.gather(*(serve(name) for name in names))

    one, two = asyncio.run(main())
    tasks = project.tasks().tasks
    assert len({*one, *two}) == 2 * CHANGES
    assert all(parent in tasks for parent in (*one, *two))
    assert (
        sum(name.startswith("Make uploads of kind") for name in (task.name for task in tasks.values())) == 2 * CHANGES
    )


class Assistant:
    """Sees descriptions and answers of tools alone: which tool does what is looked up, ids come from answers."""

    def __init__(self, client: Client) -> None:
        self._client = client
        self._tools: dict[str, str] = {}

    async def look(self) -> None:
        for tool in (await self._client.list_tools()).tools:
            for word in ("Split a large task", "Carry out simple tasks", "Judge tasks"):
                if word in (tool.description or ""):
                    self._tools[word] = tool.name

    async def call(self, word: str, **arguments: Any) -> dict[str, Any]:
        """Call a tool, and again with its run as long as it says that it is running."""
        found = document(await self._client.call_tool(self._tools[word], arguments))
        while found["state"] == "running" if "state" in found else False:
            assert "run_id" in found["next_step"]
            found = document(await self._client.call_tool(self._tools[word], {"run_id": found["run_id"]}))
        return found


def test_an_assistant_walks_the_whole_way_with_a_person_beside_it(workshop: Workshop, era: str) -> None:
    prentice.open(workshop.bench.root).init()
    commented = MENDED.replace("a + b", "a + b  # plus")
    plan = reply(
        [
            subtask("add", ADD, complexity="simple", category="bug_fix", description="`add(1, 2)` must be 3."),
            subtask("survey", SURVEY, complexity="medium", category="other"),
            subtask("promise", DESIGN, complexity="complex", dependencies=["add"]),
        ]
    )
    backend = calculator.script(
        workshop.bench.beside,
        {"text": plan, "match": "trustworthy"},
        {"text": answer(Format.SYMBOL), "match": "without the remark"},
        {"text": answer(Format.SYMBOL, new=commented), "match": "must be 3"},
    )
    decisions = iter(["plan", "wait", "apply"])

    class Careful(Person):
        async def __call__(self, context: Any, params: Any) -> ElicitResult:
            self.answer = _decide(params.message)
            return await super().__call__(context, params)

    def _decide(message: str) -> ElicitResult:
        match next(decisions):
            case "plan":
                assert message.startswith("Plan P-1")
                return ElicitResult(action="accept", content={"approve": True})
            case "wait":
                assert "# plus" in message
                content = {"decision": "request changes", "comment": "Do it without the remark."}
                return ElicitResult(action="accept", content=dict(content))
            case _:
                assert "# plus" not in message, message
                return ElicitResult(action="accept", content={"decision": "apply"})

    person = Careful(ElicitResult(action="decline"))

    async def main() -> dict[str, Any]:
        server = workshop.server(backend=backend)
        async with Client(server, mode=era, elicitation_callback=person) as client:
            assistant = Assistant(client)
            await assistant.look()
            judged = await assistant.call("Judge tasks", action="analyze", tasks=[COMPLEX])
            assert judged["assessments"][0]["lane"] in {"breakdown", "human", "assistant"}
            made = await assistant.call("Split a large task", task=COMPLEX, min_subtasks=3)
            assert made["state"] == "approved"
            judged = await assistant.call("Judge tasks", action="analyze", tasks=made["created"])
            simple = [one["task"] for one in judged["assessments"] if one["can_auto_execute"]]
            ends = {}
            for task in simple:
                done = await assistant.call("Carry out simple tasks", tasks=[task])
                for _ in range(3):
                    if done["state"] != "proposed":
                        break
                    run = re.search(r"prentice review (R-\d+)", done["next_step"])
                    assert run
                    done = await assistant.call("Carry out simple tasks", run_id=run[1])
                ends[task] = done["state"] if done["state"] == "applied" else done["why"]
            return {"made": made, "ends": ends}

    found = asyncio.run(main())
    made = found["made"]
    tasks = prentice.open(workshop.bench.root).tasks().tasks
    by_name = {tasks[task].name: tasks[task] for task in made["created"]}
    assert set(found["ends"].values()) == {"applied"}, json.dumps(found["ends"])
    assert set(found["ends"]) == {by_name[ADD].id}
    assert workshop.calc == MENDED
    assert by_name[ADD].status == "Review"
    assert by_name[DESIGN].status == by_name[SURVEY].status == "Todo"
    assert tasks[made["parent"]].status == "Todo"
    assert len(person.questions) == 3
