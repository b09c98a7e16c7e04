"""Whatever a reply says: no crash, no hang, nothing outside the files it names. fuzz_replies.py is the long form."""

import time
from collections.abc import Callable

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from changes.fuzz_replies import TOKENS, reply_from, survives
from prentice.changes.change import Change
from prentice.changes.edits import Replace
from prentice.changes.files import Files
from prentice.changes.formats import Ask, Format, Target
from prentice.changes.guards.elision import is_elision
from prentice.changes.refusal import Refusal
from prentice.changes.reply.parse import parse
from prentice.changes.resolve import resolve

FORMATS = st.one_of(st.none(), st.sampled_from(Format))


@settings(max_examples=300)
@given(st.lists(st.one_of(st.sampled_from(TOKENS), st.text(max_size=20)), max_size=40), FORMATS)
def test_lines_that_mean_something_in_any_order(lines: list[str], format_: Format | None) -> None:
    survives("\n".join(lines), format_=format_)


@settings(max_examples=150)
@given(st.binary(max_size=300))
def test_bytes_as_the_fuzzer_reads_them(data: bytes) -> None:
    reply, format_ = reply_from(data)
    survives(reply, format_=format_)


def seconds(reply: str, *, format_: Format | None = None, content: bytes = b"x\n") -> float:
    """Give the time of the whole way, the shorter of two tries."""
    tries: list[float] = []
    for _ in range(2):
        started = time.process_time()
        parsed = parse(reply, ask=Ask(format=format_, targets=(Target(path="a.py"),)))
        if not isinstance(parsed, Refusal):
            resolve(parsed.edits, Files({"a.py": content}))
        tries.append(time.process_time() - started)
    return min(tries)


LONG: dict[str, Callable[[int], str]] = {
    "openings of fences": lambda n: "```python\n" * n,
    "fences that grow": lambda n: "\n".join("`" * (3 + number % 40) + "x" for number in range(n)),
    "bare fences": lambda n: "```\n" * n,
    "heads": lambda n: "<<<<<<< SEARCH\n" * n,
    "dividers": lambda n: "a.py\n<<<<<<< SEARCH\n" + "=======\n" * n + ">>>>>>> REPLACE",
    "blocks": lambda n: "a.py\n<<<<<<< SEARCH\nx\n=======\nx\n>>>>>>> REPLACE\n" * n,
    "diff headings": lambda n: "--- a/a.py\n+++ b/a.py\n" * n,
    "hunks": lambda n: "--- a/a.py\n+++ b/a.py\n" + "@@ -1 +1 @@\n-x\n+y\n" * n,
    "chunks": lambda n: "*** Begin Patch\n*** Update File: a.py\n" + "@@ x\n-x\n+x\n" * n + "*** End Patch",
    "headings": lambda n: "`a.py` `b.py`\n" * n,
    "prose": lambda n: "This is a line of prose: it names `a.py`.\n" * n,
    "one line": lambda n: "`" * n + "a" * n + "::" * n,
    "spaces": lambda n: " " * 20 * n + "\n" + "\t" * 20 * n,
    "one long path": lambda n: "a/" * n + "\n```\nx\n```",
}


@pytest.mark.parametrize("case", LONG)
@pytest.mark.parametrize("format_", [None, Format.SEARCH_REPLACE, Format.WHOLE])
def test_reading_takes_time_linear_in_the_reply(case: str, format_: Format | None) -> None:
    size = 3_000
    small = seconds(LONG[case](size), format_=format_)
    large = seconds(LONG[case](4 * size), format_=format_)
    assert large < 4 * 3 * small + 0.1, (small, large)


def test_lines_that_repeat_are_searched_in_linear_time() -> None:
    def cost(size: int) -> float:
        content = b"a\n" * size + b"b\n" + b"a\n" * size
        search = "a\n" * (size // 2) + "b\n" + "a\n" * (size // 2) + "c\n"
        return seconds(f"a.py\n<<<<<<< SEARCH\n{search}=======\nx\n>>>>>>> REPLACE", content=content)

    small, large = cost(10_000), cost(40_000)
    assert large < 4 * 3 * small + 0.1


def test_ten_thousand_edits_are_carried_out() -> None:
    count = 10_000
    content = "".join(f"value_{number} = {number}\n" for number in range(count)).encode()
    edits = [
        Replace(path="a.py", search=(f"value_{n} = {n}",), replace=(f"value_{n} = {n + 1}",)) for n in range(count)
    ]
    started = time.process_time()
    result = resolve(edits, Files({"a.py": content}))
    assert time.process_time() - started < 20
    assert isinstance(result, Change)
    assert result.files[0].new.count(b"\n") == count
    assert result.files[0].new.startswith(b"value_0 = 1\nvalue_1 = 2\n")


def test_a_reply_of_twenty_megabytes_is_read() -> None:
    reply = "a.py\n<<<<<<< SEARCH\nx\n=======\ny\n>>>>>>> REPLACE\n" + "Some words about it, and a `name`.\n" * 600_000
    assert len(reply) > 20_000_000
    parsed = parse(reply)
    assert not isinstance(parsed, Refusal)
    assert len(parsed.edits) == 1


def test_a_line_of_five_megabytes_is_kept() -> None:
    long = "x" * 5_000_000
    content = f"one\n{long}\ntwo\n".encode()
    result = resolve([Replace(path="a.py", search=("two",), replace=("2",))], Files({"a.py": content}))
    assert isinstance(result, Change)
    assert result.files[0].new == f"one\n{long}\n2\n".encode()
    refused = resolve([Replace(path="a.py", search=("x" * 100,), replace=("y",))], Files({"a.py": content}))
    assert isinstance(refused, Refusal)
    assert len(refused.feedback()) < 5_000


@given(st.text(alphabet="#/*-.\u2026 restofcd(){}<>!\"'`", max_size=160))
def test_no_line_keeps_the_elision_guard_busy(line: str) -> None:
    started = time.process_time()
    is_elision(line)
    assert time.process_time() - started < 0.5
