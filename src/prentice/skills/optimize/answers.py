"""A person's answers to what an optimization left open."""

from collections import Counter
from collections.abc import Mapping, Sequence
from typing import Any, Final

from prentice.errors import TextError

MOST_ANSWER: Final = 4_000
"""Characters of an answer to a question about a prompt, which asks for a sentence or two."""
_MOST_NAME: Final = 300


def answer_keys(questions: Sequence[Mapping[str, Any]]) -> list[str]:
    """Give a name for each answer: what its question is about, or its words where others are about the same."""
    counts = Counter(str(item["about"]) for item in questions)
    return [str(item["about"] if counts[item["about"]] == 1 else item["question"]) for item in questions]


def checked_answers(
    given: Mapping[str, str], *, open_ones: Sequence[Mapping[str, Any]], before: Mapping[str, str]
) -> dict[str, str]:
    """Give the answers without those that were left empty. Each is known by its question, or by what that is `about`.

    `open_ones` are the questions as documents; `before` are answers that were given earlier, which may be changed.

    Raises:
        TextError: one is to no question, or too long; or all are empty.
    """
    asked = list(dict.fromkeys(str(item["about"]) for item in open_ones))
    words = {str(item["question"]) for item in open_ones}
    if unknown := [name for name in given if name not in {*asked, *words, *before}]:
        answerable = ", ".join([*asked, *(name for name in before if name not in asked)])
        raise TextError(
            f"No question is about {', '.join(unknown)[:_MOST_NAME]}.",
            next_step=f"Questions are about: {answerable}." if answerable else "No question is open: use `optimized`.",
        )
    for name, answer in given.items():
        if len(answer) > MOST_ANSWER:
            raise TextError(
                f"The answer on {name} has {len(answer):,} characters, more than the {MOST_ANSWER:,} that are taken.",
                next_step="Say it in a sentence or two; what else is to be known is the prompt's context.",
            )
    if not (told := {name: answer for name, answer in given.items() if answer.strip()}):
        raise TextError("Every answer is empty.", next_step="Answer one question at least.")
    return told
