"""The doctor: what works here, what is missing, how to get it."""
