"""The words of one task, ready for the slots of a playbook: what it is about, both sides, place, files, commands."""

import re
from collections.abc import Mapping

from prentice.backends.builtin.circumstances import circumstances
from prentice.backends.builtin.phrase import with_article, without_article
from prentice.backends.builtin.title import Intent
from prentice.backends.builtin.topic import topic_slots
from prentice.backends.builtin.words import clip, named_languages
from prentice.tasks.plan import RepositoryFacts


def slots(
    intent: Intent, *, kind: str, text: str, repository: RepositoryFacts, altering: bool = False
) -> dict[str, str]:
    """Give the slots that this task can fill; see the playbooks for how they are used.

    With `altering` the work is a change of what is there, and the topic is the activity (`warning users`).
    """
    topic = topic_slots(intent, kind=kind, altering=altering)
    found = topic | _sides(intent, topic) | circumstances(intent, text=text) | _facts(repository)
    return {name: value for name, value in found.items() if value}


def _sides(intent: Intent, about: Mapping[str, str]) -> dict[str, str]:  # noqa: C901, PLR0912 - one short case for each part of a sentence
    """Give the two sides of a change: `source`, `target`, and the languages in them."""
    parts, found = intent.parts, dict[str, str]()
    source, target = parts.get("from", ""), parts.get("to", "") or parts.get("into", "") or parts.get("onto", "")
    if intent.verb in {"replace", "swap"}:
        source, target = intent.object, parts.get("with", "") or parts.get("by", "") or target
    elif intent.verb in {"use", "adopt"} or parts.get("instead"):
        source, target = parts.get("instead", "") or source, target or intent.object
    elif intent.verb in {"rewrite", "port", "translate", "convert"} and not target:
        target = parts.get("in", "") or parts.get("using", "") or parts.get("with", "") or parts.get("as", "")
    elif intent.verb in {"switch", "transition", "rename", "convert"} and not source:
        source = intent.object
    target = target.removeprefix("use ")
    languages = named_languages(intent.object)
    if source:
        found["source"] = clip(with_article(source), 40)
        found["old"] = clip(without_article(source), 32)
    elif languages:
        found["source"] = found["old"] = languages[0]
    if target and not re.match(r"(?:under|below|less|at most|at least)\b", target):
        found["target"] = clip(with_article(target), 40)
        found["next"] = clip(without_article(target), 32)
    for name in ("old", "next"):
        if name in found and about.get("bare") and found[name].startswith(about["bare"] + " "):
            found[name] = found[name].removeprefix(about["bare"] + " ")
    from_language = (named_languages(source) or languages)[:1]
    to_language = named_languages(target)[:1]
    if from_language and (not to_language or from_language != to_language):
        found["from_language"] = from_language[0]
    if to_language:
        found["to_language"] = to_language[0]
    if languages and "bare" in about:
        rest = " ".join(word for word in about["bare"].split() if word not in languages)
        if rest and len(rest) > 2:
            found["ported"] = rest
    return found


def _facts(repository: RepositoryFacts) -> dict[str, str]:
    """Commands, places and named files of the repository, as far as known."""
    found = {kind: f"`{clip(command, 60)}`" for kind, command in repository.checks.items() if command.strip()}
    for kind, paths in repository.places.items():
        if paths:
            found[f"{kind}_place"] = f"`{paths[0]}`"
    files = _named_files(repository)
    code = [path for path in files if not re.search(r"\.(?:md|rst|txt|adoc)$", path)] or files
    if code:
        found["file"] = f"`{code[0]}`"
        found["file_name"] = f"`{code[0].rsplit('/', 1)[-1]}`"
    if symbols := [symbol.written for symbol in repository.named_symbols if symbol.found]:
        found["symbol"] = f"`{symbols[0]}`"
    if repository.languages:
        found["language"] = repository.languages[0]
    return found


def _named_files(repository: RepositoryFacts) -> list[str]:
    """Give the files that the text names and that exist, each once, tests last; an ambiguous name is left out."""
    paths = [path.found[0] for path in repository.named_paths if len(path.found) == 1]
    return sorted(
        dict.fromkeys(paths), key=lambda path: bool(re.search(r"(?:^|/)tests?/|test_|_test\.|\.test\.", path))
    )
