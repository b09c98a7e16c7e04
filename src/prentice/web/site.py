"""The application: addresses and their pages, and what becomes of errors."""

import logging
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING, Final

from starlette.applications import Starlette
from starlette.concurrency import run_in_threadpool
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from prentice.errors import DefectError, PrenticeError
from prentice.web import changes, imports, plans, runs, start, tasks
from prentice.web.files import ASSETS
from prentice.web.forms import Form, read_form
from prentice.web.guard import Guarded
from prentice.web.visit import Place, Visit

if TYPE_CHECKING:
    from starlette.types import ASGIApp

Page = Callable[[Visit], Response]

READ: Final[dict[str, Page]] = {
    "/": start.show,
    "/live": start.live,
    "/tasks": tasks.list_all,
    "/tasks/{task:path}": tasks.show,
    "/plans/{plan}": plans.show,
    "/plans/{plan}/live": plans.live,
    "/plans/{plan}/add": plans.show_new,
    "/plans/{plan}/subtasks/{key:path}": plans.show_subtask,
    "/imports/{plan}": imports.show,
    "/changes/{run}": changes.show,
    "/changes/{run}/live": changes.live,
    "/runs": runs.list_all,
    "/runs/{run}": runs.show,
    "/runs/{run}/live": runs.live,
}
"""Pages that show something. They change nothing."""

DECIDE: Final[dict[str, Page]] = {
    "/tasks/{task:path}/status": tasks.move,
    "/plans/{plan}/approve": plans.approve,
    "/plans/{plan}/reject": plans.reject,
    "/plans/{plan}/add": plans.add,
    "/plans/{plan}/remove": plans.remove,
    "/plans/{plan}/subtasks/{key:path}": plans.edit,
    "/imports/{plan}/approve": imports.approve,
    "/imports/{plan}/reject": imports.reject,
    "/changes/{run}/apply": changes.apply,
    "/changes/{run}/request": changes.request,
    "/changes/{run}/reject": changes.reject,
    "/changes/{run}/undo": changes.undo,
    "/changes/{run}/findings/{number:int}": changes.take_finding,
    "/runs/{run}/answers": runs.answer,
    "/runs/{run}/write": runs.write,
    "/runs/{run}/cancel": runs.cancel,
    "/runs/{run}/retry": runs.retry,
}
"""What forms are sent to."""

_log = logging.getLogger(__name__)


def site(place: Place) -> "ASGIApp":
    """Make the application, guarded. What pages begin is carried while its lifespan lasts."""

    @asynccontextmanager
    async def life(app: Starlette) -> AsyncIterator[None]:
        del app
        async with place.carrying:
            yield

    routes = [
        *(Route(path, _asset, methods=["GET"]) for path in ASSETS),
        *(Route(path, _reading(place, page), methods=["GET"]) for path, page in READ.items()),
        *(Route(path, _deciding(place, page), methods=["POST"]) for path, page in DECIDE.items()),
    ]
    handlers = {HTTPException: _missing(place)}
    return Guarded(Starlette(routes=routes, lifespan=life, exception_handlers=handlers), keys=place.keys)  # type: ignore[arg-type]  # starlette's handlers may take any exception


def failed(visit: Visit, error: PrenticeError) -> Response:
    """Give the page of an error."""
    return visit.page("error.html", problem=error)


def _reading(place: Place, page: Page) -> Callable[[Request], object]:
    async def endpoint(request: Request) -> Response:
        return await run_in_threadpool(_answered, page, Visit(request=request, place=place))

    return endpoint


def _deciding(place: Place, page: Page) -> Callable[[Request], object]:
    async def endpoint(request: Request) -> Response:
        try:
            form: Form = await read_form(request, key=place.keys.form)
        except PrenticeError as error:
            return await run_in_threadpool(failed, Visit(request=request, place=place), error)
        return await run_in_threadpool(_answered, page, Visit(request=request, place=place, form=form))

    return endpoint


def _answered(page: Page, visit: Visit) -> Response:
    try:
        return page(visit)
    except PrenticeError as error:
        return failed(visit, error)
    except Exception as error:  # noqa: BLE001 - the surface's edge: the page stays up
        _log.exception("A page failed.")
        defect = DefectError(
            f"A defect in Prentice: {type(error).__name__}.",
            next_step="The terminal of `prentice web` has the details; the command line does the same work.",
        )
        return failed(visit, defect)


async def _asset(request: Request) -> Response:
    asset = ASSETS[request.url.path]
    return Response(asset.content(), media_type=asset.media_type, headers={"cache-control": "no-cache"})


def _missing(place: Place) -> Callable[[Request, HTTPException], Response]:
    def answer(request: Request, error: HTTPException) -> Response:
        visit = Visit(request=request, place=place)
        return visit.page("missing.html", code=error.status_code, is_wrong_way=error.status_code == 405)

    return answer
