"""A model's chat template: program text of a stranger, rendered in a sandbox without files, within bounds."""

import datetime as dt
import json
from collections.abc import Iterator, Mapping, Sequence, Sized
from dataclasses import replace
from typing import Any, Final, Never

from jinja2 import TemplateError
from jinja2.ext import loopcontrols
from jinja2.sandbox import ImmutableSandboxedEnvironment

from prentice.backends.mlx.model_directory import ModelDirectory
from prentice.backends.protocol import Message
from prentice.errors import ModelUnsupportedError

MOST_CHARACTERS: Final = 20_000_000
MOST_ROUNDS: Final = 1_000_000
"""Rounds of `range` and characters of one rendering; no conversation comes near either."""

_FAILURES: Final = (TemplateError, TypeError, ValueError, KeyError, AttributeError, ArithmeticError, RecursionError)


class ChatTemplate:
    """Turns messages into the text that the model was trained to continue."""

    def __init__(self, directory: ModelDirectory) -> None:
        """Read and compile the template; a model without one gets the messages one after the other.

        Raises:
            ModelUnsupportedError: it is no template.
        """
        self._name = directory.name
        self._marks = _special_tokens(directory)
        source = _source(directory)
        try:
            self._template = None if source is None else _Sandbox().from_string(source)
        except _FAILURES as error:
            self._refuse(error)

    def render(self, messages: Sequence[Message]) -> str:
        """Write a conversation, with the opening of the model's own turn at its end.

        Models that know no system role get its text in front of the user's first message.

        Raises:
            ModelUnsupportedError: the template refuses the messages, or misbehaves.
        """
        try:
            return self._rendered(messages)
        except _FAILURES as error:
            without = _system_into_user(messages)
            if without is None:
                self._refuse(error)
        try:
            return self._rendered(without)
        except _FAILURES as error:
            self._refuse(error)

    def shared_prefix(self, messages: Sequence[Message]) -> str:
        """Give the text that every conversation with this system message begins with; empty without one."""
        if not messages or messages[0].role != "system":
            return ""
        texts = [self.render((messages[0], Message(role="user", content=content))) for content in ("\u0391", "\u03a9")]
        end = next((at for at, pair in enumerate(zip(*texts, strict=False)) if pair[0] != pair[1]), 0)
        return texts[0][:end]

    def _rendered(self, messages: Sequence[Message]) -> str:
        turns = [{"role": message.role, "content": message.content} for message in messages]
        if self._template is None:
            return "\n\n".join([*(message.content for message in messages), ""])
        # Thinking aloud multiplies the time of an answer; what is asked for here is short or has a schema.
        parts, length = [], 0
        for part in self._template.generate(
            messages=turns, add_generation_prompt=True, enable_thinking=False, tools=None, **self._marks, **_functions()
        ):
            length += len(part)
            if length > MOST_CHARACTERS:
                raise ValueError("it writes without end")
            parts.append(part)
        return "".join(parts)

    def _refuse(self, error: Exception) -> Never:
        text = " ".join(str(error).split())[:200] or type(error).__name__
        raise ModelUnsupportedError(
            f"The chat template of the model {self._name} cannot be used: {text}",
            next_step="Choose another model with `--model`, or mend chat_template.jinja in the model's directory.",
            details={"model": self._name},
        ) from error


class _Sandbox(ImmutableSandboxedEnvironment):
    """The environment that chat templates are written for, with a bound on the sizes that they can make."""

    intercepted_binops = frozenset({"*", "**"})

    def __init__(self) -> None:
        super().__init__(trim_blocks=True, lstrip_blocks=True, extensions=[loopcontrols])
        self.filters["tojson"] = _to_json

    def call_binop(self, context: Any, operator: str, left: Any, right: Any) -> Any:  # noqa: ANN401 - a template's values
        """Calculate, but nothing huge."""
        size = 1.0
        for side in (left, right):
            size *= len(side) if isinstance(side, Sized) else abs(side) if isinstance(side, int | float) else 1
        if size > MOST_CHARACTERS or (operator == "**" and abs(right) > 64):
            raise ValueError("it calculates with too large numbers")
        return super().call_binop(context, operator, left, right)


def _functions() -> dict[str, object]:
    """Give the functions that templates may call, with counters of their own for one rendering."""
    rounds = 0

    def counted(*bounds: int) -> Iterator[int]:
        nonlocal rounds
        for number in range(*bounds):
            rounds += 1
            if rounds > MOST_ROUNDS:
                raise ValueError("it runs without end")
            yield number

    return {"range": counted, "raise_exception": _raise, "strftime_now": _now}


def _raise(message: str) -> Never:
    raise TemplateError(message)


def _now(form: str) -> str:
    return dt.datetime.now().astimezone().strftime(form)


def _to_json(value: object, *, indent: int | None = None, **_: object) -> str:
    return json.dumps(value, ensure_ascii=False, indent=indent)


def _source(directory: ModelDirectory) -> str | None:
    file = directory.path / "chat_template.jinja"
    if file.is_file():
        return file.read_text(encoding="utf-8", errors="replace")
    found = directory.table("chat_template.json").get("chat_template") or directory.table("tokenizer_config.json").get(
        "chat_template"
    )
    if isinstance(found, list):  # several templates by name
        named = {item.get("name"): item.get("template") for item in found if isinstance(item, dict)}
        found = named.get("default") or next(iter(named.values()), None)
    return found if isinstance(found, str) else None


def _special_tokens(directory: ModelDirectory) -> dict[str, str]:
    table: Mapping[str, object] = directory.table("tokenizer_config.json")
    marks = {}
    for key in ("bos_token", "eos_token", "unk_token", "pad_token"):
        value = table.get(key)
        if isinstance(value, Mapping):
            value = value.get("content")
        marks[key] = value if isinstance(value, str) else ""
    return marks


def _system_into_user(messages: Sequence[Message]) -> Sequence[Message] | None:
    if len(messages) < 2 or messages[0].role != "system" or messages[1].role != "user":
        return None
    joined = replace(messages[1], content=f"{messages[0].content}\n\n{messages[1].content}")
    return (joined, *messages[2:])
