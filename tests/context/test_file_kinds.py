import pytest

from prentice.context.file_kinds import asked_kinds, factor, kind_of


@pytest.mark.parametrize(
    ("path", "kind"),
    [
        ("src/a.py", "code"), ("tests/test_a.py", "test"), ("web/a.spec.ts", "test"), ("docs/conf.py", "prose"),
        ("README.md", "prose"), ("a.json", "data"), ("Makefile", "data"), ("src/testing_tools/a.py", "code"),
        ("a.vue", "code"), ("locale/de.po", "prose"),
    ],
)  # fmt: skip
def test_a_path_tells_the_kind(path: str, kind: str) -> None:
    assert kind_of(path) == kind


@pytest.mark.parametrize(
    ("text", "kinds"),
    [
        ("Fix the rounding of prices", {"code"}),
        ("Fix the rounding\n\nAdd tests for it.", {"code"}),
        ("Add unit tests for rounding", {"code", "test"}),
        ("Improve test coverage of the parser", {"code", "test"}),
        ("Update the README", {"code", "prose"}),
        ("Use the latest parser", {"code"}),
    ],
)
def test_the_first_line_tells_what_a_task_is_about(text: str, kinds: set[str]) -> None:
    assert asked_kinds(text) == kinds


def test_only_kinds_that_are_not_asked_for_go_down() -> None:
    assert factor("tests/test_a.py", asked={"code"}) < 1
    assert factor("tests/test_a.py", asked={"code", "test"}) == 1
