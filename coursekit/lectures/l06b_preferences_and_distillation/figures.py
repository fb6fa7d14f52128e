"""The figures of notebook 06b, drawn from what was measured."""

# --- 6.11 to 6.13: votes and rewards --------------------------------------------------

# --- 6.14 and 6.15: a flow that rolls dice --------------------------------------------

# --- 6.16 and 6.17: fewer steps -------------------------------------------------------

# --- 6.18 and 6.19: judges and average velocities -------------------------------------

# --- 6.20 and 6.21: the ladder, and the bears -----------------------------------------
