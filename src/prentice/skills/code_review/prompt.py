"""The request that asks a model for a review of some parts of files."""

from collections.abc import Sequence
from typing import Final

from prentice.backends.protocol import Message, Request, Sampling
from prentice.prompts.render import Data, Rendered, fenced, render
from prentice.prompts.tuned import ModelKey
from prentice.skills.code_review.finding import Finding
from prentice.skills.code_review.parts import Part
from prentice.skills.code_review.reply import MOST_FINDINGS, reply_limit, review_schema

PURPOSE: Final = "code_review"
_SHOWN_FINDINGS: Final = 20
_SHOWN_TASK: Final = 2_000


def review_request(
    task: str, parts: Sequence[Part], *, known: Sequence[Finding], model: str, idle: float, deadline: float,
    key: ModelKey | None = None,
) -> Request:  # fmt: skip
    """Make the request; `known` are the linters' findings in these parts, `key` the model whose templates are taken."""
    files = list(dict.fromkeys(part.file for part in parts))
    return Request(
        purpose=PURPOSE,
        model=model,
        messages=(
            Message(role="system", content=instructions(key).text),
            Message(role="user", content=_material(task, parts, known, key).text),
        ),
        schema=review_schema(files),
        sampling=Sampling(temperature=0.2, seed=1),
        max_tokens=reply_limit(files),
        idle=idle,
        deadline=deadline,
    )


def instructions(key: ModelKey | None = None) -> Rendered:
    """Render what never changes."""
    return render("code_review.system", key, most=str(MOST_FINDINGS))


def _material(task: str, parts: Sequence[Part], known: Sequence[Finding], key: ModelKey | None) -> Rendered:
    listed = [f"{finding.file}:{finding.line} {finding.source}: {finding.says}" for finding in known]
    texts = [task, *listed, *(part.shown for part in parts)]
    shown = "\n\n".join(f"`{part.file}`:\n{fenced('file', part.shown, beside=texts)}" for part in parts)
    return render(
        "code_review.user",
        key,
        task=Data(task[:_SHOWN_TASK]),
        linters=Data("\n".join(listed[:_SHOWN_FINDINGS])),
        files=shown,
    )
