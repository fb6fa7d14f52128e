"""A folder of checkpoints for tests: a tiny VAE, so that latents can be learnt."""

from collections.abc import Iterator
from pathlib import Path

import pytest
from tiny_kinds import tiny

from coursekit.training import pretrained, publish, train_command
from coursekit.training.recipes import RECIPES
from coursekit.training.session import Session


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the checkpoint of "tiny-vae", barely trained."""
    folder = tmp_path_factory.mktemp("shelf")
    RECIPES["tiny-vae"] = tiny("vae")
    arguments = ["tiny-vae", "--out", str(folder / "run"), "--threads", "1"]
    session = Session(train_command.parser().parse_args(arguments))
    publish.publish_run(session_trained(session), {"psnr": 10.0}, folder)
    return folder


def session_trained(session: Session) -> Session:
    """Carry a session through without a bar."""
    assert session.go(train_command.Stop())
    return session


@pytest.fixture
def on_shelf(shelf: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """`load_model` looks into the folder with the tiny checkpoint."""
    monkeypatch.setattr(pretrained, "FOLDER", shelf)
    yield shelf
