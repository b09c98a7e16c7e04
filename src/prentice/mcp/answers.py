"""Answers within the limit: a document twice, as structure and as text, or shortened; and errors in the same form."""

import json
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, TypeAlias

from mcp_types import CallToolResult, TextContent

from prentice.errors import PrenticeError
from prentice.mcp.foreign import NOTICE, as_data, between_marks, one_line, visible
from prentice.mcp.steps import for_assistant, project_root

Document: TypeAlias = dict[str, Any]

BYTES_PER_TOKEN: Final = 3.5
MAX_BYTES: Final = 13_600
"""4,000 tokens, less what the protocol puts around it: no answer, structure and text together, is larger."""
_LEAST_TEXT: Final = 40
_MARKS: Final = 40
"""Bytes by which the marks around data are longer where it contains the usual ones."""
_ERROR_TEXT: Final = 600
_ERROR_ITEMS: Final = 8
_ERROR_ITEM: Final = 200


def answer(document: Document) -> CallToolResult:
    """Give a document under the notice, as structure, and as JSON text for clients that read no structure."""
    text = compact(noticed(document))
    return CallToolResult(content=[TextContent(text=text)], structured_content=json.loads(text))


def summarized(document: Document, summary: str, *, data: str = "") -> CallToolResult:
    """Give a document as structure, with a summary of ours, and as much of its `data` in plain text as has room."""
    document = json.loads(compact(noticed(document)))
    head = visible(f"{summary}\n{NOTICE}")

    def built(text: str) -> CallToolResult:
        return CallToolResult(content=[TextContent(text=text)], structured_content=document)

    if not data:
        return built(head)
    room = MAX_BYTES - size(built(f"{head}\n{between_marks('data', '')}")) - _MARKS
    return built(f"{head}\n{between_marks('data', _cut_to(visible(data), room))}")


def fitting(document: Document, parts: Sequence[tuple[str, ...]], *, where: str) -> CallToolResult:
    """Give a document with some of its texts cut, longest first, as little as the limit allows.

    `parts` are the ways to the texts; `where` says, in the place of what was cut, how to see all of it.
    """
    document = json.loads(compact(document))
    while True:
        result = answer(document)
        excess = size(result) - MAX_BYTES
        if excess <= 0:
            return result
        texts = [(len(json.dumps(text, ensure_ascii=False)), way) for way in parts if (text := _at(document, way))]
        longest, way = max(texts, default=(0, ()))
        if longest <= len(where) + _LEAST_TEXT:
            return summarized({**document, "notes": [where]}, where)
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
    """Give the document that `build` makes of the first items, as many as the limit allows."""
    count = len(items)
    while True:
        result = answer(build(items[:count]))
        excess = size(result)
        if excess <= MAX_BYTES or count <= 1:
            return result
        count = max(1, min(count - 1, count * MAX_BYTES // excess))


def failure(error: PrenticeError, *, directory: Path, source: str, runtime: str = "") -> CallToolResult:
    """Give an error: its sentence and next step as text, its document as structure, each with the directory used.

    `source` says where the directory comes from; `runtime` is the tool that failed, if it is one of a single backend.
    """
    directory = project_root(directory)
    step = for_assistant(error.next_step, directory=directory, runtime=runtime)
    told = _bounded({"code": error.code, "message": error.message, "next_step": step, **error.details})
    told |= {name: one_line(told[name]) for name in ("message", "next_step")}
    document = json.loads(compact(noticed({"error": told | {"directory": str(directory), "directory_from": source}})))
    found = document["error"]
    text = f"{found['message']} {found['next_step']} (directory: {found['directory']}, from {source}) {NOTICE}"
    return CallToolResult(content=[TextContent(text=text)], structured_content=document, is_error=True)


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
