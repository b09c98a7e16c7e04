"""What a rewrite may rest on, each fact with where it comes from: the prompt, the repository, the user's answers."""

import difflib
import json
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path, PurePosixPath
from typing import Final, Self, cast

from prentice.context.checks import read
from prentice.context.files import files
from prentice.context.repository import survey
from prentice.skills.analysis import vocabulary
from prentice.skills.optimize.prose import PromptText, words
from prentice.skills.optimize.slots import Kind, Slots
from prentice.tasks.plan import RepositoryFacts

MAX_CHOICES: Final = 4
_NAMED_COMMAND: Final = r"(?:(?<=`)|(?<=\brun )|(?<=\bRun )|(?<=\$ ))(make|just|npm run|pnpm run|yarn run)\s+([\w:.-]+)"
_TARGET: Final = r"(?m)^@?([\w.-]+)(?:\s+[\w=\"'+*-]+)*\s*:(?!=)"
_TARGET_FILES: Final = {"make": ("Makefile", "makefile", "GNUmakefile"), "just": ("justfile", "Justfile", ".justfile")}
_LEAST_LETTERS: Final = 4  # shorter words occur in too many paths to mean one of them


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """A text that facts may be taken from. `name` is shown to the user: `prompt`, `repository`, `answer: place`."""

    name: str
    text: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """A prompt, and all that may be said in a better one. Nothing here comes from a model."""

    text: str
    """The prompt as it was given: candidate 0."""
    kind: Kind = "other"
    context: str = ""
    """What the user adds for this optimization."""
    answers: Mapping[str, str] = field(default_factory=dict)
    """Answers by the question's `about`, else by its words."""
    repository: RepositoryFacts = field(default_factory=RepositoryFacts)
    places: tuple[str, ...] = ()
    """Paths of the repository that the goal's words could mean."""
    similar: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """For paths that do not exist: paths that are spelled like them."""
    missing_commands: tuple[str, ...] = ()
    """Commands that the prompt names and the build files do not have."""

    @property
    def sources(self) -> tuple[Source, ...]:
        """All texts that facts may come from, the nearest to the user first."""
        return tuple(
            source
            for source in (
                Source(name="prompt", text=self.text),
                *(Source(name=f"answer: {about}", text=answer) for about, answer in self.answers.items()),
                Source(name="context", text=self.context),
                Source(name="repository", text="\n".join(self.repository_lines)),
            )
            if source.text.strip()
        )

    @property
    def repository_lines(self) -> tuple[str, ...]:
        """What the repository says of the prompt, in lines that a prompt can carry."""
        facts = self.repository
        return (
            *(path for name in facts.named_paths for path in name.found),
            *(f"{name.written} {place}" for name in facts.named_symbols for place in name.found),
            *facts.checks.values(),
        )

    def with_answers(self, answers: Mapping[str, str]) -> Self:
        """Give the same grounds with further answers; empty ones are left out."""
        told = {about: " ".join(answer.split()) for about, answer in answers.items() if answer.strip()}
        return replace(self, answers={**self.answers, **told})

    def document(self) -> dict[str, object]:
        """Give the grounds as JSON values."""
        return asdict(self)

    @classmethod
    def from_document(cls, document: Mapping[str, object]) -> Self:
        """Read what `document` gave."""
        values = dict(document)
        values["repository"] = RepositoryFacts.from_document(cast("dict[str, object]", values["repository"]))
        similar = cast("dict[str, list[str]]", values["similar"])
        values["similar"] = {path: tuple(found) for path, found in similar.items()}
        for key in ("places", "missing_commands"):
            values[key] = tuple(cast("list[str]", values[key]))
        return cls(**values)  # type: ignore[arg-type]  # the keys are this class's own, from `document`


def gather(root: Path, text: str, *, context: str = "", answers: Mapping[str, str] | None = None) -> Grounds:
    """Look up in the repository what a prompt speaks of. Reads, never writes; bounded to a few seconds."""
    facts = survey(root, f"{text}\n{context}")
    listed = files(root)
    slots = Slots(PromptText(text))
    lost = [name.written for name in facts.named_paths if not name.found]
    grounds = Grounds(
        text=text,
        kind=slots.kind,
        context=context,
        repository=facts,
        places=_possible_places(slots, listed),
        similar={path: similar for path in lost if (similar := _spelled_alike(path, listed))},
        missing_commands=tuple(_missing_commands(root, text)),
    )
    return grounds.with_answers(answers or {})


def _possible_places(slots: Slots, listed: Sequence[str]) -> tuple[str, ...]:
    """Give the files and directories that are called by a word of the goal, the outermost and shortest first."""
    goal = slots["goal"]
    if goal is None:
        return ()
    small = vocabulary.PLAIN | vocabulary.PREPOSITIONS | vocabulary.DETERMINERS
    named = (word for word in words(goal.of(slots.prompt.words_only)) if len(word) >= _LEAST_LETTERS)
    nouns = {word for word in named if word not in small and not vocabulary.intent(word)}
    wanted = nouns | {word.removesuffix("s") for word in nouns}
    found: dict[str, None] = {}
    for path in listed:
        parts = PurePosixPath(path).parts
        for depth, part in enumerate(parts):
            if wanted & set(words(part.split(".")[0].replace("_", " ").replace("-", " "))):
                found["/".join(parts[: depth + 1])] = None
                break
    ordered = sorted(found, key=lambda path: ("test" in path.lower(), path.count("/"), len(path), path))
    return tuple(ordered[:MAX_CHOICES])


def _spelled_alike(path: str, listed: Sequence[str]) -> tuple[str, ...]:
    names = {candidate: PurePosixPath(candidate).name.lower() for candidate in listed}
    close = set(difflib.get_close_matches(PurePosixPath(path).name.lower(), set(names.values()), n=MAX_CHOICES))
    return tuple(candidate for candidate, name in names.items() if name in close)[:MAX_CHOICES]


def _missing_commands(root: Path, text: str) -> Iterator[str]:
    """Give the targets and scripts that the text names and the build files do not have; no build file, no finding."""
    for program, name in dict.fromkeys(re.findall(_NAMED_COMMAND, text)):
        known = _scripts(root) if program.endswith("run") else _targets(root, program)
        if known and name not in known:
            yield f"{program} {name}"


def _targets(root: Path, program: str) -> set[str]:
    return {target for name in _TARGET_FILES[program] for target in re.findall(_TARGET, read(root, name))}


def _scripts(root: Path) -> set[str]:
    try:
        document = json.loads(read(root, "package.json") or "{}")
    except (ValueError, RecursionError):
        return set()
    scripts = document.get("scripts") if isinstance(document, dict) else None
    return set(scripts) if isinstance(scripts, dict) else set()
