"""Right versions of lecture 06a's exercises in other styles: each must pass."""

from coursekit.checks.spec import Function

RIGHT: dict[str, tuple[Function, ...]] = {}
