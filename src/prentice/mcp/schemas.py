"""Schemas as small as they can be without saying less: an assistant pays for every byte of them, in every session."""

import json
from typing import Any, Final, TypeAlias

from mcp.server.mcpserver.tools import Tool

Schema: TypeAlias = Any

_REF: Final = "#/$defs/"


def slim(tool: Tool) -> Tool:
    """Take from a tool's schemas what no reader needs; give the tool."""
    tool.parameters = _slim(tool.parameters)
    if (schema := tool.fn_metadata.output_schema) is not None:
        root = {"type": "object", "required": schema.get("required", [])}
        tool.fn_metadata.output_schema = root | _inlined(_slim(schema, is_output=True))
    return tool


def _slim(schema: Schema, *, is_output: bool = False) -> Schema:
    """Drop titles, null defaults and the null of optional values.

    An optional value is left out rather than sent as null, though null is taken too. Of an output also go descriptions,
    defaults, lists of required keys, and a type that an enumeration or properties imply: its documents are complete,
    and described in `docs/mcp.md`.
    """
    if isinstance(schema, list):
        return [_slim(item, is_output=is_output) for item in schema]
    if not isinstance(schema, dict):
        return schema
    dropped = {"title", "description", "default", "required"} if is_output else {"title"}
    if is_output and ("enum" in schema or "properties" in schema):
        dropped.add("type")
    kept: dict[str, Schema] = {}
    for key, value in schema.items():
        if key in {"properties", "$defs"}:
            kept[key] = {name: _slim(item, is_output=is_output) for name, item in value.items()}
        elif key == "anyOf" and len(arms := [arm for arm in value if arm != {"type": "null"}]) == 1:
            kept |= _slim(arms[0], is_output=is_output)
        elif key not in dropped and not (key == "default" and value is None):
            kept[key] = _slim(value, is_output=is_output)
    return kept


def _inlined(schema: Schema) -> Schema:
    """Put definitions that are used once in the place of their use, and drop them."""
    definitions: dict[str, Schema] = schema.pop("$defs", {})
    text = json.dumps([schema, definitions])
    shared = {name for name in definitions if text.count(f'"{_REF}{name}"') > 1}

    def inline(part: Schema) -> Schema:
        if isinstance(part, list):
            return [inline(item) for item in part]
        if not isinstance(part, dict):
            return part
        name = str(part.get("$ref", "")).removeprefix(_REF)
        if name in definitions and name not in shared:
            return inline(definitions[name])
        return {key: inline(value) for key, value in part.items()}

    whole: dict[str, Schema] = inline(schema)
    return whole | ({"$defs": {name: inline(definitions[name]) for name in sorted(shared)}} if shared else {})
