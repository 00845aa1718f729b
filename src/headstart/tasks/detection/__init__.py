"""The task object detection."""
