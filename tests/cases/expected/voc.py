"""Cases of Pascal VOC files."""
