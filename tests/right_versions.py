"""The right versions of all lectures' exercises, as the lectures' tests hold them."""

import importlib.util
import sys
from functools import cache
from pathlib import Path

from coursekit.checks.spec import Function

LECTURES = Path(__file__).resolve().parent / "lectures"


@cache
def right_versions() -> dict[str, tuple[Function, ...]]:
    """Id of an exercise -> right versions in other styles."""
    found: dict[str, tuple[Function, ...]] = {}
    for path in sorted(LECTURES.glob("*/right_*.py")):
        spec = importlib.util.spec_from_file_location(path.stem, path)
        assert spec is not None and spec.loader is not None
        module = importlib.util.module_from_spec(spec)
        sys.modules[path.stem] = module
        spec.loader.exec_module(module)
        found |= module.RIGHT
    return found
