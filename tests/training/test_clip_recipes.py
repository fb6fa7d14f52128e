"""Recipes of clips, with a fresh tiny autoencoder. Authorities: what the parts say one
by one, bit-equality of what is given, causality of encodings."""

from dataclasses import replace

import pytest
import torch

from coursekit.datasets.teddy.clip_drawing import draw_clips
from coursekit.datasets.teddy.clip_words import clip_caption, clip_tokenizer
from coursekit.evaluation.rebuilt_clips import from_clip, to_clip
from coursekit.models.autoencoder import AutoencoderConfig
from coursekit.models.video_autoencoder import VideoAutoencoder, VideoAutoencoderConfig
from coursekit.training import latent_space, recipe_clips
from coursekit.training.latent_space import Space
from coursekit.training.loop import Run, train
from coursekit.training.recipes_clips import VIDEO, VIDEO_FRAMES, VIDEO_RECALL
from coursekit.training.warm_start import warm_start

SMALL = VideoAutoencoderConfig(
    AutoencoderConfig(widths=(8, 8), groups=4, latent=4), latent=16, width=8
)


@pytest.fixture
def tiny(monkeypatch):
    """Recipes without files: fresh latents, fresh starts."""
    monkeypatch.setattr(latent_space, "card", lambda *_: {"sha256": "fresh"})
    monkeypatch.setattr(recipe_clips, "start_line", lambda _: "")

    def prepare(recipe):
        recipe = replace(recipe, start="")
        space = recipe.__dict__["space"] = Space("")
        torch.manual_seed(0)
        space.latents, space.net = "fresh", VideoAutoencoder(SMALL).eval()
        return recipe

    return prepare


def test_what_a_step_sees(tiny):
    """Given latents have time 0 and their own number; the others share one time."""
    recipe = tiny(VIDEO)
    data = recipe.load(6)
    assert data.x.shape == (6, 16, 5, 8, 8) and data.x.dtype == torch.float32
    counts = []
    for step in range(8):
        x0, levels, eps, ids, luck = recipe.batch(data, 16, step)
        assert x0.shape == eps.shape == (16, 16, 5, 8, 8) and len(luck) == 16
        assert ids.shape == (16, data.cond.shape[2])
        for row in levels:
            known = int((row == 0).sum())
            counts.append(known)
            assert (row[:known] == 0).all() and (row[known:] == row[-1]).all()
    assert set(counts) == {0, 1, 2, 3, 4}
    assert 0.4 < counts.count(0) / len(counts) < 0.6
    same = recipe.batch(data, 16, 7)
    assert torch.equal(same[1], levels) and torch.equal(same[2], eps)
    plain = replace(VIDEO_FRAMES, start="").batch(data, 16, 0)[1]
    assert (plain > 0).all()


def test_the_shirt_is_told_in_half_of_the_wordings(tiny):
    recipe = tiny(VIDEO)
    data, clips = recipe.load(12), recipe.clips(12, 0, "train")
    assert any(clip.shirt != "none" for clip in clips)
    for i, clip in enumerate(clips):
        lines = clip_tokenizer().decode(data.cond[i])
        told = ["shirt" in line for line in lines]
        assert told == [clip.shirt != "none", False] * 2 or not any(told[1::2])
        assert sum(told) == (2 if clip.shirt != "none" else 0)


def test_given_latents_are_not_counted(tiny):
    recipe = tiny(VIDEO)
    data = recipe.load(4)
    torch.manual_seed(0)
    net = recipe.build(recipe.quick.model)
    torch.nn.init.normal_(net.head.linear.weight)
    x0, levels, eps, ids, luck = recipe.batch(data, 4, 0)
    levels[:, :2] = 0
    before = recipe.loss(net, (x0, levels, eps, ids, luck))
    other = eps.clone()
    other[:, :, :2] += 5
    assert torch.equal(recipe.loss(net, (x0, levels, other, ids, luck)), before)
    other[:, :, 2] += 5
    assert not torch.equal(recipe.loss(net, (x0, levels, other, ids, luck)), before)


def test_every_task_of_recall_begins_with_its_own_encoding(tiny):
    """A context of 5 frames holds nothing of the 12 before: it is encoded alone."""
    recipe = tiny(VIDEO_RECALL)
    data, net = recipe.load(2), recipe.space.net
    films = torch.from_numpy(draw_clips(recipe.clips(2, 0, "train"), 33, 32))
    assert data.x.shape[2] == 5 + 6 + 7 + 9
    seen = set()
    for step in range(40):
        x0, levels, *_ = recipe.batch(data, 2, step)
        known = int((levels[0] == 0).sum())
        first, _ = (f, k) = next(
            w
            for w in recipe.windows().values()
            if w[1] == known and (33 - w[0] + 3) // 4 == x0.shape[2]
        )
        seen.add((f, k))
        if step < 12:
            order = recipe_clips.batch_indices(2, 2, recipe.seed, step)
            with torch.no_grad():
                alone = net.encode(to_clip(films[:, first:]))[order]
                given = net.encode(to_clip(films[:, first : first + 4 * k - 3]))[order]
            torch.testing.assert_close(x0, alone, rtol=0, atol=1e-5)
            torch.testing.assert_close(x0[:, :, :k], given, rtol=0, atol=1e-5)
            if (f, k) != (0, 1):
                assert first + 4 * k - 3 == 17  # frame 16 is the last that is known
    assert seen == set(recipe.windows().values())


def test_going_on_shows_the_context_as_it_is_decoded(tiny):
    recipe = tiny(VIDEO_RECALL)
    net = recipe.space.net
    clips = recipe.clips(2, 1, "test")
    films = draw_clips(clips, 33, 32)
    torch.manual_seed(0)
    model = recipe.build(recipe.quick.model)
    made = recipe.go_on(model, films, [clip_caption(c) for c in clips], "last 5")
    assert made.shape == (2, 21, 32, 32, 3)
    with torch.no_grad():
        given = net.decode(net.encode(to_clip(torch.from_numpy(films[:, 12:17]))))
    off = made[:, :5].astype(int) - from_clip(given)
    assert abs(off).max() <= 1  # bytes of floats that differ in the last bit


@pytest.mark.parametrize("recipe", [VIDEO_FRAMES, VIDEO, VIDEO_RECALL])
def test_it_learns_and_its_figures_can_be_made(tiny, recipe):
    recipe = tiny(recipe)
    data = recipe.load(4)
    run = Run(recipe, replace(recipe.quick, steps=3, batch=2), data)
    losses = [step.loss for step in train(run)]
    assert len(losses) == 3 and all(0 < loss < 10 for loss in losses)


def test_a_video_network_starts_from_frames():
    """All weights of the frame network have a place; only time is fresh."""
    torch.manual_seed(0)
    frames = VIDEO_FRAMES.build(VIDEO_FRAMES.cpu.model)
    video = VIDEO.build(VIDEO.cpu.model)
    fresh = warm_start(video, frames.state_dict())
    assert fresh and all(name.startswith("times.") for name in fresh)
    assert sum(p.numel() for p in video.parameters()) <= 4.3e6
