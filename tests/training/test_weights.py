"""How weights lie on the disk. Authorities: the inverse; the xz command's file format
(any reader of .xz files unpacks them); the stated limits."""

import hashlib
import lzma
import tracemalloc

import numpy as np
import pytest

from coursekit.weights import (
    MAX_BYTES,
    PACKED,
    PLAIN,
    DamagedWeights,
    pack,
    read_weights,
    unpack,
    write_weights,
)

NUMBERS = np.random.default_rng(0).normal(size=5000).astype(np.float16).tobytes()
XZ = {"format": lzma.FORMAT_XZ}


@pytest.mark.parametrize("content", [b"", b"x", NUMBERS, NUMBERS[:-1], bytes(100_000)])
def test_unpacking_is_the_inverse_and_packing_depends_on_the_content_only(content):
    packed = pack(content)
    assert unpack(packed) == content == lzma.decompress(packed)
    assert pack(bytes(bytearray(content))) == packed


def test_numbers_of_16_bits_get_smaller_than_by_xz_alone():
    assert len(pack(NUMBERS)) < len(lzma.compress(NUMBERS, preset=9)) < len(NUMBERS)


def test_the_largest_content_is_taken_and_one_byte_more_is_not():
    most = bytes(MAX_BYTES)
    assert unpack(pack(most)) == most
    with pytest.raises(ValueError, match="at most"):
        pack(most + b"x")
    with pytest.raises(DamagedWeights, match="more than"):
        unpack(lzma.compress(most + b"x", **XZ))


PACK = pack(NUMBERS)
BAD = {
    "nothing": b"",
    "the magic only": PACK[:6],
    "half": PACK[: len(PACK) // 2],
    "its end missing": PACK[:-1],
    "plain": NUMBERS,
    "something behind": PACK + b"x",
    "twice": PACK + PACK,
    "another format": lzma.compress(NUMBERS, format=lzma.FORMAT_ALONE),
    "another version": PACK[:5] + b"\x01" + PACK[6:],
    "a huge dictionary": lzma.compress(
        NUMBERS, filters=[{"id": lzma.FILTER_LZMA2, "preset": 1, "dict_size": 2**26}]
    ),
}


@pytest.mark.parametrize("content", BAD.values(), ids=BAD)
def test_what_is_not_one_whole_stream_is_refused_in_one_line(content):
    with pytest.raises(DamagedWeights) as error:
        unpack(content)
    assert str(error.value) and "\n" not in str(error.value)


def test_every_flipped_bit_is_found():
    small = pack(NUMBERS[:64])
    for place in range(8 * len(small)):
        harmed = bytearray(small)
        harmed[place // 8] ^= 1 << place % 8
        with pytest.raises(DamagedWeights):
            unpack(bytes(harmed))


def test_a_file_that_would_fill_the_memory_is_stopped_at_the_limit():
    bomb = lzma.compress(bytes(16 * MAX_BYTES), preset=1)
    assert len(bomb) < 50_000
    tracemalloc.start()
    with pytest.raises(DamagedWeights, match="more than"):
        unpack(bomb)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 3 * MAX_BYTES


def test_a_folder_is_read_packed_or_plain(tmp_path):
    card = write_weights(tmp_path, NUMBERS)
    digest = hashlib.sha256(NUMBERS).hexdigest()
    assert card == {"sha256": digest, "bytes": len(NUMBERS)}
    assert [each.name for each in tmp_path.iterdir()] == [PACKED]
    assert read_weights(tmp_path, card) == NUMBERS
    (tmp_path / PACKED).rename(tmp_path / "elsewhere")
    with pytest.raises(FileNotFoundError):
        read_weights(tmp_path, card)
    (tmp_path / PLAIN).write_bytes(NUMBERS)
    assert read_weights(tmp_path, card) == NUMBERS
    with pytest.raises(DamagedWeights, match="its card describes"):
        read_weights(tmp_path, {**card, "sha256": "0"})
    write_weights(tmp_path, NUMBERS)
    assert not (tmp_path / PLAIN).exists(), "one of them counts"
