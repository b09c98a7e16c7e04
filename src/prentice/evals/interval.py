"""How far a share that was counted can be from the true one."""

import math
from typing import Final

_Z: Final = 1.959963984540054
"""The quantile of the normal distribution that leaves 2.5 % on either side."""


def wilson(right: int, of: int) -> tuple[float, float]:
    """Give Wilson's 95 % interval for a share (E. B. Wilson, 1927), which holds for few cases and near 0 and 1 too.

    Nothing counted says nothing: the interval is then everything from 0 to 1.
    """
    if of == 0:
        return 0.0, 1.0
    share, square = right / of, _Z * _Z
    middle = (share + square / (2 * of)) / (1 + square / of)
    half = _Z * math.sqrt(share * (1 - share) / of + square / (4 * of * of)) / (1 + square / of)
    low = 0.0 if right == 0 else middle - half
    high = 1.0 if right == of else middle + half
    return low, high
