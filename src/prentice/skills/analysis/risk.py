"""Matters in which a mistake is costly, each believed only when several independent signs agree.

Signs are words of the goal (a sure one counts 2, a weak one 1), a file of the matter that the task names (4), a tag
(1), and the weight of the task itself (critical priority 2, high 1; five or more tasks that wait for it 1). A matter
counts from BELIEVED points on, so no single word, and no priority, is enough. Files that only describe or test a matter
are no sign of it.
"""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Final

BELIEVED: Final = 4


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """A costly matter: patterns of its sure and weak words, and of the paths that belong to it.

    They are compiled where they are first used; most commands never do.
    """

    label: str
    sure: str
    weak: str
    path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Risk:
    """A matter that a task touches, with the words and paths that show it."""

    matter: str
    label: str
    points: int
    evidence: tuple[str, ...]


def _pattern(words: str) -> str:
    return rf"(?i)\b(?:{words})\b"


def _path(words: str) -> str:
    return f"(?i){words}"


MATTERS: Final[Mapping[str, Matter]] = {
    "auth": Matter(
        label="access and security",
        sure=_pattern(
            r"(?:re-?)?authenticat\w*|authori[sz]\w*|auth|logins|log[ -]?(?:in|on|out)|sign[ -]?(?:in|on|up|out)|sso|"
            r"oauth2?(?:\.0)?|oidc|openid|saml|ldap|kerberos|jwts?|json web tokens?|identity provider|csrf|captcha|"
            r"passwords?|passkeys?|credentials?|2fa|mfa|(?:two|multi)-?\s?factor|permissions?|rbac|acls?|"
            r"access control|vulnerabilit(?:y|ies)|injections?|xss|exploits?"
        ),
        weak=_pattern(r"sessions?|tokens?|roles?|accounts?|cookies?|identity|security"),
        path=_path(
            r"(?:^|[/_.-])(?:auth\w*|login|oauth\w*|sessions?|permissions?|passwords?|credentials?|security|"
            r"jwt|rbac)(?:[/_.-]|$)"
        ),
    ),
    "database": Matter(
        label="the database's structure",
        sure=_pattern(
            r"databases?|db|data ?stores?|schemas?|migrations?|sql|postgres(?:ql)?|mysql|mariadb|"
            r"mongo(?:db)?|"
                      r"foreign keys?|data model|primary keys?"),
        weak=_pattern(r"tables?|columns?|rows?|records?|index(?:es)?|backfill|constraints?"),
        path=_path(r"(?:^|/)(?:migrations?|migrate|alembic)/|(?:^|/)schema\.\w+$|\.sql$"),
    ),
    "data_loss": Matter(
        label="data that cannot be made again",
        sure=_pattern(r"production data|user data|customer data|personal data|back-?ups?|data loss|pii|gdpr|"
                      r"(?:user|customer)(?:'s)? accounts?|(?:user|customer) records"),
        weak=_pattern(r"production|prod|records|accounts|irreversibl\w+|permanent\w*|customers?|live"),
        path=_path(r"(?:^|/)(?:backups?|restore)(?:[/_.-]|$)"),
    ),
    "payments": Matter(
        label="money",
        sure=_pattern(
            r"payments?|billing|invoic\w+|checkout|refunds?|stripe|paypal|braintree|credit cards?|payouts?|"
            r"payroll"
        ),
        weak=_pattern(r"subscriptions?|pric(?:e|es|ing)|charges?|currenc(?:y|ies)|tax(?:es)?|wallets?|orders?"),
        path=_path(r"(?:^|[/_.-])(?:payments?|billing|invoices?|checkout|refunds?|stripe)(?:[/_.-]|$)"),
    ),
    "secrets": Matter(
        label="secrets and encryption",
        sure=_pattern(
            r"secrets?|api[ -]keys?|(?:private|access|signing|encryption) keys?|encrypt\w*|decrypt\w*|"
            r"cipher\w*|"
                      r"certificates?|tls|ssl|vault|cryptograph\w*"),
        weak=_pattern(r"keys?|hash\w*|salts?|rotation"),
        path=_path(
            r"(?:^|/)\.env(?:\.|$)|(?:^|[/_.-])(?:secrets?|crypto|encryption|vault|certs?)(?:[/_.-]|$)|"
            r"\.(?:pem|key)$"
        ),
    ),
    "ci": Matter(
        label="what builds, tests and ships the program",
        sure=_pattern(
            r"ci(?:/cd)?|continuous (?:integration|delivery|deployment)|github actions|gitlab ci|deployments?|"
            r"release (?:pipeline|process|automation)|rollouts?"
        ),
        weak=_pattern(r"cd|pipelines?|releases?|docker|kubernetes|k8s|terraform|staging|production"),
        path=_path(
            r"^\.github/workflows(?:/|$)|^\.gitlab-ci|(?:^|/)jenkinsfile$|^\.circleci|azure-pipelines|(?:^|"
            r"/)dockerfile|"
                   r"docker-compose|(?:^|/)(?:deploy|terraform|k8s|helm|ansible)/|\.tf$"),
    ),
    "dependencies": Matter(
        label="what the program depends on",
        sure=_pattern(
            r"dependenc(?:y|ies)|lock ?files?|third[ -]party (?:packages?|libraries)|major versions?|"
            r"end[ -]of[ -]life"
        ),
        weak=_pattern(r"packages?|librar(?:y|ies)|versions?|upgrades?"),
        path=_path(
            r"(?:^|/)(?:requirements[\w.-]*\.txt|pyproject\.toml|setup\.(?:py|cfg)|package(?:-lock)?\.json|"
            r"go\.(?:mod|sum)|"
            r"cargo\.(?:toml|lock)|pom\.xml|build\.gradle(?:\.kts)?|gemfile(?:\.lock)?|[\w-]+\.lock|pipfile|"
            r"composer\.json)$"),
    ),
    "public_api": Matter(
        label="an interface that others rely on",
        sure=_pattern(
            r"public (?:api|interface)s?|breaking changes?|backwards?[ -](?:in)?compatib\w+|wire format|"
            r"openapi|"
                      r"api contracts?|file format"),
        weak=_pattern(r"apis?|endpoints?|signatures?|protocols?|clients|consumers|versioning"),
        path=_path(r"(?:^|/)(?:openapi|swagger)[\w.-]*$|\.proto$|\.graphql$"),
    ),
}  # fmt: skip

_DESCRIBES: Final = (
    r"(?i)(?:^|/)(?:docs?|documentation|tests?|specs?|__tests__|examples?|fixtures)/|\.(?:md|mdx|rst|txt|adoc)$|"
    r"(?:^|/)(?:test_[^/]*|[^/]*[_.](?:test|spec)\.\w+|README|CHANGELOG|CONTRIBUTING|LICENSE)$"
)
_REQUIREMENTS: Final = r"(?i)(?:^|/)requirements[\w.-]*\.txt$"


def only_describes(path: str) -> bool:
    """Tell whether a file documents or tests the program and is no part of it."""
    return re.search(_DESCRIBES, path) is not None and not re.search(_REQUIREMENTS, path)


def risks(
    goal: str, *, paths: Iterable[str], tags: Iterable[str], priority: str, dependents: int, describes: bool
) -> tuple[Risk, ...]:
    """Give the costly matters that a task touches, by the signs of this module's docstring.

    `describes` says that the goal is to write about or test something: then only files count, not words.
    """
    weight = {"critical": 2, "high": 1}.get(priority, 0) + (dependents >= 5)
    touched = [path for path in paths if not only_describes(path)]
    tag_words = " ".join(tag.replace("-", " ").replace("_", " ") for tag in tags)
    found = []
    for name, matter in MATTERS.items():
        sure, weak = ([], []) if describes else (_hits(matter.sure, goal), _hits(matter.weak, goal))
        weak = [word for word in weak if not any(word.lower() in hit.lower() for hit in sure)]
        files = [path for path in touched if re.search(matter.path, path)]
        signs = 2 * len(sure) + len(weak) + 4 * bool(files)
        tagged = bool(signs) and bool(_hits(matter.sure, tag_words))
        if signs >= 2 and signs + tagged + weight >= BELIEVED and (sure or files):
            found.append(
                Risk(matter=name, label=matter.label, points=signs + tagged + weight, evidence=(*files, *sure, *weak))
            )
    return tuple(found)


def _hits(pattern: str, text: str) -> list[str]:
    """Give the distinct hits, one for a word and its plural, as written."""
    found: dict[str, str] = {}
    for match in re.finditer(pattern, text):
        key = re.sub(r"[\s-]+", "", match[0].lower()).removesuffix("s")
        found.setdefault(key[:6] if key.startswith("auth") else key, match[0])
    return list(found.values())
