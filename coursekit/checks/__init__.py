"""Exercises and their checks: tried, judged, explained. Knows no lecture."""
