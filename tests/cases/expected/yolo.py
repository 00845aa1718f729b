"""Cases of YOLO labels."""
