"""Regression: numbers for an image, with intervals."""
