"""One task within a number of tokens: what has to be fulfilled first, then the newest that was said."""

import json
import math
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prentice.errors import UsageError
from prentice.tasks.digest import digest, digest_json
from prentice.tasks.todolist import TodoList

TEXT = st.one_of(
    st.text(max_size=40),
    st.just("📋 **Acceptance Criteria:**\n- one thing\n- another\n\n🎯 **Objective:** why\n" * 3),
    st.just("words without end " * 200),
    st.text(st.sampled_from('é🎯"\\\n\x00\ud800ab '), max_size=300),
)
COMMENTS = st.lists(st.fixed_dictionaries({"todoId": st.just("T-1"), "content": TEXT, "type": TEXT}), max_size=6)

DESCRIPTION = (
    """🎯 **Objective:** Keep the list safe.

📋 **Acceptance Criteria:**
- Two writers lose nothing
- A crash leaves the old file
- """
    + "a very long criterion " * 20
)


def todolist(comments: int = 0, **fields: Any) -> TodoList:
    record = {"id": "T-1", "name": "Lock the file", "tags": ["store"], "long_description": DESCRIPTION} | fields
    said = [
        {"id": f"T-1-C-{n}", "todoId": "T-1", "type": "note", "content": f"remark {n}", "created": f"2026-01-{n:02}T00"}
        for n in range(1, comments + 1)
    ]
    return TodoList({"todos": [record], "comments": said})


def digest_of(found: TodoList, tokens: int) -> str:
    return digest(found, found.tasks["T-1"], tokens=tokens)


def document(found: TodoList) -> dict[str, Any]:
    comments = [comment.document() for comment in found.comments("T-1")]
    runs = [{"run_id": f"R-{n}", "kind": "breakdown", "state": "done"} for n in range(9)]
    return found.tasks["T-1"].document() | {"comments": comments, "proposals": [], "runs": runs}


@given(TEXT, TEXT, TEXT, COMMENTS, st.integers(50, 900))
def test_a_task_never_takes_more_tokens_than_were_asked_for(
    name: str, description: str, status: str, comments: list[dict[str, Any]], tokens: int
) -> None:
    record = {"id": "T-1", "name": name, "long_description": description, "status": status, "tags": [name]}
    found = TodoList({"todos": [record], "comments": comments})
    text = digest_of(found, tokens)
    assert math.ceil(len((text + "\n").encode()) / 3.5) <= tokens
    assert text.startswith("T-1 ")
    if tokens >= 80:
        text = digest_json(document(found), tokens=tokens)
        assert math.ceil(len((text + "\n").encode()) / 3.5) <= tokens
        assert {"id", "comments", "proposals", "runs", "lastModified"} <= set(json.loads(text))


def test_a_task_that_fits_is_given_whole() -> None:
    assert digest_of(todolist(comments=2), 400).splitlines() == [
        "T-1 Todo medium Lock the file #store",
        "- Two writers lose nothing",
        "- A crash leaves the old file",
        "- " + ("a very long criterion " * 20).strip(),
        "[note 2026-01-02] remark 2",
        "[note 2026-01-01] remark 1",
        "🎯 **Objective:** Keep the list safe.",
        "📋 **Acceptance Criteria:**",
        "- Two writers lose nothing",
        "- A crash leaves the old file",
        "- " + ("a very long criterion " * 20).strip(),
    ]


def test_in_little_room_criteria_come_first_and_then_the_newest_comments() -> None:
    lines = digest_of(todolist(comments=30), 120).splitlines()
    assert lines[0] == "T-1 Todo medium Lock the file #store"
    assert lines[1:3] == ["- Two writers lose nothing", "- A crash leaves the old file"]
    assert lines[3].endswith("…")
    assert lines[4:6] == ["[note 2026-01-30] remark 30", "[note 2026-01-29] remark 29"]
    assert lines[-1] == "(shortened: 3 criteria, 30 comments)"


def test_fifty_tokens_still_say_what_the_task_is_and_the_first_criterion() -> None:
    lines = digest_of(todolist(comments=30, name="Lock the file while it is written " * 5), 50).splitlines()
    assert lines[0].startswith("T-1 Todo medium Lock the file while")
    assert lines[-1] == "(shortened: 3 criteria, 30 comments)"


def test_a_document_loses_old_comments_before_its_description() -> None:
    found = todolist(comments=30)
    assert json.loads(digest_json(document(found), tokens=4000)) == document(found)
    short = json.loads(digest_json(document(found), tokens=450))
    assert [comment["content"] for comment in short["comments"]] == [f"remark {n}" for n in range(26, 31)]
    assert short["description"] == DESCRIPTION
    least = json.loads(digest_json(document(found), tokens=80))
    assert (least["id"], least["description"], least["comments"]) == ("T-1", "", [])


def test_too_few_tokens_are_refused_with_the_number_that_is_needed() -> None:
    found = todolist()
    with pytest.raises(UsageError) as refused:
        digest_of(found, 49)
    assert "--tokens 50" in refused.value.next_step
    with pytest.raises(UsageError) as refused:
        digest_json(document(found), tokens=79)
    assert "--tokens 80" in refused.value.next_step
