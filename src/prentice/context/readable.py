"""Which files of a project may be read for a search or a model: regular text files that are no secrets."""

import re
from fnmatch import fnmatchcase
from typing import Final

MAX_BYTES: Final = 1_000_000
"""A larger file is data, or generated; neither is searched or shown."""
_SECRETS: Final = """
    .env .env.* *.env .envrc *.pem *.key *.p12 *.pfx *.jks *.keystore *.kdbx *.ppk *.asc *.gpg id_rsa* id_dsa* id_ecdsa*
    id_ed25519* .netrc _netrc .pypirc .npmrc .git-credentials .htpasswd .pgpass .my.cnf credentials credentials.json
    credentials.y*ml credentials.toml credentials.ini credentials.txt credentials.csv *credentials*.json secrets
    secrets.json secrets.y*ml secrets.toml secrets.ini secrets.txt secret.json secret.y*ml service-account*.json
    service_account*.json *.tfstate *.tfstate.* *.tfvars kubeconfig .dockercfg .vault-token
""".split()
_SECRET_PLACES: Final = frozenset({".ssh", ".gnupg", ".aws", ".azure", ".kube", ".docker", ".gcloud"})
_RECORDS: Final = frozenset({".todo2", ".prentice"})
"""Lists of tasks and what is kept of runs: the texts of other tasks are no part of the code."""
_SHOWABLE: Final = re.compile(r"\.env\.(?:example|sample|template|dist)|(?:example|sample)\.env")
_BINARY: Final = re.compile(
    r"(?i)(?:png|jpe?g|gif|bmp|ico|webp|tiff?|pdf|docx?|xlsx?|pptx?|odt|zip|gz|bz2|xz|zst|7z|tar|tgz|jar|war|whl|egg|"
    r"exe|dll|so|dylib|a|o|obj|lib|class|pyc|pyo|pyd|wasm|mp[34]|m4a|wav|ogg|flac|avi|mov|mkv|webm|ttf|otf|woff2?|eot|"
    r"sqlite3?|db|npy|npz|pkl|pickle|parquet|h5|hdf5|onnx|pt|safetensors|gguf|bin|dat|mo|fits)"
)
_PRIVATE_KEY: Final = re.compile(rb"-----BEGIN [A-Z ]{0,30}PRIVATE KEY")


def is_secret(path: str) -> bool:
    """Tell whether a path is that of keys, passwords or tokens."""
    *places, name = path.lower().split("/")
    if _SHOWABLE.fullmatch(name):
        return False
    return bool(_SECRET_PLACES & set(places)) or any(fnmatchcase(name, pattern) for pattern in _SECRETS)


def is_promising(path: str) -> bool:
    """Tell by its name alone whether a file may be opened: it is no secret, no record of tasks, no kind of binary."""
    if _RECORDS & set(path.split("/")[:-1]):
        return False
    _, dot, suffix = path.rpartition("/")[2].rpartition(".")
    return not (dot and _BINARY.fullmatch(suffix)) and not is_secret(path)


def is_text(content: bytes) -> bool:
    """Tell whether contents are text to show: no NUL byte, and no private key."""
    return b"\0" not in content[:8000] and not (b"PRIVATE KEY" in content and _PRIVATE_KEY.search(content))
