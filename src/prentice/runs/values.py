"""Values as they are kept: JSON, and errors as documents that can be raised again."""

import json

from prentice import errors
from prentice.errors import DefectError, PrenticeError, ReplyError
from prentice.runs.protocol import Json


def as_json(value: object, *, what: str) -> Json:
    """Give a value as it reads back from JSON: a tuple is a list from now on.

    Raises:
        DefectError: it is not JSON.
    """
    try:
        return json.loads(json.dumps(value))
    except (TypeError, ValueError, RecursionError) as error:
        raise defect(f"What {what} holds is not JSON: {error}.") from error


def defect(message: str) -> DefectError:
    """Give the error for a fault of our own."""
    return DefectError(message, next_step="This is a fault in Prentice; please report it.")


def document_of(error: BaseException) -> Json:
    """Give the document that is kept of the error that ended a run."""
    known = error if isinstance(error, PrenticeError) else defect(f"{type(error).__name__}: {error}")
    return as_json(known.document()["error"], what="an error")


def error_from(document: Json) -> PrenticeError:
    """Give the error that a document was made of, in its own class."""
    details = {name: value for name, value in document.items() if name not in {"code", "message", "next_step"}}
    kind = _by_code().get(document["code"], PrenticeError)
    error = kind.__new__(kind)
    PrenticeError.__init__(error, document["message"], next_step=document["next_step"], details=details)
    if isinstance(error, ReplyError):
        error.problems = tuple(details.get("problems", ()))
    if kind is PrenticeError:
        error.code = document["code"]  # of another version
    return error


def _by_code() -> dict[str, type[PrenticeError]]:
    kinds = (kind for kind in vars(errors).values() if isinstance(kind, type) and issubclass(kind, PrenticeError))
    return {kind.code: kind for kind in kinds}
