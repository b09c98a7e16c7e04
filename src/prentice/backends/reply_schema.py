"""The JSON Schema of a pydantic type, in the plain form that every constrainer compiles.

Servers differ in what they take: references, defaults and open objects are where they fail. So references are written
out, every property is required, no other is allowed, and what has no bound of its own gets one, so that a constrained
reply can end within its limit of tokens.
"""

from collections.abc import Mapping
from typing import Any, Final

from pydantic import BaseModel

LONGEST_TEXT: Final = 400
"""Characters of a string whose type names no bound."""
MOST_ITEMS: Final = 20
"""Items of a list whose type names no bound."""

_LEFT_OUT: Final = frozenset({"title", "default", "examples", "$defs"})


def reply_schema(kind: type[BaseModel]) -> dict[str, object]:
    """Give the schema that a reply of this type is held to.

    Raises:
        TypeError: the type contains itself; no reply to it would have a bound.
    """
    document = kind.model_json_schema()
    return _plain(document, names=document.get("$defs", {}), inside=())


def _plain(node: Mapping[str, Any], *, names: Mapping[str, Any], inside: tuple[str, ...]) -> dict[str, object]:
    if "$ref" in node:
        name = str(node["$ref"]).rpartition("/")[2]
        if name in inside:
            raise TypeError(f"{name} contains itself, and a reply to it would have no bound")
        more = {key: value for key, value in node.items() if key != "$ref"}
        return _plain({**names[name], **more}, names=names, inside=(*inside, name))
    plain = {key: value for key, value in node.items() if key not in _LEFT_OUT}
    for key in ("anyOf", "oneOf", "prefixItems"):
        if key in plain:
            plain[key] = [_plain(item, names=names, inside=inside) for item in plain[key]]
    for key in ("items", "additionalProperties"):
        if isinstance(plain.get(key), Mapping):
            plain[key] = _plain(plain[key], names=names, inside=inside)
    if isinstance(properties := plain.get("properties"), Mapping):
        plain["properties"] = {name: _plain(item, names=names, inside=inside) for name, item in properties.items()}
        plain["required"] = list(properties)
        plain["additionalProperties"] = False
    return plain | _bounds(plain)


def _bounds(node: Mapping[str, object]) -> dict[str, object]:
    """Give the bounds that a string or a list lacks."""
    if node.get("type") == "string" and not node.keys() & {"enum", "const", "maxLength", "pattern", "format"}:
        return {"maxLength": max(LONGEST_TEXT, _number(node.get("minLength")))}
    if node.get("type") == "array" and "maxItems" not in node:
        return {"maxItems": max(MOST_ITEMS, _number(node.get("minItems")))}
    return {}


def _number(value: object) -> int:
    return value if isinstance(value, int) else 0
