"""The mathematics: paths, predictions, losses, solvers. Knows nothing above it."""
