"""A file's bytes as they were read, and how to know them again."""

import hashlib
import os
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import NamedTuple, Self


class Signature(NamedTuple):
    """What the file system says of a file's bytes: nobody rewrites a file and keeps all three."""

    inode: int
    modified: int
    """Nanoseconds since 1970."""
    size: int

    @classmethod
    def of(cls, path: Path) -> Self:
        """Read the signature of a file.

        Raises:
            OSError: there is none.
        """
        return cls.from_status(path.stat())

    @classmethod
    def from_status(cls, status: os.stat_result) -> Self:
        """Give the signature that a file's status holds."""
        return cls(status.st_ino, status.st_mtime_ns, status.st_size)


@dataclass(frozen=True)
class Content:
    """The bytes of a file, and the signature it had when they were read."""

    data: bytes
    signature: Signature

    @classmethod
    def read(cls, path: Path) -> Self:
        """Read a file.

        Raises:
            OSError: it cannot be read.
        """
        with path.open("rb") as file:
            while True:
                before = Signature.from_status(os.fstat(file.fileno()))
                data = file.read()
                if Signature.from_status(os.fstat(file.fileno())) == before:
                    return cls(data, before)
                file.seek(0)  # it was written meanwhile

    def without_data(self) -> "Content":
        """Give what is needed to know the bytes again, so that a long file's need not stay in memory."""
        bare = Content(b"", self.signature)
        bare.__dict__["digest"] = self.digest
        return bare

    @cached_property
    def digest(self) -> str:
        """The bytes' digest, BLAKE2b of 128 bits."""
        return digest(self.data)


def digest(data: bytes) -> str:
    """Give the digest by which bytes are known again."""
    return hashlib.blake2b(data, digest_size=16).hexdigest()
