import copy
import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from prentice.tasks import todo2
from prentice.tasks.exact_json import Fraction, dumps, loads

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text() | st.floats(allow_nan=False, allow_infinity=False),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(), inner),
)


@pytest.mark.parametrize("spelling", ["1.10", "1e400", "-0.0", "1E5", "0.30000000000000004441", "2.5e-7"])
def test_a_fraction_is_written_as_it_was_read(spelling: str) -> None:
    text = f'{{"a": [{spelling}, {{"b": {spelling}}}], "c": "\\u0000fraction 0"}}'
    assert dumps(loads(text)) == text
    assert dumps(copy.deepcopy(loads(text))) == text
    assert isinstance(loads(spelling), Fraction)
    assert isinstance(loads(spelling), float)


@given(VALUES)
def test_everything_else_is_written_as_the_standard_does(value: object) -> None:
    assert dumps(value) == json.dumps(value)
    assert dumps(loads(json.dumps(value))) == json.dumps(value)


def test_the_second_record_of_a_repeated_id_keeps_its_bytes_when_it_is_changed() -> None:
    text = '{"todos": [{"id": "T-2", "n": 1.10}, {"id": "T-2", "f": 1e400, "g": 1.10}]}'
    state = todo2.parse(text.encode())
    first, second = state.value["todos"]
    changed = {"todos": [first, {**second, "taskNumber": 2}]}
    written = todo2.serialize(state, changed).decode()
    assert written == text.replace('"g": 1.10}', '"g": 1.10, "taskNumber": 2}')
