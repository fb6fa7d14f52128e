"""Right versions of lecture 07's exercises in other styles: each must pass."""

from coursekit.checks.spec import Function

# 7.1 to 7.3: ratings

# 7.4 to 7.6: distances

# 7.7 to 7.9: alignment

# 7.10 to 7.11: judges


RIGHT: dict[str, tuple[Function, ...]] = {
    # A
    # C
    # D
    # E
}
