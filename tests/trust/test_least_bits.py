"""Authority: round trips, and the size of a lowest bit."""

import numpy as np

from coursekit.trust.least_bits import read_bits, write_bits

RNG = np.random.default_rng(1)


def test_what_is_written_is_read_and_nothing_moves_by_more_than_one():
    for shape in ((8, 8, 3), (9, 7, 3), (64, 64, 3)):
        picture = RNG.integers(0, 256, shape, dtype=np.uint8)
        bits = RNG.random(32) < 0.5
        before = picture.copy()
        written = write_bits(picture, bits)
        assert np.array_equal(picture, before)
        assert np.array_equal(read_bits(written, 32), bits)
        assert np.abs(written.astype(int) - picture).max() == 1
        assert np.array_equal(written.ravel()[:32] & 1, bits)
        assert np.array_equal(written.ravel()[32:64] & 1, bits)


def test_most_copies_decide():
    picture, bits = np.zeros((32, 32, 3), np.uint8), RNG.random(32) < 0.5
    written = write_bits(picture, bits).ravel()
    copies = len(written) // 32
    written[: 32 * (copies // 2 - 1)] ^= 1  # less than half are wrong
    assert np.array_equal(read_bits(written.reshape(32, 32, 3), 32), bits)
    written[: 32 * (copies // 2 + 2)] = 0
    assert not read_bits(written.reshape(32, 32, 3), 32).all()


def test_a_tie_is_false():
    picture = np.arange(12, dtype=np.uint8).reshape(2, 2, 3)
    assert not read_bits(picture, 3).any()
