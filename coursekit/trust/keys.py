"""Ed25519 keys in PEM files: a secret one to sign with, public ones to trust.

Nobody is trusted by default. Whose a key is, the name of its file says, and that name
the user gave.
"""

import os
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path

from cryptography.exceptions import UnsupportedAlgorithm
from cryptography.hazmat.primitives import serialization as pem
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

MOST = 10_000  # bytes of a key's file


class KeyFileError(ValueError):
    """A file that holds no key as is needed; one line says what to do."""


def new_key(path: Path) -> Path:
    """Make a key: its secret half in `path`, for nobody else; returns the public file.

    That one ends in .pub. Neither is written over: KeyFileError.
    """
    public, key = path.with_suffix(".pub"), Ed25519PrivateKey.generate()
    if path == public or any(map(os.path.lexists, (path, public))):
        raise KeyFileError(f"{path} or {public} is there already: take another name")
    secret = pem.PrivateFormat.PKCS8, pem.NoEncryption()
    with os.fdopen(
        os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb"
    ) as f:
        f.write(key.private_bytes(pem.Encoding.PEM, *secret))
    info = pem.PublicFormat.SubjectPublicKeyInfo
    with public.open("xb") as f:
        f.write(key.public_key().public_bytes(pem.Encoding.PEM, info))
    return public


def _load(path: Path, read: Callable[[bytes], object]) -> object:
    if path.is_file() and path.stat().st_size <= MOST:
        with suppress(ValueError, TypeError, UnsupportedAlgorithm, OSError):
            return read(path.read_bytes())
    return None


def signing_key(path: Path) -> Ed25519PrivateKey:
    """The secret key in a PEM file without a password. Raises KeyFileError."""
    key = _load(path, lambda data: pem.load_pem_private_key(data, None))
    if not isinstance(key, Ed25519PrivateKey):
        raise KeyFileError(f"{path} holds no secret Ed25519 key in PEM")
    return key


def trusted_keys(paths: Sequence[Path]) -> dict[bytes, str]:
    """Public key (32 bytes) -> whose it is, by the names of files. KeyFileError.

    paths: PEM files, and folders, of which all files NAME.pub count.
    """
    found = dict[bytes, str]()
    for path in paths:
        for file in sorted(path.glob("*.pub")) if path.is_dir() else [path]:
            key = _load(file, pem.load_pem_public_key)
            if not isinstance(key, Ed25519PublicKey):
                raise KeyFileError(f"{file} holds no public Ed25519 key in PEM")
            found[key.public_bytes_raw()] = file.stem
    return found
