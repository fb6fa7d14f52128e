"""The experiments behind the figures of notebook 02."""

# figure -> the module here that measures it (with `measure`, or the function named)
FIGURES = {
    "02.A": "tradeoff",
    "02.B": "langevin_weights",
    "02.C": "score_and_noise",
    "02.D": "sde_paths",
    "02.E": "solver_ladder",
    "02.S": "losses",
}
