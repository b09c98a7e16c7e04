"""The request that asks a backend for a plan: messages for a model, the same facts for the built-in planner."""

from dataclasses import replace
from typing import Final

from prentice.backends.protocol import Message, Request, Sampling
from prentice.prompts.render import Data, Rendered, render
from prentice.prompts.tuned import ModelKey
from prentice.skills.breakdown.reply import plan_schema, reply_limit
from prentice.tasks.plan import PlanningFacts, RepositoryFacts

TEMPERATURE: Final = 0.3
"""Plans want little variety; the value that exarp-go used for its planner."""
_SHOWN_TASKS: Final = 40
_SHOWN_PATHS: Final = 12


def breakdown_request(
    facts: PlanningFacts, *, model: str, idle: float, deadline: float, seed: int, key: ModelKey | None = None
) -> Request:
    """Make the request for a plan of these facts; `key` is the model whose own templates are taken.

    What never changes stands first, for servers that reuse prefixes.
    """
    system, user = prompt(facts, key=key)
    return Request(
        purpose="breakdown",
        model=model,
        messages=(Message(role="system", content=system.text), Message(role="user", content=user.text)),
        schema=plan_schema(
            min_subtasks=facts.min_subtasks, max_subtasks=facts.max_subtasks, criteria=len(facts.criteria)
        ),
        sampling=Sampling(temperature=TEMPERATURE, seed=seed),
        max_tokens=reply_limit(max_subtasks=facts.max_subtasks),
        idle=idle,
        deadline=deadline,
        facts=facts.document(),
    )


def with_problems(request: Request, *, reply: str, problems: tuple[str, ...], key: ModelKey | None = None) -> Request:
    """Make the request that shows the model its own reply and what is wrong with it."""
    listed = "\n".join(f"- {problem}" for problem in problems)
    answer = render("breakdown.retry", key, problems=Data(listed))
    turns = (Message(role="assistant", content=reply or "(nothing)"), Message(role="user", content=answer.text))
    return replace(request, messages=(*request.messages, *turns))


def prompt(facts: PlanningFacts, *, key: ModelKey | None = None) -> tuple[Rendered, Rendered]:
    """Render the system and the user message for these facts."""
    low, high = facts.min_subtasks, facts.max_subtasks
    system = render("breakdown.system", key, bounds=str(low) if low == high else f"{low} to {high}")
    task = f"{facts.name}\n\n{facts.description}".strip()
    user = render(
        "breakdown.user",
        key,
        repository=Data(_repository_lines(facts.repository)),
        existing=Data("\n".join(f"- {name}" for name in facts.existing[:_SHOWN_TASKS])),
        criteria=Data("\n".join(f"{number}. {text}" for number, text in enumerate(facts.criteria, start=1))),
        context=Data(facts.context),
        task=Data(task),
    )
    return system, user


def _repository_lines(facts: RepositoryFacts) -> str:
    lines = []
    if facts.languages:
        lines.append(f"languages: {', '.join(facts.languages[:6])}")
    if facts.manifests:
        lines.append(f"build files: {', '.join(facts.manifests[:_SHOWN_PATHS])}")
    lines += [f"{kind} command: {command}" for kind, command in facts.checks.items()]
    lines += [f"{kind}: {', '.join(paths[:_SHOWN_PATHS])}" for kind, paths in facts.places.items() if paths]
    named = [(path.written, path.found) for path in facts.named_paths]
    named += [(symbol.written, symbol.found) for symbol in facts.named_symbols]
    lines += [f"named in the task: {name} ({', '.join(found[:3]) or 'does not exist'})" for name, found in named]
    return "\n".join(lines)
