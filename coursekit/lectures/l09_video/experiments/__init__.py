"""What measures the figures of notebook 9."""

# figure -> the module here that measures it (with `measure`, or the function named)
FIGURES: dict[str, str] = {
    "09.A": "causality",
    "09.B": "streams",
    "09.C": "looking",
    "09.D": "clip_latents",
    "09.E": "recall",
    "09.F": "forcing",
    "09.G": "looking:measure_causal",
    "09.H": "dust",
    "09.I": "clip_distances",
    "09.L": "clip_latents:measure_lessons",
    "09.M": "clip_distances:measure_own",
    "09.P": "ball_paths",
    "09.R": "chains",
    "09.W": "looking:measure_seconds",
}
