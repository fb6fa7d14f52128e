"""Lecture 0: its notebook, exercises, mistakes, experiments and widgets."""
