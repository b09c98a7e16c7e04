"""Templates, and how values become text in them: everything is escaped, and nothing invisible passes."""

import datetime as dt
import re
from functools import cache
from typing import Any, Final

import jinja2
from markupsafe import Markup, escape

from prentice.changes.visible import one_line, path_shown, readable, visible
from prentice.tasks.moments import moment
from prentice.web.diff import is_long, line_html

_STATES: Final = {
    "open": "waits for you", "proposed": "waits for you", "handed_off": "handed over", "waiting": "waits",
}  # fmt: skip

_SET_OFF: Final = re.compile(r"(`[^`\n]{1,200}`|(?<![\w*])\*\*(?=\S)[^*\n]{1,200}(?<=\S)\*\*(?![\w*]))")


def render(template: str, **values: Any) -> str:  # noqa: ANN401 - whatever a template shows
    """Give a page or a part of one."""
    return _environment().get_template(template).render(**values)


@cache
def _environment() -> jinja2.Environment:
    made = jinja2.Environment(
        loader=jinja2.PackageLoader("prentice.web"),
        autoescape=True,
        undefined=jinja2.StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        finalize=_shown,
        auto_reload=False,
    )
    made.filters |= {
        "visible": visible, "path": path_shown, "line": _line, "raw": raw, "clock": clock,
        "hours": hours, "state": state_said, "counted": counted, "seconds": seconds, "written": written, "prose": prose,
        "is_long": is_long, "code": line_html,
    }  # fmt: skip
    return made


def _shown(value: object) -> object:
    """Let nothing invisible through that a template did not ask for."""
    return readable(value) if isinstance(value, str) and not isinstance(value, Markup) else value


def _line(value: object) -> str:
    return one_line(str(value))


def raw(text: str) -> Markup:
    """Give text as it is, escaped: for the values of forms, which come back."""
    # A browser drops the first line break of a text area.
    return Markup("\n") + escape(text) if text.startswith("\n") else escape(text)


def clock(at: float) -> Markup:
    """Give a time (seconds since the epoch) as people say it, on this machine's clock."""
    then = dt.datetime.fromtimestamp(at, tz=dt.UTC).astimezone()
    now = dt.datetime.now(tz=dt.UTC).astimezone()
    if then.date() == now.date():
        said = f"today {then:%H:%M:%S}"
    elif then.date() == (now - dt.timedelta(days=1)).date():
        said = f"yesterday {then:%H:%M}"
    else:
        said = f"{then.day} {then:%b %Y %H:%M}"
    return Markup('<time datetime="{}">{}</time>').format(then.isoformat(timespec="seconds"), said)


def prose(text: str) -> Markup:
    """Give what people wrote as HTML, with what they set in `backquotes` and **asterisks** set off."""
    return Markup("").join(_set_off(part) for part in _SET_OFF.split(readable(text)) if part)


def _set_off(part: str) -> Markup:
    if not _SET_OFF.fullmatch(part):
        return escape(part)
    return Markup("<code>{}</code>").format(part[1:-1]) if part[0] == "`" else Markup("<b>{}</b>").format(part[2:-2])


def written(spelling: str) -> str | Markup:
    """Give a time as a file spells it; what is no time stays as it is."""
    at = moment(spelling)
    return spelling if at is None else clock(at)


def seconds(duration: float) -> str:
    """Give a duration in the unit that suits it."""
    if duration < 60:
        return f"{duration:.1f} s"
    minutes, rest = divmod(round(duration), 60)
    return f"{minutes} min {rest} s" if minutes < 60 else f"{minutes // 60} h {minutes % 60} min"


def hours(number: float) -> str:
    """Give hours as people say them."""
    return f"{number * 60:.0f} min" if number < 1 else f"{number:.2g} h" if number < 100 else f"{number:.0f} h"


def state_said(state: str) -> str:
    """Give a state in words."""
    return _STATES.get(state, state.replace("_", " "))


def counted(number: int, one: str, many: str = "") -> str:
    """Give a number with its noun."""
    return f"{number} {one}" if number == 1 else f"{number} {many or one + 's'}"
