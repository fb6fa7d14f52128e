"""Predictions and the progress view. Authority: what is on disk, what is counted."""

import base64
import json

import pytest

from coursekit import widgets
from coursekit.checks import progress
from coursekit.widgets import predictions, progress_bars
from coursekit.widgets.predict_box import outcome_line

OPTIONS = ("wider", "the same", "narrower")


@pytest.fixture(autouse=True)
def own_folder(tmp_path, monkeypatch):
    monkeypatch.setenv("COURSEKIT_HOME", str(tmp_path / "home"))
    monkeypatch.setattr(predictions, "_session", {})
    return tmp_path / "home"


def ask():
    return widgets.predict("01.A", "One jump or k steps: which is wider?", OPTIONS)


def test_nothing_is_chosen_until_somebody_does(own_folder):
    asked = ask()
    assert asked.value is None
    assert not own_folder.exists()
    assert repr(asked) == "predict('01.A')"
    data = asked._repr_mimebundle_()[0]
    assert base64.b64decode(data["image/png"])[:4] == b"\x89PNG"


def test_a_choice_is_kept_and_found_again(own_folder, monkeypatch):
    asked = ask()
    asked.buttons.value = "wider"
    assert "Noted." in asked.status.value
    stored = json.loads((own_folder / "predictions.json").read_text())
    assert stored == {"01.A": "wider"}
    monkeypatch.setattr(predictions, "_session", {})  # another kernel
    again = ask()
    assert again.value == "wider"
    again.buttons.value = "the same"
    assert predictions.load() == {"01.A": "the same"}


def test_the_shape_of_the_widget_does_not_depend_on_the_choice():
    before = ask()._repr_mimebundle_()[0]["image/png"]
    ask().buttons.value = "wider"
    assert ask()._repr_mimebundle_()[0]["image/png"] == before


def test_a_broken_file_or_folder_costs_nothing_but_memory(own_folder):
    own_folder.mkdir()
    (own_folder / "predictions.json").write_text("{not json")
    assert ask().value is None
    (own_folder / "predictions.json").unlink()
    own_folder.rmdir()
    own_folder.write_text("a file where the folder should be")
    asked = ask()
    asked.buttons.value = "narrower"
    assert "for this session" in asked.status.value
    assert predictions.load() == {"01.A": "narrower"}


def test_an_option_that_no_longer_exists_is_forgotten():
    predictions.save("01.A", "an option of last year")
    assert ask().value is None


def test_the_outcome_names_both_sides():
    told = outcome_line("01.A", "the same", "Gaussians add up.")
    assert told == ("Measured: the same. Gaussians add up.", "")
    computed = outcome_line("01.A", "the same", "", "Computed")
    assert computed[0].startswith("Computed: the same.")
    predictions.save("01.A", "wider")
    text, tone = outcome_line("01.A", "the same", "Gaussians add up.")
    assert text.startswith("You predicted: wider. Measured: the same.")
    assert tone == "bad"
    assert "Computed: the same." in outcome_line("01.A", "the same", "", "Computed")[0]
    predictions.save("01.A", "the same")
    assert outcome_line("01.A", "the same", "")[1] == "good"
    shown = widgets.outcome("01.A", "the same", "<b>").data
    assert "As you predicted" in shown and "&lt;b&gt;" in shown


def tally(notebook, **counts):
    names = ("solved", "revealed", "failed", "todo", "points", "minutes_left")
    none = dict.fromkeys(names, 0)
    return {"notebook": notebook, **none, "points_total": 9, **counts}


SUMMARY = {
    "notebooks": [
        tally("00", solved=2, points=2),
        tally("01", solved=3, revealed=1, failed=2, todo=4, points=5, minutes_left=95),
    ],
    "total": tally("all", solved=5, revealed=1, failed=2, todo=4, points=7),
}


def test_rows_count_what_the_record_counts():
    found = progress_bars.rows(SUMMARY)
    assert [name for name, _, _ in found] == ["notebook 00", "notebook 01", "all"]
    assert found[1][1] == [3, 1, 2, 4]
    assert found[1][2] == "3 of 10 solved, 5 of 9 points, about 1 h 35 min to go"
    assert found[0][2].endswith("done")


def test_the_view_shows_the_record_and_refreshes(monkeypatch):
    monkeypatch.setattr(progress, "summary", lambda: SUMMARY)
    view = widgets.progress_view()
    assert "3 of 10 solved" in view.bars.value
    assert repr(view) == "progress_view()"
    assert "image/png" in view._repr_mimebundle_()[0]
    less = SUMMARY | {"notebooks": SUMMARY["notebooks"][:1]}
    monkeypatch.setattr(progress, "summary", lambda: less)
    view.children[1].click()
    assert "3 of 10 solved" not in view.bars.value


def test_a_record_that_cannot_be_read_is_one_line(monkeypatch):
    def broken():
        raise RuntimeError("disk <on> fire")

    monkeypatch.setattr(progress, "summary", broken)
    view = widgets.progress_view()
    assert view.bars.value == "Progress is not available: disk &lt;on&gt; fire"


def test_the_real_record_has_the_shape_that_the_view_needs():
    view = widgets.progress_view()
    assert "solved" in view.bars.value
    assert view.summary is not None
    assert progress_bars.rows(view.summary)
