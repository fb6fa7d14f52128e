"""The experiments behind the figures of notebook 01."""

# figure -> the module here that measures it (with `measure`, or the function named)
FIGURES = {
    "01.A": "forward",
    "01.B": "elbo:elbo_gap",
    "01.C": "quality_images",
    "01.D": "loss_weights",
    "01.E": "start_noise",
    "01.M": "misconceptions",
    "01.N": "naive_density",
    "01.P": "quality_2d:exact_quality_vs_nfe",
}
