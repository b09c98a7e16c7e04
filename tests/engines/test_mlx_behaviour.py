"""The behaviour that all backends share, on the real MLX."""

from collections.abc import Callable

import pytest

from engines.backend_behaviour import CASES, Served

pytestmark = pytest.mark.engine


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.__name__)
def test_on_mlx(case: Callable[[Served], None], mlx_served: Served) -> None:
    case(mlx_served)
