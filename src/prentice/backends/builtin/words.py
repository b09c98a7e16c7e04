"""Words of English task texts: stems, content words, cutting to a length, and the names that keep their capitals."""

import re
from collections.abc import Iterable
from functools import lru_cache
from typing import Final

_TOKEN: Final = re.compile(r"[a-z0-9]+(?:[+#]+[a-z0-9]*)?")
_STOP: Final = frozenset(
    """a an the and or but nor of in on at to from into onto for with without within by as is are was were be been being
    it its this that these those there their them they he she we our us you your i my me do does did done doing can
    could     should would will shall may might must have has had having not no so if then than when while
    where which who whom
    whose what how why all any some each every both either neither same own up out off over under again also just only
    via per vs etc about after before between during until upon new more most very too such other""".split()
)
_VAGUE: Final = frozenset(
    """stuff thing things something anything everything code codebase bug bugs issue issues problem problems error
    errors     task tasks work project app application software program system feature features improvement
    improvements change
    changes better good bad nice nicer prettier cleaner cooler awesome great
    properly correctly well quickly asap please need needs want make do get fix
    improve update add implement create build write handle change support enhance optimize optimise refactor test help
    start finish complete continue check run use set clean working works broken wrong part parts stuffs it""".split()
)
_DANGLING: Final = frozenset(
    """a an the and or but of in on at to from into for with without by as is are that which when while if than its
    their     our so not no per via before after""".split()
)
PROPER_NAMES: Final = (
    "Python Go Golang Rust JavaScript TypeScript Java Kotlin Swift Ruby PHP Scala Elixir Perl Haskell Dart Lua Zig "
    "Fortran COBOL Bash PowerShell Rails Django Flask FastAPI Starlette Express React Vue Angular Svelte SvelteKit "
    "Next.js Nuxt Node Node.js Deno Bun Spring Hibernate Laravel Symfony PostgreSQL Postgres MySQL MariaDB SQLite "
    "MongoDB Redis Memcached Kafka RabbitMQ Celery NATS Elasticsearch OpenSearch Solr Cassandra DynamoDB Snowflake "
    "BigQuery ClickHouse DuckDB Parquet Airflow Spark Pandas Polars NumPy PyTorch TensorFlow Docker Podman Kubernetes "
    "Helm Terraform Ansible Pulumi AWS GCP Azure S3 EC2 Lambda Heroku Vercel Netlify Cloudflare Nginx Apache Envoy "
    "GitHub GitLab Bitbucket Jenkins CircleCI Travis Stripe PayPal Adyen Braintree Slack Discord Teams Jira Linear "
    "Notion Salesforce HubSpot Zendesk Twilio SendGrid Mailgun Google Microsoft Apple Facebook Okta Auth0 Keycloak "
    "LDAP SAML OAuth OAuth2 OIDC JWT GraphQL REST gRPC OpenAPI Swagger Prometheus Grafana Sentry Datadog "
    "OpenTelemetry Loki Jaeger Linux Windows macOS iOS Android Safari Chrome Firefox Edge Ollama MLX MCP Todo2 "
    "SQLAlchemy Alembic Pydantic Poetry Hatch Webpack Vite Rollup Jest Vitest Mocha Cypress Playwright Selenium "
    "JUnit RSpec Redux Tailwind Bootstrap Storybook Figma Sphinx MkDocs Docusaurus README Excel Protobuf Avro "
    "Stencil Electron Tauri Flutter Xcode Gradle Maven Bazel CMake Homebrew PyPI npm Actions CodeLlama Llama Mistral "
    "Qwen Mercurial Subversion Perforce Debian Ubuntu Alpine Markdown YAML TOML JSON XML HTML CSS CSV PDF SQL "
    "HTTP HTTPS TLS SSH API APIs CLI SDK UI UX CI CD ETL ORM GDPR CORS CSRF XSS URL URLs ID IDs DNS CDN SMTP IMAP UTC "
    "UTF-8 WebSocket WebSockets WebAuthn TOTP PKCE DOM SEO RSS LRU TTL CPU GPU RAM"
).split()
_LANGUAGES: Final = (
    "Python Go Golang Rust JavaScript TypeScript Java Kotlin Swift Ruby PHP Scala Elixir Perl Haskell Dart Lua Zig "
    "Fortran COBOL Bash PowerShell Node Node.js C C++ C# Objective-C VB.NET Clojure Erlang R MATLAB"
).split()
_CASED: Final = {name.lower(): name for name in PROPER_NAMES}
_UNSPLIT: Final = frozenset(name.lower().rstrip("s") for name in PROPER_NAMES)
_CAMEL: Final = re.compile(r"\b[A-Za-z]+[a-z][A-Z][A-Za-z]*")
_HUMP: Final = re.compile(r"(?<=[a-z])(?=[A-Z][a-z])(?!Error|Exception)")
_COMMON_WORDS: Final = frozenset(
    "go rust swift ruby express edge spark lambda linear teams node helm bun dart actions rest next spring apple "
    "chrome notion basic travis bootstrap excel id ids sphinx echo".split()
)


_KEPT: Final = {
    "locale": "locale",
    "locales": "locale",
    "lives": "live","theme": "theme", "themes": "theme", "news": "news", "rating": "rating", "typing": "typing",
                "string": "string", "strings": "string", "status": "status", "pages": "page", "page": "page",
                "rates": "rate", "rate": "rate", "types": "type", "type": "type", "bus": "bus"}  # fmt: skip


@lru_cache(maxsize=20_000)
def stem(word: str) -> str:
    """Give the stem of a lower-case word: plural, -ing, -ed and British -ise endings taken off."""
    word = word.removesuffix("'s")
    if word in _KEPT:
        return _KEPT[word]
    if len(word) <= 3:
        return word
    word = _without_ending(word)
    word = re.sub(r"is(?=e$|$|ation$)", "iz", word) if len(word) > 6 and not word.endswith(("wise", "ris")) else word
    return word[:-1] if word.endswith("e") and len(word) > 3 else word


def _without_ending(word: str) -> str:
    if word.endswith("ies") and len(word) > 4:
        return word[:-3] + "y"
    for ending in ("ing", "ed"):
        if word.endswith(ending) and len(word) - len(ending) >= 3:
            rest = word[: -len(ending)]
            return rest[:-1] if len(rest) > 3 and rest[-1] == rest[-2] and rest[-1] not in "lsz" else rest
    if word.endswith(("sses", "xes", "zes", "ches", "shes")):
        return word[:-2]
    if word.endswith("s") and not word.endswith(("ss", "us", "is")):
        return word[:-1]
    return word


def stems(text: str) -> list[str]:
    """Give the stems of all words of a text, in order; punctuation, paths and camel case fall apart into words."""
    text = _CAMEL.sub(
        lambda match: match[0] if match[0].lower().rstrip("s") in _UNSPLIT else _HUMP.sub(" ", match[0]), text
    )
    return [stem(word) for word in _TOKEN.findall(text.lower())]


def content(text: str) -> frozenset[str]:
    """Give the stems of the words that carry meaning."""
    return frozenset(stem(word) for word in _TOKEN.findall(text.lower()) if word not in _STOP and len(word) > 1)


def telling(text: str) -> frozenset[str]:
    """Give the content words that are not mere fillers of task titles (`code`, `bug`, `improve`, ...)."""
    words = _TOKEN.findall(text.lower())
    return frozenset(word for word in words if word not in _STOP and word not in _VAGUE and len(word) > 1)


def overlap(one: Iterable[str], other: Iterable[str]) -> float:
    """Give the Jaccard similarity of two sets, 0 for two empty ones."""
    left, right = set(one), set(other)
    union = left | right
    return len(left & right) / len(union) if union else 0.0


def tokens(text: str) -> frozenset[str]:
    """Give all words of a text in lower case, stop words included."""
    return frozenset(_TOKEN.findall(text.lower()))


def mostly_foreign(text: str) -> bool:
    """Tell whether most letters of a text lie outside the Latin script."""
    letters = [character for character in text[:20_000] if character.isalpha()]
    latin = sum(character < "\u0250" or "\u1e00" <= character < "\u1f00" for character in letters)
    return bool(letters) and latin * 2 < len(letters)


def clip(text: str, limit: int) -> str:
    """Cut a text at a word, so that it neither exceeds `limit` characters nor ends in a preposition or article."""
    text = " ".join(text.split())
    if len(text) <= limit:
        return text
    cut = text[: limit + 1]
    for mark in (". ", "; ", ": ", ", "):
        if (at := cut.rfind(mark)) > limit * 0.55:
            return _balanced(cut[:at])
    words = cut[: cut.rfind(" ")].split() if " " in cut else [text[:limit]]
    while len(words) > 1 and words[-1].lower().strip("(\"'`,;:") in _DANGLING:
        words.pop()
    return _balanced(" ".join(words).rstrip(" ,;:-("))


def _balanced(text: str) -> str:
    """Take off what follows an opening bracket, quote or backtick that the cut left open."""
    for mark in '`"':
        if text.count(mark) % 2:
            text = text[: text.rfind(mark)] or text.replace(mark, "")
    if text.count("(") > text.count(")"):
        text = text[: text.rfind("(")] or text.replace("(", "")
    return text.rstrip(" ,;:-(")


def capitalized(text: str) -> str:
    """Put the first letter in upper case, unless the text starts with a name of code such as `npm` or snake_case."""
    first = text.split(" ", 1)[0]
    if re.search(r"[_.()/`]|[a-z][A-Z]", first) or not text:
        return text
    first_letter = text[0].upper()
    return first_letter + text[1:] if first_letter.lower() == text[0] else text  # the micro sign has no way back


def lowered(text: str) -> str:
    """Put the first letter in lower case, unless the first word is a name or an acronym."""
    first = text.split(" ", 1)[0]
    if is_name(first):
        return text
    return text[:1].lower() + text[1:]


def is_name(word: str) -> bool:
    """Tell whether a word is a name or an acronym that keeps its capitals wherever it stands."""
    bare = re.sub(r"'s$", "", word.strip(",.;:!?()[]\"'"))
    known = _CASED.get(bare.lower())
    if known is not None and (bare == known or bare.lower() not in _COMMON_WORDS):
        return True
    return bool(re.search(r"[A-Z].*[A-Z]|[a-z][A-Z]|[A-Z]+\d|[`_/\\@]|\w\.\w|\(\)", bare))


def named_languages(text: str) -> list[str]:
    """Give the programming languages that a text names, in their order."""
    return [word for word in re.findall(r"[A-Za-z][\w.+#-]*", text) if word in _LANGUAGES]


def recased(text: str) -> str:
    """Give a phrase in running-text case: known names as they are spelt, title-case words in lower case.

    Capitalised words that are not known stay, unless nearly every word is capitalised (a title in title case).
    """
    words = text.split()
    long_words = [word for word in words[1:] if len(word) > 3 and word[0].isalpha()]  # the first is always raised
    raised = sum(word[0].isupper() and not is_name(word) for word in long_words)
    plain = sum(not is_name(word) for word in long_words)
    titled = plain >= 2 and raised >= 0.75 * plain
    return " ".join(_recase(word, titled=titled) for word in words)


def _recase(word: str, *, titled: bool) -> str:
    match = re.fullmatch(r"(\W*)(.*?)('s)?(\W*)", word, re.DOTALL)
    if match is None or not match[2]:
        return word
    bare = match[2]
    known = _CASED.get(bare.lower())
    if known is not None and bare.lower() not in _COMMON_WORDS and not bare.isupper():
        bare = known
    elif titled and not is_name(bare) and bare[:1].isupper() and bare != known:
        bare = bare.lower()
    return f"{match[1]}{bare}{match[3] or ''}{match[4]}"
