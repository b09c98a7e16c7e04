"""New lists and code in Markdown, held against the file's own where no quoted line shows a slip."""

import pytest

from prentice.changes.edits import Create, Edit, Replace
from prentice.changes.files import Files
from prentice.changes.refusal import Refusal
from prentice.changes.resolve import resolve

HISTORY = b"2.0\n===\n\n  * first\n    - inner\n  * second\n    - inner two\n  * third\n    - inner three\n"
GUIDE = b"# Guide\n\n```go\nfunc f() {\n\tg()\n}\n```\n\nUse it:\n\n```js\nif (a) {\n  b();\n}\n```\n\nThe end.\n"


def outcome(edit: Edit, **files: bytes) -> str:
    """Give the new text, or the code of the refusal."""
    result = resolve([edit], Files({name.replace("_", "."): content for name, content in files.items()}))
    return result.code if isinstance(result, Refusal) else result.files[0].new.decode()


def put_before(quoted: str, added: str) -> Replace:
    return Replace(path="a.md", search=(quoted,), replace=(*added.split("\n"), quoted))


def test_a_list_in_the_first_column_is_refused_where_all_others_stand_deeper() -> None:
    assert outcome(put_before("2.0", "2.1\n===\n\n* new\n- inner\n"), a_md=HISTORY) == "doubtful"
    assert outcome(put_before("2.0", "2.1\n===\n\n* new\n* newer\n"), a_md=HISTORY) == "doubtful"


def test_a_list_as_deep_as_the_others_is_taken() -> None:
    text = outcome(put_before("2.0", "2.1\n===\n\n  * new\n    - inner\n"), a_md=HISTORY)
    assert text == "2.1\n===\n\n  * new\n    - inner\n\n" + HISTORY.decode()


def test_a_list_in_the_first_column_is_taken_where_others_are_there_or_too_few_are_deeper() -> None:
    for content in (HISTORY + b"\n* at the left\n", b"2.0\n\n  * one\n  * two\n"):
        assert "\n* new\n" in outcome(put_before("2.0", "2.1\n\n* new\n"), a_md=content)


def test_items_of_two_kinds_that_take_turns_in_the_first_column_are_refused() -> None:
    flat = "Steps\n\n1. one\n- inner\n2. two\n- inner"
    assert outcome(put_before("The end.", flat), a_md=GUIDE) == "doubtful"
    assert outcome(Create(path="b.md", lines=tuple(flat.split("\n"))), a_md=GUIDE) == "doubtful"
    nested = flat.replace("- ", "   - ")
    assert nested in outcome(put_before("The end.", nested), a_md=GUIDE)
    apart = "* one\n\nThen:\n\n- two\n\nAgain:\n\n* three"
    assert apart in outcome(put_before("The end.", apart), a_md=GUIDE)


def test_rules_and_lists_inside_code_are_no_items() -> None:
    text = "```yaml\n* a\n- b\n* c\n```\n\n***\n\n* * *"
    assert text in outcome(put_before("2.0", text), a_md=HISTORY)


@pytest.mark.parametrize(
    ("code", "taken"),
    [
        ("```go\nfunc h() {\n\tg()\n}\n```", True),
        ("```go\nfunc h() {\n    g()\n}\n```", False),
        ("```js\nif (c) {\n  d();\n}\n```", True),
        ("```js\nif (c) {\n\td();\n}\n```", False),
        ("```js\nif (c) {\n    d();\n}\n```", True),
        ("```python\nif c:\n    d()\n```", True),
        ("- see\n\n  ```go\n  func h() {\n  \tg()\n  }\n  ```", True),
        ("~~~~go\nfunc h() {\n    g()\n}\n~~~~", False),
    ],
)
def test_new_code_is_held_against_other_code_of_its_language(code: str, taken: bool) -> None:  # noqa: FBT001 - a parameter of the test
    text = outcome(put_before("The end.", code), a_md=GUIDE)
    assert code in text if taken else text == "doubtful"


def test_code_in_a_new_file_is_held_against_that_of_files_of_its_kind() -> None:
    blanks = Create(path="b.md", lines=("```go", "func h() {", "    g()", "}", "```"))
    assert outcome(blanks, a_md=GUIDE) == "doubtful"
    assert outcome(blanks, a_txt=GUIDE) == "\n".join(blanks.lines) + "\n"


def test_a_new_line_in_code_is_held_against_the_lines_around_it() -> None:
    content = b"```\nfunc f() {\n\tone()\n\ttwo()\n\tthree()\n}\nfour()\n```\n\n```\nif\n  x\n```\n"
    inside = put_before("four()", "func g() {\n    five()\n}")
    assert outcome(inside, a_md=content) == "doubtful"
    assert "\tfive()\n" in outcome(put_before("four()", "func g() {\n\tfive()\n}"), a_md=content)
