"""Signing what the commands write: a PNG file, the actions, what it was made from."""

from pathlib import Path
from typing import Any

import coursekit
from coursekit.trust import manifest
from coursekit.trust.keys import signing_key
from coursekit.trust.png_chunks import SIGNATURE
from coursekit.trust.verdict import judge

MADE = {"action": "c2pa.created", "digitalSourceType": manifest.DRAWN}
OPENED = {"action": "c2pa.opened", "digitalSourceType": manifest.ENHANCED}
EDITED = {"action": "c2pa.edited", "digitalSourceType": manifest.ENHANCED}
AHEAD = 3600  # seconds that another clock may be ahead of ours


class SigningError(ValueError):
    """What cannot be signed; one line says why."""


def check_signing(key: Path | None, out: Path) -> None:
    """SigningError, or KeyFileError, before any work is done."""
    if key is not None and out.suffix.lower() != ".png":
        raise SigningError(f"--sign writes into PNG files only, not into {out}")
    if key is not None:
        signing_key(key)


def ingredients(source: Path | None) -> list[dict[str, Any]]:
    """The signed picture that is edited, if it is one. SigningError: it is broken."""
    data = source.read_bytes() if source else b""
    if source is None or not data.startswith(SIGNATURE):
        return []
    if (found := judge(data, {}, manifest.now(AHEAD))).state == "broken":
        raise SigningError(f"--sign: {source} is no sound ingredient: {found.why}")
    old, title = manifest.manifest_of(data), printable(source.name)
    part = {"title": title, "relationship": "parentOf"}
    return [{**part, "manifest": manifest.digest(old)}] if old else []


def signed(png: bytes, out: Path, key: Path, source: Path | None = None) -> bytes:
    """A PNG file with a manifest: drawn, or edited from the picture in `source`."""
    parts = ingredients(source)
    claim = {
        "title": printable(out.name),
        "tool": {"name": "coursekit", "version": coursekit.__version__},
        "created": manifest.now(),
        "actions": [MADE] if source is None else [OPENED, EDITED][not parts :],
        "ingredients": parts,
    }
    return manifest.sign_file(png, claim, signing_key(key))


def printable(name: str) -> str:
    """A file's name as a claim may hold it."""
    return "".join(c if c.isprintable() else "?" for c in name)[:200]
