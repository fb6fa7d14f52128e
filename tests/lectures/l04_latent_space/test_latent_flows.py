"""Flows on latents, mixes of losses, films. Authorities: FLOPs of a convolution, a
decoder that is a known function, patterns of known frequency, lossless files."""

from pathlib import Path
from typing import Any

import numpy as np
import pytest
import torch
from torch import Tensor, nn

from coursekit.datasets.images import to_model, to_uint8
from coursekit.datasets.teddy.sample import teddies
from coursekit.experiments import cache
from coursekit.experiments.compute import flops
from coursekit.experiments.film_store import load_film, save_film
from coursekit.lectures.l04_latent_space.experiments import flows as latent_flows
from coursekit.lectures.l04_latent_space.experiments import mixes as latent_mixes
from coursekit.lectures.l04_latent_space.experiments.costs import counted, networks
from coursekit.lectures.l04_latent_space.experiments.films import COUNT, beta_film
from coursekit.lectures.l04_latent_space.experiments.flows import (
    RECIPE,
    Space,
    lesson,
    samples,
)
from coursekit.lectures.l04_latent_space.experiments.mixes import (
    checkerboard,
    slopes,
    variety,
)
from coursekit.lectures.l04_latent_space.experiments.small_vaes import (
    SPACES,
    lost_and_kept,
    plan,
)
from coursekit.lectures.l04_latent_space.experiments.worlds import FASHION
from coursekit.models.unet import UNetConfig
from coursekit.training.recipe import Data


class Identity(nn.Module):
    """An autoencoder without a bottleneck; `lost` paints its pictures black."""

    def __init__(self, lost: bool = False) -> None:
        super().__init__()
        self.register_buffer("shift", torch.zeros(1))
        self.lost = lost

    def encode(self, x: Tensor) -> Tensor:
        return x

    def decode(self, z: Tensor) -> Tensor:
        return torch.full_like(z, -1.0) if self.lost else z

    def latent_shape(self, height: int, width: int) -> tuple[int, int, int]:
        return 3, height, width


class Still(nn.Module):
    """Nobody moves."""

    def forward(self, xt: Tensor, t: Tensor) -> Tensor:
        return torch.zeros_like(xt)


def test_flops_of_a_convolution() -> None:
    net = nn.Conv2d(3, 8, 3, padding=1)
    assert flops(net, torch.zeros(4, 3, 10, 10)) == 2 * 9 * 3 * 8 * 100


def test_pixels_cost_four_times_as_much_and_pairs_more() -> None:
    cost = {name: counted(*each) for name, each in networks().items()}
    small, large = cost["U-Net, 32 x 32 pixels"], cost["U-Net, 64 x 64 pixels"]
    assert large / small == pytest.approx(4, rel=0.01)
    small, large = cost["DiT, 32 x 32 pixels"], cost["DiT, 64 x 64 pixels"]
    assert 4.5 < large / small < 16
    assert cost["DiT, 8 x 8 latents"] < small / 8


def test_nothing_is_lost_without_a_bottleneck() -> None:
    images, _ = teddies(40, 32, seed=2)
    whole: Any = Identity()
    found = lost_and_kept(whole, images)
    assert found["hat"] == found["glasses"] == found["place"] == 1
    assert found["psnr"] > 60 and found["numbers"] == 3072
    black: Any = Identity(lost=True)
    assert lost_and_kept(black, images)["hat"] < 0.1


def test_plans_differ_where_they_say() -> None:
    sizes = {name: plan(name, 0).cpu.model for name in SPACES}
    numbers = {
        name: model.latent * (32 // model.factor) ** 2 for name, model in sizes.items()
    }
    assert numbers == {"f2": 1024, "f4": 256, "f8": 64, "f8wide": 256}
    mixes = {mix: latent_mixes.plan(mix) for mix in latent_mixes.MIXES}
    assert len({mix.cpu for mix in mixes.values()}) == 1  # the same effort
    assert mixes["kl"].beta > 1000 and mixes["critic"].critic > mixes["balance"].critic


def test_a_flow_learns_latents_and_decodes_them() -> None:
    """All latents are one point, so the flow leads there and the decoder sees it."""
    point = torch.tensor([0.5, -0.3])[:, None, None].expand(2, 4, 4)
    data = Data(point.expand(64, 2, 4, 4).contiguous(), "one point")
    config = UNetConfig(channels=2, widths=(8, 16), heads=0, groups=4)

    def decode(z: Tensor) -> Tensor:
        return z.mean(1, keepdim=True).expand(-1, 3, -1, -1)

    class Watching:
        def scores(self, images: Any) -> dict[str, float]:
            self.seen = images
            return {"frechet": float(images.mean()), "valid": 1.0}

    space = Space("x", data, decode, config, cost=1.0)
    ruler: Any = Watching()
    found = lesson(space, 0, budget=120.0, ruler=ruler, count=4)
    assert found["steps"] == 120 and len(found["frechet"]) == len(latent_flows.MARKS)
    assert ruler.seen.shape == (4, 4, 4, 3)
    assert found["frechet"][-1] == pytest.approx((0.1 + 1) * 127.5, abs=12)
    first = RECIPE.batch(data, 5, 3)
    assert torch.equal(first[2], RECIPE.batch(data, 5, 3)[2])
    noise = torch.randn(2, 2, 4, 4, generator=torch.Generator().manual_seed(0))
    assert (samples(Still(), space, 2, 0) == to_uint8(decode(noise))).all()


def test_patterns_are_told_apart() -> None:
    index = np.arange(16)
    board = ((index[:, None] + index) % 2 * 255).astype(np.uint8)
    stripes = np.broadcast_to((index % 8 < 4) * 255, (16, 16)).astype(np.uint8)
    boards = np.repeat(board[None, ..., None], 3, axis=3)
    waves = np.repeat(stripes[None, ..., None], 3, axis=3)
    assert checkerboard(boards) == pytest.approx(1) and checkerboard(waves) < 1e-9
    assert slopes(boards) == pytest.approx(2 * 255**2)
    assert slopes(waves) == pytest.approx(255**2 * 3 / 15)
    assert variety(np.concatenate([boards, boards])) == 0
    assert variety(np.concatenate([boards, 255 - boards])) == pytest.approx(127.5**2)


def test_films_come_back_as_they_were(tmp_path: Path) -> None:
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 256, (3, 4, 8, 8, 3), dtype=np.uint8)
    save_film("x", frames, tmp_path)
    assert (load_film("x", 8, tmp_path) == frames).all()
    with pytest.raises(FileNotFoundError, match=r"experiments\.films"):
        load_film("y", 8, tmp_path)


def test_measure_quick(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """One small space from end to end; a second call trains nothing."""
    monkeypatch.setattr(cache, "RUNS", tmp_path)
    monkeypatch.setattr(latent_flows, "SPACES", {"f8": SPACES["f8"]})
    result = latent_flows.measure(seeds=(0,), quick=True)
    assert result["f8_steps"] > 4 == result["pixels_steps"]
    assert result["f8_numbers"] == 64 and 0 < result["f8_vae_share"]
    assert 0 <= result["f8_kept_hat"] <= 1
    before = sorted(path.stat().st_mtime_ns for path in tmp_path.rglob("*.json"))
    assert latent_flows.measure(seeds=(0,), quick=True) == result
    after = sorted(path.stat().st_mtime_ns for path in tmp_path.rglob("*.json"))
    assert before == after


def test_a_film_trains_what_is_not_there(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """The first row of every frame is the held-out pictures themselves."""
    monkeypatch.setattr(cache, "RUNS", tmp_path)
    film = beta_film(FASHION, quick=True)
    assert film.shape[1:3] == (4 * COUNT, 28) and list(tmp_path.rglob("*.safetensors"))
    real = to_uint8(to_model(FASHION.held_out(COUNT)))
    for frame in film:
        assert np.array_equal(frame[:COUNT], real)
        assert not np.array_equal(frame[COUNT : 2 * COUNT], real)
