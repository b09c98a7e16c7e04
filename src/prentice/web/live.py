"""Parts of pages that the script asks for again and again, answered in full only when they changed."""

import hashlib

from starlette.responses import Response

from prentice.web.visit import Visit


def live_part(visit: Visit, html: str) -> Response:
    """Answer with a part of a page, or with 304 where the browser shows just that."""
    tag = f'"{hashlib.sha256(html.encode()).hexdigest()[:32]}"'
    if visit.request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers={"etag": tag})
    return Response(html, media_type="text/html", headers={"etag": tag})
