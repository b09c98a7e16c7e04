"""Schemas as small as they can be without saying less: an assistant pays for every byte of them, in every session."""

from typing import Any, Final, TypeAlias

from mcp.server.mcpserver.tools import Tool

Schema: TypeAlias = Any

_REF: Final = "#/$defs/"
_NULL: Final = {"type": "null"}
_LEFT_OUT: Final = frozenset({"title", "additionalProperties", "maxLength", "maxProperties", "propertyNames"})
"""Bounds of texts are far above what anybody writes, and an error says them."""
_ECHOED: Final = frozenset({"task", "backend", "model"})
"""What an answer repeats of its call."""


def slim(tool: Tool) -> Tool:
    """Take from a tool's schemas what no reader needs; give the tool."""
    tool.parameters = _slim(tool.parameters)
    if (schema := tool.fn_metadata.output_schema) is not None:
        definitions = schema.get("$defs", {})
        named = schema["properties"].items()
        parts = {name: _outline(part, definitions) for name, part in named if name not in _ECHOED}
        required = {"required": schema["required"]} if schema.get("required") else {}
        tool.fn_metadata.output_schema = {"type": "object", "properties": parts, **required}
    return tool


def _slim(schema: Schema) -> Schema:
    """Drop titles, null defaults and the null of optional values.

    An optional value is left out rather than sent as null, though null is taken too.
    """
    if isinstance(schema, list):
        return [_slim(item) for item in schema]
    if not isinstance(schema, dict):
        return schema
    kept: dict[str, Schema] = {}
    for key, value in schema.items():
        if key in {"properties", "$defs"}:
            kept[key] = {name: _slim(item) for name, item in value.items()}
        elif key == "anyOf" and len(arms := [arm for arm in value if arm != _NULL]) == 1:
            kept |= _slim(arms[0])
        elif key not in _LEFT_OUT and not (key == "default" and value in (None, "", [], {})):
            kept[key] = _slim(value)
    return kept


def _outline(schema: Schema, definitions: dict[str, Schema]) -> Schema:
    """Give of a part of an answer only what it is: its documents are complete, and described in `docs/mcp.md`."""
    if "$ref" in schema:
        schema = definitions[schema["$ref"].removeprefix(_REF)]
    if "anyOf" in schema:
        return _outline(next(arm for arm in schema["anyOf"] if arm != _NULL), definitions)
    if "enum" in schema:
        return {"enum": schema["enum"]}
    if schema.get("type") == "array":
        return {"type": "array"}
    return {"type": schema["type"]} if "type" in schema else {}
