"""Lecture 4's experiments on codes: how redundant pictures are, which codes small
autoencoders find, flows on them, mixes of losses, CLIP's batches, cards, films.

Authorities: a random walk of known correlation, data of known rank, data that one
number describes, a KL price that nobody can pay, crowds of one law, FLOPs, a decoder
that is a known function, patterns of known frequency, equally many pictures for every
run, lossless files, cards written by hand, and measured directions with a margin.
"""

import json
from functools import partial

import numpy as np
import pytest
import torch
from support_lectures import Identity, hold, table
from support_models import normal
from torch import Tensor, nn

from coursekit.datasets.images import to_model, to_uint8
from coursekit.datasets.teddy.sample import teddies
from coursekit.experiments import cache
from coursekit.experiments.compute import flops
from coursekit.experiments.film_store import load_film, save_film
from coursekit.experiments.measure import experiments, load_measured
from coursekit.lectures.l04_latent_space.experiments import (
    cards,
    clip_batches,
    mixes,
    redundancy,
    spaces,
)
from coursekit.lectures.l04_latent_space.experiments import flows as latent_flows
from coursekit.lectures.l04_latent_space.experiments.costs import counted, networks
from coursekit.lectures.l04_latent_space.experiments.dense import (
    Dense,
    DenseConfig,
    lesson,
)
from coursekit.lectures.l04_latent_space.experiments.films import COUNT, beta_film
from coursekit.lectures.l04_latent_space.experiments.small_vaes import (
    SPACES,
    lost_and_kept,
    plan,
)
from coursekit.lectures.l04_latent_space.experiments.worlds import (
    FASHION,
    TEDDY,
    recognisable,
)
from coursekit.models.unet import UNetConfig
from coursekit.theory.vae import kl_to_normal
from coursekit.training.recipe import Data
from coursekit.training.recipes import RECIPES

numbers = partial(normal, dtype=torch.float32)

RUNS = {
    "04.A": partial(redundancy.measure, seeds=(0,), quick=True),
    "04.D": partial(load_measured, "04.D"),
}
CLAIMS = table("""
# Pictures are redundant and noise is not.
04.A: teddy_corr[1] > 0.5
04.A: abs(noise_corr[1]) < 0.05
04.A: teddy_neighbours > 0.5 > abs(noise_neighbours) + 0.4
04.A: teddy_k95_share < 0.5 < noise_k95_share
# Chance is 1 in 256; with equally many pictures the small batches are ahead.
04.D: softmax_8_recall > 2 * softmax_128_recall > 10 / 256
04.D: len(softmax_8_recall_all) == 3
""")


@pytest.fixture
def runs(monkeypatch, tmp_path):
    """Where this test's runs are kept."""
    monkeypatch.setattr(cache, "RUNS", tmp_path)
    return tmp_path


@pytest.mark.parametrize("name", CLAIMS)
def test_measured(name):
    hold(RUNS[name](), *CLAIMS[name])


# --- how redundant pictures are ------------------------------------------------------


def smooth(count: int, rho: float) -> Tensor:
    """(count, 1, 16, 16) with correlation rho^lag along rows and columns."""
    index = torch.arange(16)
    root = torch.linalg.cholesky(rho ** (index[:, None] - index).abs().double())
    return root @ normal(count, 1, 16, 16) @ root.T


def test_autocorrelation_of_a_known_process():
    found = redundancy.autocorrelation(smooth(2000, 0.8), range(5))
    assert found == pytest.approx([0.8**lag for lag in range(5)], abs=0.02)
    # A mean is no news.
    white = redundancy.autocorrelation(smooth(2000, 0.0) + 7.0, range(3))
    assert white == pytest.approx([1, 0, 0], abs=0.02)


def test_neighbours_that_tell_all_and_nothing():
    """A sum of a function of the row and one of the column is the mean of its four
    neighbours when both are linear: slopes are told exactly."""
    told = redundancy.told_by_neighbours
    slopes, index = normal(60, 2, 1, 1), torch.arange(12, dtype=torch.float64)
    planes = slopes[:, :1] * index[:, None] + slopes[:, 1:] * index
    assert told(planes[:30], planes[30:]) == pytest.approx(1, abs=1e-6)
    white = smooth(400, 0.0)
    assert abs(told(white[:200], white[200:])) < 0.02


def test_energy_of_data_with_a_known_rank():
    basis = torch.linalg.qr(numbers(64, 64))[0][:, :3]
    weights = numbers(3000, 3, seed=1) * torch.tensor([3.0, 2.0, 1.0])
    x = (weights @ basis.T).reshape(3000, 1, 8, 8)
    share = redundancy.energy(x[:1500], x[1500:])
    assert float(share[0]) == 0 and float(share[3]) == pytest.approx(1, abs=1e-4)
    assert share[1:4].tolist() == pytest.approx([9 / 14, 13 / 14, 1], abs=0.06)


# --- spaces of codes -----------------------------------------------------------------


def one_factor(count: int) -> Tensor:
    """Pictures (count, 1, 4, 4) that one number describes."""
    basis = torch.linspace(-1, 1, 16).reshape(1, 1, 4, 4)
    return 0.5 * numbers(count, 1, 1, 1) * basis


def learnt(beta: float | None, x: Tensor) -> Dense:
    torch.manual_seed(0)
    net = Dense(DenseConfig((1, 4, 4), 32, 2, variational=beta is not None))
    for _ in lesson(net, x, 300, beta or 0.0, noise=0.1, batch=64):
        pass
    return net.eval().requires_grad_(False)


def test_one_number_is_enough_and_the_other_is_left_unused():
    x = one_factor(1000)
    plain, shaped = learnt(None, x), learnt(1.0, x)
    for net in (plain, shaped):
        off = (net.rebuild(net.bells(x).mean) - x).square().mean()
        assert float(off) < 0.1 * float(x.square().mean())
    assert bool((plain.bells(x).log_var == -30).all())
    mean, log_var = shaped.bells(x)
    each = (mean**2 + log_var.exp() - 1 - log_var).mean(0) / 2
    assert float(each.max()) > 20 * float(each.min())  # the second number is unused


def test_a_price_that_nobody_pays_collapses_the_code():
    x = one_factor(1000) + 0.3
    net = learnt(1e4, x)
    mean, log_var = net.bells(x)
    assert float(kl_to_normal(mean, log_var).mean()) < 0.01
    assert float((net.rebuild(mean) - x.mean(0)).square().mean()) < 0.01


def test_emptiness_of_one_law_and_of_another_place():
    codes, own, random = numbers(3, 2000, 2)
    assert spaces.emptiness(codes, own, random) == pytest.approx(0.01, abs=0.008)
    assert spaces.emptiness(codes, own, random + 50) == 1.0
    needle = torch.tensor([1.0, 0.001])  # round it is empty
    assert spaces.emptiness(codes * needle, own * needle, random) > 0.9


def test_draws_have_the_moments_they_promise():
    root = torch.tensor([[1.0, 0.0], [2.0, 0.5]])
    codes = numbers(4000, 2) @ root.T + 3
    draws = spaces.draws(codes, 20_000, 0)
    found = {name: torch.cov(each.T) for name, each in draws.items()}
    assert torch.allclose(found["normal"], torch.eye(2), atol=0.05)
    assert torch.allclose(found["fitted"], root @ root.T, atol=0.25)
    assert abs(float(found["scaled"][0, 1])) < 0.1  # each number by itself
    variances = torch.cov(codes.T).diag()
    assert torch.allclose(found["scaled"].diag(), variances, rtol=0.1)


def test_an_untrained_network_makes_no_scenes():
    images, _ = teddies(30, 32, seed=1)
    torch.manual_seed(0)
    net = Dense(DenseConfig(width=16, latent=4))
    found = spaces.looked_at(net, TEDDY, to_model(images), images, 0)
    assert found["ok_rebuilt"] == found["ok_normal"] == 0
    assert found["psnr"] < 15 and 0 <= found["void"] <= 1
    assert found["frechet_normal"] > 50


def test_judges_accept_real_pictures_and_refuse_noise():
    noise = np.random.default_rng(0).integers(0, 256, (60, 28, 28, 1), dtype=np.uint8)
    assert recognisable(FASHION.held_out(200)) > 0.6
    grey = np.full((20, 28, 28, 1), 128, np.uint8)
    assert recognisable(grey) == 0 or recognisable(noise) < 0.5
    assert TEDDY.accepted(TEDDY.held_out(30)) > 0.9


# --- small autoencoders and flows on their latents -----------------------------------


def test_nothing_is_lost_without_a_bottleneck():
    images, _ = teddies(40, 32, seed=2)
    found = lost_and_kept(Identity(), images)
    assert found["hat"] == found["glasses"] == found["place"] == 1
    assert found["psnr"] > 60 and found["numbers"] == 3072
    assert lost_and_kept(Identity(lost=True), images)["hat"] < 0.1


def test_plans_differ_where_they_say():
    sizes = {name: plan(name, 0).cpu.model for name in SPACES}
    latents = {
        name: model.latent * (32 // model.factor) ** 2 for name, model in sizes.items()
    }
    assert latents == {"f2": 1024, "f4": 256, "f8": 64, "f8wide": 256}
    plans = {mix: mixes.plan(mix) for mix in mixes.MIXES}
    assert len({mix.cpu for mix in plans.values()}) == 1  # the same effort
    assert plans["kl"].beta > 1000 and plans["critic"].critic > plans["balance"].critic


def test_flops_of_a_convolution():
    net = nn.Conv2d(3, 8, 3, padding=1)
    assert flops(net, torch.zeros(4, 3, 10, 10)) == 2 * 9 * 3 * 8 * 100


def test_pixels_cost_four_times_as_much_and_pairs_more():
    cost = {name: counted(*each) for name, each in networks().items()}
    small, large = cost["U-Net, 32 x 32 pixels"], cost["U-Net, 64 x 64 pixels"]
    assert large / small == pytest.approx(4, rel=0.01)
    small, large = cost["DiT, 32 x 32 pixels"], cost["DiT, 64 x 64 pixels"]
    assert 4.5 < large / small < 16
    assert cost["DiT, 8 x 8 latents"] < small / 8


class Watching:
    """A ruler that keeps what it was shown last."""

    def scores(self, images):
        self.seen = images
        return {"frechet": float(images.mean()), "valid": 1.0}


def test_a_flow_learns_latents_and_decodes_them():
    """All latents are one point, so the flow leads there and the decoder sees it."""
    point = torch.tensor([0.5, -0.3])[:, None, None].expand(2, 4, 4)
    data = Data(point.expand(64, 2, 4, 4).contiguous(), "one point")
    config = UNetConfig(channels=2, widths=(8, 16), heads=0, groups=4)

    def decode(z: Tensor) -> Tensor:
        return z.mean(1, keepdim=True).expand(-1, 3, -1, -1)

    space = latent_flows.Space("x", data, decode, config, cost=1.0)
    ruler = Watching()
    found = latent_flows.lesson(space, 0, budget=120.0, ruler=ruler, count=4)
    assert found["steps"] == 120 and len(found["frechet"]) == len(latent_flows.MARKS)
    assert ruler.seen.shape == (4, 4, 4, 3)
    assert found["frechet"][-1] == pytest.approx((0.1 + 1) * 127.5, abs=12)
    first, again = (latent_flows.RECIPE.batch(data, 5, 3)[2] for _ in range(2))
    assert torch.equal(first, again)
    noise = torch.randn(2, 2, 4, 4, generator=torch.Generator().manual_seed(0))
    still = latent_flows.samples(lambda xt, t: torch.zeros_like(xt), space, 2, 0)
    assert (still == to_uint8(decode(noise))).all()


def test_one_small_space_from_end_to_end(monkeypatch, runs):
    """A second call trains nothing."""
    monkeypatch.setattr(latent_flows, "SPACES", {"f8": SPACES["f8"]})
    result = latent_flows.measure(seeds=(0,), quick=True)
    assert result["f8_steps"] > 4 == result["pixels_steps"]
    assert result["f8_numbers"] == 64 and 0 < result["f8_vae_share"]
    assert 0 <= result["f8_kept_hat"] <= 1
    before = {path: path.stat().st_mtime_ns for path in runs.rglob("*.json")}
    assert latent_flows.measure(seeds=(0,), quick=True) == result
    assert before == {path: path.stat().st_mtime_ns for path in runs.rglob("*.json")}


def test_patterns_are_told_apart():
    index = np.arange(16)
    board = ((index[:, None] + index) % 2 * 255).astype(np.uint8)
    stripes = np.broadcast_to((index % 8 < 4) * 255, (16, 16)).astype(np.uint8)
    boards, waves = (np.repeat(x[None, ..., None], 3, axis=3) for x in (board, stripes))
    assert mixes.checkerboard(boards) == pytest.approx(1)
    assert mixes.checkerboard(waves) < 1e-9
    assert mixes.slopes(boards) == pytest.approx(2 * 255**2)
    assert mixes.slopes(waves) == pytest.approx(255**2 * 3 / 15)
    assert mixes.variety(np.concatenate([boards, boards])) == 0
    both = np.concatenate([boards, 255 - boards])
    assert mixes.variety(both) == pytest.approx(127.5**2)


# --- films ---------------------------------------------------------------------------


def test_films_come_back_as_they_were(tmp_path):
    rng = np.random.default_rng(0)
    frames = rng.integers(0, 256, (3, 4, 8, 8, 3), dtype=np.uint8)
    save_film("x", frames, tmp_path)
    assert (load_film("x", 8, tmp_path) == frames).all()
    with pytest.raises(FileNotFoundError, match=r"experiments\.films"):
        load_film("y", 8, tmp_path)


def test_a_film_trains_what_is_not_there(runs):
    """The first row of every frame is the held-out pictures themselves."""
    film = beta_film(FASHION, quick=True)
    assert film.shape[1:3] == (4 * COUNT, 28) and list(runs.rglob("*.safetensors"))
    real = to_uint8(to_model(FASHION.held_out(COUNT)))
    for frame in film:
        assert np.array_equal(frame[:COUNT], real)
        assert not np.array_equal(frame[COUNT : 2 * COUNT], real)


# --- CLIP against its batch ----------------------------------------------------------


def test_every_run_sees_as_many_pictures():
    seen = clip_batches.SEEN
    for batch in clip_batches.BATCHES:
        profile = clip_batches.recipe(batch, False, seen, 0).cpu
        assert profile.steps * profile.batch == seen
        assert profile.lr == pytest.approx(1e-3 * (batch / 64) ** 0.5)
        assert 0.5 < profile.ema < 1
    assert clip_batches.recipe(8, True, seen, 0).cpu.model.sigmoid
    assert load_measured("04.D")["seen"] == seen


def test_figures_of_each_batch_are_put_together(monkeypatch, runs):
    zero_shot = {word: 0.6 for word in clip_batches.WORDS}
    figures = {"image_to_text": 0.4, "text_to_image": 0.6, "zero_shot": zero_shot}
    monkeypatch.setattr(clip_batches, "alignment", lambda model, data: figures)
    result = clip_batches.measure(seeds=(0,), quick=True)
    assert result["softmax_recall"] == [0.5, 0.5] and result["gain"] == 1
    assert result["sigmoid_zero"] == [pytest.approx(0.6)]


# --- figure 04.K ---------------------------------------------------------------------


def test_nested_figures_become_keys():
    found = dict(cards.flat({"a": 1, "b": {"t=0.5": 0.25, "c": [1, 2]}}, "net"))
    assert found == {"net_a": 1, "net_b_t0.5": 0.25}


def test_only_trained_networks_are_quoted(tmp_path):
    here = {"evaluation": {"psnr": 20.5}, "steps": 7, "profile": "cpu", "sha256": "ab"}
    (tmp_path / "teddy-vae").mkdir()
    (tmp_path / "teddy-vae" / "card.json").write_text(json.dumps(here))
    figures = {"psnr": 20.5, "steps": 7, "profile": "cpu", "sha256": "ab"}
    wanted = {f"teddy_vae_{name}": value for name, value in figures.items()}
    assert cards.measure(folder=tmp_path) == wanted
    assert set(cards.NAMES) <= set(RECIPES)
    assert experiments()["04.K"] == f"{cards.__name__}:measure"
