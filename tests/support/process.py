"""Python in a process of its own."""

import os
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]


def python(
    *arguments: object, cwd: Path = ROOT, alone: bool = False, **env: str
) -> subprocess.CompletedProcess[str]:
    """`python ARGUMENTS` and what it said.

    env: more variables of the environment; alone: no others than these.
    """
    return subprocess.run(
        [sys.executable, *map(str, arguments)],
        cwd=cwd,
        env=env if alone else os.environ | env,
        text=True,
        capture_output=True,
    )
