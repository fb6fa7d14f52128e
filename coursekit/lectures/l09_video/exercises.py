"""How the exercises of extension 09 are tried: fresh inputs, and a look."""

from coursekit.checks.tried import Tries

PROBES = Tries()
tried = PROBES.tried

# --- V1
# --- V2
# --- V3
# --- V4
