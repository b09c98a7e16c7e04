import copy
import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prentice.changes.change import Applied, Change, FileChange
from prentice.changes.correction import Level
from prentice.changes.files import EXECUTABLE, REGULAR, File
from prentice.changes.stored import from_document, to_document

SIDES = st.none() | st.builds(File, content=st.binary(max_size=60), mode=st.sampled_from((REGULAR, EXECUTABLE)))
PATHS = st.text(min_size=1, max_size=12) | st.just("caf\udce9.txt")
APPLIED = st.builds(
    Applied,
    means=st.sampled_from(("symbol", "whole", "replace", "patch", "create", "delete", "rename")),
    level=st.sampled_from(Level),
    line=st.integers(0, 99),
    at=st.integers(0, 99),
)
CHANGES = st.builds(
    Change,
    files=st.lists(
        st.builds(
            FileChange, path=PATHS, old_path=PATHS, before=SIDES, after=SIDES, applied=st.lists(APPLIED).map(tuple)
        ),
        max_size=4,
    ).map(tuple),
    notes=st.lists(st.text(max_size=20)).map(tuple),
)

ONE = Change(
    files=(
        FileChange(
            path="a.py", old_path="a.py", before=File(content=b"\xff\0\r\n"), after=File(content=b"x", mode=EXECUTABLE),
            applied=(Applied(means="replace", level=Level.TRAILING_SPACE, line=3, at=4),),
        ),
    )
)  # fmt: skip


@given(CHANGES)
def test_a_stored_change_reads_back_as_it_was(change: Change) -> None:
    assert from_document(json.loads(json.dumps(to_document(change)))) == change


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("files", 0, "after", "content"), "eHg="),
        (("files", 0, "after", "mode"), REGULAR),
        (("files", 0, "path"), "b.py"),
        (("files", 0, "before"), None),
        (("digest",), "0" * 64),
    ],
)
def test_a_change_whose_bytes_are_not_those_of_its_digest_is_not_read(place: tuple[Any, ...], value: object) -> None:
    with pytest.raises(ValueError, match="damaged"):
        from_document(_with(place, value))


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("files",), None),
        (("files", 0), "a.py"),
        (("files", 0, "path"), 3),
        (("files", 0, "after", "content"), "no base64!"),
        (("files", 0, "after", "mode"), "regular"),
        (("files", 0, "applied", 0, "means"), "magic"),
        (("files", 0, "applied", 0, "level"), "telepathy"),
    ],
)
def test_what_is_no_stored_change_is_not_read_as_one(place: tuple[Any, ...], value: object) -> None:
    with pytest.raises(ValueError, match="no stored change"):
        from_document(_with(place, value))


@pytest.mark.parametrize("document", [None, [], "", {}, {"files": []}])
def test_a_document_of_another_shape_is_not_read_as_a_change(document: object) -> None:
    with pytest.raises(ValueError, match="no stored change"):
        from_document(document)


def _with(place: tuple[Any, ...], value: object) -> object:
    document = copy.deepcopy(to_document(ONE))
    inner = document
    for step in place[:-1]:
        inner = inner[step]
    inner[place[-1]] = value
    return document
