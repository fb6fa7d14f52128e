"""`coursekit sample --video`. Authorities: Pillow, which reads the file back; the
sampler it stands for; the captions of clips; the stated exit codes."""

import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image, ImageSequence

from coursekit import cli
from coursekit.datasets.teddy.clip_words import clip_caption
from coursekit.datasets.teddy.clips import sample_clips
from coursekit.evaluation.clip_sampling import decoded, latents_of_words
from coursekit.pipeline.clip_prompts import understand_clip
from coursekit.pipeline.loose_phrases import NotUnderstood
from coursekit.training import pretrained

Output = pytest.CaptureFixture[str]
WISH = "a teddy bear waves, then a person in a green shirt walks past"


def main(*words: str) -> int:
    return cli.run(["sample", "--video", *words])


@pytest.fixture
def small(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pretrained, "FOLDER", shelf)


def test_it_writes_the_clip_that_the_sampler_makes(small, tmp_path, capsys):
    out = tmp_path / "new" / "clip.gif"
    words = ["-o", str(out), "--seed", "3", "--steps", "2", "--zoom", "2", "--array"]
    assert main(WISH, *words) == 0
    told, done = capsys.readouterr().out.splitlines()
    prompt = understand_clip(WISH, 3).prompt
    assert prompt in told and "chosen by seed 3" in told
    assert prompt in done and "17 frames, 2 steps, guidance 3, seed 3" in done
    model, vae = pretrained.load_model("video"), pretrained.load_model("video-vae")
    z = latents_of_words(model, [prompt], (16, 5, 8, 8), seed=3, steps=2)
    (clip,) = decoded(vae.decode, z)
    with np.load(out.with_suffix(".npz")) as kept:
        assert (kept["clip"] == clip).all() and kept["rate"] == 8
    with Image.open(out) as film:
        frames = [frame.copy() for frame in ImageSequence.Iterator(film)]
    assert len(frames) == 17 and frames[0].size == (64, 64)


@pytest.mark.parametrize(
    ("wish", "caption"),
    [
        (
            "a brown bear with a red hat dancing in the snow",
            "a brown teddy bear with a red hat dances in the snow",
        ),
        (
            "A pink bear in sunglasses is walking on the beach, a man in red passes",
            "a pink teddy bear with sunglasses walks on the beach, then a person in a "
            "red shirt walks past",
        ),
        ("a white bear in the city", "a white teddy bear stands in the city at night"),
    ],
)
def test_it_is_said_in_the_captions_words(wish, caption):
    found = understand_clip(wish)
    assert found.prompt == caption == clip_caption(found.clip)


def test_captions_stay_as_they_are():
    for clip in sample_clips(60, 5):
        caption = clip_caption(clip)
        found = understand_clip(caption)
        assert found.prompt == caption and found.note.startswith("taken as it is")


@pytest.mark.parametrize(
    ("wish", "why"),
    [
        ("a bear waves and dances", "a bear does one of them"),
        ("a bear reading in the park", "say stands, walks, waves, dances"),
        ("two bears waving", "a clip has one bear"),
        ("a bear walks, a man in an orange shirt passes", "these are red, yellow"),
        ("a bear and a person shake hands", "in a green shirt walks past"),
        ("a cat walks", "unknown word 'cat' in 'a cat'"),
        ("a person in a red shirt", "say something about the bear"),
    ],
)
def test_what_no_clip_shows_is_refused_in_one_line(wish, why, capsys):
    with pytest.raises(NotUnderstood, match=re.escape(why)):
        understand_clip(wish)
    assert main(wish) == 2 and capsys.readouterr().err.count("\n") == 1


@pytest.mark.parametrize(
    "words",
    [
        ["--film"],
        ["--world", "emoji"],
        ["--grid", "4"],
        ["--negative", "a hat"],
        ["--solver", "heun"],
        ["-o", "clip.png"],
        ["--steps", "0"],
    ],
)
def test_what_a_clip_cannot_have_is_refused(words, capsys):
    assert main(WISH, *words) == 2
    assert capsys.readouterr().err.count("\n") == 1


def test_an_array_is_for_clips(capsys):
    assert cli.run(["sample", "a brown bear", "--array"]) == 2
    assert "--video" in capsys.readouterr().err


def test_without_its_model_it_says_how_to_make_it(tmp_path, monkeypatch, capsys):
    monkeypatch.setattr(pretrained, "FOLDER", tmp_path)
    assert main(WISH) == 1
    assert "coursekit train video" in capsys.readouterr().err
