"""Notebook 8b: image editing."""
