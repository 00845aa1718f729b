"""The task image classification."""
