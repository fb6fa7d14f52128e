"""Sections 9.1 to 9.4. Authorities: windows and strides counted by hand, gradients for
the cone of the scrubber, bytes that are known, and what was measured."""

import pytest
import torch
from support_lectures import hold
from torch import nn

from coursekit.experiments.measure import load_measured
from coursekit.lectures.l09_video import figures
from coursekit.lectures.l09_video.experiments import causality, clip_latents, streams
from coursekit.lectures.l09_video.widgets.scrubber import below, cone, draw, felt
from coursekit.models.causal_video import CausalConv3d, Chain, Double, Halve


def test_windows_counted_by_hand():
    assert below(CausalConv3d(1, 1), {5}) == {3, 4, 5}
    assert below(CausalConv3d(1, 1), {0}) == {0}
    assert below(Halve(1, 1), {2}) == {2, 3, 4}
    assert below(Double(1, 1), {4}) == {1, 2}  # 0 1 1 2 2: places 2, 3, 4
    assert below(CausalConv3d(1, 1), {5}, both=2) == {4, 5, 6}


@pytest.mark.parametrize("way", ["causal", "both"])
def test_the_cone_is_where_gradients_are(way):
    """For every latent of 33 frames: 0 outside, not 0 inside."""
    model = causality.network(way, 0)
    x = torch.randn(1, 3, 33, 8, 8, dtype=torch.float64)
    feels = felt(model, x) > 0
    for j, row in enumerate(feels):
        seen = cone(model.shrink, {j}, 1 + (way == "both"))[-1]
        assert set(row.nonzero()[0].tolist()) == {k for k in seen if k < 33}


def test_a_chain_of_windows_has_seen_one_and_n_times_two():
    chain = Chain([CausalConv3d(1, 1) for _ in range(4)])
    assert len(cone(chain, {20})[-1]) == 1 + 4 * 2


def test_live_bytes_are_those_of_three_tensors():
    def work() -> None:
        a = torch.zeros(1000)
        b = (a + 1)[:10]  # a view: all of it stays
        del a
        (b * 2).sum()

    assert streams.held(work) == pytest.approx((4000 + 4000) / 1e6)


def test_what_is_forgotten_is_not_counted():
    step = nn.Identity()
    assert streams.held(
        lambda: [step(torch.zeros(1000)).shape for _ in range(9)]
    ) == pytest.approx(4000 / 1e6)


def test_frames_between_two_are_mixed():
    films = torch.arange(17).mul(4).view(1, 17, 1, 1, 1).expand(1, 17, 2, 2, 3)
    still = films.to(torch.uint8).numpy()
    assert (clip_latents.between(still) == still).all()  # a straight line


def test_leaks_as_measured():
    hold(
        load_measured("09.A"),
        "causal_leak == rms_leak == frame_leak == 0",
        "causal_decoder_leak == rms_decoder_leak == frame_decoder_leak == 0",
        "min(time_leak_all) > 0.01 and min(both_leak_all) > 0.1",
        "min(short_leak_all) > 0.1 and short_latents == 4",
        "short_map[16] == [0, 0, 0, 0]",
    )


def test_rebuilt_clips_as_measured():
    hold(
        load_measured("09.D"),
        "clip_gaps > true_gaps + 1 > mixed_gaps + 1",  # dB
        "clip_shirts > true_shirts + 0.1",
        "latents == 5 * 8 * 8",
    )


def test_the_lessons_of_the_autoencoder_as_measured():
    hold(
        load_measured("09.L"),
        "grown_last > scratch_last + 3 and grown_last > few_last",  # dB
        "few_psnr[1] > grown_psnr[1]",
        "grown_shirts > plain_shirts + 0.1 and plain_last > grown_last + 0.5",
        "abs(grey_last - plain_last) < 0.2 and abs(grey_start - plain_start) < 0.2",
    )


def test_streams_as_measured():
    hold(
        load_measured("09.B"),
        "max(encode_off) < 1e-5 and max(decode_off) < 1e-5",
        "encode_stream_first == encode_stream_last",
        "decode_stream_first == decode_stream_last",
        "encode_whole_last > 10 * encode_whole_first",
        "encode_whole_last > 40 * encode_stream_last",
    )


@pytest.mark.parametrize(
    ("name", "measure"), [("09.A", causality.measure), ("09.B", streams.measure)]
)
def test_a_quick_run_measures_what_a_full_one_does(name, measure):
    quick = measure(quick=True)
    assert quick and set(quick) <= set(load_measured(name))


def test_the_figures_are_there():
    for picture in (
        figures.causality_maps(),
        figures.stream_lines(),
        figures.latent_panels(),
    ):
        assert picture.array().std() > 1


def test_the_scrubber_says_how_long_to_wait():
    shown = draw
    model = causality.network("causal", 0)
    films = torch.zeros(2, 17, 32, 32, 3, dtype=torch.uint8).numpy()
    share = torch.zeros(5, 17).numpy()
    told = shown(model, films, share, 5, "back", "frame out").text
    assert "to 8: 3 later than 5" in told
    assert "to 8" in shown(model, films, share, 8, "back", "latent").text
    assert shown(model, films, share, 8, "both ways", "latent").tone == "warn"
