"""The task regression of numbers."""
