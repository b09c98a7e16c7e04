"""The run that reviews code: gather the files, let linters look, then a model part by part, keep what is confirmed.

Nothing is edited. Linters run in the sandbox; without one that works they are left out, and that is said.
"""

import asyncio
from collections.abc import Callable, Mapping, Sequence
from typing import Any, Final, TypeVar

from prentice.backends.asking import BUILTIN, Answer, attempt, shown_problems
from prentice.backends.router import Choice
from prentice.context.repository import survey
from prentice.errors import ReplyError, SandboxError, TextError, WorktreeError
from prentice.runs.protocol import Json, Step, StepContext
from prentice.runs.registry import Need, Registry
from prentice.skills.code_review.finding import Finding, ordered
from prentice.skills.code_review.linting import linted
from prentice.skills.code_review.parts import MOST_FILES, Part, parts
from prentice.skills.code_review.prompt import PURPOSE, instructions, review_request
from prentice.skills.code_review.reply import ReviewReply, confirmed
from prentice.skills.execute.services import in_thread
from prentice.skills.execute.tools.workbench import Workbench, named
from prentice.skills.optimize.model_key import tuned_for
from prentice.skills.services import Services
from prentice.skills.task_text import check_text, split_text
from prentice.tasks.edits import not_found
from prentice.workspace.sandbox.choosing import chosen
from prentice.workspace.sandbox.limits import Limits
from prentice.workspace.tree import Tree
from prentice.workspace.worktree import worktree

CODE_REVIEW: Final = "code_review"
AnyServices = TypeVar("AnyServices", bound=Services)


def register(registry: Registry[AnyServices]) -> None:
    """Register the body and its steps."""
    registry.add_body(CODE_REVIEW, review_code)
    registry.add_step("code_review.gather", gather)
    registry.add_step("code_review.lint", lint)
    registry.add_step("code_review.choose", choose_backend)
    registry.add_step("code_review.ask", ask, needs=server)
    registry.add_step("code_review.judge", judge)


async def review_code(step: Step, arguments: Mapping[str, Json]) -> Json:
    """Carry one review. Arguments: `task` (an id, or empty), `text`, `files` (paths; empty: those that the task names).

    Gives `{task, files, findings, dropped, notes, backend, model, reviewers}`; `dropped` counts findings without a
    quote that stands where they say, and `reviewers` are the linters and the model that looked, none where none could.

    Raises:
        TextError: the task names no file of the project.
        ReplyError: no part of the review got a usable answer, and no linter found anything.
    """
    facts = await step.do("code_review.gather", **arguments)
    looked = await step.do("code_review.lint", files=facts["files"])
    backend = await step.do("code_review.choose", task=arguments["task"])
    found, notes, dropped, failures = list(looked["findings"]), [*facts["notes"], *looked["notes"]], 0, []
    reviewers = list(looked["linters"])
    if backend["backend"] == BUILTIN:
        alone = ": the findings are those of linters alone" if reviewers else ", and no linter"
        notes.append(f"No model looked at this{alone}.")
    else:
        for number, part in enumerate(facts["parts"], start=1):
            known = looked["findings"]
            asked = {"text": facts["text"], "part": part, "known": known, "of": [number, len(facts["parts"])]}
            answer = await step.do("code_review.ask", **asked, wish=backend["wish"], previous=None)
            if answer["problems"] and answer["worth_asking_again"]:
                answer = await step.do("code_review.ask", **asked, wish=backend["wish"], previous=answer)
            found += answer["findings"]
            dropped += answer["dropped"]
            notes += answer["took_over"]
            backend = {**backend, "backend": answer["backend"], "model": answer["model"]}
            if answer["backend"] != BUILTIN and not answer["problems"]:
                reviewers.append(answer["model"])
            right = not answer["problems"] and answer["dropped"] <= len(answer["findings"])
            await step.do("code_review.judge", uid=await step.new_id(), answered=answer["answered"], right=right)
            if answer["problems"]:
                failures.append(answer["problems"])
                notes.append(f"The answer on part {number} of {len(facts['parts'])} could not be used.")
    if failures and len(failures) == len(facts["parts"]) and not found:
        raise _unusable(backend, failures[0])
    if dropped:
        counted = "One finding of the model was" if dropped == 1 else f"{dropped} findings of the model were"
        notes.append(f"{counted} left out: what is quoted does not stand at or near the line that is named.")
    findings = ordered([Finding.from_document(item) for item in found])
    return {
        "task": arguments["task"], "files": facts["files"], "findings": [item.document() for item in findings],
        "dropped": dropped, "notes": list(dict.fromkeys(notes)), "backend": backend["backend"],
        "model": backend["model"], "reviewers": list(dict.fromkeys(reviewers)),
    }  # fmt: skip


async def gather(context: StepContext[Services], *, task: str, text: str, files: Sequence[str]) -> Json:
    """Find the files under review, and cut them into parts for one call each."""
    services = context.services
    if task:
        tasks = services.todo2.read().tasks if services.todo2 else {}
        if task not in tasks:
            raise not_found(task, tasks)
        text = tasks[task].text
        check_text(text)
    else:
        text = "\n\n".join(filter(None, split_text(text))) if text else ""
    listed = list(files) or await asyncio.to_thread(_named, services, text)
    tree = Tree(root=services.directory.resolve())
    there = [file for file in dict.fromkeys(listed) if (found := tree.read(file)) is not None and found.is_regular]
    if missing := [file for file in files if file not in there]:
        raise TextError(f"{named(missing)} is no file of the project.", next_step="Name files that exist.")
    if not there:
        raise TextError(
            "The task names no file of the project that could be reviewed.",
            next_step="Name the files: `Review src/app.py`.",
        )
    shown, notes = await asyncio.to_thread(parts, tree, there[:MOST_FILES])
    if len(there) > MOST_FILES:
        notes.append(f"Of {len(there)} files the first {MOST_FILES} are reviewed.")
    return {
        "text": text, "files": there[:MOST_FILES], "notes": notes,
        "parts": [[part.document() for part in call] for call in shown],
    }  # fmt: skip


def _named(services: Services, text: str) -> list[str]:
    facts = survey(services.directory, text)
    found = [path for name in facts.named_paths for path in name.found]
    return found or [place.rpartition(":")[0] for name in facts.named_symbols for place in name.found]


async def lint(context: StepContext[Services], *, files: Sequence[str]) -> Json:
    """Let linters look at the files, in a worktree that holds them as they are."""
    settings = context.services.settings
    context.report({"doing": "running linters"})
    try:
        sandbox = chosen(required=settings.checks_sandbox == "required")
    except SandboxError as error:
        return {"findings": [], "linters": [], "notes": [f"No linter was run: {error.message}"]}

    def work(stopped: Callable[[], bool]) -> Json:
        with worktree(context.services.directory, with_uncommitted=True) as tree:
            bench = Workbench(worktree=tree, sandbox=sandbox, limits=Limits.of(settings), stopped=stopped)
            found = linted(bench, files)
        documents = [finding.document() for finding in found.findings]
        return {"findings": documents, "linters": list(found.linters), "notes": list(found.notes)}

    try:
        return await in_thread(work)
    except WorktreeError as error:
        return {"findings": [], "linters": [], "notes": [f"No linter was run: {error.message}"]}


async def choose_backend(context: StepContext[Services], *, task: str) -> Json:
    """Choose the backend for reviews; the task may wish for one."""
    services = context.services
    found = services.todo2.read().tasks.get(task) if services.todo2 and task else None
    wish = found.preferred_backend if found else ""
    choice = await services.choice(PURPOSE, preferred_backend=wish)
    return {"backend": choice.backend.name, "model": choice.model, "wish": wish}


async def server(services: Services, arguments: Mapping[str, Json]) -> Need | None:
    """Say which server the question goes to."""
    return await services.server(PURPOSE, preferred_backend=arguments["wish"])


async def ask(
    context: StepContext[Services], *, text: str, part: Sequence[Json], known: Sequence[Json], of: Sequence[int],
    wish: str, previous: Mapping[str, Any] | None,
) -> Json:  # fmt: skip
    """Ask for a review of one part, or for a better one than the previous, and confirm its quotes."""
    services = context.services
    shown = [Part.from_document(item) for item in part]
    files = {item.file for item in shown}
    took_over: list[str] = []
    await services.choice(PURPOSE, preferred_backend=wish)

    async def asked(choice: Choice, left: float) -> Answer[ReviewReply] | None:
        if choice.backend.name == BUILTIN:
            return None
        context.report({"doing": "asking", "backend": choice.backend.name, "model": choice.model, "part": list(of)})
        key = await tuned_for(choice, "code_review.system", "code_review.user")
        request = review_request(
            text,
            shown,
            known=[Finding.from_document(item) for item in known if item["file"] in files],
            model=choice.model,
            idle=services.settings.idle_seconds,
            deadline=left,
            key=key,
        )
        if previous is not None:
            request = shown_problems(request, previous["text"], tuple(previous["problems"]))
        return await attempt(
            choice.backend,
            request,
            ReviewReply,
            recorder=services.recorder,
            prompt_version=instructions(key).version,
        )

    answer = await services.answer(PURPOSE, asked, on_fallback=took_over.append)
    if answer is None:
        took_over.append("No model looked at the rest of this: the findings are those of linters.")
        return _answered(BUILTIN, "", took_over=took_over)
    reply = answer.reply
    source = f"{reply.backend}/{reply.model}"
    findings, dropped = confirmed(answer.value, shown, source=source) if answer.value else ([], 0)
    return {
        **_answered(reply.backend, reply.model, took_over=took_over),
        "text": reply.text,
        "findings": [finding.document() for finding in findings],
        "dropped": dropped,
        "problems": list(answer.problems),
        "worth_asking_again": answer.worth_asking_again and previous is None,
    }


def _answered(backend: str, model: str, *, took_over: Sequence[str]) -> dict[str, Any]:
    return {
        "text": "", "findings": [], "dropped": 0, "problems": [], "worth_asking_again": False,
        "backend": backend, "model": model, "answered": [backend, model], "took_over": list(took_over),
    }  # fmt: skip


async def judge(context: StepContext[Services], *, uid: str, answered: Sequence[str], right: bool) -> Json:
    """Keep in the record whether a model's answer was one that stands up to the files."""
    backend, model = answered
    context.services.keep_outcome(uid, purpose=PURPOSE, backend=backend, model=model, right=right)


def _unusable(backend: Mapping[str, Any], problems: Sequence[str]) -> ReplyError:
    return ReplyError(
        f"{backend['backend']} ({backend['model']}) gave no review that can be used: {'; '.join(problems[:3])}.",
        next_step="Try another model with `--model NAME`, or let linters alone look: `--backend builtin`.",
        problems=tuple(problems),
    )
