"""Lecture 4's widgets. Authority: Bayes at scale 1, a decoder and an encoder that are
known functions, cosines computed by hand, and a network that does not listen. The
browser half is in tests/browser."""

from dataclasses import dataclass, replace

import numpy as np
import pytest
import torch
from support_models import normal

from coursekit.lectures.l04_latent_space import widgets
from coursekit.lectures.l04_latent_space.widgets import films as latent_films
from coursekit.lectures.l04_latent_space.widgets import guides as latent_guides
from coursekit.lectures.l04_latent_space.widgets import line as latent_line
from coursekit.lectures.l04_latent_space.widgets import walk as latent_space
from coursekit.lectures.l04_latent_space.widgets import words as latent_words
from coursekit.models.autoencoder import Bells
from coursekit.models.clip import CLIP, CLIPConfig
from coursekit.models.vit import ViTConfig
from coursekit.plots.draw import Line, Text
from coursekit.plots.heat_table import heat_table
from coursekit.training.text_image_data import text_config

# --- guidance on a line ---------------------------------------


@pytest.fixture(scope="module")
def line():
    return latent_line.Line.of()


def test_at_scale_one_the_three_laws_are_one(line):
    laws = latent_line.densities(line, 1.0)
    assert np.abs(laws["asked"] - laws["sharp"]).max() < 1e-6
    assert np.abs(laws["asked"] - laws["flow"]).max() < 0.06  # bells of a finite width
    share = latent_line.shares(line, 1.0)
    assert share["flow"] == pytest.approx(0.4, abs=0.01) and share["gap"] < 0.02


@pytest.mark.parametrize("scale", [0.0, 2.0, 8.0])
def test_every_law_has_mass_one_and_is_drawn(line, scale):
    laws = latent_line.densities(line, scale)
    step = laws["x"][1] - laws["x"][0]
    for name in ("asked", "sharp", "flow"):
        assert laws[name].sum() * step == pytest.approx(1, abs=0.02)
    scene = latent_line.draw(line, scale)
    assert "nan" not in scene.html() and f"scale {scale:g}" in scene.text


def test_one_sort_of_bears_is_lost_in_the_flow_only(line):
    share = latent_line.shares(line, 5.0)
    assert share["flow"] > 0.95 and share["sharp"] < 0.65


# --- a space of two numbers ---------------------------------------


class Known:
    """Codes are the first two pixels, ten times as large; decoding puts them back."""

    def bells(self, x):
        return Bells(10 * x[:, 0, 0, :2], torch.zeros(len(x), 2))

    def rebuild(self, z):
        picture = torch.full((len(z), 1, 28, 28), -1.0)
        picture[:, 0, 0, :2] = z / 10
        return picture


@pytest.fixture(scope="module")
def walk():
    x = torch.full((60, 1, 28, 28), -1.0)
    x[:, 0, 0, :2] = normal(60, 2) * 0.2
    return latent_space.Walk.of({"known": Known()}, x, np.arange(60) % 10)


def test_a_place_is_decoded_in_the_units_of_the_codes(walk):
    codes = walk.spaces["known"]
    at = codes.place(1.0, -0.5)
    want = walk.pictures[:, 0, 0, :2].double()
    want = want.mean(0) + want.std(0, correction=0) * torch.tensor([1.0, -0.5])
    picture = latent_space.decoded(codes, at)
    assert torch.allclose(picture[0, 0, 0, :2].double(), want, atol=1e-5)


def test_the_nearest_picture_is_shown_and_voids_are_named(walk):
    codes = walk.spaces["known"]
    unit = (codes.points - codes.mean) / codes.std
    scene = latent_space.draw(walk, "known", *unit[7])
    assert scene.tone == "good" and "among codes" in scene.text
    shown = np.clip(walk.pictures[7].numpy(), -1, 1) * 127.5 + 127.5
    assert np.abs(scene.images[1].transpose(2, 0, 1) - shown).max() <= 1
    away = latent_space.draw(walk, "known", 3.0, -3.0)
    assert away.tone == "warn" and "void" in away.text


# --- pictures and prompts ---------------------------------------


@pytest.fixture(scope="module")
def gallery():
    torch.manual_seed(0)
    image = ViTConfig(patch=8, width=16, depth=1, heads=2)
    clip = CLIP(CLIPConfig(image, text_config("teddy", 16, 1, 2), 8)).eval()
    rng = np.random.default_rng(0)
    images = rng.integers(0, 256, (3, 32, 32, 3), dtype=np.uint8)
    return latent_words.Gallery.of(clip, images)


def test_the_table_holds_the_cosines_and_frames_the_best(gallery):
    prompts = ["a brown bear in the park", "a pink bear on the beach"]
    table = gallery.cosines(prompts)
    length = latent_words.TEDDY_LENGTH["solo"]
    ids = latent_words.teddy_tokenizer().encode(prompts, length)
    x = torch.from_numpy(gallery.images).permute(0, 3, 1, 2).float() / 127.5 - 1
    with torch.no_grad():
        a, b = gallery.model.encode_text(ids), gallery.model.encode_image(x)
    by_hand = a.double() @ b.double().T / (a.norm(dim=1)[:, None] * b.norm(dim=1))
    assert np.abs(table - by_hand.numpy()).max() < 1e-5
    scene = latent_words.draw(gallery, prompts)
    frames = [m for m in scene.charts[0].marks() if isinstance(m, Line)]
    assert len(frames) == gallery.images.shape[0]  # one in each column


def test_unknown_words_are_told_and_empty_prompts_left_out(gallery):
    with pytest.raises(ValueError, match="spaceship"):
        latent_words.draw(gallery, ["a spaceship"])
    scene = latent_words.draw(gallery, ["", "a brown bear in the park"])
    texts = {m.text for m in scene.charts[0].marks() if isinstance(m, Text)}
    assert "a brown bear in the park" in texts and "" not in texts
    assert "second one" in scene.text
    assert latent_words.draw(gallery, ["", " "]).tone == "warn"


def test_a_heat_table_writes_every_number():
    chart = heat_table([[0.1, 0.9], [0.5, 0.2]], ["a", "b"], np.eye(2, dtype=bool))
    texts = {m.text for m in chart.marks() if isinstance(m, Text)}
    assert {"0.10", "0.90", "0.50", "0.20", "a", "b"} <= texts
    assert chart.picture().width == chart.width and "<svg" in chart.svg()


# --- films ---------------------------------------


class Deaf(torch.nn.Module):
    """Answers the velocity to one black picture, whatever it is told."""

    def forward(self, xt, t, cond=None):
        return (xt + 1) / t.clamp(min=1e-6)[:, None, None, None]


def test_a_network_that_does_not_listen_cannot_be_guided():
    reel = latent_guides.class_reel(Deaf(), scales=(0.0, 1.0, 8.0), steps=3)
    assert reel.frames.shape == (3, 10, 28, 28, 1)
    assert (reel.frames == reel.frames[0]).all()
    assert reel.captions[1].endswith("no guidance")


@dataclass(frozen=True)
class Drawer:
    """A pipeline that draws its scale, and darker where it avoids something."""

    scale: float = 1.0
    avoids: str = ""

    def swap(self, guidance, scale):
        assert guidance == "classifier-free"
        return replace(self, scale=scale)

    def avoiding(self, prompt):
        assert self.scale != 1  # the real one refuses as well
        return replace(self, avoids=prompt)

    def draw(self, prompts, seed):
        level = 20 * self.scale - 5 * bool(self.avoids) + seed
        return np.full((len(prompts), 8, 8, 3), level, np.uint8)


def test_a_prompt_is_drawn_at_every_scale_away_from_another():
    reel = latent_guides.prompt_reel(Drawer(), "a", "b", (1.0, 3.0), count=2, seed=1)
    assert reel.frames[:, 0, 0, 0, 0].tolist() == [21, 56]
    assert "away from: b" in reel.captions[1] and "away" not in reel.captions[0]
    player = widgets.guidance_prompts(Drawer(), "a")
    assert player.player.reel.frames[-1].max() == 160
    player.negative.value = "b"
    player.player.press()
    assert player.player.reel.frames[-1].max() == 156  # other noise, and away from b
    assert repr(player) == "guidance_prompts(5 frames)"


def test_films_of_trainings_are_put_together(monkeypatch):
    rng = np.random.default_rng(0)
    stored = {"teddy_betas": [1.0, 30.0], "teddy_latent": 32}
    stored["mixes"] = list(latent_films.MIXES)
    for key in ("teddy_ae", "teddy_beta_1", "teddy_beta_30"):
        for name in ("rebuilt", "between", "normal", "scaled"):
            stored[f"{key}_ok_{name}"] = 0.5
        stored |= {f"{key}_bits": 40.0, f"{key}_dead": 3.0}
    for mix in latent_films.MIXES:
        for name in ("psnr", "sharpness", "hat", "glasses"):
            stored[f"{mix}_{name}"] = 0.7
    shapes = {"04.B-teddy": (3, 24), "04.L": (5, 12)}
    monkeypatch.setattr(latent_films, "load_measured", lambda name: stored)

    def film(name, side=32):
        return rng.integers(0, 256, (*shapes[name], 32, 32, 3), dtype=np.uint8)

    monkeypatch.setattr(latent_films, "load_film", film)
    beta, losses = latent_films.beta_reel(), latent_films.losses_reel()
    assert beta.count == 3 and beta.columns == 6
    assert "40 bits a picture, 3 of 32 unused" in beta.captions[2]
    assert losses.count == 5 and "blur" in losses.captions[0]
    for reel in (beta, losses):
        assert reel.still().width > 100
