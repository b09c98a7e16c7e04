"""The guards: what is made up, lost or broken is refused; honest rewrites pass."""

import json
import random
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prentice.skills.optimize.grounds import Grounds
from prentice.skills.optimize.guards.guard import objections
from prentice.skills.optimize.guards.invention import additions
from prentice.skills.optimize.guards.statements import Said
from prentice.skills.optimize.prose import PromptText
from prentice.tasks.plan import NamedPath, RepositoryFacts
from skills.optimize.issue_pairs import alone, by_rules, pairs

PROMPT = 'Do not retry `send()` more than 3 times. All calls log "gave up" to app.log. Keep {{name}} and <b>bold</b>.'
LIES = ("It happens in {}.", "See {} for the cause.", "The cause is {}, so fix {} first.")


def refused(after: str, before: str = PROMPT) -> set[str]:
    return {objection.guard for objection in objections(after, alone(before))}


@given(st.text(max_size=400))
def test_nothing_is_objected_to_a_text_itself(text: str) -> None:
    assert objections(text, alone(text)) == ()


@pytest.mark.parametrize(
    ("after", "guard"),
    [
        (PROMPT.replace("3 times", "5 times"), "invention"),
        (PROMPT.replace("3 times", "three times, or four"), "invention"),
        (PROMPT.replace("Do not retry", "Retry"), "loss"),
        (PROMPT.replace("All calls", "Calls"), "loss"),
        (PROMPT.replace(" to app.log", ""), "loss"),
        (PROMPT.replace('"gave up"', '"given up"'), "invention"),
        (PROMPT.replace("{{name}}", "{{ name }}"), "contract"),
        (PROMPT.replace("{{name}}", "the name"), "contract"),
        (PROMPT.replace("<b>bold</b>", "bold"), "contract"),
        (PROMPT + " It fails in src/server.py.", "invention"),
        (PROMPT + " This happens on Windows.", "invention"),
        (PROMPT + " See https://example.org/issue.", "invention"),
        (PROMPT + " Login crashes for customers.", "invention"),
        (PROMPT + " Never log `send()`.", "invention"),
        ("Sure! Here is the improved prompt: " + PROMPT, "answer"),
        (PROMPT + "\n```python\ndef send():\n    pass\n```", "answer"),
        (PROMPT + "\n--- a/app.py\n+++ b/app.py\n@@ -1 +1 @@", "answer"),
        (PROMPT + " <insert your file here>", "answer"),
        (PROMPT + " Does it name a file, function, class or other identifier?", "answer"),
        (PROMPT + " The calls log." * 70, "size"),
        ("", "size"),
        (
            "Rufen Sie `send()` nicht mehr als 3 mal auf, wenn der Server nicht da ist und das Log voll wird.",
            "language",
        ),
    ],
)
def test_each_guard_refuses_what_it_is_there_for(after: str, guard: str) -> None:
    assert guard in refused(after)


def test_fenced_blocks_stay_byte_for_byte() -> None:
    prompt = "Fix this:\n```\nx = 1\n```\nIt should be two lines."
    assert "contract" in refused(prompt.replace("x = 1", "x = 1 "), prompt)
    assert "loss" in refused(prompt.replace("x = 1", "y = 1"), prompt)


def test_facts_of_the_repository_the_context_and_the_answers_may_be_used() -> None:
    grounds = Grounds(
        text="Fix the crash in server.py",
        context="It began with version 4.2.",
        answers={"symptom": "It prints `ValueError: no port`"},
        repository=RepositoryFacts(
            checks={"test": "uv run pytest"},
            named_paths=(NamedPath(written="server.py", found=("src/app/server.py",)),),
        ),
    )
    better = (
        "Fix the crash in server.py (src/app/server.py). It began with version 4.2. It prints `ValueError: no port`. "
        "Check: `uv run pytest`"
    )
    assert objections(better, grounds) == ()
    assert {added.source for added in additions(better, grounds)} == {"answer: symptom", "context", "repository"}
    assert refused(better, grounds.text) == {"invention"}


def test_no_fact_of_an_issue_can_be_added_to_its_summary_without_a_source(data: Path) -> None:
    """Every word of the issue that looks like a fact, and is not in the summary, is put into a sentence as a lie."""
    told = accepted = 0
    for pair in pairs(data):
        grounds = alone(pair.summary, "bug")
        known = set(re.findall(r"[^\W_]+", pair.summary.casefold()))
        known |= {f"{word}s" for word in known}
        words = {word.strip(".,:;()[]`'\"") for word in pair.full.split()}
        facts = {
            word for word in words if word.count('"') % 2 == 0 and re.search(r"\d|\w[._/]\w|[a-z][A-Z]|\(\)", word)
        }
        parts = {fact: set(re.findall(r"[^\W_]+", fact.casefold())) for fact in facts}
        unsourced = sorted(fact for fact in facts if parts[fact] - known)[:8]
        for number, fact in enumerate(unsourced):
            lie = LIES[number % len(LIES)].replace("{}", fact)
            told += 1
            accepted += not objections(f"{pair.summary} {lie}", grounds)
    assert told > 1000
    assert accepted == 0


def test_dropped_sentences_are_caught(data: Path) -> None:
    chance = random.Random(5)
    dropped = missed = 0
    for pair in pairs(data):
        for text in (pair.full, pair.summary):
            sentences = [span for span in PromptText(text).sentences if len(span.of(text).split()) > 2]
            for span in chance.sample(sentences, min(1, len(sentences))):
                dropped += 1
                missed += not objections(text[: span.start] + text[span.end :], alone(text, "bug"))
    assert dropped > 480
    assert missed <= 0.01 * dropped


def restructured(text: str) -> list[str]:
    """Rewrites that only move what is there: other line breaks, lists, headings, the order of paragraphs."""
    prompt = PromptText(text)
    sentences = [" ".join(span.of(text).split()) for span in prompt.sentences]
    if " ".join(sentences) != " ".join(text.split()):
        return [f"## Task\n\n{text}\n\n## Open points\n\nPlease ask."]
    return [
        "\n".join(f"- {sentence}" for sentence in sentences),
        "\n\n".join(sentences),
        "\n\n".join((sentences[0], "## Details", *reversed(sentences[1:]))),
        f"## Task\n\n{text}",
    ]


def test_structural_rewrites_raise_no_alarm(data: Path) -> None:
    alarms = {
        (pair.id, found[0].sentence)
        for pair in pairs(data)
        for text in (pair.full, pair.summary)
        for rewrite in restructured(text)
        if "```" not in text or text.count("```") % 2 == 0  # what stands behind an open fence is code
        if (found := objections(rewrite, alone(text, "bug")))
    }
    assert alarms == set()


PARAPHRASES = [
    json.loads(line) for line in Path(__file__).with_name("paraphrases.jsonl").read_text(encoding="utf-8").splitlines()
]


def test_honest_paraphrases_pass() -> None:
    alarms = [row["prompt"] for row in PARAPHRASES if objections(row["paraphrase"], alone(row["prompt"]))]
    assert len(PARAPHRASES) == 100
    assert len(alarms) <= 2, alarms


def test_paraphrases_of_other_prompts_are_no_paraphrases() -> None:
    others = [*PARAPHRASES[1:], PARAPHRASES[0]]
    for row, other in zip(PARAPHRASES, others, strict=True):
        assert objections(other["paraphrase"], alone(row["prompt"]))


def test_the_rewrite_by_rules_passes_its_own_guards(data: Path) -> None:
    for pair in pairs(data)[:60]:
        rewritten, _ = by_rules(pair.summary)
        assert objections(rewritten, alone(pair.summary)) == ()


def test_a_statement_is_missed_although_another_has_its_words() -> None:
    before = "The cache keeps stale rows. Delete stale rows from the cache. The cache keeps stale rows for an hour."
    now = Said(before.replace("Delete stale rows from the cache. ", ""))
    was = Said(before)
    assert now.lacks(was.statements[1], of=was)
