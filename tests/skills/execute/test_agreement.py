from hypothesis import given
from hypothesis import strategies as st

from prentice.changes.change import Applied, Change, FileChange
from prentice.changes.correction import Level
from prentice.changes.files import File
from prentice.skills.execute.agreement import clusters, lines_changed

OLD = "def f(a):\n    return a\n"


def change(new: str, *, level: Level = Level.EXACT) -> Change:
    file = FileChange(
        path="a.py", old_path="a.py", before=File(content=OLD.encode()), after=File(content=new.encode()),
        applied=(Applied(means="replace", level=level),),
    )  # fmt: skip
    return Change(files=(file,))


ONE = change("def f(a):\n    return a + 1\n")
SAME = change("def f(a):\n    # one more\n    return (a + 1)\n")
OTHER = change("def f(a):\n    return a + 2\n")


def test_changes_that_differ_in_form_alone_agree() -> None:
    [first, second] = clusters({0: OTHER, 1: ONE, 2: SAME})
    assert (first.members, first.size, first.representative) == ((1, 2), 2, 1)
    assert second.members == (0,)


def test_of_groups_of_one_size_the_earlier_goes_first() -> None:
    assert [group.members for group in clusters({0: OTHER, 1: ONE})] == [(0,), (1,)]


def test_the_member_that_was_found_most_exactly_stands_for_its_group_then_the_smaller() -> None:
    loose = change("def f(a):\n    return a + 1\n", level=Level.REINDENTED)
    assert clusters({0: loose, 1: SAME, 2: ONE})[0].members == (2, 1, 0)


def test_added_and_removed_lines_are_counted() -> None:
    assert (lines_changed(ONE), lines_changed(SAME)) == (2, 3)


@given(st.lists(st.sampled_from([ONE, SAME, OTHER]), max_size=8))
def test_every_sample_is_in_one_group_and_the_sizes_fall(samples: list[Change]) -> None:
    found = clusters(dict(enumerate(samples)))
    assert sorted(number for group in found for number in group.members) == list(range(len(samples)))
    assert [group.size for group in found] == sorted((group.size for group in found), reverse=True)
