"""Lecture 7: its notebook, exercises, mistakes, figures, widgets."""
