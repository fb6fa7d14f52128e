"""Distances against the libraries that people quote.

Authority: peer libraries (optional, see tests/theory/test_parity_flow.py):
torchmetrics for KID and the Fréchet distance, pytorch-fid for the latter, scikit-image
for SSIM and PSNR. pytorch-fid imports torchvision for its network, which its formula
does not need.
"""

import sys
import types

import numpy as np
import pytest
import torch
from support.peers import peer_module

from coursekit.datasets.teddy.sample import teddies
from coursekit.evaluation.frechet_samples import sample_frechet
from coursekit.evaluation.kernel_distances import kid
from coursekit.evaluation.picture_distances import psnr, ssim

pytestmark = pytest.mark.parity


def crowds(rows: int, dims: int) -> tuple[torch.Tensor, torch.Tensor]:
    gen = torch.Generator().manual_seed(0)
    x, y, mix = (
        torch.randn(n, dims, generator=gen, dtype=torch.float64)
        for n in (rows, rows - 20, dims)
    )
    return x, y @ mix / dims**0.5 + 0.2


def moments(x: torch.Tensor) -> tuple[np.ndarray, np.ndarray]:
    return x.mean(0).numpy(), np.cov(x.numpy(), rowvar=False)


@pytest.fixture
def calculate(monkeypatch):
    """pytorch-fid's formula."""
    peer_module("pytorch_fid")
    if "torchvision" not in sys.modules:
        for name in ("torchvision", "torchvision.transforms"):
            monkeypatch.setitem(sys.modules, name, types.ModuleType(name))
        sys.modules["torchvision"].transforms = sys.modules["torchvision.transforms"]
        inception = types.ModuleType("pytorch_fid.inception")
        inception.InceptionV3 = types.SimpleNamespace(BLOCK_INDEX_BY_DIM={2048: 3})
        monkeypatch.setitem(sys.modules, "pytorch_fid.inception", inception)
    monkeypatch.delitem(sys.modules, "pytorch_fid.fid_score", raising=False)
    from pytorch_fid.fid_score import calculate_frechet_distance

    return calculate_frechet_distance


@pytest.mark.filterwarnings("ignore")
def test_the_frechet_distance_of_pytorch_fid(calculate):
    x, y = crowds(300, 64)
    (m, s), (n, t) = moments(x), moments(y)
    assert sample_frechet(x, y) == pytest.approx(calculate(m, s, n, t), rel=1e-9)


def test_the_frechet_distance_of_torchmetrics():
    fid = peer_module("torchmetrics.image.fid")
    x, y = crowds(300, 64)
    both = [torch.from_numpy(v) for part in (x, y) for v in moments(part)]
    theirs = float(fid._compute_fid(*both))
    assert sample_frechet(x, y) == pytest.approx(theirs, rel=1e-9)


def test_the_kid_of_torchmetrics():
    peer = peer_module("torchmetrics.image.kid")
    x, _ = crowds(300, 64)
    y = crowds(320, 64)[1]
    assert len(x) == len(y) == 300  # theirs assumes as many
    theirs = float(peer.poly_mmd(x, y, degree=3, gamma=None, coef=1.0))
    assert kid(x, y) == pytest.approx(theirs, rel=1e-9)


@pytest.mark.parametrize("kind", ["bytes", "unit"])
def test_the_ssim_and_psnr_of_scikit_image(kind):
    metrics = peer_module("skimage.metrics")
    first, _ = teddies(3, 32, seed=0)
    second = np.roll(first, 1, axis=2)
    scale = 255 if kind == "bytes" else 1
    if kind == "unit":
        first, second = first / 255, second / 255
    ours = [torch.from_numpy(v).permute(0, 3, 1, 2) for v in (first, second)]
    named = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False}
    likeness, peaks = ssim(*ours, scale), psnr(*ours, scale)
    for a, b, like, peak in zip(first, second, likeness, peaks, strict=True):
        theirs = metrics.structural_similarity(
            a, b, data_range=scale, channel_axis=-1, **named
        )
        assert float(like) == pytest.approx(theirs, abs=1e-6)
        theirs = metrics.peak_signal_noise_ratio(a, b, data_range=scale)
        assert float(peak) == pytest.approx(theirs, rel=1e-9)
