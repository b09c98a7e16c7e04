"""Settings with comments: an entry is put in, and every other byte stays."""

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prentice.skills.doctor.commented_json import plain, read, with_entry

ENTRY = {"command": "prentice", "args": ["mcp"]}

COMMENTED = """\
// mine
{
\t"theme": "dark", // a // "remark"
\t"servers": {
\t\t/* the first */
\t\t"other": {"command": "x", "note": "// no comment, /* nor this */"}, // kept
\t\t// the end
\t},
}
"""


def put(text: str, entry: dict[str, Any] | None = None) -> str:
    return with_entry(text, "servers", "prentice", entry or ENTRY)


def test_an_entry_goes_between_comments_in_the_style_of_the_file() -> None:
    added = '\n\t\t"prentice": {\n\t\t\t"command": "prentice",\n\t\t\t"args": [\n\t\t\t\t"mcp"\n\t\t\t]\n\t\t},'
    assert put(COMMENTED) == COMMENTED.replace("// the end", "// the end" + added)


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ("", '{\n  "servers": {\n    "prentice": {\n      "a": 1\n    }\n  }\n}\n'),
        ("// nothing yet", '// nothing yet\n{\n  "servers": {\n    "prentice": {\n      "a": 1\n    }\n  }\n}\n'),
        ('{"b": 2}', '{"b": 2, "servers": {"prentice": {"a": 1}}}'),
        ('{"servers": {"x": {},}}', '{"servers": {"x": {}, "prentice": {"a": 1},}}'),
        ('{"servers": {}}', '{"servers": {\n  "prentice": {\n    "a": 1\n  }\n}}'),
        ("{\r\n}", '{\r\n  "servers": {\r\n    "prentice": {\r\n      "a": 1\r\n    }\r\n  }\r\n}'),
        ('{\n "b": 2 // two\n}', '{\n "b": 2, // two\n "servers": {\n  "prentice": {\n   "a": 1\n  }\n }\n}'),
        ('{"servers": {"prentice": {"a": 0, /* b */ "c": 3}}}', '{"servers": {"prentice": {"a": 1, /* b */ "c": 3}}}'),
        ('{"servers": {"prentice": {"c": 3}}}', '{"servers": {"prentice": {"c": 3, "a": 1}}}'),
        ('{"servers": {"prentice": null}}', '{"servers": {"prentice": {"a": 1}}}'),
        ("\ufeff{}", '\ufeff{\n  "servers": {\n    "prentice": {\n      "a": 1\n    }\n  }\n}'),
    ],
)  # fmt: skip
def test_an_entry_is_put_in_or_changed_in_place(before: str, after: str) -> None:
    assert put(before, {"a": 1}) == after


@pytest.mark.parametrize("text", ["[1]", "3", '{"servers": []}', '{"servers": 3}', "{", '{"a": 1 "b": 2}', "{,}", "/*"])
def test_what_is_no_object_of_objects_is_refused(text: str) -> None:
    if text == "/*":
        assert plain(text) == text
    with pytest.raises(ValueError, match=r".+"):
        put(text)


values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-9, 9)
    | st.text(max_size=6)
    | st.sampled_from(["//", "/*", "*/", '"', "\\"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=8,
)
gaps = st.sampled_from(["", " ", "\n", "\r\n", "\t", "// x, {\n", "/* } \n , */", ' // "\r\n'])


def written(draw: st.DrawFn, value: object) -> str:
    """Write a value with comments, white space and trailing commas anywhere."""

    def gap() -> str:
        return draw(gaps)

    ends_with_a_comma: bool = draw(st.booleans())
    if isinstance(value, dict):
        parts = [f"{gap()}{json.dumps(key)}{gap()}:{gap()}{written(draw, one)}{gap()}" for key, one in value.items()]
    elif isinstance(value, list):
        parts = [f"{gap()}{written(draw, one)}{gap()}" for one in value]
    else:
        return json.dumps(value)
    inside = ",".join(parts) + ("," + gap() if parts and ends_with_a_comma else gap())
    return f"{{{inside}}}" if isinstance(value, dict) else f"[{inside}]"


@st.composite
def documents(draw: st.DrawFn) -> tuple[dict[str, Any], str]:
    settings = draw(st.dictionaries(st.text(max_size=4), values, max_size=3))
    if draw(st.booleans()):
        servers = draw(st.dictionaries(st.text(max_size=4), values, max_size=3))
        if draw(st.booleans()):
            servers["prentice"] = draw(st.dictionaries(st.sampled_from(["command", "args", "env"]), values, max_size=3))
        settings["servers"] = servers
    return settings, draw(gaps) + written(draw, settings) + draw(gaps)


@given(documents())
def test_whatever_the_text_it_is_read_and_the_entry_alone_is_new(document: tuple[dict[str, Any], str]) -> None:
    settings, text = document
    assert read(text) == settings
    after = put(text)
    servers = settings.get("servers", {})
    known = servers.get("prentice", {})
    assert read(after) == {**settings, "servers": {**servers, "prentice": {**known, **ENTRY}}}
    assert put(after) == after
    if not any(known.get(key, value) != value for key, value in ENTRY.items()):
        letters = iter(after)
        assert all(letter in letters for letter in text)  # what was there is there still, in its order
