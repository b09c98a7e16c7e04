"""Planning: breaking a task down, and deciding on the proposals."""

from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from prentice.config import Settings
from prentice.errors import ProposalError, UsageError
from prentice.library.finishing import finished
from prentice.library.importing import Importing
from prentice.library.running import Running

if TYPE_CHECKING:
    from prentice.runs.protocol import Event
    from prentice.skills.breakdown.approve import Approved
    from prentice.skills.breakdown.proposal import Proposal
    from prentice.skills.importing.proposal import ImportProposal
    from prentice.skills.services import Services
    from prentice.tasks.plan import Subtask


class Planning(Importing, Running):
    """From a task to subtasks that a person approved."""

    def breakdown(
        self,
        task: str,
        *,
        context: str = "",
        min_subtasks: int | None = None,
        max_subtasks: int | None = None,
        on_event: "Callable[[Event], None] | None" = None,
    ) -> "Proposal":
        """Plan a task, given by id or as free text, and keep the plan as a proposal.

        Raises:
            BreakdownRejectedError: no plan came that can be used.
            BackendError: the backend failed.
            TextError, TaskNotFoundError: the task cannot be planned for.
        """
        return finished(
            lambda: self.breakdown_async(
                task, context=context, min_subtasks=min_subtasks, max_subtasks=max_subtasks, on_event=on_event
            ),
            method="breakdown",
        )

    async def breakdown_async(
        self,
        task: str,
        *,
        context: str = "",
        min_subtasks: int | None = None,
        max_subtasks: int | None = None,
        on_event: "Callable[[Event], None] | None" = None,
    ) -> "Proposal":
        """Do `breakdown` on the running event loop; `on_event` is told of the run's id, its steps and its progress."""
        from prentice.runs.registry import Registry
        from prentice.skills.breakdown import run as breakdown_run

        settings = self._with_bounds(min_subtasks, max_subtasks)
        task_id, text = self._reference(task)
        registry: Registry[Services] = Registry()
        breakdown_run.register(registry)
        arguments = {
            "task": task_id,
            "text": text,
            "context_text": context,
            "min_subtasks": settings.min_subtasks,
            "max_subtasks": settings.max_subtasks,
        }
        async with self._engine(registry, lambda: self._services(settings), settings=settings) as runs:
            proposal_id = await self._outcome(runs, breakdown_run.BREAKDOWN, arguments, on_event)
        return self.proposal(proposal_id)

    def proposals(self) -> list["Proposal"]:
        """Give the plans proposed here, oldest first; `imports` gives the other proposals."""
        from prentice.skills.breakdown.proposal import Proposal
        from prentice.skills.importing.proposal import is_import

        if self._ledgers.is_blank:
            return []  # nothing was planned yet; reading makes no file
        return [Proposal.from_row(row) for row in self._ledgers.proposals().all() if not is_import(row)]

    def proposal(self, proposal_id: str) -> "Proposal":
        """Give one plan.

        Raises:
            ProposalError: there is none of that id here, or it is an import.
        """
        from prentice.skills.breakdown.proposal import Proposal
        from prentice.skills.importing.proposal import is_import

        row = self._ledgers.proposals().get(proposal_id)
        if is_import(row):
            raise ProposalError(
                f"{row.id} is an import, not a plan: its entries cannot be edited before they are tasks.",
                next_step=f"Approve what you want of it: `prentice approve {row.id} --only KEY,KEY`.",
            )
        return Proposal.from_row(row)

    def approve(self, proposal_id: str, *, only: Sequence[str] = (), edited: "Proposal | None" = None) -> "Approved":
        """Make a proposal's entries into tasks; again gives the same answer and makes nothing.

        `only` takes some of its keys; `edited` is a plan that was changed. Outside a project, one is made.

        Raises:
            ProposalError, RuleError: it cannot be approved; nothing was changed.
        """
        from prentice.skills.breakdown.approve import approve, chosen_keys

        if edited is None and (imported := self._import(proposal_id)):
            return self._approve_import(imported, only)
        proposal = self.proposal(proposal_id)
        if edited is not None:
            if proposal.state == "approved":
                raise ProposalError(
                    f"{proposal_id} is approved already; its plan cannot change any more.",
                    next_step="Edit its tasks instead: `prentice edit TASK`.",
                )
            proposal = replace(proposal, subtasks=edited.subtasks)
        chosen_keys(proposal, only)
        if self.project is None:
            self.init()
        return approve(proposal, todo2=self._file(), proposals=self._ledgers.proposals(), actor=self.actor, only=only)

    def revise(self, proposal: "Proposal", *, subtasks: "Sequence[Subtask]") -> "Proposal":
        """Keep an edited plan without approving it, and give it; `proposal` is the plan that was edited.

        Raises:
            ProposalError: the plan does not hold together, was decided on, or changed since it was read.
        """
        from prentice.skills.breakdown.checks import structure_problems

        found = ["a subtask has no key" for subtask in subtasks if not subtask.key.strip()]
        found += [f'subtask "{subtask.key}" has no name' for subtask in subtasks if not subtask.name.strip()]
        if problems := [*found, *structure_problems(subtasks)] if subtasks else ["it has no subtasks"]:
            raise ProposalError(
                f"The plan does not hold together: {'; '.join(problems)}.",
                next_step="Mend that; the plan is as it was before.",
                details={"problems": problems},
            )
        edited = proposal.with_subtasks(subtasks)
        if not self._ledgers.proposals().revise(proposal.id, before=proposal.stored(), plan=edited.stored()):
            raise ProposalError(
                f"{proposal.id} was decided on, or edited elsewhere, since you looked at it; your edit is not kept.",
                next_step="Look at it as it is now, then edit it again.",
            )
        return edited

    async def approve_async(self, proposal_id: str, *, only: Sequence[str] = ()) -> "Approved":
        """Do `approve` beside a running event loop."""
        import asyncio

        return await asyncio.to_thread(self.approve, proposal_id, only=only)

    def reject(self, proposal_id: str, *, reason: str = "") -> "Proposal | ImportProposal":
        """Set a proposal aside and give it.

        Raises:
            ProposalError: it was approved before, or does not exist.
        """
        from prentice.skills.breakdown.approve import reject

        proposal = self._import(proposal_id) or self.proposal(proposal_id)
        reject(proposal, proposals=self._ledgers.proposals(), actor=self.actor, reason=reason)
        if self.actor == "person":
            self._ledgers.track_record().judged(proposal.uid, right=False)
        return self._import(proposal_id) or self.proposal(proposal_id)

    def _with_bounds(self, low: int | None, high: int | None) -> Settings:
        low = self.settings.min_subtasks if low is None else low
        high = self.settings.max_subtasks if high is None else high
        if not 1 <= low <= high <= 20:
            raise UsageError(f"A plan cannot have {low} to {high} subtasks.", next_step="Choose 1 <= min <= max <= 20.")
        return replace(self.settings, min_subtasks=low, max_subtasks=high)
