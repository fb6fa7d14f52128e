"""Edits of a picture by exact operations: what each does, and who may ask for it."""
