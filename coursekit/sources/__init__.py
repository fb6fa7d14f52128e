"""Notebook sources: where they are, and the text and fences they are made of."""
