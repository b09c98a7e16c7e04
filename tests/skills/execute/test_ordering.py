from hypothesis import given
from hypothesis import strategies as st

from prentice.skills.execute.ordering import Foreseen, order


def task(name: str, *files: str, after: tuple[str, ...] = ()) -> Foreseen:
    return Foreseen(id=name, files=frozenset(files), dependencies=after)


def test_tasks_of_other_files_wait_for_nobody() -> None:
    assert order([task("T-1", "a.py"), task("T-2", "b.py"), task("")]) == [(0, ()), (1, ()), (2, ())]


def test_a_task_waits_for_the_earlier_ones_of_its_files() -> None:
    assert order([task("T-1", "a.py"), task("T-2", "b.py", "a.py"), task("T-3", "b.py")]) == [
        (0, ()), (1, (0,)), (2, (1,)),
    ]  # fmt: skip


def test_a_directory_stands_for_all_below_it() -> None:
    assert order([task("T-1", "src/"), task("T-2", "src/a.py"), task("T-3", "srcs/a.py")]) == [
        (0, ()), (1, (0,)), (2, ()),
    ]  # fmt: skip


def test_what_a_task_depends_on_goes_first_wherever_it_was_named() -> None:
    assert order([task("T-1", after=("T-2", "T-9")), task("T-2")]) == [(1, ()), (0, (1,))]


def test_tasks_that_depend_on_each_other_keep_their_order_and_none_waits_for_ever() -> None:
    assert order([task("T-1", after=("T-2",)), task("T-2", after=("T-1",))]) == [(0, ()), (1, (0,))]


@given(st.lists(st.tuples(st.sets(st.sampled_from("abc")), st.sets(st.integers(min_value=0, max_value=5))), max_size=6))
def test_each_task_is_started_once_and_waits_only_for_what_was_started(
    drawn: list[tuple[set[str], set[int]]],
) -> None:
    tasks = [
        task(f"T-{number}", *files, after=tuple(f"T-{need}" for need in needs))
        for number, (files, needs) in enumerate(drawn)
    ]
    found = order(tasks)
    assert sorted(number for number, _ in found) == list(range(len(tasks)))
    started: set[int] = set()
    for number, waits in found:
        assert set(waits) <= started
        started.add(number)
