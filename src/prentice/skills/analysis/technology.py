"""Names of technologies by kind, and moves from one of them to another of its kind."""

import re
from collections.abc import Mapping
from typing import Final

from prentice.skills.analysis.vocabulary import MOVABLE, PREPOSITIONS


def _words(*lines: str) -> frozenset[str]:
    return frozenset(" ".join(lines).split())


TECHNOLOGIES: Final[Mapping[str, frozenset[str]]] = {
    "language": _words(
        "python python2 python3 go golang rust java kotlin swift typescript javascript js ts node nodejs node.js deno",
        "ruby php perl c c++ c# cpp csharp .net scala elixir haskell lua dart clojure erlang zig cobol fortran",
        "objective-c bash",
    ),
    "framework": _words(
        "django flask fastapi rails spring react vue vue.js angular angularjs svelte next.js nextjs nuxt express",
        "laravel symfony ember backbone jquery bootstrap tailwind qt gtk electron tauri flutter starlette tornado",
        "aiohttp gin echo",
    ),
    "database": _words(
        "mysql postgres postgresql sqlite mongodb mongo redis cassandra dynamodb oracle mariadb mssql cockroachdb",
        "neo4j elasticsearch opensearch duckdb couchdb firestore bigquery snowflake",
    ),
    "protocol": _words(
        "rest graphql grpc soap websocket websockets http mqtt amqp xml-rpc json-rpc thrift protobuf",
    ),
    "platform": _words(
        "docker kubernetes k8s heroku aws gcp azure lambda terraform ansible nomad openshift bare-metal on-premise",
    ),
    "tool": _words(
        "webpack vite rollup esbuild parcel npm yarn pnpm poetry pip pipenv setuptools conda gradle maven bazel cmake",
        "make jenkins travis circleci gitlab github svn mercurial subversion git unittest pytest nose jest mocha",
        "vitest jasmine",
    ),
}
_KIND_OF: Final = {name: kind for kind, names in TECHNOLOGIES.items() for name in names}
_JOINTS: Final = _words("to onto into in with by using on upon atop")
"""Words between what is moved and where it goes."""
_CONTINUES: Final = PREPOSITIONS | _words("sdk runtime framework library stack")
"""Words after the name of a technology that leave it the thing itself: `the Go SDK`, but not `the Go client`."""


def kind(word: str) -> str:
    """Give the kind of technology that a word names, or an empty string."""
    return _KIND_OF.get(word.lower().strip(".,;:()'\"`"), "")


def move(goal: str) -> str:
    """Give the part of a goal that moves something from one technology to another; empty where nothing does.

    `from MySQL to Postgres`, `Flask with FastAPI`, `Python server to Go`, and `service in Rust` where a thing that
    exists (`the`, not `a`) is to be made in another language.
    """
    words = goal.split()
    for joint, word in enumerate(words[1:-1], start=1):
        if word.lower() in _JOINTS and (first := _moved(words, joint)) is not None:
            last = joint + 1 if kind(words[joint + 1]) else joint + 2
            return _between(goal, words[first], words[last])
    return ""


def _moved(words: list[str], joint: int) -> int | None:
    """Give the index of the word that what is moved begins with, for a joint word at that index."""
    after = next((index for index in (joint + 1, joint + 2) if index < len(words) and kind(words[index])), None)
    if after is None:
        return None
    lower = [word.lower().strip(".,;:()") for word in words]
    last = after + 1 == len(words)
    movable = lower[joint - 1] in MOVABLE
    old = next((i for i in range(joint) if kind(words[i]) == kind(words[after]) and lower[i] != lower[after]), None)
    stands_alone = last or lower[joint] in {"to", "onto"} or lower[after + 1] in _CONTINUES
    if old is not None and stands_alone and (movable or kind(words[joint - 1]) or "from" in lower[:joint]):
        return old
    exists = not {"a", "an"} & set(lower[:joint])
    remade = last and kind(words[after]) == "language" and lower[joint] in {"to", "onto", "into", "in"}
    return joint - 1 if remade and movable and exists else None


def _between(goal: str, first: str, last: str) -> str:
    match = re.search(rf"{re.escape(first)}.*?{re.escape(last)}", goal)
    return match[0] if match else goal
