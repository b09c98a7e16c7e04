from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest

from prentice.errors import LeaseLostError, LedgerError
from prentice.ledger.database import Database
from prentice.ledger.holds_table import HoldsTable
from prentice.ledger.leases import MOST_DEATHS, Claim, Leases
from prentice.ledger.migrations import LEDGER
from prentice.ledger.runs_table import RunsTable, Submission
from prentice.ledger.workers_table import WorkersTable

KINDS = ["k"]
LEASE = 10.0


@dataclass
class Scene:
    """A ledger with a clock that the test sets."""

    database: Database
    now: float = 1000.0
    table: RunsTable = field(init=False)
    leases: Leases = field(init=False)

    def __post_init__(self) -> None:
        self.table = RunsTable(self.database, clock=lambda: self.now)
        self.leases = Leases(database=self.database, seconds=LEASE, clock=lambda: self.now)

    def submit(self, **more: object) -> str:
        return self.table.submit(Submission(kind="k", arguments=None, **more)).id  # type: ignore[arg-type]  # by name

    def claim(self, owner: str = "one") -> Claim:
        claim = self.leases.claim(owner, kinds=KINDS)
        assert claim is not None
        return claim

    def order(self) -> list[str]:
        claims = iter(lambda: self.leases.claim("one", kinds=KINDS), None)
        return [claim.run for claim in claims]


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    database = Database(tmp_path / "ledger.db", LEDGER)
    yield Scene(database)
    database.close()


def test_runs_are_claimed_by_priority_and_then_in_the_order_of_submission(scene: Scene) -> None:
    for priority in (0, 5, 0, 5):
        scene.submit(priority=priority)
    assert scene.order() == ["R-2", "R-4", "R-1", "R-3"]


def test_a_run_is_not_claimed_before_its_time_nor_one_of_another_kind(scene: Scene) -> None:
    scene.submit(not_before=1060)
    assert scene.order() == []
    scene.now = 1060
    assert scene.leases.claim("one", kinds=["other"]) is None
    assert scene.order() == ["R-1"]


def test_a_claim_can_be_limited_to_some_runs_and_spare_others(scene: Scene) -> None:
    for _ in range(3):
        scene.submit()
    claim = scene.leases.claim("one", kinds=KINDS, only=["R-2", "R-3"], but=["R-2"])
    assert claim is not None
    assert claim.run == "R-3"


def test_a_claim_gives_what_was_submitted(scene: Scene) -> None:
    scene.submit(options={"model": "m"}, retries={"backend_busy": (3, 1.0)})
    claim = scene.claim()
    assert (claim.token, claim.arguments, claim.options, claim.retries) == (
        1, None, {"model": "m"}, {"backend_busy": [3, 1.0]},
    )  # fmt: skip


def test_a_dead_carriers_run_is_claimed_after_its_lease_and_its_writes_are_refused(scene: Scene) -> None:
    run = scene.submit()
    old = scene.claim("one")
    scene.now += LEASE - 1
    assert scene.leases.claim("two", kinds=KINDS) is None
    scene.leases.renew(old, progress={"doing": "writing"})
    assert scene.table.get(run).progress == {"doing": "writing"}
    scene.now += LEASE + 1
    assert scene.leases.claim("two", kinds=KINDS, takeover=False) is None
    new = scene.claim("two")
    assert (new.run, new.token) == (run, 2)
    for write in (
        lambda: scene.leases.renew(old),
        lambda: scene.leases.begin_step(old, "s", 1),
        lambda: scene.leases.keep_step(old, "s", 1, "old"),
        lambda: scene.leases.take_signal(old, "answer", 1, park=True),
        lambda: scene.leases.put_back(old),
        lambda: scene.leases.finish(old, "finished"),
    ):
        with pytest.raises(LeaseLostError, match="carried by another process"):
            write()
    scene.leases.keep_step(new, "s", 1, "new")
    scene.leases.finish(new, "finished", result="r")
    assert scene.table.step_result(run, "s", 1) == ("new",)
    assert [(event.kind, event.data) for event in scene.table.events(run)] == [
        ("taken over", {"from": "one", "by": "two"}), ("step", {"name": "s", "n": 1}), ("finished", None),
    ]  # fmt: skip


def test_a_carrier_that_was_late_but_not_replaced_goes_on(scene: Scene) -> None:
    run = scene.submit()
    claim = scene.claim()
    scene.now += 100 * LEASE
    scene.leases.keep_step(claim, "s", 1, None)
    assert scene.leases.claim("two", kinds=KINDS) is None, "keeping a step renews the lease"
    assert scene.table.get(run).owner == "one"


def test_a_clock_that_was_set_back_does_not_keep_a_dead_carriers_run_for_ever(scene: Scene) -> None:
    scene.submit()
    scene.claim("one")
    scene.now -= 86_400
    assert scene.claim("two").token == 2


def test_a_finished_step_is_remembered_even_when_its_result_is_null_or_large(scene: Scene) -> None:
    run, claim = scene.submit(), scene.claim()
    assert scene.table.step_result(run, "s", 1) is None
    scene.leases.keep_step(claim, "s", 1, None)
    scene.leases.keep_step(claim, "s", 2, ["x" * 100_000])
    assert scene.table.step_result(run, "s", 1) == (None,)
    assert scene.table.step_result(run, "s", 2) == (["x" * 100_000],)
    with pytest.raises(LedgerError, match="UNIQUE"):
        scene.leases.keep_step(claim, "s", 1, "again")
    assert [(step.name, step.n) for step in scene.table.steps(run)] == [("s", 1), ("s", 2)]
    assert [event.kind for event in scene.table.events(run)] == ["step", "step"]


def test_a_run_ends_once(scene: Scene) -> None:
    run, claim = scene.submit(), scene.claim()
    scene.leases.finish(claim, "failed", error={"code": "x"})
    with pytest.raises(LeaseLostError):
        scene.leases.finish(claim, "finished", result=1)
    row = scene.table.get(run)
    assert (row.state, row.result, row.error, row.owner, row.lease_until) == ("failed", None, {"code": "x"}, "", 0)


def test_a_signal_that_came_before_the_wait_is_taken_at_once(scene: Scene) -> None:
    run, claim = scene.submit(), scene.claim()
    scene.table.signal(run, "answer", [1])
    assert scene.leases.take_signal(claim, "answer", 1, park=True) == ([1],)
    assert scene.table.get(run).state == "running"
    assert scene.table.step_result(run, "wait:answer", 1) == ([1],)


def test_a_run_given_back_is_claimed_again_at_its_time_and_its_retries_are_counted(scene: Scene) -> None:
    run = scene.submit()
    scene.leases.put_back(scene.claim())
    claim = scene.claim()
    assert (claim.run, claim.token) == (run, 2)
    scene.leases.put_back(claim, at=scene.now + 5, error={"code": "backend_busy"})
    assert scene.order() == []
    assert (scene.leases.retries_before(claim, "backend_busy"), scene.leases.retries_before(claim, "x")) == (1, 0)
    scene.now += 5
    assert scene.order() == [run]


def test_a_dead_carriers_run_that_shall_be_cancelled_is_cancelled_by_who_finds_it(scene: Scene) -> None:
    run = scene.submit()
    scene.claim("one")
    scene.table.cancel(run)
    assert scene.leases.cancelled("one") == [run]
    scene.now += LEASE + 1
    assert scene.leases.claim("two", kinds=KINDS) is None
    assert scene.table.get(run).state == "cancelled"


def test_a_run_that_kills_whoever_carries_it_is_ended(scene: Scene) -> None:
    run = scene.submit()
    for _ in range(MOST_DEATHS - 1):
        scene.claim()
        scene.now += LEASE + 1
    scene.leases.keep_step(scene.claim(), "s", 1, None)
    for _ in range(MOST_DEATHS - 1):
        scene.now += LEASE + 1
        scene.claim()
    scene.now += LEASE + 1
    assert scene.leases.claim("one", kinds=KINDS) is None
    row = scene.table.get(run)
    assert row.state == "failed"
    assert "5 processes died" in row.error["message"]


def test_runs_that_touch_the_same_go_in_order_and_others_do_not_wait(scene: Scene) -> None:
    for touches in (["a"], ["b", "a"], ["b"], ["c"], []):
        scene.submit(touches=touches)
    assert [scene.table.waits_behind(f"R-{number}") for number in range(1, 6)] == [[], ["R-1"], ["R-2"], [], []]
    claims = {claim.run: claim for claim in iter(lambda: scene.leases.claim("one", kinds=KINDS), None)}
    assert list(claims) == ["R-1", "R-4", "R-5"]
    scene.leases.take_signal(claims["R-1"], "answer", 1, park=True)
    assert scene.order() == [], "a run that waits for a person keeps its files"
    scene.table.signal("R-1", "answer", None)
    scene.leases.finish(scene.claim(), "finished")
    second = scene.claim()
    assert second.run == "R-2"
    assert scene.order() == []
    scene.leases.finish(second, "failed", error={"code": "x"})
    assert scene.table.waits_behind("R-2") == []
    assert scene.order() == ["R-3"]


def test_a_run_that_is_tried_again_goes_to_the_end_of_its_queue(scene: Scene) -> None:
    for _ in range(3):
        scene.submit(touches=["a"])
    scene.leases.finish(scene.claim(), "failed", error={"code": "x"})
    scene.table.retry("R-1")
    assert scene.table.waits_behind("R-1") == ["R-2"]
    assert scene.table.cancel("R-2") == "cancelled"
    scene.leases.finish(scene.claim(), "finished")
    assert scene.order() == ["R-1"]


def test_a_resource_goes_to_who_asked_first_and_a_dead_holders_place_is_free(scene: Scene) -> None:
    for _ in range(3):
        scene.submit()
    one, two, three = scene.claim("one"), scene.claim("two"), scene.claim("three")
    holds = HoldsTable(scene.leases)
    places = [holds.enter(claim, "backend:mlx") for claim in (one, two, three)]
    holds.enter(one, "backend:other")
    assert [holds.ahead(place, "backend:mlx") for place in places] == [[], ["R-1"], ["R-1", "R-2"]]
    holds.leave(two, places[0])
    assert holds.ahead(places[1], "backend:mlx") == ["R-1"], "what is another's stays"
    holds.leave(one, places[0])
    assert holds.ahead(places[2], "backend:mlx") == ["R-2"]
    scene.now += LEASE + 1
    scene.leases.renew(three)
    assert holds.ahead(places[2], "backend:mlx") == []
    assert replace(scene.claim("four")).run in {"R-1", "R-2"}


def test_who_asks_for_several_parts_of_a_resource_counts_as_often(scene: Scene) -> None:
    for _ in range(2):
        scene.submit()
    one, two = scene.claim("one"), scene.claim("two")
    holds = HoldsTable(scene.leases)
    several, single = holds.enter(one, "a server", count=3), holds.enter(two, "a server")
    assert holds.ahead(single, "a server") == ["R-1", "R-1", "R-1"]
    assert holds.ahead(several, "a server") == []
    holds.leave(one, several, count=3)
    assert holds.ahead(single, "a server") == []


def test_workers_are_listed_while_they_say_so_and_one_alone_can_be_asked_for(scene: Scene) -> None:
    workers = WorkersTable(scene.database, clock=lambda: scene.now)
    assert workers.living() == []
    assert workers.arrive("one", seconds=LEASE, alone=True)
    assert workers.arrive("one", seconds=LEASE, alone=True)
    assert not workers.arrive("two", seconds=LEASE, alone=True)
    assert workers.arrive("three", seconds=2 * LEASE)
    assert workers.living() == ["one", "three"]
    scene.now += LEASE
    assert workers.living() == ["three"]
    workers.depart("three")
    assert workers.arrive("two", seconds=LEASE, alone=True)
    assert WorkersTable(scene.database, "/elsewhere", clock=lambda: scene.now).living() == []
