"""A change written in any format and read back is the same change; with a slip it is the same, or nothing."""

import random
import re
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changes.slips import SLIPS, Slip
from prentice.changes.change import Change, FileChange
from prentice.changes.express import express
from prentice.changes.files import File, Files
from prentice.changes.formats import Ask, Format, Target
from prentice.changes.guards.guard import guard
from prentice.changes.guards.objection import Policy, View
from prentice.changes.markers import Markers, markers_for
from prentice.changes.refusal import Refusal
from prentice.changes.reply.parse import parse
from prentice.changes.resolve import resolve

SOURCES = [
    file.read_bytes() for file in sorted((Path(__file__).parents[2] / "src" / "prentice" / "tasks").glob("*.py"))
]
SYNTAX = {"syntax", "elision", "invisible"}


def change_of(old: bytes, new: bytes) -> Change:
    return Change(files=(FileChange(path="a.py", old_path="a.py", before=File(content=old), after=File(content=new)),))


def read_back(change: Change, format_: Format, slip: Slip, seed: int) -> bytes | str | None:
    """Give the bytes that came back, None for a refusal, a word where the format or the slip does not apply."""
    before = {file.old_path: file.old for file in change.files}
    markers = markers_for({**before, **{file.path + " ": file.new for file in change.files}})
    if slip.short_fence or slip.plain_marks:
        markers = Markers(
            fence="```" if slip.short_fence else markers.fence, tag="" if slip.plain_marks else markers.tag
        )
    reply = express(change, format_=format_, markers=markers, context=slip.context)
    if reply is None or (
        slip.destroys and any(re.search(slip.destroys, line) for _, line in View(change.files[0]).added)
    ):
        return "not said"
    given_reply = slip.done_to(reply, format_=format_, chance=random.Random(seed))
    parsed = parse(given_reply, ask=Ask(format=format_, targets=(Target(path="a.py"),), markers=markers_for(before)))
    result = parsed if isinstance(parsed, Refusal) else resolve(parsed.edits, Files(before))
    if isinstance(result, Refusal):
        return None
    codes = {objection.code for objection in guard(result, policy=Policy())}
    return None if codes & SYNTAX else result.files[0].new


@st.composite
def edits_of_sources(draw: st.DrawFn) -> tuple[bytes, bytes]:
    """Change a few lines of a real file: swap, drop, double, or write others between, indented as their neighbours."""
    old = draw(st.sampled_from(SOURCES))
    lines = old.decode().split("\n")
    for _ in range(draw(st.integers(1, 3))):
        place = draw(st.integers(0, len(lines) - 2))
        lead = re.match(r"[ \t]*", lines[place])
        new = (lead[0] if lead else "") + draw(
            st.sampled_from(["pass", "value = compute(1)", "log('x')", "if value:", "return None"])
        )
        match draw(st.sampled_from(["insert", "replace", "drop", "word"])):
            case "insert":
                lines.insert(place + 1, new)
            case "replace":
                lines[place] = new
            case "drop":
                del lines[place]
            case _:
                lines[place] = lines[place].replace("e", "E", 1)
    return old, "\n".join(lines).encode()


@settings(max_examples=60)
@given(edits_of_sources(), st.sampled_from(Format))
def test_what_is_written_as_asked_comes_back_or_is_refused(edit: tuple[bytes, bytes], format_: Format) -> None:
    old, new = edit
    if old != new:
        assert read_back(change_of(old, new), format_, SLIPS[0], 0) in {new, None, "not said"}


@settings(max_examples=250)
@given(edits_of_sources(), st.sampled_from(Format), st.sampled_from(SLIPS), st.integers(0, 99))
def test_a_slip_never_makes_another_change(edit: tuple[bytes, bytes], format_: Format, slip: Slip, seed: int) -> None:
    old, new = edit
    if old == new or (slip.only and format_ not in slip.only):
        return
    if read_back(change_of(old, new), format_, SLIPS[0], 0) == new:
        assert read_back(change_of(old, new), format_, slip, seed) in {new, None, "not said"}


ROUND = {
    "one line": (b"a\nb\nc\n", b"a\nB\nc\n"),
    "to an empty file": (b"a\n", b""),
    "from an empty file": (b"", b"a\nb\n"),
    "a final newline gained": (b"a\nb", b"a\nb\n"),
    "a final newline lost": (b"a\nb\n", b"a\nb"),
    "marks in the text": (b"Title\n=====\n\n<<<<<<< SEARCH\n```\nx\n", b"Title\n=======\n\n<<<<<<< SEARCH\n```\ny\n"),
}


@pytest.mark.parametrize("case", ROUND)
@pytest.mark.parametrize("format_", Format)
def test_hard_texts_come_back(case: str, format_: Format) -> None:
    old, new = ROUND[case]
    assert read_back(change_of(old, new), format_, SLIPS[0], 0) in {new, None, "not said"}


MENDED = {
    Format.UNIFIED: {
        "as asked", "prose around", "line ends CRLF", "indentation lost", "indentation shifted", "blanks at all ends",
        "wrong line numbers", "no space before context", "tabs for blanks", "first line's lost",
    },
    Format.WHOLE: {
        "as asked", "prose around", "line ends CRLF", "indentation shifted", "blanks at all ends", "tabs for blanks",
    },
}  # fmt: skip


@pytest.mark.parametrize("format_", MENDED)
def test_most_slips_of_single_edits_are_mended(format_: Format) -> None:
    old = SOURCES[3]
    lines = old.decode().split("\n")
    place = next(number for number, line in enumerate(lines) if line.startswith("        return"))
    new = "\n".join([*lines[:place], lines[place] + "  # here", *lines[place + 1 :]]).encode()
    mended = {
        slip.name
        for slip in SLIPS
        if (not slip.only or format_ in slip.only) and read_back(change_of(old, new), format_, slip, 1) == new
    }
    assert mended >= MENDED[format_]
