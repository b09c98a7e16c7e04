"""A model that lies in every reply, through the whole loop; `bench/prompt_guards.py` does it on every issue."""

from pathlib import Path

from skills.optimize.issue_pairs import pairs
from skills.optimize.lying_model import lied_to


def test_no_lie_of_a_model_gets_into_any_prompt(data: Path, tmp_path: Path) -> None:
    lied = lied_to(pairs(data)[::12], tmp_path)
    assert lied.asked > 60
    assert lied.told > 150
    assert lied.reached == []
