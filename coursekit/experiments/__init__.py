"""Experiments behind the figures: plain functions that return numbers."""
