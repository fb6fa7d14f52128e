"""The weights of a trained network on the disk: a safetensors file, packed by xz.

A folder holds weights.safetensors.xz, or the same plain as weights.safetensors, beside
card.json. What a card says of the weights, SHA-256 and bytes, is said of the plain
file: how it is packed makes no difference to what was measured with it.
"""

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from coursekit.files import write_atomic

PLAIN, PACKED = "weights.safetensors", "weights.safetensors.xz"
MAX_BYTES = 16 * 2**20


class DamagedWeights(ValueError):
    """Not the file it should be; the message says so in one line."""


def pack(content: bytes) -> bytes:
    """A file of 16-bit floats as an .xz stream: equal contents, equal bytes.

    The bytes may be others with another version of liblzma, and unpack to the same.
    Raises ValueError for more than MAX_BYTES.
    """
    import lzma  # here, since few Pythons are built without it, and most never pack

    if len(content) > MAX_BYTES:
        raise ValueError(f"{len(content)} bytes of weights: at most {MAX_BYTES}")
    # Two bytes a number: what is next depends on which of them it is (lp, pb), and on
    # the upper bits of the other one (lc). See "LZMA2" in the lzma module's manual.
    return lzma.compress(
        content,
        format=lzma.FORMAT_XZ,
        check=lzma.CHECK_CRC32,
        filters=[
            {
                "id": lzma.FILTER_LZMA2,
                "preset": 9 | lzma.PRESET_EXTREME,
                "dict_size": MAX_BYTES,
                **{"lc": 3, "lp": 1, "pb": 1},
            }
        ],
    )


def unpack(packed: bytes) -> bytes:
    """The inverse of `pack`.

    Raises DamagedWeights for what is no single, whole .xz stream, and for one of more
    than MAX_BYTES; takes no more than three times as much memory, whatever it is.
    """
    import lzma

    reader = lzma.LZMADecompressor(lzma.FORMAT_XZ, memlimit=2 * MAX_BYTES)
    try:
        content = reader.decompress(packed, MAX_BYTES)
        if not reader.eof and len(content) == MAX_BYTES:
            # The end of a stream of exactly that length may still be unread.
            if reader.decompress(b"", 1):
                raise DamagedWeights(f"it unpacks to more than {MAX_BYTES} bytes")
    except lzma.LZMAError as error:
        raise DamagedWeights(f"it cannot be unpacked ({error})") from None
    if not reader.eof:
        raise DamagedWeights("it is cut off")
    if reader.unused_data:
        raise DamagedWeights("something follows the end of its stream")
    return content


def read_weights(folder: Path, card: Mapping[str, Any]) -> bytes:
    """The plain content of the weights in a folder, as its card describes it.

    Raises OSError when there is no such file, or it cannot be read; DamagedWeights when
    it is not what the card says.
    """
    path = folder / PACKED
    plain = folder / PLAIN
    if not path.exists() and plain.exists():
        path = plain
    content = path.read_bytes()
    if path != plain:
        try:
            content = unpack(content)
        except DamagedWeights as error:
            raise DamagedWeights(f"{path.name} is damaged: {error}") from None
    if hashlib.sha256(content).hexdigest() != card.get("sha256"):
        raise DamagedWeights(
            f"{path.name} is not the file its card describes ({len(content)} of "
            f"{card.get('bytes')} bytes)"
        )
    return content


def write_weights(folder: Path, content: bytes) -> dict[str, Any]:
    """Write a plain content packed; returns what the card says of it.

    Raises ValueError for more than MAX_BYTES, and OutOfSpace.
    """
    write_atomic(folder / PACKED, pack(content))
    (folder / PLAIN).unlink(missing_ok=True)
    return {"sha256": hashlib.sha256(content).hexdigest(), "bytes": len(content)}
