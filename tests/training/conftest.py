"""A folder of checkpoints for tests: a tiny VAE, so that latents can be learnt."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tiny_kinds import tiny

from coursekit.training import pretrained, publish, train_command
from coursekit.training.recipes import RECIPES
from coursekit.training.session import Request, Session


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the checkpoint of "tiny-vae", barely trained."""
    folder = tmp_path_factory.mktemp("shelf")
    RECIPES["tiny-vae"] = tiny("vae")
    session = Session(Request("tiny-vae", out=folder / "run", threads=1))
    assert session.go(train_command.Stop())
    publish.publish_run(session, {"psnr": 10.0}, folder)
    return folder


@pytest.fixture
def on_shelf(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """`load_model` looks into the folder with the tiny checkpoint."""
    monkeypatch.setattr(pretrained, "FOLDER", shelf)
    yield shelf
