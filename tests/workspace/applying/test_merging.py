from hypothesis import given
from hypothesis import strategies as st

from prentice.workspace.applying.merging import merged

BASE = b"".join(b"line %d\n" % number for number in range(12))
LINES = st.lists(st.sampled_from([b"a\n", b"b\r\n", b"c\n", b"d"]), max_size=8)


def changed(number: int, to: bytes) -> bytes:
    return BASE.replace(b"line %d\n" % number, to)


def test_changes_of_other_lines_are_joined() -> None:
    assert merged(BASE, ours=changed(2, b"mine\n"), theirs=changed(8, b"")) == changed(2, b"mine\n").replace(
        b"line 8\n", b""
    )


def test_changes_of_the_same_line_or_lines_side_by_side_are_not_joined() -> None:
    assert merged(BASE, ours=changed(2, b"mine\n"), theirs=changed(2, b"other\n")) is None
    assert merged(BASE, ours=changed(2, b"mine\n"), theirs=changed(3, b"other\n")) is None
    assert merged(BASE, ours=BASE + b"mine\n", theirs=BASE + b"other\n") is None


def test_what_is_no_text_is_not_joined() -> None:
    assert merged(BASE, ours=b"\0" + BASE, theirs=changed(8, b"x\n")) is None


@given(base=LINES, side=LINES)
def test_a_side_that_changed_nothing_leaves_the_other_as_it_is(base: list[bytes], side: list[bytes]) -> None:
    old, new = b"".join(base), b"".join(side)
    assert merged(old, ours=old, theirs=new) == new
    assert merged(old, ours=new, theirs=old) == new


@given(base=LINES, ours=LINES, theirs=LINES)
def test_it_does_not_matter_which_side_is_ours(base: list[bytes], ours: list[bytes], theirs: list[bytes]) -> None:
    old, one, other = b"".join(base), b"".join(ours), b"".join(theirs)
    assert merged(old, ours=one, theirs=other) == merged(old, ours=other, theirs=one)
