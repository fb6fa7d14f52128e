"""A folder of checkpoints for tests: a tiny VAE, what has learnt its latents, and a
tiny CLIP, whose eyes can be borrowed."""

from pathlib import Path

import pytest
from tiny_kinds import tiny

from coursekit.training import pretrained, publish, train_command
from coursekit.training.recipes import RECIPES
from coursekit.training.session import Request, Session


def published(name: str, folder: Path) -> Path:
    """A recipe, barely trained and published into a folder: the folder."""
    session = Session(Request(name, out=folder / f"run-{name}", threads=1))
    assert session.go(train_command.Stop())
    publish.publish_run(session, {}, folder)
    return folder


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the checkpoints of "tiny-vae", "tiny-latents" and "tiny-clip"."""
    folder = tmp_path_factory.mktemp("shelf")
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(pretrained, "FOLDER", folder)
        for kind in ("vae", "latents", "clip"):
            RECIPES[f"tiny-{kind}"] = tiny(kind)
            published(f"tiny-{kind}", folder)
    return folder


@pytest.fixture(scope="session")
def tiny_shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the checkpoint of "tiny"."""
    return published("tiny", tmp_path_factory.mktemp("tiny"))


@pytest.fixture
def on_shelf(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`load_model` looks into the folder with the tiny checkpoint."""
    monkeypatch.setattr(pretrained, "FOLDER", shelf)
