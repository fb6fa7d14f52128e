"""The figures of notebook 8b."""

# MARK exact

# MARK wishes

# MARK generator
