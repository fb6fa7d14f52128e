"""The experiments behind the figures of notebook 06a."""

# figure -> the module here that measures it (with `measure`, or the function named)
FIGURES = {
    "06a.A": "difficulty",
    "06a.B": "resolution",
    "06a.C": "borrowed",
    "06a.D": "mixture",
    "06a.E": "stages",
    "06a.F": "tuning:subject",
    "06a.G": "tuning:ranks",
    "06a.H": "life",
    "06a.S": "latent_shift",
    "06a.T": "difficulty:measure_laws",
}
