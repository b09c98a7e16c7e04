from typing import Literal

import pytest
from pydantic import BaseModel, ConfigDict, Field

from prentice.backends.protocol import Reply
from prentice.backends.structured import MOST_PROBLEMS, parse
from prentice.errors import ReplyCutError, ReplyError


class Step(BaseModel):
    model_config = ConfigDict(extra="forbid")
    name: str = Field(min_length=3)
    size: Literal["small", "large"] = "small"
    needs: tuple[str, ...] = ()
    hours: float = 1.0


class Plan(BaseModel):
    subtasks: list[Step]


GOOD = '{"subtasks":[{"name":"Read it","needs":["a"],"hours":2}]}'


def reply(text: str, *, cut: bool = False) -> Reply:
    return Reply(text=text, backend="b", model="m", finish="length" if cut else "stop", reply_tokens=77)


def problems(text: str) -> tuple[str, ...]:
    with pytest.raises(ReplyError) as caught:
        parse(reply(text), Plan)
    assert caught.value.details["problems"] == list(caught.value.problems)
    return caught.value.problems


def test_json_of_the_schema_becomes_its_value() -> None:
    for text in (GOOD, f"\n {GOOD} \n", "\ufeff" + GOOD):
        assert parse(reply(text), Plan).subtasks[0] == Step(name="Read it", needs=("a",), hours=2)


@pytest.mark.parametrize(
    "block",
    ["<think>Hm {</think>", "\n<think>\nA\n</think>\n\n", "<thinking>x</thinking>", "<THINK></THINK>"],
)
def test_a_leading_think_block_is_left_out(block: str) -> None:
    assert parse(reply(block + GOOD), Plan).subtasks[0].name == "Read it"


def test_a_cut_reply_is_not_looked_at_even_if_it_is_whole() -> None:
    with pytest.raises(ReplyCutError, match="77 tokens") as caught:
        parse(reply(GOOD, cut=True), Plan)
    assert "--model" in caught.value.next_step


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "empty"),
        ("  \n", "empty"),
        ("<think>I wonder", "thinking only"),
        ("<think>I wonder</think>", "thinking only"),
        (f"```json\n{GOOD}\n```", "code fence"),
        (f"Sure, here is the plan: {GOOD}", 'text before the JSON object: "Sure, here is the plan:"'),
        (f"{GOOD}\nI hope this helps!", 'text after the JSON object: "I hope this helps!"'),
        (f"{GOOD}{GOOD}", "text after the JSON object"),
        ("I cannot do that.", 'prose, not JSON: "I cannot do that."'),
        (GOOD[:30], "breaks off in the middle"),
        (GOOD[:-1], "breaks off in the middle"),
        ('{"subtasks": [,]}', "broken at line 1, column 15"),
        ("{'subtasks': []}", "broken at line 1, column 2"),
        ('{"subtasks": "a\nb"}', "broken at line 1"),
        ('{"subtasks":[],"subtasks":[]}', 'key "subtasks" occurs twice'),
        ('{"subtasks":[{"name":"abc","hours":NaN}]}', "NaN is no JSON value"),
        ('{"subtasks":[{"name":"abc","hours":-Infinity}]}', "-Infinity is no JSON value"),
        ('{"subtasks":[{"name":"abc\\ud800"}]}', "half of a character"),
        ("[]", "is a list"),
        ('"text"', "is a string"),
        ("null", "is null"),
        ('["{"]', "is a list"),
        ('{"a":' + "[" * 100_000, "nested too deeply"),
        ('{"a":' + "9" * 10_000 + "}", "too long"),
    ],
)
def test_what_is_no_json_object_says_exactly_why(text: str, says: str) -> None:
    [problem] = problems(text)
    assert says in problem
    assert len(problem) < 200
    assert not problem.endswith(".")


def test_each_fault_of_the_value_has_its_path() -> None:
    found = problems('{"subtasks":[{"name":"Good"},{"name":"x","size":"huge","hours":"2","more":1},{"size":"small"}]}')
    assert [problem.partition(":")[0] for problem in found] == [
        "subtasks[1].name", "subtasks[1].size", "subtasks[1].hours", "subtasks[1].more", "subtasks[2].name",
    ]  # fmt: skip
    assert '"huge"' in found[1]


def test_a_missing_top_level_key_is_named() -> None:
    [problem] = problems("{}")
    assert problem.startswith("subtasks: ")


def test_a_flood_of_faults_is_bounded() -> None:
    found = problems('{"subtasks":[' + ",".join(["{}"] * 100) + "]}")
    assert len(found) == MOST_PROBLEMS + 1
    assert "80 more" in found[-1]


def test_numbers_and_strings_are_not_taken_for_each_other() -> None:
    assert problems('{"subtasks":[{"name":123}]}')[0].startswith("subtasks[0].name: ")


def test_a_reply_that_was_stopped_for_repeating_itself_says_so() -> None:
    looping = Reply(text='{"subtasks":[{"name":"' + "so " * 40, backend="b", model="m", finish="repetition")
    with pytest.raises(ReplyError) as caught:
        parse(looping, Plan)
    assert "repeats itself" in caught.value.problems[0]


def test_blanks_without_end_behind_a_whole_answer_do_not_spoil_it() -> None:
    padded = Reply(text=GOOD + "\n" * 300, backend="b", model="m", finish="repetition")
    assert parse(padded, Plan).subtasks[0].name == "Read it"


PROMPTED_GOOD = [
    f"```json\n{GOOD}\n```",
    f"```\n{GOOD}\n```\n",
    f"~~~~JSON\n{GOOD}\n~~~~",
    f"<think>Hm</think>\n```json\n{GOOD}```",
    f"So it is a plan that they want.\n</think>\n\n{GOOD}",
    '```json\n{"subtasks":[{"name":"Say ```this``` in a fence"}]}\n```',
]


@pytest.mark.parametrize("text", PROMPTED_GOOD)
def test_a_fence_around_the_whole_answer_is_taken_off_where_the_schema_stood_in_the_prompt(text: str) -> None:
    prompted = Reply(text=text, backend="b", model="m", schema_in_prompt=True)
    assert len(parse(prompted, Plan).subtasks) == 1


@pytest.mark.parametrize("text", PROMPTED_GOOD)
def test_the_same_fence_is_an_error_where_the_reply_was_held_to_the_schema(text: str) -> None:
    with pytest.raises(ReplyError):
        parse(Reply(text=text, backend="b", model="m"), Plan)


@pytest.mark.parametrize(
    ("text", "says"),
    [
        (f"Here it is:\n```json\n{GOOD}\n```", "text before the JSON object"),
        (f"```json\n{GOOD}\n```\nI hope this helps!", "code fence"),
        (f"```json\n{GOOD}\n```\n```json\n{GOOD}\n```", "text after the JSON object"),
        (f"```json\n{GOOD[:30]}", "code fence"),
        ("```json\n[]\n```", "code fence"),
        ('{"subtasks":"</think>"}', "subtasks: "),
        ("I thought </think> and thought", "prose"),
        ("</think>", "empty"),
    ],
)
def test_nothing_else_is_guessed_where_the_schema_stood_in_the_prompt(text: str, says: str) -> None:
    with pytest.raises(ReplyError) as caught:
        parse(Reply(text=text, backend="b", model="m", schema_in_prompt=True), Plan)
    assert says in caught.value.problems[0]
