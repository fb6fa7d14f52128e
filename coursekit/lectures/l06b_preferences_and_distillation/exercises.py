"""How the exercises of lecture 6, second half, are tried: fresh inputs, and a look."""

from coursekit.checks.tried import Tries

PROBES = Tries()
tried = PROBES.tried

# --- 6.11 to 6.13: votes and rewards --------------------------------------------------

# --- 6.14 and 6.15: a flow that rolls dice --------------------------------------------

# --- 6.16 and 6.17: fewer steps -------------------------------------------------------

# --- 6.18 and 6.19: judges and average velocities -------------------------------------
