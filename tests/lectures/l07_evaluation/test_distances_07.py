"""The experiments behind figures 07.C, 07.D, 07.H and 07.I, and what they found.

Authorities: closed forms of the laws and pictures that are compared, and the measured
values that the notebook's sentences rest on.
"""

import pytest
import torch

from coursekit.experiments.measure import load_measured
from coursekit.lectures.l07_evaluation import figures, widgets
from coursekit.lectures.l07_evaluation.experiments import crowds, few_pictures, pairs


@pytest.mark.parametrize("parted", [0.0, 0.6, 0.95, 1.0])
def test_four_clouds_have_the_moments_of_a_normal_law(parted):
    stir = torch.Generator().manual_seed(0)
    x = few_pictures.four_clouds(200_000, parted, stir)
    assert float(x.mean(0).abs().max()) < 0.01
    assert torch.allclose(torch.cov(x.T), torch.eye(2).double(), atol=0.01)
    assert float((x**3).mean(0).abs().max()) < 0.05
    fourth = 3 - 2 * parted**4  # of p c + sqrt(1 - p^2) n, with c = +-1
    assert (x**4).mean(0).tolist() == pytest.approx([fourth] * 2, rel=0.02)


def test_crowds_hold_what_their_names_say():
    found = crowds.crowds(40, 0)
    assert tuple(found) == crowds.CROWDS
    assert all(len(x) == 40 for name, x in found.items() if name != "copies")
    grain = (found["noise_02"] - found["real"])[found["real"].abs() < 0.3]
    assert float(grain.std()) == pytest.approx(0.2, rel=0.1)
    from coursekit.datasets.teddy.reader import attributes

    seen = attributes(found["brown"], "second")
    assert (seen["fur"] == "brown").mean() > 0.95
    assert not (attributes(found["no_dance"], "second")["action"] == "dancing").any()


def test_a_shift_and_its_edge():
    x = torch.arange(4.0).reshape(1, 1, 1, 4).repeat(1, 1, 2, 1)
    assert pairs.shifted(x)[0, 0, 0].tolist() == [0, 0, 1, 2]
    assert pairs.darker(torch.tensor([-1.0, 1.0]), 0.5).tolist() == [-1, 0]


def test_what_the_sentences_of_the_notebook_rest_on():
    few, spoilt, two = (load_measured(f"07.{name}") for name in "CHD")
    assert few["clouds_frechet"] < 0.01 > few["same_frechet"]
    assert few["clouds_energy"] > 20 * few["same_energy"]
    assert few["real_frechet"][1] > few["blurred_frechet"][4]
    assert abs(few["real_limit"]) < few["real_limit_std"] < few["blurred_limit"]
    assert max(
        abs(found / want - 1)
        for found, want in zip(few["normal_frechet"], few["normal_theory"], strict=True)
    ) < 0.06  # fmt: skip
    filters = load_measured("07.I")
    by_filter, by_steps = (
        filters[f"frechet_by_{of}_all"] for of in ("filter", "steps")
    )
    assert min(by_filter) > max(by_steps)
    assert two["equal_psnr"] > two["equal_ssim"] > two["equal_seen"]
    for eye in crowds.EYES:
        for crowd in ("blur_1", "noise_02", "no_dance", "brown", "copies"):
            assert figures._noticed(
                spoilt, f"{eye}_{crowd}_frechet", f"{eye}_real_frechet"
            )
        assert spoilt[f"{eye}_copies_recall"] == 0


def test_the_playground_shows_the_blind_spot():
    play = widgets.two_crowds()
    play.controls["count"].value = 1000
    play.controls["parted"].value = 0.96
    assert play.note.value == "" and play.scene is not None
    fréchet, _, energy = play.scene.charts[1].content[3::3][:3]
    assert float(fréchet.text) < 2 and float(energy.text) > 20
    play.controls["shift"].value = 1.0
    assert "would be 1.000" in play.scene.text


def test_a_spoilt_crowd_is_told_by_its_bars():
    play = widgets.spoilt_crowd()

    def said() -> dict[str, float]:
        assert play.note.value == "" and play.scene is not None
        texts = [m.text for m in play.scene.charts[0].content if hasattr(m, "text")]
        words = [text.partition(" (")[0].rpartition(" ") for text in texts]
        return {name: float(value.replace(",", "")) for name, _, value in words}

    real = said()
    play.controls["grain"].value = 0.3
    grainy = said()
    assert grainy["Fréchet"] > 1.2 * real["Fréchet"]
    assert grainy["precision"] > 0.9 and grainy["recall"] > 0.9
    play.controls["grain"].value, play.controls["known"].value = 0.0, 50
    copied = said()
    assert copied["recall"] == 0 and copied["precision"] > 0.9
    play.controls["known"].value, play.controls["dancing"].value = 200, 0.0
    assert real["Fréchet"] < said()["Fréchet"] < copied["Fréchet"]
