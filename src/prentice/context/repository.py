"""What is known of a repository without a model: its files, languages, checks, places, and what a text names of it."""

import fnmatch
from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from pathlib import Path
from posixpath import splitext
from typing import Final

from prentice.changes.paths import directories_of
from prentice.context import mentions
from prentice.context.checks import MANIFESTS, checks
from prentice.context.definitions import definitions
from prentice.context.files import files
from prentice.tasks.plan import NamedPath, NamedSymbol, RepositoryFacts

MAX_MATCHES: Final = 5
"""How many files one written path may stand for; more than these are not listed."""
_MAX_PLACES: Final = 8

_LANGUAGES: Final = {
    ".py": "Python", ".pyi": "Python", ".ipynb": "Python", ".js": "JavaScript", ".jsx": "JavaScript",
    ".mjs": "JavaScript", ".cjs": "JavaScript", ".ts": "TypeScript", ".tsx": "TypeScript", ".vue": "Vue",
    ".svelte": "Svelte", ".go": "Go", ".rs": "Rust", ".java": "Java", ".kt": "Kotlin", ".kts": "Kotlin",
    ".scala": "Scala", ".c": "C", ".h": "C", ".cc": "C++", ".cpp": "C++", ".cxx": "C++", ".hpp": "C++", ".cs": "C#",
    ".fs": "F#", ".rb": "Ruby", ".php": "PHP", ".swift": "Swift", ".m": "Objective-C", ".dart": "Dart",
    ".ex": "Elixir", ".exs": "Elixir", ".erl": "Erlang", ".hs": "Haskell", ".clj": "Clojure", ".lua": "Lua",
    ".pl": "Perl", ".r": "R", ".R": "R", ".jl": "Julia", ".zig": "Zig", ".nim": "Nim", ".sh": "Shell",
    ".bash": "Shell", ".ps1": "PowerShell", ".sql": "SQL",
}  # fmt: skip
_TEST_DIRECTORIES: Final = frozenset({"tests", "test", "spec", "specs", "__tests__", "testing"})
_DOCS_DIRECTORIES: Final = frozenset({"docs", "doc", "documentation"})
_MIGRATION_DIRECTORIES: Final = frozenset({"migrations", "migration", "migrate", "alembic"})
_CI_FILES: Final = frozenset({".gitlab-ci.yml", "Jenkinsfile", "azure-pipelines.yml", ".travis.yml", "appveyor.yml"})
_CI_DIRECTORIES: Final = (".github/workflows", ".circleci", ".buildkite", ".ci")
_CHANGELOGS: Final = frozenset({"changelog", "changes", "history", "news", "releases"})


def survey(root: Path, text: str) -> RepositoryFacts:
    """Look at a repository for what a planner of this text needs. Reads, never writes; bounded to a few seconds."""
    listed = files(root)
    symbols = mentions.symbols(text)
    found = definitions(root, listed, symbols) if listed else {}
    present = {path for path in listed if "/" not in path}
    return RepositoryFacts(
        name=root.resolve().name,
        files=len(listed),
        languages=_languages(listed),
        manifests=tuple(name for name in MANIFESTS if name in present),
        checks=checks(root, listed),
        places=_places(listed),
        named_paths=_named_paths(root, listed, text),
        named_symbols=tuple(NamedSymbol(written=name, found=found.get(name, ())) for name in symbols),
    )


def _languages(listed: Iterable[str]) -> tuple[str, ...]:
    counts = Counter(_LANGUAGES[suffix] for path in listed if (suffix := splitext(path)[1]) in _LANGUAGES)
    return tuple(sorted(counts, key=lambda language: (-counts[language], language)))


def _places(listed: Sequence[str]) -> dict[str, tuple[str, ...]]:
    """Find the notable directories, the outermost of each kind, and single files where a kind is a file."""
    found: dict[str, dict[str, None]] = defaultdict(dict)
    sources: Counter[str] = Counter()
    for path in listed:
        *directories, name = path.split("/")
        kind, place = _place(directories, name)
        if kind:
            found[kind][place] = None
        elif splitext(name)[1] in _LANGUAGES and directories:
            sources[_source(directories)] += 1
    found["source"] = dict.fromkeys(place for place, _ in sources.most_common(3))
    return {kind: tuple(places)[:_MAX_PLACES] for kind, places in sorted(found.items()) if places}


def _place(directories: Sequence[str], name: str) -> tuple[str, str]:
    path = "/".join((*directories, name))
    for prefix in _CI_DIRECTORIES:
        if path.startswith(prefix + "/"):
            return "ci", prefix
    if path in _CI_FILES:
        return "ci", path
    for depth, directory in enumerate(directories):
        for kind, names in (("migrations", _MIGRATION_DIRECTORIES), ("tests", _TEST_DIRECTORIES),
                            ("docs", _DOCS_DIRECTORIES)):  # fmt: skip
            if directory.lower() in names:
                return kind, "/".join(directories[: depth + 1])
    if not directories and name.split(".", maxsplit=1)[0].lower() in _CHANGELOGS:
        return "changelog", name
    return "", ""


def _source(directories: Sequence[str]) -> str:
    """Name the source directory of a file: the package below `src` or `lib`, else the top directory."""
    return "/".join(directories[:2]) if directories[0] in {"src", "lib", "packages", "apps"} else directories[0]


def _named_paths(root: Path, listed: Sequence[str], text: str) -> tuple[NamedPath, ...]:
    written = mentions.possible_paths(text)
    if not written:
        return ()
    exact = set(listed)
    directories = directories_of(listed)
    by_name: dict[str, list[str]] = defaultdict(list)
    for path in (*listed, *sorted(directories)):
        by_name[path.rsplit("/", 1)[-1].lower()].append(path)
    for path in listed:
        stem = path.rsplit("/", 1)[-1].split(".")[0].lower()
        if "/" not in path and stem != path.lower():
            by_name[stem].append(path)  # `README` stands for README.md at the root
    named = []
    for token in written:
        found = _resolve(token, exact=exact, directories=directories, by_name=by_name, root=root)
        if found or mentions.is_path(token):
            named.append(NamedPath(written=token, found=found))
    return tuple(named)


def _resolve(
    token: str, *, exact: set[str], directories: set[str], by_name: dict[str, list[str]], root: Path
) -> tuple[str, ...]:
    """Find what a written path means: itself, else files that end in it, shortest path first."""
    path = token.removeprefix("./").rstrip("/")
    if path.startswith("/"):
        path = path.removeprefix(f"{root.resolve()}/").lstrip("/")
    if not path or ".." in path.split("/"):
        return ()
    if path in exact or path in directories:
        return (path,)
    if "*" in path:
        matches = sorted(
            name for name in exact if fnmatch.fnmatchcase(name, path) or fnmatch.fnmatchcase(name, f"*/{path}")
        )
        return tuple(matches[:MAX_MATCHES])
    folded = path.lower()
    candidates = by_name.get(folded.rsplit("/", 1)[-1], [])
    matches = [name for name in candidates if f"/{name.lower()}".endswith("/" + folded) or "/" not in path]
    same_case = [name for name in matches if f"/{name}".endswith("/" + path)]
    return tuple(sorted(same_case or matches, key=lambda name: (name.count("/"), name))[:MAX_MATCHES])
