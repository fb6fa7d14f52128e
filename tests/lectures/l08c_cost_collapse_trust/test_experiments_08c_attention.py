"""The experiments on arithmetic and on filters.

Authority: their own quick runs, and shares that must agree with each other.
"""

from coursekit.experiments import cache
from coursekit.lectures.l08c_cost_collapse_trust import figures
from coursekit.lectures.l08c_cost_collapse_trust.experiments import arithmetic, filters


def test_exact_pictures_are_near_to_themselves(tmp_path, monkeypatch):
    monkeypatch.setattr(cache, "RUNS", tmp_path)
    found = arithmetic.measure(quick=True)
    assert found["prompts"] == 2 and found["exact_sharp"] == 1
    for kind in ("centred", "frozen"):
        assert len(found[f"{kind}_psnr"]) == len(found[f"{kind}_psnr_std"]) == 1
        assert 5 < found[f"{kind}_psnr"][0] < 40, "rough, but the same wish and noise"
        assert all(0 <= found[f"{kind}_{key}"][0] <= 1 for key in arithmetic.SHOWN)


def test_filters_agree_with_their_own_counts():
    found = filters.measure(quick=True)
    assert found["prompts"] == 270 and found["judged"] == 135
    assert found["list_openly"] == 1 and found["list_meaning"] == 0
    assert found["plain_disguise"] > found["list_disguise"] + 0.5
    assert (
        found["list_allowed_low"] < found["list_allowed"] < found["list_allowed_high"]
    )
    for key in ("chosen_allowed", "chosen_forbidden"):
        assert found[key] == sorted(found[key]) and len(found[key]) == len(
            found["rates"]
        )
    assert 0.4 < found["auc"] < 1
    assert figures._roc(found).array().ndim == 3
    assert "of plain words" in figures._filters(found)._repr_html_()
