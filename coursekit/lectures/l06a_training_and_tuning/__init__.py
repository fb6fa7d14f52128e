"""Lecture 6, first half: its notebook, exercises, mistakes, figures, widgets."""
