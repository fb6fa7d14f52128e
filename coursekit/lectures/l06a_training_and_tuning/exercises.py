"""How the exercises of lecture 6, first half, are tried: fresh inputs, and a look."""

from coursekit.checks.tried import Tries

PROBES = Tries()
tried = PROBES.tried

# 6.1 and 6.2: times and shift

# 6.3 to 6.5: teachers, mixtures, stages

# 6.6 and 6.7: one subject, few numbers
