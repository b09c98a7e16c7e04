"""From one reply to a change with what speaks against it, or to a refusal in words for people and for the model."""

import pytest

from prentice.changes.files import Files
from prentice.changes.formats import Ask, Format, Target
from prentice.changes.guards.objection import Policy
from prentice.skills.execute.attempt import Candidate, Rejected, attempt, claimed_confidence

CODE = b"def f(a):\n    return a\n"
SNAPSHOT = Files({"a.py": CODE, "tests/test_a.py": b"from a import f\n\n\ndef test_f():\n    assert f(1) == 1\n"})
ASK = Ask(format=Format.SYMBOL, targets=(Target(path="a.py", symbol="f"),))
POLICY = Policy(allowed=frozenset({"a.py"}))
BLOCK = "<<<<<<< SEARCH\n=======\nx = 1\n>>>>>>> REPLACE\n"
REPLY = "I add **one**, as asked.\n\na.py::f\n```python\ndef f(a):\n    return a + 1\n```\nDone.\n"


def test_a_reply_becomes_a_change_with_the_words_before_its_edits_as_the_explanation() -> None:
    found = attempt(REPLY, ask=ASK, snapshot=SNAPSHOT, policy=POLICY)
    assert isinstance(found, Candidate)
    assert found.change.files[0].new == b"def f(a):\n    return a + 1\n"
    assert (found.explanation, found.claimed) == ("I add **one**, as asked.", None)


def test_an_explanation_is_one_line_of_bounded_length_without_hidden_letters() -> None:
    found = attempt(
        "Safe\u202e, \x1b[31mreally.\n" + "word " * 400 + "\n" + REPLY, ask=ASK, snapshot=SNAPSHOT, policy=POLICY
    )
    assert isinstance(found, Candidate)
    assert found.explanation.startswith("Safe, [31mreally. word")
    assert len(found.explanation) <= 600
    assert found.explanation.isprintable()


@pytest.mark.parametrize(
    ("reply", "code"),
    [
        ("No.", "no_edits"),
        ("", "no_edits"),
        (REPLY.replace("a.py::f", "a.py::g").replace("def f", "def g"), "not_found"),
        (REPLY.replace("return a + 1", "return (a + 1"), "syntax"),
        (REPLY.replace("a + 1", "a + 1\n    # ... rest of the code unchanged"), "elision"),
        (REPLY.replace(" + 1", ""), "no_change"),
        ("tests/test_b.py\n" + BLOCK, "not_allowed"),
        ("../a.py\n" + BLOCK, "path"),
    ],
)
def test_a_reply_that_cannot_be_used_is_rejected_with_words_for_the_model(reply: str, code: str) -> None:
    found = attempt(reply, ask=ASK, snapshot=SNAPSHOT, policy=POLICY)
    assert isinstance(found, Rejected)
    assert found.why
    assert found.feedback.startswith("Nothing was changed.")
    assert found.code == code


@pytest.mark.parametrize(
    ("said", "value"),
    [
        ("Confidence: 0.9", 0.9), ("I am 95% confident", None), ("confidence = 80 %", 0.8), ("Confidence: 1.0", 1.0),
        ("confidence: 300", 1.0), ("It is done.", None),
    ],
)  # fmt: skip
def test_what_a_model_claims_of_itself_is_read_as_a_share(said: str, value: float | None) -> None:
    assert claimed_confidence(said) == value
