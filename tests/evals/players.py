"""Scripts that answer every case of an evaluation: rightly, wrongly for a known reason, or with rubbish."""

import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import prentice
from evals.edit_answers import edit_answers, written
from plans import subtask
from prentice.evals.case import OF_MODELS, Case, Part, cases_of
from prentice.evals.evaluating import Wanted, evaluate
from prentice.evals.evaluation import Evaluation
from prentice.evals.measuring import Progress
from prentice.evals.verdict import Result

RUBBISH = "I am sorry, I do not know what you mean. Shall we talk about the weather?"
_ASKED = {"breakdown": 2, "edit": 3, "optimize": 14, "review": 2, "summary": 2}
"""How often a case of a part may ask, at most."""

REWORDED = {
    "perhaps-cache": [
        ("perhaps gives entries that are too old.", "gives entries that are too old [NEEDS: is it so?].")
    ],
    "it-fails": [("It raises", "`parse_date` raises")],
    "one-long-sentence": [
        (" and asks the database", ". It asks the database"),
        (" because the machine", ". The machine"),
    ],
    "maybe-timeout": [("Maybe a timeout would help.", "A timeout would help [NEEDS: is it so?].")],
    "i-think-the-index": [
        ("I think orders.customer_id has no index.", "orders.customer_id has no index [NEEDS: is it so?].")
    ],
    "it-is-slow": [("It takes too much", "`thumbnail` takes too much")],
    "probably-and-long": [
        (
            " and then are connected at about the same time, which probably has",
            " and then are connected at about the same time. That has",
        ),
        ("laid over the other.", "laid over the other [NEEDS: is it so?]."),
    ],
    "might-break-login": [
        (
            "This might lock out users who have an old hash.",
            "This locks out users who have an old hash [NEEDS: is it so?].",
        )
    ],
    "hopefully-tests": [("They hopefully cover", "They cover")],
    "somehow-readable": [(" somehow lists", " lists")],
}
KEPT = {
    "perhaps-cache": "stale prices on the product page", "it-fails": "should give None for a day",
    "one-long-sentence": "writes the rows with a semicolon", "maybe-timeout": "hang when the server is away",
    "i-think-the-index": "EXPLAIN shows a full scan", "it-is-slow": "too much memory for pictures",
    "probably-and-long": "Deleted notes come back", "might-break-login": "use bcrypt instead of MD5",
    "hopefully-tests": "accents and spaces in a row", "somehow-readable": "Let the program say which settings hold",
}  # fmt: skip
"""Words of each prompt that no rewording touches."""
INVENTED = ("Redis 7.2 with a TTL of 90 seconds", "makes it 4 times faster")
SUMMED_UP = {
    "diff-of-retries": "client.py: `send` now tries three times and connects again in between.",
    "task-of-invoices": "Invoices are to be sent as PDF, one file each. The HTML mail stays on request.",
    "file-of-queue": "Queue keeps messages in a file, so that they survive a crash. It gives them in their order.",
    "diff-of-two-files": "server.py refuses bodies that are larger than the new MAX_BODY of settings.py.",
    "notes-of-an-outage": "The proxy refused connections from 14:05 on since its certificate had run out.",
}


def key_of(case: Case) -> str:
    """Give words of the case that stand in its prompts, and in those of no other."""
    if case.part == "summary":
        return next(line for line in str(case.given["text"]).splitlines() if len(line) > 30)
    if case.part == "optimize":
        return KEPT[case.id]
    return next(line for line in str(case.given["task"]).splitlines() if line.strip())


def right(case: Case) -> str:
    """Give the right answer to a case."""
    match case.part:
        case "breakdown":
            return json.dumps({"subtasks": _plan(case, case.given["parts"])})
        case "edit":
            return written(case, edit_answers()[case.id]["right"])
        case "optimize":
            patches = [{"finding": 1, "old": old, "new": new, "source": "prompt"} for old, new in REWORDED[case.id]]
            return json.dumps({"answers": [], "patches": patches})
        case "review":
            return json.dumps({"findings": [_finding(case, item) for item in case.given.get("defects", ())]})
        case _:
            return json.dumps({"summary": SUMMED_UP[case.id]})


def wrong(case: Case) -> str:
    """Give a wrong answer to a case, of the kind that models give: it looks right."""
    match case.part:
        case "breakdown":
            return json.dumps({"subtasks": _plan(case, [*case.given["parts"][:-1], {"name": "Celebrate"}])})
        case "edit":
            return written(case, edit_answers()[case.id]["wrong"])
        case "optimize":
            old = REWORDED[case.id][0][0]
            patch = {"finding": 1, "old": old, "new": f"{old} {INVENTED[0]} {INVENTED[1]}.", "source": "prompt"}
            return json.dumps({"answers": [], "patches": [patch]})
        case "review":
            path, text = next(iter(case.files.items()))
            finding = {
                "file": path, "line": 1, "quote": text.strip().splitlines()[0], "problem": "The docstring is too short",
                "suggestion": "Say more.", "severity": "low",
            }  # fmt: skip
            return json.dumps({"findings": [finding]})
        case _:
            return json.dumps({"summary": "It is. It was. It will be. It would have been."})


def reason(case: Case) -> str:
    """Give what has to stand in the reason why the wrong answer is wrong."""
    match case.part:
        case "breakdown":
            return f"leaves out: {case.given['parts'][-1]['name']}"
        case "edit":
            return str(edit_answers()[case.id]["says"])
        case "optimize":
            return "leaves as it was"
        case "review":
            return "not found: " if "defects" in case.given else "false alarm: "
        case _:
            return "4 sentences, where 3 are the most"


def script(path: Path, answer: Callable[[Case], str], cases: Iterable[Case] | None = None) -> str:
    """Write a script that answers cases, all those of models if none are named, and give the backend that plays it."""
    lines: list[Mapping[str, Any]] = []
    for case in cases if cases is not None else cases_of(OF_MODELS):
        lines += [{"match": key_of(case), "text": answer(case)}] * _ASKED[case.part]
    return scripted(path, lines)


def scripted(path: Path, lines: Iterable[Mapping[str, Any]]) -> str:
    """Write the lines of a script, and give the backend that plays them."""
    path.write_text("".join(json.dumps(line) + "\n" for line in lines), encoding="utf-8")
    return f"scripted:{path}"


def played(
    directory: Path, backend: str, *parts: Part, on_progress: Callable[[Progress], None] = lambda _progress: None,
    **wanted: Any,
) -> Evaluation:  # fmt: skip
    """Evaluate what a backend plays, one answer to an edit unless told."""
    project = prentice.open(directory, backend=backend)
    asked = Wanted(**{"parts": parts, "samples": 1, **wanted})
    return evaluate(project, "", asked, on_progress=on_progress)


def by_name(results: Sequence[Result]) -> dict[str, Result]:
    """Give results by part and id."""
    return {result.name: result for result in results}


def _plan(case: Case, parts: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Make a plan with a subtask for each part, one after the other."""
    has_criteria = "Acceptance Criteria" in case.given["task"]
    return [
        subtask(
            f"k{number}", f"See to {part['name']}", dependencies=[f"k{number - 1}"] if number > 1 else [],
            **({"covers": [number]} if has_criteria else {}),
        )
        for number, part in enumerate(parts, start=1)
    ]  # fmt: skip


def _finding(case: Case, defect: Mapping[str, Any]) -> dict[str, Any]:
    lines = case.files[defect["file"]].splitlines()
    line = next(number for number, text in enumerate(lines, start=1) if text.strip() == defect["at"][0])
    return {
        "file": defect["file"], "line": line, "quote": defect["at"][0], "problem": f"Here {defect['says']}",
        "suggestion": "Mend it.", "severity": "high",
    }  # fmt: skip
