"""The figures of notebook 06a, drawn from what was measured."""
