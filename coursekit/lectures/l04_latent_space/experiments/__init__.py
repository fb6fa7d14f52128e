"""The experiments behind the figures of notebook 04."""

# figure -> the module here that measures it (with `measure`, or the function named)
FIGURES = {
    "04.A": "redundancy",
    "04.B": "spaces",
    "04.C": "flows",
    "04.D": "clip_batches",
    "04.E": "guidance_scale",
    "04.K": "cards",
    "04.L": "mixes",
    "04.P": "prompts",
    "04.R": "costs",
    "04.X": "guidance_exact",
}
