"""The figures of notebook 09, drawn from what was measured."""

# --- V1
# --- V2
# --- V3
# --- V4
