"""Right versions of lecture 06b's exercises in other styles: each must pass."""

from coursekit.checks.spec import Function

# 6.11 to 6.13: votes and rewards

# 6.14 and 6.15: a flow that rolls dice

# 6.16 and 6.17: fewer steps

# 6.18 and 6.19: judges and average velocities

RIGHT: dict[str, tuple[Function, ...]] = {}
