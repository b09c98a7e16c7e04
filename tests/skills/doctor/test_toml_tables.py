"""TOML settings: an entry is put in, and every other line stays."""

import tomllib
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prentice.skills.doctor.toml_tables import with_entry

KEPT = """\
# mine
model = "m"

[servers.prentice] # ours
# by hand
command = "old" # was "older"
args = [
    "mcp", # the server
]

[servers.prentice.tools.model_auto_execute]
approval_mode = "approve"

# the next one is for docs
[servers.docs]
command = "x"
"""


def put(text: str, **entry: object) -> str:
    return with_entry(text, "servers", "prentice", entry or {"command": "prentice"})


def test_what_differs_is_changed_in_place_and_what_is_new_comes_first() -> None:
    after = put(KEPT, command="prentice", args=["mcp"], wait=30)
    assert after == KEPT.replace('"old"', '"prentice"').replace("# ours\n", "# ours\nwait = 30\n")


def test_a_value_of_several_lines_is_replaced_whole() -> None:
    assert put(KEPT, args=["-m"]) == KEPT.replace('[\n    "mcp", # the server\n]', '["-m"]')


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", "[servers.prentice]\na = 1\n"),
        ("b = 2", "b = 2\n\n[servers.prentice]\na = 1\n"),
        ("b = 2\r\n", "b = 2\r\n\r\n[servers.prentice]\r\na = 1\r\n"),
        ("[servers.prentice]", "[servers.prentice]\na = 1\n"),
        ("[servers.prentice]\na = 0", "[servers.prentice]\na = 1"),
        ("[ servers . prentice ]\r\n  a = 0 # no\r\n", "[ servers . prentice ]\r\n  a = 1 # no\r\n"),
        ('[servers.prentice]\na = "#" # #\n', "[servers.prentice]\na = 1 # #\n"),
    ],
)
def test_an_entry_is_put_in(before: str, after: str) -> None:
    assert put(before, a=1) == after


@pytest.mark.parametrize(
    "text",
    [
        "[",
        "servers = 3",
        'servers = { prentice = { command = "old" } }',
        '[servers]\nprentice.command = "old"\n',
        'servers = { docs = { command = "x" } }',
        "[servers.prentice]\n[servers.prentice.command]\n",
    ],
)
def test_what_cannot_be_changed_line_by_line_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match=r".+"):
        put(text)


values = st.text(st.characters(codec="ascii", exclude_categories=["Cc"]), max_size=6) | st.integers(-9, 9)


@given(
    st.dictionaries(st.sampled_from(["command", "args", "cwd"]), values),
    st.lists(st.sampled_from(["# a [servers.prentice]", "", "# = 1", "\t"]), max_size=3),
    st.sampled_from(["\n", "\r\n"]),
)
def test_whatever_stands_there_the_entry_is_read_and_comments_stay(
    known: dict[str, Any], noise: list[str], line: str
) -> None:
    pairs = [f"{key} = {value if isinstance(value, int) else _quoted(value)} # {key}" for key, value in known.items()]
    text = line.join(["[servers.prentice]", *noise, *pairs, *noise, "[servers.docs]", "x = 1 # kept"])
    after = put(text, command="prentice", args=["mcp"])
    assert tomllib.loads(after)["servers"] == {
        "prentice": {**known, "command": "prentice", "args": ["mcp"]},
        "docs": {"x": 1},
    }
    assert put(after, command="prentice", args=["mcp"]) == after
    for comment in ("# kept", *(f"# {key}" for key in known), *(part for part in noise if part.strip())):
        assert after.count(comment) == text.count(comment)


def _quoted(text: str) -> str:
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'
