"""Runs a student's cells in the student's kernel, statement by statement.

A statement that fails or takes too long costs what it would have made, and nothing
else. What is printed is dropped: only probes are listened to.
"""

import ast
import asyncio
import contextlib
import inspect
import re
import time
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from types import CodeType
from typing import Any

from IPython.core.compilerop import CachingCompiler
from IPython.core.inputtransformer2 import TransformerManager

from coursekit.checks.trial import Nowhere, TookTooLongError, time_limit

SLOW = "takes too long: look for a loop that never ends"

# Magics that time what stands below them: it shall run statement by statement.
_TIMED = re.compile(r"\A\s*?^[ \t]*%%(?:time|timeit|capture|prun)\b.*$", re.MULTILINE)
# What needs a network would only take its time.
_INSTALL = re.compile(
    r"^([ \t]*)[%!](?:pip|conda|mamba|uv|apt|apt-get|git|wget|curl)\b.*$", re.MULTILINE
)


def run(space: dict[str, Any], cells: Sequence[str], seconds: float) -> None:
    """Run all of them; then raise the first of their errors, if there was one.

    seconds: for all together, and half of it for one statement. Magics work as in a
    notebook, and `from __future__` holds for what follows.
    """
    compiler, manager = _jupyter()
    limit = time.monotonic() + seconds
    first: BaseException | None = None
    nowhere = Nowhere()
    for cell in cells:
        try:
            plain = _INSTALL.sub(r"\1pass", _TIMED.sub("", cell))
            source = manager.transform_cell(plain)
            file = compiler.cache(source)
            body = ast.parse(source, file).body
        except Exception as error:  # no Python
            first = first or error
            continue
        for node in body:
            left = min(limit - time.monotonic(), seconds / 2)
            try:
                with (
                    contextlib.redirect_stdout(nowhere),
                    contextlib.redirect_stderr(nowhere),
                    time_limit(max(left, 0.01)),
                ):
                    _one(compiler(ast.Module([node], []), file, "exec"), space)
            except KeyboardInterrupt:
                raise
            except TookTooLongError:
                slow = TimeoutError(f"line {node.lineno} {SLOW}")
                first = first or slow
            except BaseException as error:
                first = first or error
    if first is not None:
        raise first


def _one(code: CodeType, space: dict[str, Any]) -> None:
    """Run a statement; one that awaits in a thread, since here a loop runs already."""
    found = eval(code, space)
    if code.co_flags & inspect.CO_COROUTINE:
        with ThreadPoolExecutor(1) as pool:
            pool.submit(asyncio.run, found).result()


@cache  # what a cell imports from the future holds in later ones
def _jupyter() -> tuple[Any, Any]:
    """IPython's compiler, which takes syntax trees as well, and what reads magics."""
    make: tuple[Any, Any] = CachingCompiler, TransformerManager
    compiler, manager = make[0](), make[1]()
    compiler.flags |= ast.PyCF_ALLOW_TOP_LEVEL_AWAIT
    return compiler, manager
