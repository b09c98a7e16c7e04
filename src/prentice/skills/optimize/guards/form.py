"""The guards of the form: how long a rewrite may be, that it keeps its language, and that it is no answer."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Final

from prentice.skills.analysis import vocabulary
from prentice.skills.optimize.atoms import atoms
from prentice.skills.optimize.grounds import Grounds
from prentice.skills.optimize.guards.invention import holds
from prentice.skills.optimize.guards.objection import Objection
from prentice.skills.optimize.language import language
from prentice.skills.optimize.prose import PLACEHOLDER, PromptText
from prentice.skills.optimize.rules import criteria

MOST_GROWTH: Final = 1.6
MOST_WORDS: Final = 120
"""A rewrite has at most 1.6 times the words, or 120 more; answers of the user come on top. From the reference."""
MOST_PLACEHOLDERS: Final = 6
"""New placeholders: the three questions, and as many for guesses that are asked about."""

_PREAMBLE: Final = (
    r"(?i)\s*(?:sure|certainly|of course|okay|ok|absolutely|great|happy to|i(?:'ve| have| will|'ll)|"
    r"here(?:'s| is| are)|the (?:improved|rewritten|optimized|revised|updated) (?:prompt|version|text)|"
    r"(?:improved|rewritten|optimized|revised) (?:prompt|version)|as an ai|let me|below is)\b"
)
_DIFF: Final = r"(?m)^(?:diff --git|@@ -\d|\+\+\+ |--- a/|<<<<<<<|>>>>>>>)"
_FILL_IN: Final = (
    r"(?i)<(?:insert|your|the|answer|quote|yes|no|placeholder|fill)[^<>\n]{0,60}>|"
    r"\[(?!NEEDS: )(?:insert|your|placeholder|fill|x{2,})[^\[\]\n]{0,60}\]|\{(?:insert|your)[^{}\n]{0,60}\}"
)

_LEFT_OUT: Final = r"\.\.\.|…"
_QUESTION: Final = r"(?i)^\W*(?:why|what|how|which|when|where|who|is|are|does|do|did|has|have|was|were)\b.*\?$"
_INDIRECT: Final = r"(?i)\?$|\b(?:why|what|how|which|whether|where|who|explain|describe)\b"
_REQUEST: Final = (
    r"(?i)\?$|\b(?:should|shall|must|needs?|ha(?:s|ve) to|wants?|would like|please|expected|explain|describe|tell|list|"
    r"summarize|compare|review|let|make|give|use|answer|do not|don't|is to|are to|can be|ought)\b"
)
_HARD: Final = frozenset({"url", "path", "quote", "code", "identifier", "number"})

_NO_VERBS: Final = vocabulary.SMALL | vocabulary.PREPOSITIONS | vocabulary.DETERMINERS


def misshapen(before: str, after: str, grounds: Grounds) -> tuple[Objection, ...]:
    """Object to a rewrite that is too long, empty, in another language, or not a prompt at all."""
    return (
        *_size(before, after, grounds), *_language(before, after), *_placeholders(before, after, grounds),
        *_answer(before, after), *_repeated(before, after), *_told(before, after),
    )  # fmt: skip


def _size(before: str, after: str, grounds: Grounds) -> Iterator[Objection]:
    were, now = (len(PLACEHOLDER.sub(" ", text).split()) for text in (before, after))
    brought = sum(len(answer.split()) for answer in grounds.answers.values())
    most = max(int(were * MOST_GROWTH), were + MOST_WORDS) + brought
    if now > most:
        yield Objection(guard="size", says=f"It has {now} words; {most} are the most.", evidence="")
    asked = len(PLACEHOLDER.findall(after)) - len(PLACEHOLDER.findall(before))
    if asked > MOST_PLACEHOLDERS:
        yield Objection(
            guard="size", says=f"It asks {asked} new things; {MOST_PLACEHOLDERS} are the most.", evidence=""
        )
    if not after.strip():
        yield Objection(guard="size", says="It is empty.", evidence="")


def _language(before: str, after: str) -> Iterator[Objection]:
    was, now = language(before), language(after)
    if was and now and was != now:
        yield Objection(guard="language", says=f"The prompt is in {was}, the rewrite in {now}.", evidence="")


def _answer(before: str, after: str) -> Iterator[Objection]:
    if (match := re.match(_PREAMBLE, after)) and not re.match(_PREAMBLE, before):
        yield Objection(
            guard="answer", says="It begins by talking to the user; give the prompt alone.", evidence=match[0].strip()
        )
    for says, pattern in (("It holds a diff.", _DIFF), ("It holds a form to fill in; use [NEEDS: ...].", _FILL_IN)):
        new = [match[0] for match in re.finditer(pattern, after) if match[0] not in before]
        if new:
            yield Objection(guard="answer", says=says, evidence=new[0])
    known = {line.strip() for line in before.split("\n")}
    for span in PromptText(after).code:
        lines = [line.strip() for line in span.of(after).split("\n")]
        if fresh := [line for line in lines if re.search(r"\w", line) and line not in known]:
            yield Objection(guard="answer", says="It holds code that the prompt does not have.", evidence=fresh[0][:80])
            return
    for criterion in criteria():
        if criterion.asks in after or (criterion.id in after and criterion.id not in before):
            yield Objection(guard="answer", says="It repeats the checklist.", evidence=criterion.id)
            return


def _placeholders(before: str, after: str, grounds: Grounds) -> Iterator[Objection]:
    """Object to new placeholders that ask nothing, or that bring facts of their own."""
    told = "\n".join(source.text for source in grounds.sources)
    for placeholder in [match[0] for match in PLACEHOLDER.finditer(after) if match[0] not in before]:
        question = placeholder.removeprefix("[NEEDS: ").removesuffix("]")
        if not question.rstrip().endswith("?"):
            yield Objection(guard="answer", says="A placeholder asks the user; end it with “?”.", evidence=placeholder)
        for fact in atoms(question):
            if fact.kind in _HARD and "…" not in fact.written and not holds(told, fact):
                yield Objection(guard="invention", says="No source says what this asks about.", evidence=fact.written)


def _repeated(before: str, after: str) -> Iterator[Objection]:
    were, now = (Counter(_sentences(text)) for text in (before, after))
    again = [sentence for sentence in now if now[sentence] > were[sentence] > 0]
    if sum(now[sentence] - were[sentence] for sentence in again) > 1:  # once it may be a title
        yield Objection(guard="answer", says="It says the same things again.", evidence=again[0][:80])
    if len(re.findall(_LEFT_OUT, PLACEHOLDER.sub(" ", after))) > len(re.findall(_LEFT_OUT, before)):
        yield Objection(guard="answer", says="It leaves something out; write every word.", evidence="...")


def _told(before: str, after: str) -> Iterator[Objection]:
    """Object where a question or a request became a statement."""
    asks, tells = _sentences(before), _sentences(after)
    if sum(bool(re.search(_QUESTION, sentence)) for sentence in asks) > sum(
        bool(re.search(_INDIRECT, sentence)) for sentence in tells
    ):
        yield Objection(guard="answer", says="The prompt asks this; do not answer it.", evidence="")
    elif any(map(_is_request, asks)) and not any(_is_request(sentence) or _orders(sentence) for sentence in tells):
        yield Objection(guard="answer", says="The prompt asks for work, and this asks for none.", evidence="")


def _sentences(text: str) -> list[str]:
    prompt = PromptText(text)
    return [" ".join(span.of(prompt.told).split()) for span in prompt.sentences]


def _is_request(sentence: str) -> bool:
    """Whether a sentence says what to do: a modal verb, a question, or a clause that begins with a plain verb."""
    if re.search(_REQUEST, sentence):
        return True
    return any(
        vocabulary.intent(words[0]) and not re.search(r"(?i)(?:[^s]s|[^e]ed|[^r]ing)$", words[0])
        for words in _clauses(sentence)
    )


def _orders(sentence: str) -> bool:
    """Whether a clause has the form of an order, whatever its verb: `Store the ...`."""
    return any(
        len(words) > 1 and words[0].lower() not in _NO_VERBS and words[1].lower() in vocabulary.DETERMINERS | {"`"}
        for words in _clauses(sentence)
    )


def _clauses(sentence: str) -> Iterator[list[str]]:
    clauses = re.split(r"[,;:.]\s|\band\b|\bthen\b", sentence)
    return filter(None, (re.findall(r"[A-Za-z]+|`", clause) for clause in clauses))
