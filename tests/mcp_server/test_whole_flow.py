"""The whole way of a task: two servers at once, and an assistant that knows nothing but what the tools tell it."""

import asyncio
import json
import re
from dataclasses import dataclass, field
from typing import Any

import pytest
from mcp import Client
from mcp.client import ClientRequestContext
from mcp_types import ElicitRequestParams, ElicitResult

import prentice
from mcp_server.clients import Person, approving, document, served_at
from mcp_server.workshop import Workshop, workshop
from plans import reply, script, subtask
from prentice import Prentice
from prentice.changes.formats import Format
from prentice.errors import RuleError
from skills.execute import calculator
from skills.execute.calculator import CALC, MENDED, answer
from workspace.trees import git

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


WORDS = "def shout(text):\n    return text.lower()\n"
LOUD = WORDS.replace("lower", "upper")
SHOUT = "Fix `shout` in words.py: it lowers the text instead of raising it"
NEG = "Add a docstring to `neg` in calc.py"
DOCUMENTED = CALC.replace("def neg(a):\n", 'def neg(a):\n    """Give the number with the other sign."""\n')
REMARK = "Do it without the remark."


@dataclass
class Careful(Person):
    """Approves a plan, sends the change with a remark back, and applies every other change; notes what was asked."""

    sent_back: int = 0
    applied: list[str] = field(default_factory=list)

    async def __call__(self, context: ClientRequestContext, params: ElicitRequestParams) -> ElicitResult:
        self.answer = ElicitResult(action="accept", content=dict(self._decide(params.message)))
        return await super().__call__(context, params)

    def _decide(self, message: str) -> dict[str, str | bool]:
        if "Plan P-1" in message:
            return {"approve": True}
        if "# plus" in message:
            self.sent_back += 1
            return {"decision": "request changes", "comment": REMARK}
        self.applied += re.findall(r"^\+\+\+ b/(.+)$", message, re.MULTILINE)
        return {"decision": "apply"}


def scripted_walk(workshop: Workshop) -> str:
    """Give the backend of a model that plans five steps and writes three changes, one of them twice."""
    plan = reply(
        [
            subtask("add", ADD, complexity="simple", category="bug_fix", description="`add(1, 2)` must be 3."),
            subtask("neg", NEG, complexity="simple", category="documentation", description="It says what comes back."),
            subtask("shout", SHOUT, complexity="simple", category="bug_fix", description="It must be in capitals."),
            subtask("survey", SURVEY, complexity="medium", category="other"),
            subtask("promise", DESIGN, complexity="complex", dependencies=["add"]),
        ]
    )
    commented = MENDED.replace("a + b", "a + b  # plus")
    return calculator.script(
        workshop.bench.beside,
        {"text": answer(Format.SYMBOL), "match": "without the remark"},
        {"text": answer(Format.SYMBOL, new=LOUD, old=WORDS, path="words.py"), "match": "must be in capitals"},
        {"text": answer(Format.SYMBOL, new=DOCUMENTED), "match": "says what comes back"},
        {"text": answer(Format.SYMBOL, new=commented), "match": "must be 3"},
        {"text": plan, "match": "trustworthy"},  # the last line, for prompts of steps name their parent
    )


async def walked(assistant: Assistant) -> dict[str, Any]:
    """Judge, plan, and carry out what can be, by nothing but what the tools answer; give what came of it."""
    await assistant.look()
    judged = await assistant.call("Judge tasks", action="analyze", tasks=[COMPLEX])
    assert judged["assessments"][0]["lane"] in {"breakdown", "human", "assistant"}
    assert not judged["assessments"][0]["can_auto_execute"]
    made = await assistant.call("Split a large task", task=COMPLEX, min_subtasks=3)
    assert made["state"] == "approved"
    judged = await assistant.call("Judge tasks", action="analyze", tasks=made["created"])
    simple = [one["task"] for one in judged["assessments"] if one["can_auto_execute"]]
    begun = await assistant.call("Carry out simple tasks", tasks=simple)
    ends: dict[str, Any] = {}
    for line in begun["runs"]:
        done = await assistant.call("Carry out simple tasks", run_id=line["run_id"])
        for _ in range(3):  # a change that was sent back has another attempt, which the answer names
            if done["state"] != "proposed":
                break
            done = await assistant.call("Carry out simple tasks", run_id=done["run_id"])
        ends[line["task"]] = done["state"] if done["state"] == "applied" else done.get("why", done)
    return {"made": made, "ends": ends, "left": [task for task in made["created"] if task not in simple]}


def test_an_assistant_walks_the_whole_way_with_a_person_beside_it(workshop: Workshop, era: str) -> None:
    workshop.commit("words.py", WORDS)
    prentice.open(workshop.bench.root).init()
    person = Careful(ElicitResult(action="decline"))

    async def main() -> dict[str, Any]:
        server = workshop.server(backend=scripted_walk(workshop))
        async with Client(server, mode=era, elicitation_callback=person) as client:
            return await walked(Assistant(client))

    found = asyncio.run(main())
    owner = prentice.open(workshop.bench.root, actor="person")
    tasks, parent = owner.tasks().tasks, found["made"]["parent"]
    by_name = {tasks[task].name: tasks[task] for task in found["made"]["created"]}
    assert set(by_name) == {ADD, NEG, SHOUT, SURVEY, DESIGN}
    assert found["ends"] == {by_name[name].id: "applied" for name in (ADD, NEG, SHOUT)}, json.dumps(found["ends"])
    assert set(found["left"]) == {by_name[SURVEY].id, by_name[DESIGN].id}

    assert workshop.calc == DOCUMENTED.replace("a - b", "a + b")
    assert (workshop.bench.root / "words.py").read_text(encoding="utf-8") == LOUD
    assert git(workshop.bench.root, "status", "--short", "--untracked-files=no").split() == [
        "M",
        "calc.py",
        "M",
        "words.py",
    ]
    assert workshop.worktrees() == []

    assert len(person.questions) == 5
    assert person.sent_back == 1
    assert sorted(person.applied) == ["calc.py", "calc.py", "words.py"]
    decisions = {run["run_id"]: owner.review(run["run_id"])["decisions"] for run in owner.reviews()}
    assert len(decisions) == 4
    assert {decision["actor"] for made in decisions.values() for decision in made} == {"person"}
    assert [run for run, made in decisions.items() if REMARK in str(made)] == ["R-2"]

    assert {by_name[name].status for name in (ADD, NEG, SHOUT)} == {"Review"}
    assert {by_name[name].status for name in (SURVEY, DESIGN)} == {"Todo"}
    assert tasks[parent].status == "Todo"


def test_the_person_finishes_what_the_assistant_left_in_review(workshop: Workshop) -> None:
    """Only a person sets a step to Done, and the parent's turn comes when all its steps are."""
    workshop.commit("words.py", WORDS)
    prentice.open(workshop.bench.root).init()
    person = Careful(ElicitResult(action="decline"))

    async def main() -> dict[str, Any]:
        server = workshop.server(backend=scripted_walk(workshop))
        async with Client(server, mode="legacy", elicitation_callback=person) as client:
            return await walked(Assistant(client))

    found = asyncio.run(main())
    owner = prentice.open(workshop.bench.root, actor="person")
    assistant = prentice.open(workshop.bench.root, actor="assistant")
    parent = found["made"]["parent"]
    for task in found["ends"]:
        with pytest.raises(RuleError):
            assistant.set_status(task, "Done")
        assert owner.set_status(task, "Done").status == "Done"
    owner.comment(parent, "All steps are done.", kind="result")
    with pytest.raises(RuleError):  # it waits for the steps that are open
        owner.set_status(parent, "In Progress")
    for task in found["left"]:
        owner.comment(task, "Done by hand.", kind="result")
        for status in ("In Progress", "Review", "Done"):
            owner.set_status(task, status)
    for status in ("In Progress", "Review", "Done"):
        owner.set_status(parent, status)
    assert {task.status for task in owner.tasks().tasks.values()} == {"Done"}
