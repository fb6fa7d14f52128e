"""Small signed PNG files, and the parts they are made of."""

import io
from typing import Any

import numpy as np
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from PIL import Image, PngImagePlugin

from coursekit.trust.manifest import DRAWN, VERSION, picture_hash, sign_file
from coursekit.trust.png_chunks import chunk, parse

ME, OTHER = (Ed25519PrivateKey.from_private_bytes(bytes([n]) * 32) for n in (1, 2))
PUBLIC = ME.public_key().public_bytes_raw()
TRUSTED = {PUBLIC: "me"}
LATEST = "2030-01-01T00:00:00Z"
CLAIM: dict[str, Any] = {
    "title": "bear.png",
    "tool": {"name": "coursekit", "version": "0.1.0"},
    "created": "2026-11-30T10:00:00Z",
    "actions": [{"action": "c2pa.created", "digitalSourceType": DRAWN}],
    "ingredients": [],
}


def png(seed: int = 0, texts: int = 0) -> bytes:
    """A PNG file of 4 x 4 pixels, with so many text chunks."""
    pixels = np.random.default_rng(seed).integers(0, 256, (4, 4, 3), dtype=np.uint8)
    text, buffer = PngImagePlugin.PngInfo(), io.BytesIO()
    for n in range(texts):
        text.add_itxt(f"key{n}", f"Bär {n}")
    Image.fromarray(pixels).save(buffer, "PNG", pnginfo=text)
    return buffer.getvalue()


def signed(data: bytes | None = None, key: Any = ME, **changes: Any) -> bytes:
    """A signed file; changes: of the claim."""
    return sign_file(png() if data is None else data, {**CLAIM, **changes}, key)


def parts(data: bytes) -> list[bytes]:
    """A file as pieces: the signature of PNG, then each chunk whole."""
    return [data[:8], *(data[c.start : c.end] for c in parse(data))]


def with_manifest(manifest: bytes, data: bytes | None = None) -> bytes:
    """The picture with these bytes in the place of its manifest."""
    head, ihdr, *rest = parts(png() if data is None else data)
    return b"".join([head, ihdr, chunk(b"ckMF", manifest), *rest])


def with_claim(text: bytes, key: Any = ME) -> bytes:
    """A file whose claim is any text, rightly signed, as a forger with a key can."""
    public = key.public_key().public_bytes_raw()
    return with_manifest(VERSION + public + key.sign(VERSION + text) + text)


def whole_claim(**changes: Any) -> dict[str, Any]:
    """A claim as it stands in a file made from `png()`."""
    fixed = {"format": "image/png", "sha256": picture_hash(png())}
    return {**CLAIM, **fixed, **changes}
