"""Runs a student's cells in the student's kernel, statement by statement.

A statement that fails or takes too long costs what it would have made, and nothing
else. What is printed is dropped: only probes are listened to.
"""

import ast
import builtins
import contextlib
import time
from collections.abc import Sequence
from typing import Any

from IPython.core.compilerop import CachingCompiler
from IPython.core.inputtransformer2 import TransformerManager

from coursekit.checks.trial import Nowhere, TookTooLongError, time_limit

space_of = builtins.globals  # the namespace of whoever calls it


def run(space: dict[str, Any], cells: Sequence[str], seconds: float) -> None:
    """Run all of them; then raise the first of their errors, if there was one.

    seconds: for all together, and half of it for one statement. Magics work as in a
    notebook, and `from __future__` holds for what follows.
    """
    compiler: Any = CachingCompiler()  # takes syntax trees as well
    manager, limit = TransformerManager(), time.monotonic() + seconds  # type: ignore[no-untyped-call]
    first: BaseException | None = None
    nowhere = Nowhere()
    for cell in cells:
        try:
            source = manager.transform_cell(cell)
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
                    exec(compiler(ast.Module([node], []), file, "exec"), space)
            except KeyboardInterrupt:
                raise
            except TookTooLongError:
                slow = TimeoutError(f"line {node.lineno} takes too long")
                first = first or slow
            except BaseException as error:
                first = first or error
    if first is not None:
        raise first
