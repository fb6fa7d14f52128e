"""Figure 04.K. Authority: cards written by hand."""

import json
from pathlib import Path

from coursekit.experiments.measure import experiments
from coursekit.lectures.l04_latent_space.experiments.cards import NAMES, flat, measure
from coursekit.training.recipes import RECIPES


def test_nested_figures_become_keys() -> None:
    found = dict(flat({"a": 1, "b": {"t=0.5": 0.25, "c": [1, 2]}}, "net"))
    assert found == {"net_a": 1, "net_b_t0.5": 0.25}


def test_only_trained_networks_are_quoted(tmp_path: Path) -> None:
    here = {"evaluation": {"psnr": 20.5}, "steps": 7, "profile": "cpu", "sha256": "ab"}
    (tmp_path / "teddy-vae").mkdir()
    (tmp_path / "teddy-vae" / "card.json").write_text(json.dumps(here))
    assert measure(folder=tmp_path) == {
        "teddy_vae_psnr": 20.5,
        "teddy_vae_steps": 7,
        "teddy_vae_profile": "cpu",
        "teddy_vae_sha256": "ab",
    }


def test_the_names_are_recipes_and_the_figure_is_listed() -> None:
    assert set(NAMES) <= set(RECIPES)
    assert (
        experiments()["04.K"]
        == "coursekit.lectures.l04_latent_space.experiments.cards:measure"
    )
