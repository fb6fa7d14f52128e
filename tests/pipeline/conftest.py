"""A folder of checkpoints with random weights, one of each kind."""

from pathlib import Path

import pytest
from tiny_checkpoints import NETWORKS, put


@pytest.fixture(scope="session")
def shelf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with one checkpoint of each kind."""
    folder = tmp_path_factory.mktemp("pipelines")
    for name, config in NETWORKS.items():
        put(folder, name, config)
    return folder
