"""The run that makes a proposal: gather the facts, choose a backend, ask, check, ask once more with the errors, keep.

Nothing that failed a check is ever stored.
"""

import asyncio
from collections.abc import Mapping
from typing import Any, Final

from prentice.backends.asking import Answer, attempt
from prentice.backends.router import Choice
from prentice.context.repository import survey
from prentice.errors import BreakdownRejectedError
from prentice.prompts.render import render
from prentice.runs.protocol import Json, Step, StepContext
from prentice.runs.registry import Need, Registry
from prentice.skills.analyze import analyze
from prentice.skills.breakdown.approve import refuse_closed
from prentice.skills.breakdown.checks import problems
from prentice.skills.breakdown.prompt import breakdown_request, with_problems
from prentice.skills.breakdown.proposal import Proposal
from prentice.skills.breakdown.reply import PlanReply
from prentice.skills.optimize.model_key import tuned_for
from prentice.skills.reporting import pieces_told
from prentice.skills.services import Services
from prentice.skills.task_text import check_text, split_text
from prentice.tasks import sections
from prentice.tasks.edits import not_found
from prentice.tasks.plan import PlanningFacts, Subtask
from prentice.tasks.record import Task
from prentice.tasks.todolist import TodoList

BREAKDOWN: Final = "breakdown"
_SHOWN_PROBLEMS: Final = 12


def register(registry: Registry[Services]) -> None:
    """Register the body and its steps."""
    registry.add_body(BREAKDOWN, breakdown)
    registry.add_step("breakdown.gather", gather, acts=False)
    registry.add_step("breakdown.choose", choose_backend, acts=False)
    registry.add_step("breakdown.ask", ask, needs=server, acts=False)
    registry.add_step("breakdown.propose", propose)
    registry.add_step("breakdown.judge", keep_failure)


async def breakdown(step: Step, arguments: Mapping[str, Json]) -> Json:
    """Carry one breakdown. Arguments: `task` (an id, or empty), `text`, `context`, `min_subtasks`, `max_subtasks`.

    Raises:
        BreakdownRejectedError: no acceptable plan came, also not after the model was shown its errors.
    """
    facts = await step.do("breakdown.gather", **arguments)
    chosen = await step.do("breakdown.choose", task=arguments["task"])
    answer = await step.do("breakdown.ask", facts=facts, chosen=chosen, previous=None)
    if answer["problems"] and answer["worth_asking_again"]:
        answer = await step.do("breakdown.ask", facts=facts, chosen=chosen, previous=answer)
    if answer["problems"]:
        await step.do("breakdown.judge", uid=await step.new_id(), backend=answer["backend"], model=answer["model"])
        raise rejected(answer, answer["problems"])
    return await step.do(
        "breakdown.propose",
        uid=await step.new_id(),
        task=arguments["task"],
        facts=facts,
        answer={key: answer[key] for key in ("subtasks", "backend", "model", "took_over")},
    )


async def gather(
    context: StepContext[Services], *, task: str, text: str, context_text: str, min_subtasks: int, max_subtasks: int
) -> Json:
    """Collect the facts behind a plan: the task, its criteria, the repository, the tasks there are."""
    services = context.services
    todolist = services.todo2.read() if services.todo2 else TodoList({})
    if task:
        if task not in todolist.tasks:
            raise not_found(task, todolist.tasks)
        found = todolist.tasks[task]
        check_text(found.text)
        refuse_closed(found)
        name, description, tags = found.name, found.description, found.tags
    else:
        name, description = split_text(text)
        tags = ()
    facts = PlanningFacts(
        name=name,
        description=sections.restore_breaks(description),
        context=context_text,
        criteria=sections.parse(description).criteria,
        tags=tags,
        repository=await asyncio.to_thread(survey, services.directory, f"{name}\n{description}\n{context_text}"),
        existing=tuple(other.name for other in todolist.tasks.values() if other.is_open and other.id != task),
        min_subtasks=min_subtasks,
        max_subtasks=max_subtasks,
    )
    return facts.document()


async def choose_backend(context: StepContext[Services], *, task: str) -> Json:
    """Choose the backend for plans; the task may wish for one."""
    services = context.services
    found = services.todo2.read().tasks.get(task) if services.todo2 and task else None
    wish = found.preferred_backend if found else ""
    choice = await services.choice(BREAKDOWN, preferred_backend=wish)
    return {"backend": choice.backend.name, "model": choice.model, "reason": choice.reason, "wish": wish}


async def server(services: Services, arguments: Mapping[str, Json]) -> Need | None:
    """Say which server the question goes to."""
    return await services.server(BREAKDOWN, preferred_backend=arguments["chosen"]["wish"])


async def ask(context: StepContext[Services], *, facts: Json, chosen: Json, previous: Mapping[str, Any] | None) -> Json:
    """Ask for a plan, or for a better one than the previous, and check it."""
    services = context.services
    planning = PlanningFacts.from_document(facts)
    await services.choice(BREAKDOWN, preferred_backend=chosen["wish"])
    took_over: list[str] = []
    told = pieces_told(context)

    async def asked(choice: Choice, left: float) -> Answer[PlanReply]:
        report = {"doing": "asking", "backend": choice.backend.name, "model": choice.model, "again": bool(previous)}
        context.report({**report, "because": took_over[-1] if took_over else ""})
        key = await tuned_for(choice, "breakdown.system", "breakdown.user", "breakdown.retry")
        request = breakdown_request(
            planning, model=choice.model, idle=services.settings.idle_seconds, deadline=left,
            seed=1 if previous is None else 2, key=key,
        )  # fmt: skip
        if previous is not None:
            request = with_problems(request, reply=previous["text"], problems=tuple(previous["problems"]), key=key)
        return await attempt(
            choice.backend,
            request,
            PlanReply,
            check=lambda plan: problems(_subtasks(plan), planning)[:_SHOWN_PROBLEMS],
            recorder=services.recorder,
            on_piece=told,
            prompt_version=render("breakdown.system", key, bounds="").version,
        )

    answer = await services.answer(BREAKDOWN, asked, on_fallback=took_over.append)
    reply = answer.reply
    context.report({"doing": "done", "tokens": reply.reply_tokens, "seconds": reply.total})
    return {
        "text": reply.text,
        "backend": reply.backend,
        "model": reply.model,
        "subtasks": [] if answer.value is None else _stored(_subtasks(answer.value)),
        "problems": list(answer.problems),
        "worth_asking_again": answer.worth_asking_again and previous is None,
        "took_over": [*(previous["took_over"] if previous else ()), *took_over],
    }


def _subtasks(plan: PlanReply) -> tuple[Subtask, ...]:
    return tuple(item.subtask() for item in plan.subtasks)


def _stored(plan: tuple[Subtask, ...]) -> Json:
    proposal = Proposal(id="", uid="", task="", name="", description="", backend="", model="", subtasks=plan)
    return proposal.stored()["subtasks"]


async def propose(context: StepContext[Services], *, uid: str, task: str, facts: Json, answer: Json) -> Json:
    """Keep a checked plan as a proposal, once, and give its id."""
    proposals = context.services.proposals
    before = [row.id for row in proposals.all(task=task) if row.state == "approved"] if task else []
    plan = {
        "name": facts["name"],
        "description": facts["description"],
        "backend": answer["backend"],
        "model": answer["model"],
        "subtasks": answer["subtasks"],
        "notes": [*answer["took_over"], *_notes(task, facts, before)],
    }
    context.services.keep_outcome(uid, purpose=BREAKDOWN, backend=answer["backend"], model=answer["model"], right=True)
    return proposals.create(uid=uid, task=task, run=context.run, plan=plan)


async def keep_failure(context: StepContext[Services], *, uid: str, backend: str, model: str) -> Json:
    """Keep in the record that a model gave no plan that can be used."""
    context.services.keep_outcome(uid, purpose=BREAKDOWN, backend=backend, model=model, right=False)


def _notes(task: str, facts: Mapping[str, Any], before: list[str]) -> list[str]:
    """Say what a person should know of the task itself before approving a plan for it."""
    notes = [f"{task} has been broken down before ({', '.join(before)})."] if before else []
    planning = PlanningFacts.from_document(facts)
    notes += [f"Open in the task's text: {question}" for question in sections.open_questions(planning.description)]
    described = Task(id=task, name=planning.name, description=planning.description, tags=planning.tags)
    if analyze(described, repository=planning.repository).complexity == "simple":
        notes.append("The task looks simple by itself; it may not need a plan.")
    return notes


def rejected(chosen: Mapping[str, Any], found: list[str]) -> BreakdownRejectedError:
    """Make the error that ends a breakdown without a plan."""
    who = "The built-in planner" if chosen["backend"] == "builtin" else f"{chosen['backend']} ({chosen['model']})"
    next_step = (
        "Say more in the task's description, or plan with a model: `--backend ollama`."
        if chosen["backend"] == "builtin"
        else "Plan without a model: `--backend builtin`, or try another with `--model NAME`."
    )
    return BreakdownRejectedError(
        f"{who} gave no plan that can be used: {'; '.join(found[:3])}.", next_step=next_step, problems=tuple(found)
    )
