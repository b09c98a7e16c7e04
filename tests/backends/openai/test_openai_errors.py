import json

import pytest

from prentice.backends.openai.errors import Asked, error_text, from_status, names_schema, reported, short
from prentice.errors import (
    BackendBusyError,
    BackendUnreachableError,
    KeyRefusedError,
    ModelNotFoundError,
    ModelUnsupportedError,
    PrenticeError,
    PromptTooLongError,
    StreamError,
    WrongServerError,
)

ASKED = Asked(url="http://127.0.0.1:1/v1", model="tiny", prompt=700, window=None)

TOO_LONG = {
    "llama-server": (
        {"error": {"message": "request (18015 tokens) exceeds the available context size (2048 tokens), try increasing "
                   "it", "type": "exceed_context_size_error", "n_prompt_tokens": 18015, "n_ctx": 2048}},
        18015, 2048,
    ),
    "vLLM": (
        {"error": {"message": "This model's maximum context length is 16384 tokens. However, you requested 122946 "
                   "tokens (112946 in the messages, 10000 in the completion). Please reduce the length."}},
        112946, 16384,
    ),
    "vLLM, newer": (
        {"error": {"message": "This model's maximum context length is 4096 tokens. However, your request has 5000 "
                   "input tokens. Please reduce the length of the input messages."}},
        5000, 4096,
    ),
    "OpenAI": (
        {"error": {"message": "This model's maximum context length is 8192 tokens. However, your messages resulted in "
                   "9001 tokens.", "code": "context_length_exceeded"}},
        9001, 8192,
    ),
    "LM Studio": (
        {"error": "Trying to keep the first 111490 tokens when context the overflows. However, the model is loaded "
                  "with context length of only 32768 tokens, which is not enough."},
        111490, 32768,
    ),
    "LM Studio, newer": (
        {"error": "The number of tokens to keep from the initial prompt is greater than the context length (n_keep: "
                  "13055>= n_ctx: 4096). Try to load the model with a larger context length."},
        13055, 4096,
    ),
    "vLLM's scheduler": (
        {"object": "error", "message": "Input prompt (35247 tokens) is too long and exceeds limit of 1000"},
        35247, 1000,
    ),
    "without figures": ({"error": {"message": "the prompt exceeds the context window"}}, 700, 700),
}  # fmt: skip


@pytest.mark.parametrize("server", TOO_LONG)
def test_a_prompt_too_long_is_one_error_with_the_servers_figures(server: str) -> None:
    document, prompt, window = TOO_LONG[server]
    error = from_status(400, json.dumps(document).encode(), asked=ASKED)
    assert isinstance(error, PromptTooLongError)
    assert (error.details["prompt_tokens"], error.details["window"]) == (prompt, window)


CASES: list[tuple[int, object, type[PrenticeError], str]] = [
    (401, {"error": {"message": "Incorrect API key provided: sk-secret"}}, KeyRefusedError, "openai.key_variable"),
    (403, "Forbidden", KeyRefusedError, "openai.key_variable"),
    (404, {"error": {"message": "File Not Found", "code": 404}}, WrongServerError, "openai.host"),
    (404, "404 page not found", WrongServerError, "openai.host"),
    (405, {"detail": "Method Not Allowed"}, WrongServerError, "openai.host"),
    (404, {"error": {"message": "The model `x` does not exist."}}, ModelNotFoundError, "tiny"),
    (400, {"error": {"message": "Invalid model name passed in model=tiny"}}, ModelNotFoundError, "tiny"),
    (400, {"error": "No models loaded. Please load a model in the developer page"}, ModelNotFoundError, "tiny"),
    (404, {"error": "Repository Not Found for url"}, ModelNotFoundError, "tiny"),
    (500, {"error": {"message": "CUDA out of memory."}}, ModelUnsupportedError, "--model"),
    (500, {"error": "insufficient system resources, failed to allocate"}, ModelUnsupportedError, "--model"),
    (500, {"error": {"message": "Internal error"}}, StreamError, "log"),
    (400, {"detail": [{"loc": ["body"], "msg": "field required"}]}, StreamError, "log"),
    (400, {"error": json.dumps({"error": {"message": "inner"}})}, StreamError, "log"),
    (429, {"error": {"message": "Rate limit reached"}}, BackendBusyError, "again"),
    (429, {"error": {"message": "You exceeded your current quota", "code": "insufficient_quota"}},
     ModelUnsupportedError, "--model"),
    (503, "", BackendBusyError, "again"),
    (503, {"error": {"message": "Loading model"}}, BackendBusyError, "again"),
    (502, "Bad Gateway", BackendUnreachableError, "Start"),
    (200, "<html>Welcome</html>", WrongServerError, "openai.host"),
    (418, "I'm a teapot", WrongServerError, "openai.host"),
    (400, b"\xff\xfe\x00", WrongServerError, "openai.host"),
]  # fmt: skip


@pytest.mark.parametrize(("status", "body", "kind", "step"), CASES)
def test_each_answer_is_the_error_that_says_what_to_do(
    status: int, body: object, kind: type[PrenticeError], step: str
) -> None:
    content = body if isinstance(body, bytes) else body.encode() if isinstance(body, str) else json.dumps(body).encode()
    error = from_status(status, content, asked=ASKED)
    assert type(error) is kind
    assert step in error.next_step
    assert len(error.message) < 400
    assert error.message.isprintable()


def test_what_a_server_says_about_a_key_is_not_shown() -> None:
    error = from_status(401, b'{"error":{"message":"Received API Key = sk-...XYZ"}}', asked=ASKED)
    assert "XYZ" not in str(error.document())


def test_a_failure_within_the_stream_has_the_same_meaning() -> None:
    assert isinstance(reported("CUDA out of memory", asked=ASKED), ModelUnsupportedError)
    assert isinstance(reported("maximum context length is 5 tokens", asked=ASKED), PromptTooLongError)


@pytest.mark.parametrize(
    ("document", "text"),
    [
        ({"error": "a"}, "a"),
        ({"error": {"message": "a"}}, "a"),
        ({"error": {"code": 3}}, '{"code": 3}'),
        ({"object": "error", "message": "a"}, "a"),
        ({"detail": "a"}, "a"),
        ({"error": None}, None),
        ({"choices": []}, None),
    ],
)
def test_the_text_of_an_error_is_found_in_each_shape(document: dict[str, object], text: str | None) -> None:
    assert error_text(document) == text


def test_a_refusal_that_speaks_of_the_schema_is_known() -> None:
    assert names_schema("JSON schema error at #: unrecognized type frob")
    assert names_schema("'response_format.type' must be 'json_schema' or 'text'")
    assert not names_schema("temperature must be positive")


def test_control_characters_and_lengths_do_not_reach_the_terminal() -> None:
    assert short("a\x1b[31m\nb\u202e" + "c" * 500).startswith("a [31m b c")
    assert len(short("c" * 500)) == 160
