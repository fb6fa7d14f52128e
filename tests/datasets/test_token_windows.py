"""Windows. Authorities: a count of every character, and a model of known bits."""

import math

import pytest
import torch

from coursekit.datasets.byte_pairs import BytePairs
from coursekit.datasets.token_windows import bits_a_character, draw, stream, tile

PAIRS = BytePairs([(97, 98)])


@pytest.mark.parametrize(("length", "context"), [(64, 0), (64, 16), (1200, 0), (7, 6)])
def test_each_character_is_counted_once(length, context):
    """1000 characters in windows of 64: 1000 counted, each where it was read last."""
    text = "".join(chr(97 + i % 26) for i in range(998)) + "🧸é"
    ids = stream([text], PAIRS)
    rows, counted = tile(ids, length, PAIRS.end, context)
    assert rows.shape == counted.shape and rows.shape[1] == length
    assert torch.equal(rows[counted], ids)  # in order, none twice, none left out
    assert int(PAIRS.characters[rows[counted]].sum()) == 1000
    if context:  # the row before is there to be read
        assert torch.equal(rows[1:, :context], rows[:-1, -context:])


def test_documents_end():
    """By hand: ab is one token; the end follows each text."""
    ids = stream(["abc", "ab"], PAIRS)
    assert ids.tolist() == [256, 99, PAIRS.end, 256, PAIRS.end]
    rows, counted = tile(ids, 4, PAIRS.end)
    assert rows.tolist() == [[256, 99, PAIRS.end, 256], [PAIRS.end] * 4]
    assert counted.sum().item() == 5


def test_bits_of_a_uniform_model():
    """Closed form: (tokens) log2 V / characters, whatever the windows are."""
    text = "abcab" * 20
    ids = stream([text], PAIRS)
    for length in (8, 13, 200):
        rows, counted = tile(ids, length, PAIRS.end)
        nats = torch.full(rows.shape, math.log(len(PAIRS)))
        nats[~counted] = 1e9  # what is not counted must not matter
        bits = bits_a_character(nats, rows, counted, PAIRS)
        assert bits == pytest.approx(len(ids) * math.log2(len(PAIRS)) / len(text))


def test_windows_drawn_are_pieces_of_the_stream():
    ids = torch.arange(50)
    rows = draw(ids, 200, 48, torch.Generator().manual_seed(0))
    assert torch.equal(rows - rows[:, :1], torch.arange(48).expand(200, 48))
    assert set(rows[:, 0].tolist()) == {0, 1, 2}  # the last one too
    with pytest.raises(ValueError, match="no window of 51"):
        draw(ids, 1, 51)


def test_a_context_must_leave_room():
    with pytest.raises(ValueError, match="context=8"):
        tile(torch.arange(9), 8, 0, 8)
