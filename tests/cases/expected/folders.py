"""Cases of class folders and their parts."""
