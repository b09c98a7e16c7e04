"""Answers within the limit: a document twice, as structure and as text, or shortened; and errors in the same form."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

from mcp_types import CallToolResult, TextContent

from prentice.changes.visible import one_line, readable
from prentice.errors import PrenticeError
from prentice.mcp.foreign import NOTICE, as_data, between_marks
from prentice.mcp.steps import for_assistant, project_root

Document: TypeAlias = dict[str, Any]

BYTES_PER_TOKEN: Final = 3.5
MAX_BYTES: Final = 13_600
"""4,000 tokens, less what the protocol puts around it: no answer, structure and text together, is larger."""
_LEAST_TEXT: Final = 40
_MARKS: Final = 40
"""Bytes by which the marks around data are longer where it contains the usual ones."""
_SHORTENED: Final = "Shortened to fit this answer."
_ROUNDS: Final = ((2_000, 40, 8), (800, 20, 8), (300, 10, 7), (120, 6, 6), (60, 4, 6), (30, 2, 5), (15, 1, 4))
"""Rounds of shortening: characters of a text, parts of a list, and levels, of which the deepest are left out."""
_MOST_PARTS: Final = 24
"""Parts of an object; those of a fixed shape have fewer."""
_MOST_NAME: Final = 60
_FACTS: Final = 10
_FACT: Final = 80
_LARGEST: Final = 2**53
"""Whole numbers up to here are exact for every reader of JSON."""
_ERROR_TEXT: Final = 600
_ERROR_ITEMS: Final = 8
_ERROR_ITEM: Final = 200


def answer(document: Document, *, note: str = _SHORTENED) -> CallToolResult:
    """Give a document under the notice, as structure, and as JSON text for clients that read no structure.

    What is too large, whatever its shape, is shortened until it fits; `note` says so in it.
    """
    result = whole(document)
    if size(result) <= MAX_BYTES:
        return result
    plain = json.loads(compact(document))
    for length, items, depth in _ROUNDS:
        result = whole({**_shrunk(plain, length, items, depth), "notes": [note]})
        if size(result) <= MAX_BYTES:
            return result
    facts = {name: plain[name] for name in list(plain)[:_FACTS] if not isinstance(plain[name], list | dict)}
    return whole({**_shrunk(facts, _FACT, 0, 1), "notes": [note]})


def whole(document: Document) -> CallToolResult:
    """Give a document like `answer`, however large it is."""
    text = compact(noticed(document))
    return CallToolResult(content=[TextContent(text=text)], structured_content=json.loads(text))


def summarized(document: Document, summary: str, *, data: str = "") -> CallToolResult:
    """Give a document as structure, with a summary of ours, and as much of its `data` in plain text as has room."""
    document = json.loads(compact(noticed(document)))
    head = readable(f"{summary}\n{NOTICE}")

    def built(text: str) -> CallToolResult:
        return CallToolResult(content=[TextContent(text=text)], structured_content=document)

    if not data:
        return built(head)
    room = MAX_BYTES - size(built(f"{head}\n{between_marks('data', '')}")) - _MARKS
    return built(f"{head}\n{between_marks('data', _cut_to(readable(data), room))}")


def fitting(document: Document, parts: Sequence[tuple[str, ...]], *, where: str) -> CallToolResult:
    """Give a document with some of its texts cut, longest first, as little as the limit allows.

    `parts` are the ways to the texts; `where` says, in the place of what was cut, how to see all of it.
    """
    document = json.loads(compact(document))
    while True:
        result = whole(document)
        excess = size(result) - MAX_BYTES
        if excess <= 0:
            return result
        texts = [(len(json.dumps(text, ensure_ascii=False)), way) for way in parts if (text := _at(document, way))]
        longest, way = max(texts, default=(0, ()))
        if longest <= len(where) + _LEAST_TEXT:
            return answer(document, note=where.strip())
        kept = _at(document, way).removesuffix(where)
        _put(document, way, kept[: min(len(kept) * 4 // 5, len(kept) - excess // 3)] + where)


def _at(document: Any, way: tuple[str, ...]) -> str:  # noqa: ANN401 - JSON
    for name in way:
        document = document.get(name) if isinstance(document, dict) else None
    return document if isinstance(document, str) else ""


def _put(document: Any, way: tuple[str, ...], text: str) -> None:  # noqa: ANN401 - JSON
    for name in way[:-1]:
        document = document[name]
    document[way[-1]] = text


def as_many(items: list[Document], build: Callable[[list[Document]], Document]) -> CallToolResult:
    """Give the document that `build` makes of the first items, as many as the limit allows; a single one is cut."""
    count = len(items)
    while True:
        document = build(items[:count])
        result = whole(document)
        excess = size(result)
        if excess <= MAX_BYTES:
            return result
        if count <= 1:
            return answer(document)
        count = max(1, min(count - 1, count * MAX_BYTES // excess))


def failure(
    error: PrenticeError, *, directory: Path, source: str, runtime: str = "", action: str = ""
) -> CallToolResult:
    """Give an error: its sentence and next step as text, its document as structure, each with the directory used.

    `source` says where the directory comes from; `runtime` is the tool that failed, if it is one of a single backend,
    and `action` what it was to do.
    """
    directory = project_root(directory)
    step = for_assistant(error.next_step, directory=directory, runtime=runtime, action=action)
    told = _bounded({"code": error.code, "message": error.message, "next_step": step, **error.details})
    told |= {name: one_line(told[name]) for name in ("message", "next_step")}
    document = json.loads(compact(noticed({"error": told | {"directory": str(directory), "directory_from": source}})))
    found = document["error"]
    text = f"{found['message']} {found['next_step']} (directory: {found['directory']}, from {source}) {NOTICE}"
    return CallToolResult(content=[TextContent(text=text)], structured_content=document, is_error=True)


def sentence(error: PrenticeError, *, directory: Path) -> str:
    """Give an error in one line, with what helps."""
    return one_line(f"{error.message} {for_assistant(error.next_step, directory=directory)}")


def size(result: CallToolResult) -> int:
    """Give the bytes of a result on the wire."""
    return len(result.model_dump_json(by_alias=True, exclude_none=True).encode())


def noticed(document: Document) -> Document:
    """Give a document with the notice on top, which says what of it is data."""
    return {"notice": NOTICE, **document}


def compact(document: Mapping[str, Any]) -> str:
    """Write JSON without blanks, in the document's own characters, but for those that are hidden in it."""
    return json.dumps(as_data(document), ensure_ascii=False, separators=(",", ":"))


def cut(text: str, length: int) -> str:
    """Give at most `length` characters, and show where text was left out."""
    return text if len(text) <= length else text[: max(0, length - 1)].rstrip() + "…"


def _cut_to(text: str, room: int) -> str:
    """Give as many whole lines as fit into `room` bytes of a JSON string."""
    kept: list[str] = []
    for line in text.splitlines():
        room -= len(json.dumps(line, ensure_ascii=False).encode())
        if room < 0:
            break
        kept.append(line)
    return "\n".join(kept)


def _bounded(value: Any, *, length: int = _ERROR_TEXT) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, str):
        return cut(value, length)
    if isinstance(value, list):
        return [_bounded(item, length=_ERROR_ITEM) for item in value[:_ERROR_ITEMS]]
    if isinstance(value, dict):
        return {key: _bounded(item, length=length) for key, item in value.items()}
    return value


def _shrunk(value: Any, length: int, items: int, depth: int) -> Any:  # noqa: ANN401 - any JSON value
    if isinstance(value, str):
        return cut(value, length)
    if isinstance(value, list):
        return [_shrunk(item, length, items, depth - 1) for item in value[:items]] if depth else []
    if isinstance(value, dict):
        parts = list(value.items())[:_MOST_PARTS] if depth else []
        return {cut(name, _MOST_NAME): _shrunk(part, length, items, depth - 1) for name, part in parts}
    return value if not isinstance(value, int) or abs(value) <= _LARGEST else None
