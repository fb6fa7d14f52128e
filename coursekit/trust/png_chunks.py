"""A PNG file as its chunks, read strictly (PNG specification 1.2, section 3).

A reader of pictures forgives; whoever judges a signature must not: a byte that two
readers place differently is a byte that nobody signed.
"""

import zlib
from typing import NamedTuple

SIGNATURE = b"\x89PNG\r\n\x1a\n"


class PngError(ValueError):
    """A file that is no sound PNG; one line says why."""


class Chunk(NamedTuple):
    """Name (4 letters) and data of a chunk; where it starts in the file, and ends.

    start: of its first byte, which belongs to the length; end: behind its CRC.
    """

    name: bytes
    data: bytes
    start: int
    end: int


def chunk(name: bytes, data: bytes) -> bytes:
    """The bytes of a chunk: length, name, data, CRC-32 of name and data."""
    crc = zlib.crc32(name + data)
    return len(data).to_bytes(4, "big") + name + data + crc.to_bytes(4, "big")


def walk(data: bytes) -> list[Chunk]:
    """All chunks of a PNG file in order (PNG specification 1.2, section 3).

    data: the 8 bytes of SIGNATURE, then chunks without a gap. Each has 4 bytes that say
    how long its data is (big-endian), 4 of its name, the data, and 4 with the CRC-32 of
    name and data (`zlib.crc32`, big-endian). Raises PngError: another signature, a
    chunk that goes on behind the end of the file, a name that is not four ASCII
    letters, a CRC that does not fit.
    """
    if not data.startswith(SIGNATURE):
        raise PngError("it does not begin as a PNG file does")
    found, start = list[Chunk](), len(SIGNATURE)
    while start < len(data):
        end = start + 12 + int.from_bytes(data[start : start + 4], "big")
        name, inside = data[start + 4 : start + 8], data[start + 8 : end - 4]
        if end > len(data):
            raise PngError("a chunk ends behind the end of the file")
        if not name.isalpha():
            raise PngError(f"{name!r} is no name of a chunk")
        if zlib.crc32(name + inside) != int.from_bytes(data[end - 4 : end], "big"):
            raise PngError(f"the CRC of chunk {name.decode()} is wrong")
        found.append(Chunk(name, inside, start, end))
        start = end
    return found


def parse(data: bytes) -> list[Chunk]:
    """The chunks of a whole PNG file, in a lawful order. Raises PngError.

    One IHDR of 13 bytes, first; at least one IDAT, all in a row; one empty IEND, last.
    """
    found = walk(data)
    names = [each.name for each in found]
    if names[:1] != [b"IHDR"] or names.count(b"IHDR") > 1 or len(found[0].data) != 13:
        raise PngError("it has no single IHDR chunk at its head")
    if names[-1] != b"IEND" or names.count(b"IEND") > 1 or found[-1].data:
        raise PngError("it does not end with its only IEND chunk")
    if b"IDAT" * max(1, names.count(b"IDAT")) not in b"".join(names):
        raise PngError("its IDAT chunks are missing or not in a row")
    return found
