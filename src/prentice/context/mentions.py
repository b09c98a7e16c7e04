"""What a task's text names: paths and identifiers, found by their form alone. Pure; nothing is looked up."""

import re
from collections.abc import Iterator
from typing import Final

MAX_PATHS: Final = 200
MAX_SYMBOLS: Final = 20


def _words(line: str) -> frozenset[str]:
    return frozenset(line.split())


_EXTENSIONS: Final = _words(
    "py pyi pyx ipynb js jsx mjs cjs ts tsx vue svelte go rs java kt kts scala groovy c h cc cpp cxx hpp cs fs rb php "
    "swift m mm dart ex exs erl hs clj lua pl jl zig nim sh bash zsh fish ps1 bat sql proto graphql tf md mdx rst txt "
    "adoc json jsonl json5 yaml yml toml ini cfg conf env xml html htm css scss sass less lock mod sum csv tsv svg png "
    "gif jpg properties gradle cmake mk tmpl j2 jinja po log"
)
_BARE_NAMES: Final = _words(
    "README CHANGELOG CONTRIBUTING LICENSE Makefile Dockerfile Jenkinsfile Justfile justfile Procfile Gemfile Rakefile "
    "Vagrantfile CODEOWNERS Readme readme Changelog changelog"
)
TECHNOLOGY_FILES: Final = (
    r"(?i)(?:node|next|nuxt|vue|react|angular|express|ember|backbone|three|d3|discord|chart|alpine|moment|nest)\.js"
    r"|asp\.net"
)
"""Names of technologies that look like files."""

_URL: Final = r"(?i)\b[a-z][a-z0-9+.-]{1,15}://\S+"
_BACKTICKS: Final = r"(?<!`)`([^`\n]{1,200})`(?!`)"
_PIECE: Final = r"[^\s`'\"“”‘’«»()\[\]{}<>,;|!?=，。；、（）「」《》：]+"  # noqa: RUF001 - full-width signs end a path too
_LINE_SUFFIX: Final = r"(?:::.*|:\d+(?:[:-]\d+)?|#L\d+(?:-L\d+)?)$"
_IDENTIFIER: Final = r"[A-Za-z_$][\w$]*(?:(?:\.|::)[A-Za-z_$][\w$]*)*"
_CALL: Final = r"(?<![\w.$])((?:[A-Za-z_]\w*\.)*[A-Za-z_]\w*)\(\)?"
_SNAKE: Final = r"(?<![\w./-])_*[A-Za-z][A-Za-z0-9]*_\w+(?![\w/*-])"
_CAMEL: Final = r"(?<![\w./-])(?:[A-Z]+[a-z0-9]+[A-Z]\w*|[a-z][a-z0-9]*[A-Z]\w*)(?![\w/*-])"
_DOTTED: Final = r"(?<![\w./@-])[A-Za-z_]\w*(?:\.[A-Za-z_]\w*)+(?![\w/(*@-])"
_LATIN_START: Final = r"(?a)[A-Za-z0-9_./~@*-].*"
_PROSE: Final = _words(
    "GitHub GitLab JavaScript TypeScript PostgreSQL MySQL MongoDB SQLite GraphQL OAuth DevOps FastAPI NumPy PyTorch "
    "TensorFlow YouTube LinkedIn macOS iOS iPhone iPad OpenAI ChatGPT WebSocket WebSockets PyPI DynamoDB CircleCI "
    "MariaDB OpenAPI OpenSSL CodeLlama LaTeX VSCode jQuery NodeJS NextJS SaaS"
)


def paths(text: str) -> tuple[str, ...]:
    """Give the paths that a text names beyond doubt, as written, in order: known extensions, well-known bare names."""
    return tuple(dict.fromkeys(token for token in _tokens(text) if is_path(token)))[:MAX_PATHS]


def possible_paths(text: str) -> tuple[str, ...]:
    """Give every word of a text that could be a path: those of `paths`, and words with a slash in them."""
    return tuple(dict.fromkeys(token for token in _tokens(text) if is_path(token) or "/" in token))[:MAX_PATHS]


def is_path(token: str) -> bool:
    """Tell whether a word has the form of a file's name or path. A pattern with `*` has."""
    if re.fullmatch(TECHNOLOGY_FILES, token):
        return False
    name = token.rsplit("/", 1)[-1]
    stem, dot, extension = name.rpartition(".")
    if dot and extension.lower() in _EXTENSIONS:
        return bool(stem) or name.startswith(".env") or "/" in token
    if name in _BARE_NAMES:
        return True
    dotfile = name.startswith(".") and len(name) > 5 and name[1:].replace("-", "").replace("_", "").isalnum()
    return dotfile and name.islower()


def symbols(text: str) -> tuple[str, ...]:
    """Give at most MAX_SYMBOLS identifiers that a text names, as written without a call's brackets, surest first."""
    text = re.sub(_URL, " ", text)
    quoted = [match[1].strip().removesuffix("()") for match in re.finditer(_BACKTICKS, text)]
    found = [name for name in quoted if re.fullmatch(_IDENTIFIER, name)]
    found += [match[1] for match in re.finditer(_CALL, text) if match[0].endswith("()") or _is_code(match[1])]
    for pattern in (_SNAKE, _DOTTED, _CAMEL):
        found += re.findall(pattern, text)
    kept = (name for name in found if len(name) > 1 and not is_path(name) and name not in _PROSE)
    return tuple(dict.fromkeys(name for name in kept if not _is_abbreviation(name)))[:MAX_SYMBOLS]


def _tokens(text: str) -> Iterator[str]:
    text = re.sub(_URL, " ", text)
    for match in re.finditer(_BACKTICKS, text):
        whole = re.sub(_LINE_SUFFIX, "", match[1].strip())
        if " " in whole and is_path(whole) and not whole.startswith("-") and whole.count(" ") < 3:
            yield whole
    for match in re.finditer(_PIECE, text):
        if text[match.end() : match.end() + 1] == "(":
            continue  # `response.json()` is a call
        word = re.search(_LATIN_START, re.sub(_LINE_SUFFIX, "", match[0]).rstrip(".:*_"))
        if word and 1 < len(word[0]) <= 300:
            yield word[0].strip("*_") if word[0].startswith("**") else word[0]


def _is_code(name: str) -> bool:
    return "_" in name or "." in name


def _is_abbreviation(name: str) -> bool:
    """Tell `e.g`, host names and names of technologies from dotted identifiers."""
    parts = name.split(".")
    if re.fullmatch(TECHNOLOGY_FILES, name):
        return True
    return len(parts) > 1 and (all(len(part) == 1 for part in parts) or parts[-1] in {"com", "org", "io", "dev", "net"})
