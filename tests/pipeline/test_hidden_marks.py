"""Authority: SHA-256, the binomial law, and a decoder whose answer is planted."""

import hashlib

import numpy as np
import pytest
import torch

from coursekit.models.watermark import Watermark, WatermarkConfig
from coursekit.pipeline import hidden_marks as module
from coursekit.pipeline.boxes import PipelineError
from coursekit.pipeline.hidden_marks import hidden_marks, own_bits, with_mark


def test_our_bits_are_those_of_the_digest():
    first = int(hashlib.sha256(b"coursekit").hexdigest()[:8], 16)
    assert "".join(str(int(b)) for b in own_bits()) == f"{first:032b}"


@pytest.fixture
def planted(monkeypatch):
    """A decoder that says our bits but for the first three, whatever it sees."""
    torch.manual_seed(0)
    net = Watermark(WatermarkConfig())
    said = torch.from_numpy(own_bits()).float() * 2 - 1
    said[:3] *= -1
    with torch.no_grad():
        net.tell.weight.zero_()
        net.tell.bias.copy_(said)
    monkeypatch.setattr(module, "is_there", lambda name: True)
    monkeypatch.setattr(module, "loaded", lambda name: net)


@pytest.mark.usefixtures("planted")
def test_the_line_counts_right_bits_and_luck():
    (line,) = hidden_marks(np.zeros((40, 90, 3), np.uint8))
    assert "29 of 32 agree" in line
    luck = sum([4960, 496, 32, 1]) / 2**32  # 3, 2, 1 or 0 wrong
    assert f"{luck:.2g}" in line
    pictures = np.full((2, 64, 64, 3), 90, np.uint8)
    off = with_mark(pictures).astype(int) - pictures
    assert 0 < np.abs(off).max() <= round(WatermarkConfig().quiet * 127.5 + 0.5)
    with pytest.raises(PipelineError, match="64 x 64"):
        with_mark(np.zeros((1, 32, 32, 3), np.uint8))


def test_without_a_network_nothing_is_said(monkeypatch):
    monkeypatch.setattr(module, "is_there", lambda name: False)
    assert hidden_marks(np.zeros((64, 64, 3), np.uint8)) == []
