"""The step that chooses a model and a format, packs what the model is shown, and writes the prompt."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from typing import Any, Final

from prentice.backends.asking import BUILTIN
from prentice.backends.context_window import estimate_tokens
from prentice.backends.router import Choice
from prentice.changes.files import Snapshot
from prentice.changes.formats import Ask, Format, Target, instructions
from prentice.changes.markers import Markers, markers_for
from prentice.context.conventions import Conventions, conventions
from prentice.context.packing import Kind, Packed, Part, pack
from prentice.context.ranking import Ranked
from prentice.prompts.render import Data, fenced, render
from prentice.prompts.tuned import ModelKey
from prentice.runs.protocol import Json, StepContext
from prentice.skills.execute.choosing_format import FormatChoice, choose_format, format_named
from prentice.skills.execute.gathering import expanded
from prentice.skills.execute.services import ExecutionServices, in_thread
from prentice.skills.execute.targets import Aim, aim, sizes, too_large
from prentice.skills.optimize.model_key import tuned_for
from prentice.workspace.tree import Tree

_MORE: Final = 1_500
"""Tokens of conventions and of other files beside the targets: a small model on a processor reads some 50 a second."""
_SEARCHED: Final = 4_000
"""Tokens of files where the task names none."""
_OUTLINE: Final = 400
"""Tokens that the outline around a definition may take."""
UNKNOWN_WINDOW: Final = 16_384
"""Taken where the model's window is not known; one that is smaller says so, and the prompt is packed smaller."""
LARGEST_WINDOW: Final = 32_768
_LEAST_BUDGET: Final = 400
_TASK_CHARACTERS: Final = 12_000
_KINDS: Final[Mapping[Kind, str]] = {
    "whole": "the whole file", "symbol": "one definition of the file", "outline": "an outline with line numbers",
    "excerpt": "a part of the file", "conventions": "conventions",
}  # fmt: skip


async def choose(
    context: StepContext[ExecutionServices], *, facts: Json, tier: int, format_name: str, shrink: int
) -> Json:
    """Choose who is asked, in which format, and write the prompt; `shrink` halves the files' share so many times.

    Gives `{none: why}` where there is no model to ask on this rung.

    Raises:
        BackendError, UsageError, ConfigError: the backend asked for cannot be used, or there is no such format.
        WorktreeError: the worktree cannot be made.
    """
    services = context.services
    asked = format_named(format_name) if format_name else None
    purpose = await services.purpose_at(tier, facts["need"])
    if purpose is None:
        return {"none": "there is no larger model to choose"}
    choice = await services.choice(purpose)
    if choice.backend.name == BUILTIN:
        return {"none": f"no model can be asked: {choice.reason}"}
    context.report({"doing": "packing", "backend": choice.backend.name, "model": choice.model})
    worktree = await services.worktree(context.run, base=facts["base"], with_uncommitted=facts["uncommitted"])
    counts = _counts(services, choice)
    key = await tuned_for(choice, "execute.system", "execute.user")
    window = window_of(choice)

    def work(_stopped: Callable[[], bool]) -> dict[str, Any]:
        tree = worktree.snapshot()
        if large := too_large(expanded(facts["files"], tree.paths()), tree):
            return {"none": f"{', '.join(large)}: too large to be shown to a model, which gets 1 MB of a file at most"}
        ranked = services.ranked(facts)
        found = aim_of(facts, tree, ranked=[item.path for item in ranked])
        format_ = choose_format(sizes(found, tree), window=window, counts=counts, asked=asked)
        found = shaped(found, format_.format)
        style = conventions(worktree.root, near=found.paths)
        packed = _packed(tree, found, ranked, style, facts=facts, format_=format_, window=window, shrink=shrink)
        prompt = write(facts, found, packed, format_=format_, tree=tree, model=key)
        return prompt | {"notes": _unseen(services, facts, found, tree)}

    prompt = await in_thread(work)
    if "none" in prompt:
        return prompt
    return prompt | {
        "backend": choice.backend.name, "model": choice.model, "because": choice.reason, "window": window,
    }  # fmt: skip


def window_of(choice: Choice) -> int:
    """Give the context window, in tokens, that a prompt for this model may fill together with its reply."""
    trained = choice.candidate.info.context if choice.candidate else None
    return min(trained or UNKNOWN_WINDOW, LARGEST_WINDOW)


def aim_of(facts: Mapping[str, Any], tree: Snapshot, *, ranked: Sequence[str]) -> Aim:
    """Say what the task of these facts concerns in a tree."""
    return aim(
        f"{facts['name']}\n{facts['description']}",
        category=facts["category"],
        files=expanded(facts["files"], tree.paths()),
        missing=facts["missing"],
        symbols=facts["symbols"],
        ranked=ranked,
        snapshot=tree,
    )


def shaped(found: Aim, format_: Format) -> Aim:
    """Give an aim as a format can express it: a whole file is no single definition."""
    if format_ is not Format.WHOLE:
        return found
    return replace(found, targets=tuple(Target(path=path) for path in dict.fromkeys(t.path for t in found.targets)))


def write(
    facts: Mapping[str, Any], found: Aim, packed: Packed, *, format_: FormatChoice, tree: Snapshot,
    model: ModelKey | None = None,
) -> dict[str, Any]:  # fmt: skip
    """Write the messages, with marks for edits that occur in no file that is shown; as tuned for a model, if so."""
    task = f"{facts['name']}\n\n{facts['description']}".strip()[:_TASK_CHARACTERS]
    shown = {part.path: tree.read(part.path) for part in packed.parts}
    texts = {path: file.content for path, file in shown.items() if file is not None and file.is_regular}
    marks = markers_for({**texts, **dict.fromkeys(found.new, b""), "task.data": task.encode()})
    ask = Ask(
        format=format_.format,
        targets=(*found.targets, *(Target(path=path) for path in found.new)),
        markers=marks,
    )
    criteria = "\n".join(f"- {criterion}" for criterion in facts["criteria"])
    beside = [*(part.text for part in packed.parts), task, criteria, facts["remarks"]]
    system = render("execute.system", model)
    user = render(
        "execute.user",
        model,
        files="\n\n".join(_shown(part, beside) for part in packed.parts) or "(none)",
        task=Data(task),
        criteria=Data(criteria),
        remarks=Data(facts["remarks"]),
        places=places(found),
        instructions=instructions(ask),
    )
    return {
        "messages": [
            {"role": "system", "content": system.text},
            {"role": "user", "content": user.text},
        ],
        "version": f"{system.version} {user.version}",
        "max_tokens": format_.reply_tokens,
        "format": format_.format.value,
        "format_why": format_.why,
        "ask": {
            "targets": [[target.path, target.symbol] for target in ask.targets],
            "tag": marks.tag,
            "fence": marks.fence,
        },
        "aim": found.document(),
        "manifest": list(packed.manifest),
        "files": list(found.paths),
    }


def ask_of(prompt: Mapping[str, Any]) -> Ask:
    """Give what a model was asked for, in whose light its reply is read."""
    asked = prompt["ask"]
    return Ask(
        format=Format(prompt["format"]),
        targets=tuple(Target(path=path, symbol=symbol) for path, symbol in asked["targets"]),
        markers=Markers(tag=asked["tag"], fence=asked["fence"]),
    )


def places(found: Aim) -> str:
    """Say which files and symbols may change, as the last thing before the form of the answer."""
    lines = [f"- {target.name}" for target in found.targets]
    lines += [f"- {path} (a new file)" for path in found.new]
    return "\n".join(["Change only:", *lines]) if lines else "Change only what the task names."


def _packed(
    tree: Tree, found: Aim, ranked: Sequence[Ranked], style: Conventions, *, facts: Mapping[str, Any],
    format_: FormatChoice, window: int, shrink: int,
) -> Packed:  # fmt: skip
    """Pack the files into what task, rules and reply leave of the window, and no more than a small model can use."""
    fixed = 700 + estimate_tokens(facts["description"][:_TASK_CHARACTERS]) + estimate_tokens(facts["remarks"])
    fixed += 40 * len(facts["criteria"]) + format_.reply_tokens
    measured = (*sizes(found, tree), *sizes(replace(found, targets=found.shown, new=()), tree))
    needed = sum(_OUTLINE + size.symbol if size.symbol is not None else size.file for size in measured)
    useful = round(needed * 1.1) + (_MORE if needed else _SEARCHED)
    budget = max(min(useful, window - fixed), _LEAST_BUDGET) >> shrink
    others = [item for item in ranked if item.path not in style.paths]
    text = f"{facts['name']}\n{facts['description'][:_TASK_CHARACTERS]}"
    return pack(tree, others, targets=(*found.targets, *found.shown), budget=budget, text=text, conventions=style)


def _shown(part: Part, beside: Sequence[str]) -> str:
    """Give one piece of a file between marks that neither it nor another text of the prompt holds."""
    if part.kind == "conventions":
        return f"How this project writes its code:\n{fenced('conventions', part.text.rstrip(), beside=beside)}"
    name = f"{part.path}::{part.symbol}" if part.symbol else part.path
    return f"{name} ({_KINDS[part.kind]}):\n{fenced('file', part.text.removesuffix(chr(10)), beside=beside)}"


def _counts(services: ExecutionServices, choice: Choice) -> dict[Format, tuple[int, int]]:
    """Give how often this model's replies could be used, by format, from the user's record."""
    if services.record is None:
        return {}
    results = services.record.results
    return {
        format_: results.counts(choice.backend.name, choice.model, kind=format_kind(format_.value))
        for format_ in Format
    }


def format_kind(name: str) -> str:
    """Give the kind of work under which the record keeps whether replies in a format could be used."""
    return f"format {name}"


def _unseen(services: ExecutionServices, facts: Mapping[str, Any], found: Aim, tree: Tree) -> list[str]:
    """Name the files whose uncommitted changes the run does not see."""
    if facts["uncommitted"] or not facts["base"]:
        return []
    own = Tree(root=services.directory)
    differing = [path for path in found.paths if own.read(path) != tree.read(path)]
    if not differing:
        return []
    return [
        f"{', '.join(differing)} has uncommitted changes, which this run does not see; `--uncommitted` takes them in."
    ]
