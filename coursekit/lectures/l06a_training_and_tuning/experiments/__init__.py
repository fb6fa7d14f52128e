"""The experiments behind the figures of notebook 06a."""

# figure -> the module here that measures it (with `measure`, or the function named)
FIGURES = {
    "06a.H": "life",
}
