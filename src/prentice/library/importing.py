"""Importing: other tools' tasks as proposals."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING

from prentice.library.tasks import Tasks
from prentice.tasks.todolist import TodoList

if TYPE_CHECKING:
    from prentice.skills.breakdown.approve import Approved
    from prentice.skills.importing.proposal import ImportProposal
    from prentice.tasks.imports.item import Format


class Importing(Tasks):
    """From another tool's list to tasks that a person approved."""

    def import_tasks(
        self,
        path: str | Path,
        *,
        format: "Format | None" = None,  # noqa: A002 - the word that users know it by
        tag: str = "",
        closed: bool = False,
        limit: int | None = None,
    ) -> "ImportProposal":
        """Read another tool's tasks from a file or directory, and keep them as a proposal; `approve` makes them tasks.

        `format` is one of `task-master`, `backlog`, `checklist` and `github`, recognized where it is not given. `tag`
        chooses among Task Master's; `closed` takes closed entries too. Without a `limit`, more than 200 are refused.
        The proposal's `id` is empty where every entry was left out.

        Raises:
            ImportSourceError: there is nothing that can be read, or too much.
            UsageError: the limit or the tag makes no sense.
            StoreError: the project's own list cannot be read.
        """
        from prentice.skills.importing.propose import Wish, propose

        return propose(
            Wish(path=Path(path), kind=format, tag=tag, closed=closed, limit=limit),
            todolist=self.tasks() if self.project else TodoList({}),
            proposals=self._ledgers.proposals(),
        )

    def imports(self) -> "list[ImportProposal]":
        """Give the proposals of imports made here, oldest first."""
        from prentice.skills.importing.proposal import ImportProposal, is_import

        if self._ledgers.is_blank:
            return []
        return [ImportProposal.from_row(row) for row in self._ledgers.proposals().all() if is_import(row)]

    def _import(self, proposal_id: str) -> "ImportProposal | None":
        """Give a proposal that is an import, None for a plan.

        Raises:
            ProposalError: there is none of that id here.
        """
        from prentice.skills.importing.proposal import ImportProposal, is_import

        row = self._ledgers.proposals().get(proposal_id)
        return ImportProposal.from_row(row) if is_import(row) else None

    def _approve_import(self, proposal: "ImportProposal", only: Sequence[str]) -> "Approved":
        from prentice.skills.importing.approve import approve_import, chosen_entries

        chosen_entries(proposal, only)
        if self.project is None:
            self.init()
        return approve_import(
            proposal, todo2=self._file(), proposals=self._ledgers.proposals(), actor=self.actor, only=only
        )
