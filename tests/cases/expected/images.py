"""Cases of images that are stored in unusual ways."""
