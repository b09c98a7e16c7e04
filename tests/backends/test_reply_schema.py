import json
from typing import Annotated, Literal, Optional

import pytest
from hypothesis import given
from hypothesis import strategies as st
from jsonschema import Draft202012Validator
from pydantic import BaseModel, Field, StringConstraints

from prentice.backends.reply_schema import LONGEST_TEXT, MOST_ITEMS, reply_schema


class Place(BaseModel):
    """Where something is."""

    path: str
    line: int = Field(default=1, ge=1)


class Finding(BaseModel):
    title: Annotated[str, StringConstraints(min_length=1, max_length=80)]
    severity: Literal["low", "high"]
    places: tuple[Place, ...] = ()
    pair: tuple[int, str] = (0, "")
    note: Optional[str] = None  # noqa: UP045 - both spellings give the same schema
    counts: dict[str, int] = {}


class Review(BaseModel):
    findings: list[Finding] = Field(default=[], max_length=5)


class Node(BaseModel):
    name: str
    children: list["Node"] = []


def test_references_are_written_out_and_nothing_is_left_open() -> None:
    schema = reply_schema(Review)
    Draft202012Validator.check_schema(schema)
    assert not {"$ref", "$defs", '"default"', '"title": "'} & set(json.dumps(schema).split())
    assert "$ref" not in json.dumps(schema)
    finding = schema["properties"]["findings"]["items"]  # type: ignore[index]  # nested dictionaries
    assert finding["required"] == ["title", "severity", "places", "pair", "note", "counts"]
    assert finding["additionalProperties"] is False
    assert finding["properties"]["places"]["items"]["required"] == ["path", "line"]


def test_a_property_may_have_the_name_of_a_word_of_the_schema() -> None:
    class Odd(BaseModel):
        title: str
        default: int
        items: str

    assert list(reply_schema(Odd)["properties"]) == ["title", "default", "items"]  # type: ignore[call-overload]  # a mapping


def test_what_has_no_bound_gets_one_and_what_has_one_keeps_it() -> None:
    finding = reply_schema(Review)["properties"]["findings"]  # type: ignore[index]  # nested dictionaries
    properties = finding["items"]["properties"]
    assert finding["maxItems"] == 5
    assert properties["title"]["maxLength"] == 80
    assert properties["places"]["maxItems"] == MOST_ITEMS
    assert properties["places"]["items"]["properties"]["path"]["maxLength"] == LONGEST_TEXT
    assert properties["note"]["anyOf"][0]["maxLength"] == LONGEST_TEXT
    assert "maxLength" not in properties["severity"]


def test_a_type_that_contains_itself_is_refused() -> None:
    with pytest.raises(TypeError, match="Node contains itself"):
        reply_schema(Node)


@given(
    st.builds(
        Finding,
        title=st.text(min_size=1, max_size=80),
        places=st.lists(st.builds(Place, path=st.text(max_size=20)), max_size=3).map(tuple),
    )
)
def test_values_of_the_type_satisfy_its_schema(finding: Finding) -> None:
    document = json.loads(Review(findings=[finding]).model_dump_json())
    Draft202012Validator(reply_schema(Review)).validate(document)
