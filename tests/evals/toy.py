"""A toy template to tune, examples for it, and a model that answers rightly where a bullet asks for capitals."""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

QUESTIONS = {
    "capital-of-france": "paris", "colour-of-grass": "green", "opposite-of-up": "down", "day-after-monday": "tuesday",
    "animal-that-barks": "dog", "ice-is-solid": "water", "planet-we-live-on": "earth", "largest-ocean": "pacific",
    "metal-that-rusts": "iron", "bees-make": "honey",
}  # fmt: skip
PLAIN = "Answer in one word"
CAPITALS = "Answer in one word, in capital letters"
TEMPLATE = f"version: 1\nYou answer questions.\n\n- Think of the question first\n- {PLAIN}\n"
BULLET = 2
PROPOSE = "You improve the instructions of a prompt"


def set_up(home: Path) -> Path:
    """Write the template and its examples, and give the examples' path."""
    (home / "templates").mkdir(parents=True, exist_ok=True)
    (home / "templates" / "toy.system.md").write_text(TEMPLATE, encoding="utf-8")
    rows = [{"id": name, "given": {"user": f"{name}?"}, "expected": word.upper()} for name, word in QUESTIONS.items()]
    path = home / "toy.jsonl"
    path.write_text("".join(json.dumps(row) + "\n" for row in rows), encoding="utf-8")
    return path


def answers(bullet: str, *, capitals: Sequence[str] = (), **extra: object) -> list[dict[str, Any]]:
    """Replies to every question under a template that ends in a bullet; those in `capitals` are as wanted."""
    return [
        {"match": f"- {bullet}\n\n\n{name}?", "text": word.upper() if name in capitals else word, **extra}
        for name, word in QUESTIONS.items()
    ]


def proposal(*edits: Mapping[str, Any]) -> dict[str, Any]:
    """A reply that proposes edits."""
    return {"match": PROPOSE, "text": json.dumps({"edits": list(edits)})}


def reword(text: str, bullet: int = BULLET) -> dict[str, Any]:
    """The edit that gives a bullet other words."""
    return {"do": "reword", "bullet": bullet, "text": text}
