import pytest

from prentice.context.readable import is_promising, is_text


@pytest.mark.parametrize(
    "path",
    [
        ".env", "app/.env.production", "prod.env", "certs/server.pem", "server.key", "id_ed25519", ".ssh/config",
        ".aws/credentials", "credentials.json", "gcp-credentials-prod.json", "secrets.yaml", ".netrc", ".npmrc",
        "terraform.tfstate", "ID_RSA", "image.png", "lib.so", "data.sqlite3", "a.PNG", ".todo2/state.todo2.json",
        "app/.prentice/journal.jsonl",
    ],
)  # fmt: skip
def test_secrets_binaries_and_records_of_tasks_are_known_by_their_names(path: str) -> None:
    assert not is_promising(path)


@pytest.mark.parametrize(
    "path",
    [
        "a.py", ".env.example", "src/credentials.py", "app/secrets_manager.go", "keys.ts", "Makefile", "a",
        ".gitignore", "environment.yml", "monkey.py",
    ],
)  # fmt: skip
def test_files_with_such_words_in_their_names_are_read(path: str) -> None:
    assert is_promising(path)


def test_contents_with_zero_bytes_or_a_private_key_are_no_text() -> None:
    assert not is_text(b"a\0b")
    assert not is_text(b"x\n-----BEGIN OPENSSH PRIVATE KEY-----\n")
    assert is_text(b"the PRIVATE KEY is elsewhere")
