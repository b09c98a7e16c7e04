"""What tests of the review page stand on: a person's browser without a screen, in front of a real directory."""

import html
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from prentice.web.keys import Keys
from prentice.web.site import site
from prentice.web.visit import Place

PORT = 8743
ORIGIN = f"http://127.0.0.1:{PORT}"


@dataclass(frozen=True, slots=True)
class Visitor:
    """Somebody who opened the printed address."""

    client: TestClient
    place: Place

    def get(self, path: str, *, code: int = 200) -> str:
        """Open a page and give its HTML."""
        answer = self.client.get(path)
        assert answer.status_code == code, answer.text
        return answer.text

    def send(self, path: str, *, code: int = 200, token: str | None = None, **fields: Any) -> str:
        """Send a form as a browser does, and give the page that it leads to."""
        sent = {"form": self.place.keys.form if token is None else token, **fields}
        answer = self.client.post(path, data=sent, headers={"origin": ORIGIN})
        assert answer.status_code == code, answer.text
        return answer.text


@contextmanager
def visiting(root: Path, **options: Any) -> Iterator[Visitor]:
    """Serve a directory, and enter by its token."""
    place = Place(directory=root, keys=Keys(PORT), **options)
    with TestClient(site(place), base_url=ORIGIN) as client:
        client.get("/", params={"token": place.keys.token})
        yield Visitor(client, place)


def words(page: str) -> str:
    """Give what a page says: its text, without tags, on one line."""
    return " ".join(html.unescape(re.sub(r"<[^>]*>", " ", page)).split())


def hidden(page: str, name: str) -> str:
    """Give the value of a form's hidden field."""
    found = re.search(rf'type="hidden" name="{name}" value="([^"]*)"', page)
    assert found, page
    return html.unescape(found[1])
