"""The experiments behind the figures of notebook 07."""

# figure -> the module here that measures it (with `measure`, or the function named)
FIGURES: dict[str, str] = {
    # A: 07.A 07.B
    # C: 07.C 07.D 07.H
    # D: 07.E 07.K
    # E: 07.F 07.G
    "07.L": "leaderboard",
}
