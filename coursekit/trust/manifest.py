"""A signed history inside a PNG file: like C2PA, and much smaller.

A manifest is one chunk, the second of the file:

    VERSION (4 bytes) | public key (32) | signature (64) | claim, as canonical JSON

The signature is Ed25519 over VERSION and the claim's bytes, as they stand in the file.
The claim holds the SHA-256 of all other bytes of the file. Its words (actions, digital
source types, ingredients) are those of C2PA. C2PA itself has boxes of JUMBF, CBOR, a
COSE signature, certificates that lead to a list of authorities, and time stamps; its
assertion lists the bytes that its hash leaves out. Ours has none of these.
"""

import hashlib
import re
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)

from coursekit.trust.canonical import NotCanonical, canonical, read_canonical
from coursekit.trust.png_chunks import chunk, parse

NAME = b"ckMF"  # by its cases: not needed to show the picture, private, unsafe to copy
VERSION = b"CKM1"
HEAD = len(VERSION) + 32 + 64
MOST = 100_000  # bytes of a manifest
SOURCE = "http://cv.iptc.org/newscodes/digitalsourcetype/"
DRAWN, ENHANCED = f"{SOURCE}trainedAlgorithmicMedia", f"{SOURCE}algorithmicallyEnhanced"
Claim = Mapping[str, Any]

LINE, DIGEST = re.compile(".{1,200}"), re.compile("[0-9a-f]{64}")
MOMENT = re.compile("[0-9]{4}-[01][0-9]-[0-3][0-9]T[0-2][0-9](:[0-5][0-9]){2}Z")
SHAPE = {
    "title": LINE,
    "format": re.compile("image/png"),
    "tool": {"name": LINE, "version": LINE},
    "created": MOMENT,
    "actions": [{"action": LINE, "digitalSourceType": LINE}],
    "ingredients": [{"title": LINE, "relationship": LINE, "manifest": DIGEST}],
    "sha256": DIGEST,
}


class ManifestError(ValueError):
    """A manifest that is not sound; one line says why."""


class SignatureError(ManifestError):
    """A manifest whose signature does not hold: nobody may read its claim."""


def fits(value: Any, shape: Any) -> bool:
    """Whether a JSON value has a shape.

    shape: a dict of shapes, for just these keys; a list of one shape, for each item; or
    a pattern, for text that a terminal can show.
    """
    if isinstance(shape, dict):
        same = type(value) is dict and value.keys() == shape.keys()
        return same and all(fits(value[key], shape[key]) for key in shape)
    if isinstance(shape, list):
        return type(value) is list and all(fits(item, shape[0]) for item in value)
    text = type(value) is str and value.isprintable()
    return text and shape.fullmatch(value) is not None


def now(ahead: int = 0) -> str:
    """The present, or so many seconds later, as claims write it: in UTC."""
    return f"{datetime.now(UTC) + timedelta(seconds=ahead):%Y-%m-%dT%H:%M:%SZ}"


def digest(manifest: bytes) -> str:
    """The name of a manifest in the ingredients of later ones: its SHA-256, in hex."""
    return hashlib.sha256(manifest).hexdigest()


def manifest_of(data: bytes) -> bytes | None:
    """The manifest in a PNG file, or None. Raises PngError, ManifestError.

    Only the second chunk may be one: elsewhere, or twice, it is refused.
    """
    chunks = parse(data)
    places = [n for n, each in enumerate(chunks) if each.name == NAME]
    if places not in ([], [1]):
        raise ManifestError("it has two manifests, or one that was moved")
    return chunks[1].data if places else None


def picture_hash(data: bytes) -> str:
    """SHA-256, in 64 hex digits, of all bytes of a PNG file but its manifest.

    The chunks called NAME are left out, whole: length, name, data and CRC. `parse` says
    where they are, and nothing inside them does. A file without one is hashed as it is.
    Raises PngError.
    """
    found, last = hashlib.sha256(), 0
    for each in parse(data):
        if each.name == NAME:
            found.update(data[last : each.start])
            last = each.end
    found.update(data[last:])
    return found.hexdigest()


def seal(claim: Claim, key: Ed25519PrivateKey) -> bytes:
    """A manifest: VERSION, public key, signature, and the claim as canonical JSON."""
    text = canonical(dict(claim))
    public = key.public_key().public_bytes_raw()
    return VERSION + public + key.sign(VERSION + text) + text


def unseal(manifest: bytes) -> tuple[bytes, Claim]:
    """Whose key signed a manifest (32 bytes), and what its claim says.

    The signature (RFC 8032) is verified first, over VERSION and the bytes after HEAD
    as they came; only then are those bytes read, by `read_canonical`. Raises
    SignatureError where it does not hold; ManifestError for another version, more than
    MOST bytes, and for a claim that is not canonical or not of SHAPE.
    """
    if manifest[: len(VERSION)] != VERSION or len(manifest) > MOST:
        raise ManifestError("its manifest is of a kind that nobody here knows")
    public, signature = manifest[4:36], manifest[36:HEAD]
    try:
        key = Ed25519PublicKey.from_public_bytes(public)
        key.verify(signature, VERSION + manifest[HEAD:])
    except (InvalidSignature, ValueError):
        raise SignatureError("its signature does not fit what was signed") from None
    try:
        claim = read_canonical(manifest[HEAD:])
    except NotCanonical as error:
        raise ManifestError(f"its claim: {error}") from None
    if not fits(claim, SHAPE):
        raise ManifestError("its claim lacks a field, has one too many, or a wrong one")
    return public, claim


def sign_file(data: bytes, claim: Claim, key: Ed25519PrivateKey) -> bytes:
    """A PNG file with a manifest, in place of any older one.

    claim: all of SHAPE but format and sha256. Raises PngError; ManifestError for a
    claim that nobody could read again.
    """
    head, *rest = (data[c.start : c.end] for c in parse(data) if c.name != NAME)
    head, tail = data[:8] + head, b"".join(rest)
    whole = {**claim, "format": "image/png", "sha256": picture_hash(head + tail)}
    manifest = seal(whole, key)
    unseal(manifest)
    return head + chunk(NAME, manifest) + tail


def history(manifest: bytes, others: Iterable[bytes]) -> list[tuple[bytes, Claim]]:
    """What was signed, from this manifest back to the first ones, newest first.

    Each of a claim's ingredients names a manifest by its `digest`. Those are looked up
    among `others`, unsealed in their turn, and followed: all ingredients of one claim
    before theirs; a manifest that is reached twice is told once. Returns what `unseal`
    returns, for each. Raises ManifestError where one is missing, or does not unseal.
    """
    known = {digest(each): each for each in (*others, manifest)}
    told, waiting = dict[str, tuple[bytes, Claim]](), [digest(manifest)]
    for name in waiting:
        if name not in known:
            raise ManifestError(f"the manifest {name[:12]} of its history is missing")
        if name not in told:
            told[name] = unseal(known[name])
            waiting += [each["manifest"] for each in told[name][1]["ingredients"]]
    return list(told.values())
