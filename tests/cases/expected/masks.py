"""Cases of mask files."""
