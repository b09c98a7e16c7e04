"""From a reply that had to be JSON of a schema to a checked value, or to a list of what is wrong with it.

Nothing is guessed: the problems are sentences that can be shown to the model, so that it corrects itself. Only where
the schema could be asked for in words alone, a fence around the one object is taken off: many models know no other way.
"""

import json
import re
from typing import Final, Never, TypeVar

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from prentice.backends.protocol import Reply
from prentice.errors import ReplyCutError, ReplyError

T = TypeVar("T", bound=BaseModel)

MOST_PROBLEMS: Final = 20

_THINKING: Final = re.compile(r"\s*<(think|thinking|thought)>(.*?)(?:</\1>|\Z)", re.DOTALL | re.IGNORECASE)
_THOUGHT_END: Final = re.compile(r"</(?:think|thinking|thought)>", re.IGNORECASE)
_FENCE: Final = re.compile(r"```|~~~")
_FENCED: Final = re.compile(r"(`{3,}|~{3,})[\w+-]*[ \t]*\n(.*?)\n?[ \t]*\1\s*\Z", re.DOTALL)
_SHOWN: Final = 40


def parse(reply: Reply, kind: type[T]) -> T:
    """Check a reply against a model of pydantic, and give the value.

    Raises:
        ReplyCutError: the reply hit its length limit; it is not looked at.
        ReplyError: it is not the JSON asked for; `problems` say exactly why, with paths like `subtasks[2].name`.
    """
    if reply.finish == "length":
        raise ReplyCutError(
            f"The reply of {reply.model or reply.backend} hit its limit of {reply.reply_tokens} tokens "
            "before it was complete.",
            next_step="Ask for less (fewer subtasks with `--max`), or choose a larger model with `--model`.",
            details={"reply_tokens": reply.reply_tokens},
        )
    if reply.finish != "repetition":
        return _checked(reply, kind)
    try:
        return _checked(reply, kind)
    except ReplyError:
        _refuse(f"The reply repeats itself without end and was stopped, after: {_quoted(reply.text[-_SHOWN:])}.")


def refusal(*problems: str) -> ReplyError:
    """Make the error for a reply with these problems; the first of a flood are kept, and the others counted."""
    problems = tuple(problem.removesuffix(".") for problem in problems)  # they are joined into longer sentences
    shown = problems[:MOST_PROBLEMS]
    if len(problems) > len(shown):
        shown += (f"There are {len(problems) - len(shown)} more problems of this kind",)
    more = f" and {len(problems) - 1} more" if len(problems) > 1 else ""
    return ReplyError(
        f"The model's reply is not what was asked for: {problems[0]}{more}.",
        next_step="Try again, choose a larger model with `--model`, or use `--backend builtin`.",
        problems=shown,
    )


def _checked(reply: Reply, kind: type[T]) -> T:
    text = _without_thinking(reply.text)
    if reply.schema_in_prompt:
        text = _unwrapped(text)
    _read(text)
    try:
        return kind.model_validate_json(text, strict=True)
    except ValidationError as error:
        problems = [_sentence(item) for item in error.errors(include_url=False)]
        _refuse(*problems)


class _TwiceError(ValueError):
    """A key occurs twice in one object."""


class _NoNumberError(ValueError):
    """NaN or an infinity, which JSON does not have."""


def _read(text: str) -> None:
    """Read the text as strict JSON.

    Raises:
        ReplyError: it is none, with the plainest reason for it.
    """
    try:
        value = json.loads(text, object_pairs_hook=_unique, parse_constant=_no_constant)
    except (_TwiceError, _NoNumberError) as error:
        _refuse(str(error))
    except json.JSONDecodeError as error:
        _refuse(_why_no_json(text, error))
    except (ValueError, RecursionError):
        _refuse("The JSON is nested too deeply, or holds a number that is too long.")
    if not isinstance(value, dict):
        _refuse(f"The reply must be one JSON object, and is {_kind(value)}.")
    if _has_torn_character(text):
        _refuse("A string holds half of a character (an escape \\ud800 to \\udfff without its other half).")


def _why_no_json(text: str, error: json.JSONDecodeError) -> str:
    start = text.find("{")
    if not text:
        return "The reply is empty; it must be one JSON object."
    if _FENCE.match(text):
        return "The JSON stands in a code fence; answer with the JSON object alone, without ``` around it."
    if start < 0:
        return f"The reply is prose, not JSON: {_quoted(text)}. Answer with one JSON object alone."
    if start > 0 and text[0] not in '["':
        return f"There is text before the JSON object: {_quoted(text[:start])}. Answer with the JSON object alone."
    return _where_it_breaks(text, error)


def _where_it_breaks(text: str, error: json.JSONDecodeError) -> str:
    near = _quoted(text[error.pos :])
    if error.msg == "Extra data":
        return f"There is text after the JSON object: {near}. Answer with the JSON object alone."
    if error.pos >= len(text) or error.msg.startswith("Unterminated string"):
        return f"The JSON breaks off in the middle, after: {_quoted(text[-_SHOWN:])}. Write it to its end."
    return f"The JSON is broken at line {error.lineno}, column {error.colno}: {error.msg}, near {near}."


def _without_thinking(text: str) -> str:
    """Drop a leading think block, also one that never ends, and a byte order mark."""
    text = text.removeprefix("\ufeff")
    match = _THINKING.match(text)
    rest = text[match.end() :].strip() if match else text.strip()
    if match and not rest:
        _refuse("The reply holds thinking only, and no answer; answer with one JSON object.")
    return rest


def _unwrapped(text: str) -> str:
    """Take off what surrounds an answer of a model that nothing holds to the schema, if that is all there is around it.

    It is the end of a thinking block that the chat template opened, and a fence around the whole.
    """
    if not text.startswith("{") and (end := _THOUGHT_END.search(text)):
        text = text[end.end() :].strip()
    fenced = _FENCED.match(text)
    inner = fenced[2].strip() if fenced else ""
    return inner if inner.startswith("{") and inner.endswith("}") else text


def _unique(pairs: list[tuple[str, object]]) -> dict[str, object]:
    found = dict(pairs)
    if len(found) != len(pairs):
        names = [name for name, _ in pairs]
        twice = next(name for name in names if names.count(name) > 1)
        raise _TwiceError(f"The key {_quoted(twice)} occurs twice in one object; write it once.")
    return found


def _no_constant(name: str) -> Never:
    raise _NoNumberError(f"{name} is no JSON value; use a number or null.")


def _has_torn_character(text: str) -> bool:
    if "\\u" not in text and text.isascii():
        return False
    try:
        json.dumps(json.loads(text), ensure_ascii=False).encode()
    except UnicodeEncodeError:
        return True
    return False


def _sentence(item: ErrorDetails) -> str:
    path = "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in item["loc"]).removeprefix(".")
    given = item["input"]
    shown = (
        f" (it is {_quoted(str(given))})" if isinstance(given, str | int | float) and item["type"] != "missing" else ""
    )
    return f"{path or 'the reply'}: {item['msg']}{shown}"


def _kind(value: object) -> str:
    names = {list: "a list", str: "a string", bool: "true or false", int: "a number", float: "a number"}
    return names.get(type(value), "null")


def _quoted(text: str) -> str:
    line = " ".join(text.split())
    return f'"{line[:_SHOWN]}…"' if len(line) > _SHOWN else f'"{line}"'


def _refuse(*problems: str) -> Never:
    raise refusal(*problems)
