"""The same list as different programs would write it, one function each."""

import json
from collections.abc import Callable
from typing import Any, Final


def extension_style(value: object) -> str:
    return json.dumps(value, indent=2, ensure_ascii=False)


def python_style(value: object) -> str:
    return json.dumps(value, indent=2)


def go_style(value: object) -> str:
    text = extension_style(value)
    for character in "&<>\u2028\u2029":
        text = text.replace(character, f"\\u{ord(character):04x}")
    return text


WRITERS: Final[dict[str, Callable[[object], str]]] = {
    "extension": extension_style,
    "python": python_style,
    "go": go_style,
    "crlf": lambda value: extension_style(value).replace("\n", "\r\n"),
    "tabs": lambda value: json.dumps(value, indent="\t", ensure_ascii=False),
    "four spaces": lambda value: json.dumps(value, indent=4, ensure_ascii=False),
    "no indent": lambda value: json.dumps(value, indent=0, ensure_ascii=False),
    "minified": lambda value: json.dumps(value, separators=(",", ":"), ensure_ascii=False),
    "one line": lambda value: json.dumps(value, ensure_ascii=False),
}


def sample() -> dict[str, Any]:
    task = {
        "id": "T-1",
        "name": "Größe & <Gewicht>",
        "long_description": "🎯 **Objective:** 水\n",
        "status": "Todo",
        "taskNumber": 1,
        "tags": ["ä", "b"],
        "dependencies": [],
    }
    return {
        "todos": [task],
        "comments": [],
        "activities": [],
        "nextTaskNumber": 2,
        "lastModified": "2025-08-15T18:10:37.004Z",
    }
