"""How the exercises of lecture 7 are tried: fresh inputs, and a look."""

from coursekit.checks.tried import Tries

PROBES = Tries()
tried = PROBES.tried

# --- 7.1 to 7.3: ratings --------------------------------------------------------------

# --- 7.4 to 7.6: distances ------------------------------------------------------------

# --- 7.7 to 7.9: alignment ------------------------------------------------------------

# --- 7.10 to 7.11: judges -------------------------------------------------------------
