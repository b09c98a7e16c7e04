"""What is sent to Ollama's `/api/chat`.

Nothing is left to the server's defaults that would do harm: without `truncate` and `shift` a long prompt is cut and
answered with status 200, without `num_ctx` the window is a guess by memory, without `num_predict` a reply never ends
(measured on v0.33).
"""

from prentice.backends.protocol import Request


def chat_body(
    request: Request, *, name: str, window: int, think: bool | str | None, keep_alive: str
) -> dict[str, object]:
    """Give the body of a request to the model called `name`. `window` is in tokens; `think` None leaves that out."""
    sampling = request.sampling
    chosen = {
        "temperature": sampling.temperature,
        "top_p": sampling.top_p,
        "top_k": sampling.top_k,
        "seed": sampling.seed,
        "stop": list(sampling.stop) or None,
    }
    body: dict[str, object] = {
        "model": name,
        "messages": [{"role": item.role, "content": item.content} for item in request.messages],
        "stream": True,
        "truncate": False,
        "shift": False,
        "keep_alive": duration(keep_alive),
        "options": {"num_ctx": window, "num_predict": request.max_tokens}
        | {name: value for name, value in chosen.items() if value is not None},
    }
    if request.schema is not None:
        body["format"] = request.schema
    if think is not None:
        body["think"] = think
    return body


def duration(text: str) -> str | int:
    """Give bare seconds as a number: Ollama reads a string only with a unit."""
    try:
        return int(text)
    except ValueError:
        return text
