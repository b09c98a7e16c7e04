"""The prior: what each fact says before anybody reviewed anything here, in points.

A point is one unit of log-odds: from 50 %, one point more makes 73 %, two make 88 %, one less makes 27 %. The sources
were measured on bug fixes by large models of 2024, so they are a beginning, held down by a cap and replaced by the
project's own reviews (`review/probability.py`). Where no figure is known, the weight is 0, or says that it is assumed.

Sources, with how the numbers come about:

agreement   Five published runs of AutoCodeRover (GPT-4) on SWE-bench Lite, patches compared in their normal form: right
            were 21 of 228 alone, 16 of 36 where two agree, 7 of 13 with three, 4 of 5 with four, 12 of 12 with five;
            57.8 of 300 for one run. The log-odds of each, less those of one run (-1.4); five of five as 12.5 of 13.
simple      The same runs: 30 of 85 tasks that take less than a quarter of an hour are right: +0.8 on one run.
size        The same, per applied patch: 48.8 % with up to 3 changed lines, 28.6 % with up to 8, 13.3 % with up to 20.
retries     aider with GPT-4o on SWE-bench Lite: 61 of 208 first attempts that passed every check are right, 66 of 239
            over six attempts, so 5 of the 31 that came later.
checks      The same: 26.3 % of all and 29.3 % of those that pass are right, so a pass alone says little. CodeT
            (arXiv 2207.10397): choosing by tests that tell solutions apart, 65.8 % instead of 47.0 %. PatchDiff (arXiv
            2503.15223): of patches that mend the failing test, about 7 in 10 behave as the true one does.
match       Real GPT-4 edits on 140 real files: of those applied exactly or nearly so 98 % still parse, of those applied
            by looser matching 61 to 77 %. Ours mends the indentation, so half of that difference.
claimed     Models' own numbers are not calibrated (arXiv 2402.02047). A low one lowers; a high one does nothing at all.
"""

from collections.abc import Mapping
from typing import Final, Literal, TypeAlias

Rung: TypeAlias = Literal["tool", "model", "larger_model"]
"""Which rung of the ladder made the change: a deterministic tool, the local model, or a larger local one."""
Match: TypeAlias = Literal["exact", "trailing_space", "reindented", "punctuation", "partial_line"]
"""How the lines of an edit were found, from as quoted to least alike: the names of `changes`' levels."""

BASE: Final[Mapping[Rung, float]] = {"tool": 2.0, "model": -0.6, "larger_model": -0.6}
"""Where the sum begins: one run of a model on a simple task (-1.4 + 0.8). That of a tool is assumed."""
AGREEMENT: Final[Mapping[int, float]] = {1: -0.9, 2: 1.2, 3: 1.6, 4: 2.8, 5: 4.0}
"""By how many of five samples agree; a single sample says nothing either way."""
SIZE: Final[tuple[tuple[int, float], ...]] = ((3, 0.9), (8, 0.0), (20, -1.0))
"""By changed lines, at most; beyond the last -1.5, which is assumed."""
_LARGER: Final = -1.5
MATCH: Final[Mapping[Match, float]] = {
    "exact": 0.0, "trailing_space": 0.0, "reindented": -0.5, "punctuation": -0.5, "partial_line": -1.0,
}  # fmt: skip
RETRIED: Final = -0.8
MENDED: Final = 2.0
"""A trusted check failed before and passes now."""
DECISIVE: Final = 0.8
"""A trusted check executes the changed lines and finds nothing."""
PASSED: Final = 0.2
"""A trusted check passes, whatever it looks at."""
FAILED: Final[tuple[float, float]] = (-2.0, -3.0)
"""One new failure, and more; assumed. Where the check is trusted, the change is refused anyway."""
DOUBTED: Final = -0.3
"""The model's own number is below a half; assumed, and small on purpose."""

_FIVE: Final = 5


def agreement_points(*, samples: int, agreement: int) -> float:
    """Give the points of the largest cluster: the share of five, but never more than have really agreed."""
    if samples <= 1:
        return 0.0
    of_five = min(agreement, _FIVE * agreement // samples, _FIVE)
    return AGREEMENT[max(of_five, 1)]


def size_points(lines: int) -> float:
    """Give the points of a number of changed lines, added and removed together."""
    return next((points for most, points in SIZE if lines <= most), _LARGER)


def failure_points(new_failures: int) -> float:
    """Give the points of new failures in all checks together."""
    return 0.0 if new_failures <= 0 else FAILED[0] if new_failures == 1 else FAILED[1]


def claim_points(claimed: float | None) -> float:
    """Give the points of the model's own confidence; it can only lower."""
    return DOUBTED if claimed is not None and claimed < 0.5 else 0.0
