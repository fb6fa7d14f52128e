"""Weaving: notebooks made from their sources and the package."""
