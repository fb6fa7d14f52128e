"""The experiments behind the figures of notebook 06a."""

# figure -> the module here that measures it (with `measure`, or the function named)
FIGURES = {
    "06a.C": "borrowed",
    "06a.D": "mixture",
    "06a.E": "stages",
    "06a.H": "life",
FIGURES: dict[str, str] = {
    "06a.F": "tuning:subject",
    "06a.G": "tuning:ranks",
FIGURES: dict[str, str] = {
    # times and shift
    "06a.A": "difficulty",
    "06a.B": "resolution",
    "06a.S": "latent_shift",
}
