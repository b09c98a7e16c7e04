"""Every migration of the two databases, append only: a released one is never edited."""

from typing import Final

from prentice.ledger.database import Migration

LEDGER: Final[tuple[Migration, ...]] = (
    (
        "m001_runs",
        """
        CREATE TABLE blobs (digest TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT;
        CREATE TABLE runs (
            scope TEXT NOT NULL, number INTEGER NOT NULL, kind TEXT NOT NULL, state TEXT NOT NULL,
            arguments TEXT NOT NULL, result TEXT, error TEXT, created REAL NOT NULL, updated REAL NOT NULL,
            PRIMARY KEY (scope, number)
        ) STRICT;
        CREATE TABLE steps (
            scope TEXT NOT NULL, run INTEGER NOT NULL, name TEXT NOT NULL, n INTEGER NOT NULL,
            result TEXT NOT NULL, at REAL NOT NULL,
            PRIMARY KEY (scope, run, name, n), FOREIGN KEY (scope, run) REFERENCES runs (scope, number)
        ) STRICT;
        CREATE TABLE events (
            id INTEGER PRIMARY KEY, scope TEXT NOT NULL, run INTEGER NOT NULL, kind TEXT NOT NULL,
            data TEXT NOT NULL, at REAL NOT NULL,
            FOREIGN KEY (scope, run) REFERENCES runs (scope, number)
        ) STRICT;
        CREATE INDEX events_by_run ON events (scope, run)
        """,
    ),
    (
        "m002_proposals",
        """
        CREATE TABLE proposals (
            scope TEXT NOT NULL, number INTEGER NOT NULL, uid TEXT NOT NULL UNIQUE, task TEXT NOT NULL,
            run INTEGER NOT NULL, state TEXT NOT NULL, plan TEXT NOT NULL, decision TEXT,
            created REAL NOT NULL, decided REAL,
            PRIMARY KEY (scope, number)
        ) STRICT
        """,
    ),
    (
        "m003_executions",
        """
        CREATE TABLE executions (
            scope TEXT NOT NULL, run INTEGER NOT NULL, uid TEXT NOT NULL, task TEXT NOT NULL, attempt_of INTEGER,
            state TEXT NOT NULL, document TEXT NOT NULL, evidence TEXT, change TEXT, approval TEXT, pending TEXT,
            created REAL NOT NULL, decided REAL,
            PRIMARY KEY (scope, run), FOREIGN KEY (scope, run) REFERENCES runs (scope, number)
        ) STRICT;
        CREATE TABLE decisions (
            id INTEGER PRIMARY KEY, scope TEXT NOT NULL, run INTEGER NOT NULL, kind TEXT NOT NULL,
            actor TEXT NOT NULL, is_right INTEGER, data TEXT NOT NULL, at REAL NOT NULL,
            FOREIGN KEY (scope, run) REFERENCES executions (scope, run)
        ) STRICT;
        CREATE INDEX decisions_by_run ON decisions (scope, run)
        """,
    ),
    (
        "m004_durable_runs",
        """
        ALTER TABLE runs ADD COLUMN options TEXT NOT NULL DEFAULT 'null';
        ALTER TABLE runs ADD COLUMN retries TEXT NOT NULL DEFAULT 'null';
        ALTER TABLE runs ADD COLUMN idempotency TEXT;
        ALTER TABLE runs ADD COLUMN priority INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE runs ADD COLUMN not_before REAL NOT NULL DEFAULT 0;
        ALTER TABLE runs ADD COLUMN blocked INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE runs ADD COLUMN owner TEXT NOT NULL DEFAULT '';
        ALTER TABLE runs ADD COLUMN token INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE runs ADD COLUMN lease_until REAL NOT NULL DEFAULT 0;
        ALTER TABLE runs ADD COLUMN deaths INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE runs ADD COLUMN cancel_wanted INTEGER NOT NULL DEFAULT 0;
        ALTER TABLE runs ADD COLUMN waiting_for TEXT NOT NULL DEFAULT '';
        ALTER TABLE runs ADD COLUMN progress TEXT;
        UPDATE runs SET state = 'failed', error = '{"code":"run","message":"The process that carried it was ended.",'
            || '"next_step":"Try it again with prentice runs retry."}' WHERE state = 'running';
        CREATE INDEX runs_ready ON runs (scope, priority DESC, number) WHERE state = 'queued' AND blocked = 0;
        CREATE INDEX runs_leased ON runs (scope, lease_until) WHERE state = 'running';
        CREATE UNIQUE INDEX runs_idempotent ON runs (scope, idempotency) WHERE idempotency IS NOT NULL;
        CREATE TABLE signals (
            scope TEXT NOT NULL, run INTEGER NOT NULL, name TEXT NOT NULL, value TEXT NOT NULL, at REAL NOT NULL,
            PRIMARY KEY (scope, run, name), FOREIGN KEY (scope, run) REFERENCES runs (scope, number)
        ) STRICT;
        CREATE TABLE run_keys (
            id INTEGER PRIMARY KEY, scope TEXT NOT NULL, run INTEGER NOT NULL, key TEXT NOT NULL,
            FOREIGN KEY (scope, run) REFERENCES runs (scope, number)
        ) STRICT;
        CREATE INDEX run_keys_by_key ON run_keys (scope, key, id);
        CREATE INDEX run_keys_by_run ON run_keys (scope, run);
        CREATE TABLE holds (
            id INTEGER PRIMARY KEY, scope TEXT NOT NULL, run INTEGER NOT NULL, token INTEGER NOT NULL,
            resource TEXT NOT NULL, FOREIGN KEY (scope, run) REFERENCES runs (scope, number)
        ) STRICT;
        CREATE INDEX holds_by_resource ON holds (resource, id);
        CREATE INDEX holds_by_run ON holds (scope, run);
        CREATE TABLE workers (
            scope TEXT NOT NULL, name TEXT NOT NULL, seen_until REAL NOT NULL, PRIMARY KEY (scope, name)
        ) STRICT
        """,
    ),
)

RECORD: Final[tuple[Migration, ...]] = (
    *LEDGER,
    (
        "r001_calls",
        """
        CREATE TABLE calls (
            id INTEGER PRIMARY KEY, at REAL NOT NULL, purpose TEXT NOT NULL, backend TEXT NOT NULL,
            model TEXT NOT NULL, prompt_digest TEXT NOT NULL, prompt_version TEXT NOT NULL,
            prompt_tokens INTEGER NOT NULL, reply_tokens INTEGER NOT NULL, cached_tokens INTEGER,
            estimated INTEGER NOT NULL, load REAL NOT NULL, first_token REAL NOT NULL, total REAL NOT NULL,
            finish TEXT NOT NULL
        ) STRICT;
        CREATE INDEX calls_by_time ON calls (at)
        """,
    ),
    (
        "r002_outcomes",
        """
        CREATE TABLE outcomes (
            uid TEXT PRIMARY KEY, at REAL NOT NULL, purpose TEXT NOT NULL, kind TEXT NOT NULL, backend TEXT NOT NULL,
            model TEXT NOT NULL, is_right INTEGER NOT NULL, judge TEXT NOT NULL
        ) STRICT;
        CREATE INDEX outcomes_by_model ON outcomes (backend, model, kind);
        CREATE INDEX calls_by_model ON calls (backend, model, id)
        """,
    ),
    (
        "r003_texts",
        """
        CREATE TABLE texts (
            id INTEGER PRIMARY KEY, at REAL NOT NULL, prompt_digest TEXT NOT NULL, model TEXT NOT NULL,
            prompt TEXT NOT NULL, reply TEXT NOT NULL, size INTEGER NOT NULL
        ) STRICT;
        CREATE INDEX texts_by_time ON texts (at)
        """,
    ),
    (
        "r004_findings",
        """
        CREATE TABLE findings (
            host TEXT NOT NULL, model TEXT NOT NULL, finding TEXT NOT NULL, at REAL NOT NULL,
            PRIMARY KEY (host, model)
        ) STRICT
        """,
    ),
)
"""The user's record: calls, and the runs and proposals made outside any project (their scope is the directory)."""
