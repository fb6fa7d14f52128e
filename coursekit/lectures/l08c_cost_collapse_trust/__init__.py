"""Notebook 8c: what pictures cost, models that learn from models, and trust."""
