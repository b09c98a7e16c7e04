"""The ladder: a deterministic tool, the local model, a larger one; the first rung whose change stands is taken.

Between steps nothing is done but computing, so that a run which is carried on comes to the same point again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from prentice.changes.change import Change
from prentice.errors import BackendError
from prentice.review.weights import Rung
from prentice.runs.protocol import Json, Step
from prentice.skills.execute.agreement import Cluster, clusters
from prentice.skills.execute.handoff import Tried
from prentice.skills.execute.judging import evidence_of
from prentice.skills.execute.matching import change_of
from prentice.skills.execute.verifying import failing, message, sentence

_TIERS: Final[tuple[Rung, ...]] = ("model", "larger_model")
_MOST_VERIFIED: Final = 2
"""Groups of samples whose changes are tried by the checks, the largest first; a check may take minutes."""
_SHRINKS: Final = 3
"""How often a prompt is packed smaller, each time to the half, when the model says that it does not fit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weighed:
    """A change that was checked and judged. `item` is the candidate, `gate` the judge's answer."""

    rung: Rung
    backend: str
    model: str
    format: str
    item: Mapping[str, Any]
    samples: int
    agreement: int
    checks: list[dict[str, Any]]
    evidence: Mapping[str, Any]
    gate: Mapping[str, Any]
    manifest: Sequence[Any] = ()

    @property
    def change(self) -> Change:
        """The change itself."""
        return change_of(self.item)

    @property
    def stands(self) -> bool:
        """Whether it is worth a person's look, or may be applied."""
        return bool(self.gate["decision"] != "refuse")


@dataclass(slots=True, kw_only=True)
class Climb:
    """One way up the ladder. `tried` are the rungs that did not do, `last` is the last change that was refused."""

    step: Step
    facts: Mapping[str, Any]
    samples: int
    format_name: str
    uid: str
    tried: list[Tried] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    last: Weighed | None = None
    no_model: str = ""
    """Why no model could be asked at all."""
    aimed: tuple[str, ...] = ()
    """The files that the model was told to change."""

    async def up(self) -> Weighed | None:
        """Climb until a change stands; None where the ladder ends without one.

        Raises:
            BackendError: the first model could not be asked.
            WorktreeError, ConfigError: nothing can be tried.
        """
        found = await self._tool()
        for tier in range(len(_TIERS)):
            if found is not None or self.no_model:
                break
            try:
                found = await self._model(tier)
            except BackendError as error:
                if tier == 0:
                    raise
                self.tried.append(Tried(rung=_TIERS[tier], who="the larger model", why=error.message))
        return found

    async def _tool(self) -> Weighed | None:
        found = await self.step.do("execute.tools", facts=self.facts)
        for why in found["declined"]:
            self.tried.append(Tried(rung="tool", who="deterministic tools", why=why))
        if "change" not in found or self._is_sent_back(found, rung="tool", who=found["tool"]):
            return None
        weighed = await self._weighed(
            found, rung="tool", backend="", model=found["tool"], format_="", samples=1, agreement=1, retries=0
        )
        return self._taken(weighed, who=found["tool"])

    async def _model(self, tier: int) -> Weighed | None:
        prompt, asked = await self._first_answers(tier)
        if asked is None:
            return None
        model, backend = asked["model"], asked["backend"]
        self.notes += [*prompt["notes"], *asked["took_over"]]
        items = await self._matched(prompt, asked)
        items, corrected = await self._corrected(prompt, tier, items)
        answered = [item for item in items if item.get("code") != "failed"]
        standing = {item["sample"]: item for item in items if "change" in item}
        who = f"{model} on {backend}"
        if not standing:
            self.tried.append(Tried(rung=_TIERS[tier], who=who, why=_why(items)))
            return None
        groups = clusters({sample: change_of(item) for sample, item in standing.items()})
        broken: tuple[Mapping[str, Any], Cluster, Weighed] | None = None
        for group in groups[:_MOST_VERIFIED]:
            item = standing[group.representative]
            if self._is_sent_back(item, rung=_TIERS[tier], who=who):
                continue
            weighed = await self._weighed(
                item, rung=_TIERS[tier], backend=backend, model=model, format_=prompt["format"],
                samples=len(answered), agreement=group.size, retries=int(item["sample"] in corrected),
                manifest=prompt["manifest"],
            )  # fmt: skip
            if found := self._taken(weighed, who=who):
                return found
            if broken is None and failing(weighed.checks):
                broken = (item, group, weighed)
        if broken is None:
            return None
        return await self._mended(prompt, tier, broken, samples=len(answered), corrected=corrected, who=who)

    async def _first_answers(self, tier: int) -> tuple[Json, Json | None]:
        """Ask for all samples, with the prompt packed smaller where it does not fit."""
        prompt: Json = None
        for shrink in range(_SHRINKS + 1):
            prompt = await self.step.do(
                "execute.choose", facts=self.facts, tier=tier, format_name=self.format_name, shrink=shrink
            )
            if "none" in prompt:
                self.no_model = "" if tier else prompt["none"]
                return prompt, None
            self.aimed = tuple(prompt["files"])
            turns = [{"sample": number} for number in range(self.samples)]
            asked = await self._ask(prompt, tier, turns)
            if "no_model" in asked:
                self.no_model = asked["no_model"]
                return prompt, None
            if "too_long" not in asked:
                return prompt, asked
        who = f"{prompt['model']} on {prompt['backend']}"
        self.tried.append(Tried(rung=_TIERS[tier], who=who, why=asked["too_long"]))
        return prompt, None

    async def _corrected(
        self, prompt: Json, tier: int, items: list[dict[str, Any]]
    ) -> tuple[list[dict[str, Any]], frozenset[int]]:
        """Send what was refused back once, with the reason; give all items, and the samples that were corrected."""
        again = [item for item in items if item.get("repairable")]
        if not again:
            return items, frozenset()
        turns = [
            {"sample": item["sample"], "reply": item["reply"], "problem": item["problem"], "kind": "edits"}
            for item in again
        ]
        asked = await self._ask(prompt, tier, turns)
        if "replies" not in asked:
            return items, frozenset()
        fresh = {item["sample"]: item for item in await self._matched(prompt, asked)}
        kept = [_better(item, fresh.get(item["sample"])) for item in items]
        return kept, frozenset(fresh)

    async def _mended(
        self, prompt: Json, tier: int, broken: tuple[Mapping[str, Any], Cluster, Weighed], *, samples: int,
        corrected: frozenset[int], who: str,
    ) -> Weighed | None:  # fmt: skip
        """Send the change that most samples agree on back once, with what the checks say of it."""
        item, _, weighed = broken
        turn = {"sample": item["sample"], "reply": item["reply"], "problem": message(weighed.checks), "kind": "checks"}
        asked = await self._ask(prompt, tier, [turn])
        if "replies" not in asked:
            return None
        [fresh] = await self._matched(prompt, asked)
        if "change" not in fresh:
            self.tried.append(Tried(rung=_TIERS[tier], who=who, why=f"Corrected after the checks: {fresh['why']}"))
            return None
        if self._is_sent_back(fresh, rung=_TIERS[tier], who=who):
            return None
        again = await self._weighed(
            fresh, rung=_TIERS[tier], backend=asked["backend"], model=asked["model"], format_=prompt["format"],
            samples=samples, agreement=1, retries=1 + int(item["sample"] in corrected), manifest=prompt["manifest"],
        )  # fmt: skip
        return self._taken(again, who=f"{who}, corrected after the checks")

    async def _weighed(
        self, item: Mapping[str, Any], *, rung: Rung, backend: str, model: str, format_: str, samples: int,
        agreement: int, retries: int, manifest: Sequence[Any] = (),
    ) -> Weighed:  # fmt: skip
        """Check a change and let the gate judge it."""
        checked = await self.step.do("execute.verify", facts=self.facts, change=item["change"])
        if checked["note"] and checked["note"] not in self.notes:
            self.notes.append(checked["note"])
        evidence = evidence_of(
            change_of(item), rung=rung, category=self.facts["category"], model=model, samples=samples,
            agreement=agreement, retries=retries, format_=format_, claimed=item["claimed"],
            checks=checked["checks"], objections=item["objections"],
        ).document()  # fmt: skip
        gate = await self.step.do("execute.judge", evidence=evidence, objections=item["objections"])
        return Weighed(
            rung=rung, backend=backend, model=model, format=format_, item=item, samples=samples, agreement=agreement,
            checks=checked["checks"], evidence=evidence, gate=gate, manifest=manifest,
        )  # fmt: skip

    def _taken(self, weighed: Weighed, *, who: str) -> Weighed | None:
        """Give a change that stands; keep one that does not, with the reason."""
        if weighed.stands:
            return weighed
        self.last = weighed
        why = sentence(weighed.checks) if failing(weighed.checks) else weighed.gate["why"]
        self.tried.append(Tried(rung=weighed.rung, who=who, why=why))
        return None

    def _is_sent_back(self, item: Mapping[str, Any], *, rung: Rung, who: str) -> bool:
        """Whether a change is again the one that a person sent back, which is noted."""
        is_same = bool(change_of(item).digest == self.facts.get("sent_back"))
        if is_same:
            self.tried.append(Tried(rung=rung, who=who, why="This is again the change that was sent back."))
        return is_same

    async def _ask(self, prompt: Json, tier: int, turns: Sequence[Mapping[str, Any]]) -> Json:
        asked = {name: prompt[name] for name in ("messages", "max_tokens", "version")}
        return await self.step.do("execute.ask", prompt=asked, need=self.facts["need"], tier=tier, turns=list(turns))

    async def _matched(self, prompt: Json, asked: Json) -> Json:
        shown = {name: prompt[name] for name in ("format", "ask", "aim")}
        return await self.step.do(
            "execute.match", facts=self.facts, prompt=shown, asked=asked, uid=await self.step.new_id()
        )


def _better(item: dict[str, Any], fresh: dict[str, Any] | None) -> dict[str, Any]:
    """Give the corrected answer, unless it did not come."""
    return item if fresh is None or fresh.get("code") in {"failed", "cut"} else fresh


def _why(items: Sequence[Mapping[str, Any]]) -> str:
    """Say why none of the answers led to a change: the reasons, the most frequent first."""
    came = [item for item in items if item["code"] != "failed"]
    reasons = [str(item["why"]) for item in came or items]
    distinct = sorted(dict.fromkeys(reasons), key=lambda reason: -reasons.count(reason))
    return " ".join(distinct[:2])
