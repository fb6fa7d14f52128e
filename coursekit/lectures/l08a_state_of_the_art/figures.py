"""Figures of notebook 8a, of stored numbers."""


# MARK front


# MARK predict


# MARK words


# MARK price


# MARK beside
