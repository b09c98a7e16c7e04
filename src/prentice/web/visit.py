"""One request as the pages see it: the directory that is served, what was asked for, and how to answer."""

import itertools
import threading
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import Any, Final

from starlette.requests import Request
from starlette.responses import RedirectResponse, Response

from prentice.errors import PrenticeError
from prentice.library import Prentice, open_project
from prentice.web.carrying import Carrying
from prentice.web.forms import Form
from prentice.web.keys import Keys
from prentice.web.problems import status_of
from prentice.web.rendering import render

_MOST_NOTICES: Final = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """What a decision came to: a sentence, what was left undone beside it, and where it leads."""

    says: str
    notes: tuple[str, ...] = ()
    href: str = ""
    link: str = ""


@dataclass(slots=True)
class Notices:
    """The newest notices. An answer to a form leads to another page, which shows its notice."""

    _kept: dict[str, Notice] = field(default_factory=dict)
    _numbers: "itertools.count[int]" = field(default_factory=lambda: itertools.count(1))
    _turn: threading.Lock = field(default_factory=threading.Lock)

    def keep(self, notice: Notice) -> str:
        """Keep a notice and give its number."""
        with self._turn:
            number = str(next(self._numbers))
            self._kept[number] = notice
            if len(self._kept) > _MOST_NOTICES:
                del self._kept[next(iter(self._kept))]
        return number

    def get(self, number: str) -> Notice | None:
        """Give a notice, None where it is gone."""
        return self._kept.get(number)


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """The directory that is served, and what every request shares."""

    directory: Path
    keys: Keys
    backend: str | None = None
    model: str | None = None
    notices: Notices = field(default_factory=Notices)
    carrying: Carrying = field(default_factory=Carrying)

    def open(self) -> Prentice:
        """Open the directory anew: the page lives long, and settings and projects come up meanwhile.

        Raises:
            UsageError, ConfigError: as for the library's `open_project`.
        """
        return open_project(self.directory, backend=self.backend, model=self.model, actor="person")


@dataclass(frozen=True, kw_only=True)
class Visit:
    """A request to a page. `form` is empty for one that only reads."""

    request: Request
    place: Place
    form: Form = field(default_factory=Form)

    @cached_property
    def project(self) -> Prentice:
        """The directory, opened for this request."""
        return self.place.open()

    def named(self, part: str) -> str:
        """Give a part of the path, such as the id of a run."""
        return str(self.request.path_params[part])

    def asked(self, name: str) -> str:
        """Give a field of the query, empty where it is missing."""
        return self.request.query_params.get(name, "").strip()

    def part(self, template: str, **values: Any) -> str:  # noqa: ANN401 - whatever the template shows
        """Give a part of a page."""
        return render(template, form_key=self.place.keys.form, project_name=self.place.directory.name, **values)

    def page(
        self, template: str, *, problem: PrenticeError | None = None, code: int = 200,
        **values: Any,  # noqa: ANN401 - as above
    ) -> Response:  # fmt: skip
        """Answer with a page. It shows the notice that the address names, and a problem, whose status it then has."""
        notice = self.place.notices.get(self.asked("notice"))
        body = self.part(template, notice=notice, problem=problem, here=self.request.url.path, **values)
        return Response(body, status_code=status_of(problem) if problem else code, media_type="text/html")

    def lead(self, to: str, notice: Notice) -> Response:
        """Answer a form: lead to a page that shows what came of it."""
        return RedirectResponse(f"{to}?notice={self.place.notices.keep(notice)}", status_code=303)
