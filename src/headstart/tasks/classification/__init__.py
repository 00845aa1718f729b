"""Image classification: a class, or several labels, for an image."""
