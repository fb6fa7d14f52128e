"""Sections 9.5, 9.6 and 9.12. Authorities: counts by hand, published token counts,
the closed form of what a causal mask leaves, and what was measured."""

from dataclasses import replace

import pytest
import torch
from support_lectures import hold

from coursekit.datasets.teddy.clip_words import clip_caption, clip_tokenizer
from coursekit.datasets.teddy.clips import sample_clips
from coursekit.evaluation.clip_measures import Clips
from coursekit.experiments.measure import load_measured
from coursekit.lectures.l09_video.experiments import looking
from coursekit.lectures.l09_video.sizes import CODECS, NETWORKS, fitted, frame_by_frame
from coursekit.lectures.l09_video.widgets import clip_cost
from coursekit.lectures.l09_video.widgets.captions import draw, sentence
from coursekit.models.video_cost import video_pass
from coursekit.models.video_transformer import VideoDiT


def test_codecs_are_as_their_reports_say():
    """1:48 and 1:192; 81 frames of 480 x 832 are 32,760 tokens for Wan."""
    wan, ltx = CODECS["Wan 2.1"], CODECS["LTX-Video"]
    assert (wan.ratio, ltx.ratio, wan.pixels, ltx.pixels) == (48, 192, 1024, 8192)
    at = wan.latents(81, 480, 832)
    assert at == (21, 60, 104)
    config = fitted(NETWORKS["Wan 2.1, 1.3 B"], wan, "full")
    assert video_pass(config, *at).tokens == 32_760
    with pytest.raises(ValueError, match="1 \\+ 8 k frames"):
        ltx.latents(85, 512, 768)


@pytest.mark.parametrize("frames", [1, 2, 9])
def test_keys_that_are_kept_save_what_looks_ahead(frames):
    """Attention alone falls to (n + 1) / 2n of its pairs; all else stays."""
    config = replace(NETWORKS["ours"], times=0)
    full = video_pass(replace(config, attention="full"), frames, 8, 8).flops
    rest = full - config.depth * 4 * (16 * frames) ** 2 * config.width
    pairs = config.depth * 4 * (16 * frames) ** 2 * config.width
    left = frame_by_frame(config, (frames, 8, 8)) - rest
    assert left == pytest.approx(pairs * (frames + 1) / (2 * frames))


def test_the_cost_dial_says_what_a_pass_counts():
    shown = clip_cost()
    shown.controls["codec"].value, shown.controls["side"].value = "LTX-Video", 512
    shown.controls["eights"].value = 15
    assert "121 frames of 512 x 512 are 16 x 16 x 16 latents, 4,096 tokens" in (
        shown.scene.text
    )


def test_chosen_words_are_captions():
    """As `clip_caption` writes them, all of them known."""
    known = clip_tokenizer()
    for clip in sample_clips(40, 3):
        bear = clip.scene.bears[0]
        told = ("fur", "hat", "motion", "place", "walker", "shirt")
        verb = {"stand": "stands", "walk": "walks", "wave": "waves", "dance": "dances"}
        words = (bear.fur, bear.hat, verb[clip.motion], clip.scene.place, clip.shirt)
        assert sentence(*words) == clip_caption(clip, told)
    assert (
        len(known.encode([sentence("pink", "red", "waves", "city", "blue")], 33)) == 1
    )


def test_the_widget_reads_what_it_shows():
    def black(caption: str, seed: int) -> Clips:
        return torch.zeros(17, 32, 32, 3, dtype=torch.uint8).numpy()

    words = {"fur": "brown", "hat": "red", "verb": "waves", "place": "park"}
    scene = draw(black, 0, **words, shirt="none")
    assert "motion 0.000" in scene.text and len(scene.images) == 9


def test_growing_starts_as_the_frames_do():
    """The recipe of "grown" begins with the answer of its frames, bit for bit."""
    config = replace(looking.FRAMES, width=32, depth=3)
    torch.manual_seed(0)
    still = VideoDiT(config)
    torch.nn.init.normal_(still.head.linear.weight)
    grown = looking.recipe(0, still).begin(VideoDiT(replace(config, times=3)))
    x, t = torch.randn(2, 16, 5, 8, 8), torch.rand(2)
    assert torch.equal(grown(x, t), still(x, t)) and still(x, t).any()
    assert all(p.requires_grad for p in grown.parameters())


def test_flicker_as_measured():
    stored = load_measured("09.C")
    hold(
        stored,
        "frames_untold_fur_flicker > full_untold_fur_flicker + 0.1",
        "frames_untold_hat_flicker > full_untold_hat_flicker + 0.05",
        "frames_untold_place_flicker > grown_untold_place_flicker + 0.05",
        "frames_told_place_flicker < frames_untold_place_flicker / 10",
        "frames_told_fur_right > grown_told_fur_right > full_told_fur_right",
        "frames_told_place_flicker < grown_told_place_flicker / 5",
        "frames_told_place_flicker < full_told_place_flicker / 5",
        "frames_told_fur_flicker < min(grown_told_fur_flicker, full_told_fur_flicker)",
        "frames_told_hat_flicker > max(grown_told_hat_flicker, full_told_hat_flicker)",
        "full_untold_motion > 1.3 * real_motion",
        "real_hat_flicker == 0",
    )


def test_seconds_as_measured():
    hold(
        load_measured("09.W"),
        "causal_gflops == full_gflops and causal_ms[3] > 1.2 * full_ms[3]",
        "grown_ms[0] > 1.2 * full_ms[0] and grown_ms[3] < full_ms[3] / 2",
        "grown_ms[1] == approx(full_ms[1], rel=0.05)",
        "tokens[0] == 80",
    )
