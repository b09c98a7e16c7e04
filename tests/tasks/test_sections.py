import json
import re
import time
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prentice.tasks import sections
from prentice.tasks.sections import compose, list_items, open_questions, parse, restore_breaks

WHOLE = """🎯 **Objective:** Reject empty titles

📋 **Acceptance Criteria:**
- An empty title gives a 422
- A title of spaces counts as empty

🚫 **Scope Boundaries (CRITICAL):**
- **Included:** The API
- **Excluded:** The mobile client
- **Clarification Required:** None

🔧 **Technical Requirements:**
- Use the validator

📁 **Files/Components:**
- Update: api/titles.py

🧪 **Testing Requirements:**
- Unit tests

⚠️ **Edge Cases:**
- None

📚 **Dependencies:** T-11"""
KINDS = [
    sections.OBJECTIVE, sections.CRITERIA, sections.SCOPE, sections.REQUIREMENTS, sections.FILES, sections.TESTING,
    sections.EDGE_CASES, sections.DEPENDENCIES,
]  # fmt: skip
CRITERIA = ("An empty title gives a 422", "A title of spaces counts as empty")


def kinds(text: str) -> list[str]:
    return [section.kind for section in parse(text).sections]


DAMAGE = {
    "as it should be": WHOLE,
    "breaks that became the letter n": WHOLE.replace("\n", "n"),
    "breaks that became the letter n, once where there were two": WHOLE.replace("\n\n", "n").replace("\n", "n"),
    "breaks before headings alone that became the letter n": WHOLE.replace("\n\n", "nn"),
    "breaks that became a backslash and n": WHOLE.replace("\n", "\\n"),
    "breaks of Windows": WHOLE.replace("\n", "\r\n"),
    "no variation selectors": WHOLE.replace("\ufe0f", ""),
    "the colon outside": WHOLE.replace(":**", "**:"),
    "no bold headings": re.sub(r"\*\*(.*?):\*\*", r"\1:", WHOLE),
    "bold around the emoji too": re.sub(r"(?m)^([^\s\w-]+) \*\*", r"**\1 ", WHOLE),
    "hash headings": re.sub(r"(?m)^([^\s\w-]+) \*\*(.*?):\*\*( ?)", r"## \1 \2\n", WHOLE),
    "hash and bold headings": re.sub(r"(?m)^([^\s\w-]+) \*\*", r"### \1 **", WHOLE),
    "hash headings without emoji": re.sub(r"(?m)^[^\s\w-]+ \*\*(.*?):\*\*( ?)", r"## \1\n", WHOLE),
    "closed hash headings": re.sub(r"(?m)^[^\s\w-]+ \*\*(.*?):\*\*( ?)", r"## \1 ##\n", WHOLE),
    "bold headings without emoji": re.sub(r"(?m)^[^\s\w-]+ (\*\*.*?:\*\*)( ?)", r"\1\n", WHOLE),
    "plain headings": re.sub(r"(?m)^[^\s\w-]+ \*\*(.*?)( \(.*\))?:\*\*( ?)", r"\1:\n", WHOLE),
    "emoji headings alone in their line": re.sub(r"(?m)^([^\s\w-]+) \*\*(.*?):\*\*( ?)", r"\1 \2\n", WHOLE),
}


@pytest.mark.parametrize("damage", DAMAGE)
def test_the_eight_sections_are_found_in_every_spelling_and_damage_of_the_wild(damage: str) -> None:
    description = parse(DAMAGE[damage])
    assert kinds(DAMAGE[damage]) == KINDS
    assert description.preamble == ""
    assert description.objective == "Reject empty titles"
    assert description.criteria == CRITERIA
    assert description.scope("included") == ("The API",)
    assert description.scope("excluded") == ("The mobile client",)
    assert description.scope("clarification required") == ()
    assert description.items(sections.EDGE_CASES) == ()
    assert description.text(sections.DEPENDENCIES) == "T-11"


def test_all_eight_sections_on_one_line_are_found() -> None:
    assert kinds(WHOLE.replace("\n", " ")) == KINDS


def test_an_emoji_in_prose_is_no_heading_and_a_bold_one_in_mid_line_is() -> None:
    assert kinds("Give the menu a 🔧 icon: it is plain now") == []
    assert kinds("Do it. 📋 **Must hold:** a") == [sections.CRITERIA]
    assert kinds("Do it. 📋 Acceptance Criteria: a") == [sections.CRITERIA]


def test_text_without_a_heading_is_the_preamble_and_counts_as_the_objective() -> None:
    description = parse("  Reject empty titles.\n\n- one\n")
    assert description.sections == ()
    assert description.preamble == description.objective == "Reject empty titles.\n\n- one"
    assert parse("") == sections.Description(preamble="", sections=())


def test_what_stands_before_the_first_heading_is_kept_apart() -> None:
    description = parse("Context first.\n\n## Goal\nDo it\n\n## Notes\nx")
    assert description.preamble == "Context first."
    assert [(s.kind, s.title, s.text) for s in description.sections] == [
        ("objective", "Goal", "Do it"),
        ("", "Notes", "x"),
    ]


def test_a_line_that_ends_in_a_colon_is_a_heading_only_with_known_words() -> None:
    assert kinds("Change these:\n- a\n\nAcceptance criteria:\n- b") == [sections.CRITERIA]


def test_a_bold_text_after_a_plain_heading_keeps_its_marks() -> None:
    assert parse("🎯 Objective: **Never** lose a byte").objective == "**Never** lose a byte"


def test_headings_keep_a_hash_that_belongs_to_their_words() -> None:
    assert [s.title for s in parse("## Port to C#\nx\n## Other ##\ny").sections] == ["Port to C#", "Other"]


@pytest.mark.parametrize("fence", ["```", "~~~", "````"])
def test_comments_and_headings_in_fenced_code_are_code(fence: str) -> None:
    text = f"## Goal\nRun it\n{fence}sh\n# 📋 **Acceptance Criteria:** no\n## Scope\n{fence}\n## Tests\n- t"
    description = parse(text)
    assert [s.kind for s in description.sections] == [sections.OBJECTIVE, sections.TESTING]
    assert "## Scope" in description.sections[0].text


def test_a_fence_that_is_never_closed_reaches_to_the_end_and_inline_code_opens_none() -> None:
    assert kinds("## Goal\n```\n# x\n## Tests") == [sections.OBJECTIVE]
    assert kinds("## Goal\n```x``` is code\n## Tests\n- a") == [sections.OBJECTIVE, sections.TESTING]
    assert kinds("## Goal\n````\n```\n## Tests\n````\n## Scope") == [sections.OBJECTIVE, sections.SCOPE]


SCOPES = {
    "labels in a list": "- **Included:** a\n- **Excluded:** b",
    "labels with nested lists": "- **Included:**\n  - a\n- **Excluded:**\n  - b",
    "labels above lists": "**Included:**\n- a\n\n**Excluded:**\n- b",
    "labels in lines": "Included: a\nExcluded: b",
    "labels with the colon outside": "* **Included**: a\n* **Excluded**: b",
}


@pytest.mark.parametrize("layout", SCOPES)
def test_the_parts_of_the_scope_are_found_however_they_are_laid_out(layout: str) -> None:
    description = parse(f"🚫 **Scope Boundaries (CRITICAL):**\n{SCOPES[layout]}\n")
    assert description.scope("included") == ("a",)
    assert description.scope("excluded") == ("b",)


def test_several_entries_of_a_scope_part_stay_apart_and_sentences_are_no_labels() -> None:
    description = parse("## Scope\nIncluded:\n- a\n- included files are listed in b\nExcluded: None")
    assert description.scope("included") == ("a", "included files are listed in b")
    assert description.scope("excluded") == ()


@pytest.mark.parametrize("nothing", ["None", "none.", "N/A", "**None**", "-", "_Nothing_"])
def test_entries_that_only_say_none_are_no_entries(nothing: str) -> None:
    assert parse(f"📋 **Acceptance Criteria:**\n- {nothing}").criteria == ()


def test_list_entries_take_their_nested_lines_with_them() -> None:
    text = "- a\n  - a1\n  - a2\n* b\n  more of b\n\n1. c\n2) d\n- [ ] e\n- [x] f\nno entry"
    assert list_items(text) == ("a; a1; a2", "b more of b", "c", "d", "e", "f")


def test_a_section_without_a_list_gives_its_paragraphs() -> None:
    assert parse("## Done when\none\nline\n\ntwo").criteria == ("one line", "two")


def test_the_words_of_a_description_are_without_the_templates_own() -> None:
    words = parse(WHOLE).words
    for own in ("Objective", "Acceptance", "CRITICAL", "Included", "Clarification", "🎯"):
        assert own not in words
    for told in ("Reject empty titles", "The mobile client", "api/titles.py"):
        assert told in words


def test_breaks_are_put_back_only_where_the_signs_are_plain() -> None:
    for sound in ("Run in- and outbound checks", "nn", "banana - split", "line one\nwith \\n in it", ""):
        assert restore_breaks(sound) == sound
    assert restore_breaks("one\\ntwo") == "one\ntwo"
    assert restore_breaks("one\r\ntwo") == "one\ntwo"


def test_descriptions_of_the_wild_are_parsed_with_nothing_lost(data: Path) -> None:
    seen = 0
    for path in sorted((data / "todo2").glob("**/*.json")):
        for record in json.loads(path.read_bytes())["todos"]:
            text = record.get("long_description") or record.get("description") or ""
            description = parse(text)
            seen += bool(description.criteria)
            rest = restore_breaks(text)
            for section in description.sections:
                assert section.text in rest
            if "🎯" in text:
                assert description.text(sections.OBJECTIVE)
            if re.search(r"📋\ufe0f? ?\*\*", text):
                assert description.text(sections.CRITERIA), text
    assert seen > 20


ENTRY = st.from_regex(r"[A-Z][a-z0-9`,._/() -]{0,40}[a-z]", fullmatch=True).filter(
    lambda text: text.lower() not in {"none", "nothing", "na"} and not text.startswith(("In", "Ex", "Cl"))
)
ENTRIES = st.lists(ENTRY, max_size=4).map(lambda found: tuple(" ".join(text.split()) for text in found))


@given(st.lists(ENTRY, min_size=3, max_size=3), st.lists(ENTRIES, min_size=4, max_size=4))
def test_what_is_composed_is_parsed_to_the_same(texts: list[str], lists: list[tuple[str, ...]]) -> None:
    objective, included, excluded = texts
    criteria, requirements, files, edge_cases = lists
    text = compose(
        objective=objective,
        criteria=criteria,
        included=included,
        excluded=excluded,
        requirements=requirements,
        files=files,
        edge_cases=edge_cases,
        dependencies=("T-1", "T-2"),
    )
    for spelled in (text, text.replace("\n", "\r\n")):
        description = parse(spelled)
        assert [section.kind for section in description.sections] == KINDS
        assert description.objective == " ".join(objective.split())
        assert description.criteria == criteria
        assert description.scope("included") == (" ".join(included.split()),)
        assert description.scope("excluded") == (" ".join(excluded.split()),)
        assert description.items(sections.REQUIREMENTS) == requirements
        assert description.items(sections.FILES) == files
        assert description.items(sections.TESTING) == ()
        assert description.items(sections.EDGE_CASES) == edge_cases
        assert description.text(sections.DEPENDENCIES) == "T-1, T-2"


def test_line_breaks_in_what_is_composed_cannot_begin_a_section() -> None:
    text = compose(objective="a\n## Tests", criteria=["b\n- c"], included="d\n- **Excluded:** e", excluded="f")
    assert kinds(text) == KINDS
    assert parse(text).criteria == ("b - c",)
    assert parse(text).scope("excluded") == ("f",)


@given(st.text(st.sampled_from("🎯📋⚠️\ufe0f*#:-`~ \t\nnA(1.[]\\"), max_size=60))
def test_no_text_however_odd_stops_the_parser_or_makes_up_words(text: str) -> None:
    description = parse(text)
    rest = restore_breaks(text)
    for section in description.sections:
        assert section.text in rest
    assert description.preamble in rest
    assert isinstance(description.words, str)
    assert all(item.strip() for item in description.criteria)
    description.scope("included")


LONG = 200_000
TOWERS = {
    "an emoji and spaces": "🎯" + " " * LONG,
    "emoji": "🎯" * LONG,
    "hashes": "# " + "#" * LONG + "x",
    "a spaced heading": "# a" + " " * LONG + "x (",
    "headings": "## a\n" * (LONG // 5),
    "emoji headings": "🎯 **O:** a" * (LONG // 10),
    "nested entries": "- a\n" + "  - b\n" * (LONG // 6),
    "fences": "```\n" * (LONG // 4),
    "backticks": "`" * LONG,
    "stars": "*" * LONG,
    "a bullet and spaces": "- " + " " * LONG,
    "lost breaks": "n- " * (LONG // 3) + "nn🎯",
    "blank lines": " \n" * (LONG // 2),
    "brackets": "## " + "(" * LONG,
    "scope stars": "🚫 **Scope:**\n- " + "*" * LONG,
}


@pytest.mark.parametrize("tower", TOWERS)
def test_a_hostile_text_of_200_kilobytes_is_parsed_in_linear_time(tower: str) -> None:
    began = time.process_time()
    description = parse(TOWERS[tower])
    assert isinstance(description.criteria + description.scope("included"), tuple)
    assert description.words is not None
    assert time.process_time() - began < 15, "quadratic work takes minutes"


def test_an_open_question_among_the_criteria_is_no_criterion() -> None:
    found = parse(
        "## Acceptance criteria\n\n- It adds\n- [NEEDS: must zero be allowed?].\n- [ ] [NEEDS: who sees it?]\n"
    )
    assert found.criteria == ("It adds",)
    asked = open_questions("It adds [NEEDS: what?]\n- [NEEDS: who sees it?]\n- [NEEDS: what?]")
    assert asked == ("what?", "who sees it?")
