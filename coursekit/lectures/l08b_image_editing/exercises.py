"""How the exercises of notebook 8b are tried: fresh inputs, and a look."""

from coursekit.checks.tried import Tries

PROBES = Tries()
tried = PROBES.tried


# MARK exact


# MARK wishes


# MARK generator
