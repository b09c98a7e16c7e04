"""The search for a better template: GEPA's, which keeps what is best on some examples and learns from the others.

The one module that knows gepa. What it does badly is kept from it (measured with 0.1.4): a reflection that fails is
not its affair, so it burns no budget; a reply that is cut or thinks aloud never becomes a candidate; it keeps no state
on the disk, where it would be a pickle; its cache, which takes the first example of one part for the first of another,
stays off, as the journal is one; and it cannot go on for ever where nothing is left to learn.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final, Literal, cast

from gepa.api import optimize
from gepa.core.adapter import EvaluationBatch

from prentice.evals.answering import Answering, BudgetSpent
from prentice.evals.examples import Example, Parts
from prentice.evals.proposing import PROPOSE, Proposer
from prentice.evals.trials import Scored, Trial

StopReason = Literal["budget", "no_improvement", "unusable_proposals", "nothing_to_learn", "perfect"]

MINIBATCH: Final = 3
"""Examples that a candidate is first tried on; gepa's own default."""
MAX_UNUSABLE: Final = 6
"""Proposals in a row that cannot be used: a model that writes no edits will not begin to."""
MAX_IN_VAIN: Final = 10
"""Rounds in a row that brought no candidate that was better on its few examples."""
_PART: Final = "template"


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a search found: the best text by its score on the validation part, the default's score, and its course."""

    body: str
    score: float
    default_score: float
    stop_reason: StopReason
    candidates: int
    proposals: int
    unusable: int


@dataclass(slots=True, kw_only=True)
class Search:
    """One search. It asks through `answering`, which ends it when the budget is spent or the model fails."""

    trial: Trial
    proposer: Proposer
    answering: Answering
    parts: Parts
    on_candidate: Callable[[int, float], None]
    stop_reason: StopReason = "no_improvement"
    _valued: list[tuple[str, float]] = field(default_factory=list)
    _unusable: int = 0
    _unusable_in_a_row: int = 0
    _rounds_in_vain: int = 0

    # gepa asks an adapter for this name, and takes None for "the proposer that was handed in".
    propose_new_texts: None = None

    def run(self) -> Found:
        """Search until the budget is spent, or until going on makes no sense.

        Raises:
            ModelFailed: the model fails.
            BudgetSpent: not even the default could be valued.
        """
        body = self.proposer.default.body
        self.proposer.seen.add(body)
        try:
            optimize(
                seed_candidate={_PART: body},
                trainset=list(self.parts.train),
                valset=list(self.parts.validation),
                adapter=cast("Any", self),  # its protocols are generic in ways that no class can state
                custom_candidate_proposer=self.propose,
                reflection_minibatch_size=min(MINIBATCH, len(self.parts.train)),
                stop_callbacks=[self._is_over],
                callbacks=[cast("Any", self)],  # it looks for the methods that are there
                logger=_Silent(),
                seed=0,
                track_best_outputs=False,
            )
        except BudgetSpent:
            if not self._valued:
                raise
            self.stop_reason = "budget"
        best, score = max(self._valued, key=lambda item: (item[1], -len(item[0])))
        first = self._valued[0]
        if score <= first[1]:
            best, score = first
        return Found(
            body=best, score=score, default_score=first[1], stop_reason=self.stop_reason,
            candidates=len(self._valued) - 1, proposals=self.proposer.made, unusable=self._unusable,
        )  # fmt: skip

    def value(self, body: str, examples: Sequence[Example]) -> list[Scored]:
        """Score a text on examples.

        Raises:
            Ended: the budget is spent, or the model fails.
        """
        template = self.proposer.with_body(body)
        requests = [self.trial.request(template, example) for example in examples]
        replies = self.answering.ask(requests, version=f"{template.name}/candidate")
        return [self.trial.score(reply, example) for reply, example in zip(replies, examples, strict=True)]

    def decided(self, body: str) -> tuple[float, float]:
        """Give the scores of the default and of another text on the examples that were held out.

        Raises:
            Ended: the budget is spent, or the model fails.
        """
        default, other = (
            sum(item.score for item in self.value(text, self.parts.held_out)) / len(self.parts.held_out)
            for text in (self.proposer.default.body, body)
        )
        return default, other

    def evaluate(
        self,
        batch: list[Example],
        candidate: dict[str, str],
        capture_traces: bool = False,  # noqa: FBT001, FBT002 - gepa's own signature
    ) -> EvaluationBatch[Any, Any]:
        """Score a candidate, as gepa asks for it."""
        scored = self.value(candidate[_PART], batch)
        traces = list(zip(batch, scored, strict=True)) if capture_traces else None
        return EvaluationBatch(
            outputs=[item.answer for item in scored], scores=[item.score for item in scored], trajectories=traces
        )

    def make_reflective_dataset(
        self, candidate: dict[str, str], eval_batch: EvaluationBatch[Any, Any], components_to_update: list[str]
    ) -> Mapping[str, Sequence[Mapping[str, Any]]]:
        """Give the cases that were answered wrongly."""
        del candidate
        cases = [
            {"Given": "\n".join(example.texts), "Answered": scored.answer, "Wrong": scored.reason}
            for example, scored in eval_batch.trajectories or ()
            if scored.score < 1
        ]
        return dict.fromkeys(components_to_update, cases)

    def propose(
        self,
        candidate: dict[str, str],
        reflective_dataset: Mapping[str, Sequence[Mapping[str, Any]]],
        components_to_update: list[str],
    ) -> dict[str, str]:
        """Ask for one candidate; nothing comes back where the reply cannot be used."""
        del components_to_update
        body = candidate[_PART]
        request = self.proposer.request(body, reflective_dataset.get(_PART, ()))
        [reply] = self.answering.ask([request], version=PROPOSE)
        changed = self.proposer.candidate(reply, body)
        if changed is None:
            self._unusable += 1
            self._unusable_in_a_row += 1
            return {}
        self._unusable_in_a_row = 0
        return {_PART: changed}

    def on_valset_evaluated(self, event: Mapping[str, Any]) -> None:
        """Note a candidate that was tried on the whole validation part; the default is the first of them."""
        self._valued.append((event["candidate"][_PART], float(event["average_score"])))
        self.on_candidate(len(self._valued) - 1, self._valued[-1][1])

    def on_evaluation_skipped(self, event: Mapping[str, Any]) -> None:
        """Note that a round's examples were all answered rightly."""
        if event["reason"] == "all_scores_perfect" and len(self._valued) > 0:
            self.stop_reason = "nothing_to_learn"

    def on_iteration_end(self, event: Mapping[str, Any]) -> None:
        """Count the rounds that brought nothing."""
        if event["proposal_accepted"]:
            self._rounds_in_vain = 0
            self.stop_reason = "no_improvement"
        else:
            self._rounds_in_vain += 1

    def _is_over(self, gepa_state: object) -> bool:
        """Whether going on makes no sense; the budget ends a search by itself."""
        del gepa_state
        if self._unusable_in_a_row >= MAX_UNUSABLE:
            self.stop_reason = "unusable_proposals"
            return True
        if self._valued and max(score for _, score in self._valued) >= 1:
            self.stop_reason = "perfect"
            return True
        return self._rounds_in_vain >= MAX_IN_VAIN


class _Silent:
    """A log that nobody reads: what is worth telling is told by the search itself."""

    def log(self, message: str) -> None:
        """Take a line."""
