"""The task semantic segmentation."""
