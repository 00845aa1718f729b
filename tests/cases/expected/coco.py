"""Cases of COCO files."""
