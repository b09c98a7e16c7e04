"""Approving an import: its entries become tasks, once, however often the approval is repeated."""

from collections.abc import Mapping, Sequence

from prentice.errors import ProposalError, RuleError
from prentice.ledger.proposals_table import ProposalsTable
from prentice.skills.breakdown.approve import Approved
from prentice.skills.importing.marks import earlier_imports, mark
from prentice.skills.importing.proposal import ImportProposal
from prentice.store.todo2_file import Todo2File
from prentice.tasks.claims import OWN_KEY
from prentice.tasks.edits import Draft, Editor
from prentice.tasks.imports.item import LABELS, ImportedTask
from prentice.tasks.rules import Actor


def approve_import(
    proposal: ImportProposal, *, todo2: Todo2File, proposals: ProposalsTable, actor: Actor, only: Sequence[str] = ()
) -> Approved:
    """Make the entries named in `only`, or all that are no duplicates, into tasks.

    Repeated, the same answer comes again and nothing is made; keys in `only` that were left out then are made now.

    Raises:
        ProposalError: it was rejected, or `only` names keys that it does not have.
        RuleError: some would be Done at once, and no person decides.
    """
    keys = chosen_entries(proposal, only)
    _refuse_done(proposal, keys, actor=actor)
    made = todo2.change(lambda editor: _Making(editor, proposal, actor=actor).make(keys))
    order = [task.key for task in proposal.tasks if task.key in keys and task.key in made]
    approved = Approved(created=tuple(made[key] for key in order), parent="")
    proposals.decide(proposal.id, "approved", {"actor": actor, "keys": order, **approved.document()})
    return approved


def _refuse_done(proposal: ImportProposal, keys: frozenset[str], *, actor: Actor) -> None:
    """Refuse entries that would be Done at once, unless a person or a script decides: others do not close tasks."""
    done = [task.key for task in proposal.tasks if task.key in keys and task.status == "Done"]
    if done and actor not in {"person", "script"}:
        raise RuleError(
            f"Only a person makes tasks that are Done ({', '.join(done[:5])}); this came from: {actor}.",
            next_step=f"Ask the user to run `prentice approve {proposal.id}`, or import without `--closed`.",
            details={"rule": "person"},
        )


def chosen_entries(proposal: ImportProposal, only: Sequence[str]) -> frozenset[str]:
    """Give the keys that an approval makes into tasks.

    Raises:
        ProposalError: the proposal cannot be approved, or does not have the keys in `only`.
    """
    if proposal.state == "rejected":
        raise ProposalError(
            f"{proposal.id} was rejected.", next_step=f"Import again: `prentice import '{proposal.source}'`."
        )
    if unknown := [key for key in only if key not in proposal.keys]:
        named = ", ".join(task.key for task in proposal.tasks[:20])
        more = ", ..." if len(proposal.tasks) > 20 else ""
        raise ProposalError(f"{proposal.id} has no {', '.join(unknown)}.", next_step=f"Its keys are: {named}{more}.")
    if proposal.state == "approved":
        return frozenset((proposal.decision or {})["keys"]) | frozenset(only)
    chosen = frozenset(only) or proposal.keys - proposal.duplicates.keys()
    if not chosen:
        raise ProposalError(
            f"Everything in {proposal.id} may be in the list already.",
            next_step=f"Name what you want all the same: `prentice approve {proposal.id} --only KEY,KEY`.",
        )
    return chosen


class _Making:
    """Makes the tasks of one approval in one change of the file."""

    def __init__(self, editor: Editor, proposal: ImportProposal, *, actor: Actor) -> None:
        self._editor = editor
        self._proposal = proposal
        self._actor = actor
        self._before = editor.todolist.tasks
        decided = proposal.decision if proposal.state == "approved" else None
        self._made = dict(zip(decided["keys"], decided["created"], strict=True) if decided else ()) | earlier_imports(
            editor.todolist, proposal.tasks
        )
        self._new: set[str] = set()

    def make(self, keys: frozenset[str]) -> dict[str, str]:
        """Make what is missing of the keys, and give the task of every entry that has one."""
        missing = [task for task in _in_order(self._proposal.tasks) if task.key in keys and task.key not in self._made]
        for task in missing:
            self._made[task.key] = self._create(task)
            self._new.add(self._made[task.key])
        for task in missing:
            self._comment(task)
        if missing:
            self._complete()
        return self._made

    def _create(self, task: ImportedTask) -> str:
        needs = self._needs(task)
        parent = self._parent(task)
        return self._editor.create(
            Draft(
                name=task.name,
                description=task.description(needs),
                priority=task.priority,
                tags=(*task.tags, *((f"parent:{parent}",) if parent else ())),
                dependencies=needs,
                extra={**({"parent_id": parent} if parent else {}), OWN_KEY: mark(task, self._proposal.uid)},
            )
        )

    def _found(self, key: str) -> str:
        """Give the task that stands for an entry, made from it now or before; empty where there is none any more."""
        found = self._made.get(key) or self._proposal.known.get(key, "")
        return found if found in self._new or found in self._before else ""

    def _parent(self, task: ImportedTask) -> str:
        """Give the parent, unless its work was over before: a closed task gets no new parts."""
        parent = self._found(task.parent)
        return "" if parent in self._before and not self._before[parent].is_open else parent

    def _needs(self, task: ImportedTask) -> tuple[str, ...]:
        """Give the tasks that one waits for; an entry left out as a duplicate is the task that it repeats."""
        found = (self._found(need) or self._repeated(need) for need in task.dependencies)
        return tuple(dict.fromkeys(need for need in found if need))

    def _repeated(self, key: str) -> str:
        repeated = self._proposal.duplicates.get(key, "")
        return self._found(repeated) or (repeated if repeated in self._before else "")

    def _complete(self) -> None:
        """Let parents wait for their new parts, and tasks for what was made after them."""
        todolist = self._editor.todolist
        edges = {task_id: set(task.dependencies) for task_id, task in todolist.tasks.items()}
        for task_id, needs in self._later_links().items():
            task = todolist.tasks[task_id]
            if not task.is_open:
                continue
            added: list[str] = []
            for need in needs:
                if need not in edges[task_id] and not _reaches(edges, need, task_id):
                    edges[task_id].add(need)
                    added.append(need)
            if added:
                self._editor.update(task_id, {"dependencies": (*task.dependencies, *added)})

    def _later_links(self) -> dict[str, list[str]]:
        """Give the new tasks that each task has to wait for, by the source; work that has begun waits for parts only.

        Parts come first: where links made here and there would close a cycle, those are kept.
        """
        links: dict[str, list[str]] = {}
        for task in self._proposal.tasks:
            if (own := self._found(task.key)) in self._new and (parent := self._parent(task)):
                links.setdefault(parent, []).append(own)
        for task in self._proposal.tasks:
            own = self._found(task.key)
            if own in self._new or (own and self._before[own].status == "Todo"):
                for need in self._needs(task):
                    if need in self._new:
                        links.setdefault(own, []).append(need)
        return links

    def _comment(self, task: ImportedTask) -> None:
        made = self._made[task.key]
        origin = f"{LABELS[self._proposal.format]} ({task.source}, {self._proposal.id}), approved by: {self._actor}."
        self._editor.comment(made, f"Imported from {origin}", kind="note")
        if task.status == "Done":
            said = f"\n\n{task.result}" if task.result else ""
            self._editor.comment(made, f"Done before the import from {origin}{said}", kind="result")
            self._editor.update(made, {"status": "Done"})


def _in_order(tasks: Sequence[ImportedTask]) -> list[ImportedTask]:
    """Give the entries in the source's order, each after its parent and after what it waits for where possible.

    A task that waits for a part of the parent that it stands in cannot come after both; its links are completed later.
    """
    entries = {task.key: task for task in tasks}
    order: dict[str, None] = {}
    begun: set[str] = set()
    for task in tasks:
        work = [task.key]
        while work:
            key = work[-1]
            if key in begun:
                order.setdefault(work.pop(), None)
                continue
            begun.add(key)
            before = (entries[key].parent, *entries[key].dependencies)
            work += [need for need in reversed(before) if need in entries and need not in begun]
    return [entries[key] for key in order]


def _reaches(edges: Mapping[str, set[str]], start: str, goal: str) -> bool:
    """Whether a task waits for another, by whatever way."""
    seen = {start}
    work = [start]
    while work:
        key = work.pop()
        if key == goal:
            return True
        fresh = [need for need in edges.get(key, ()) if need not in seen]
        seen.update(fresh)
        work += fresh
    return False
