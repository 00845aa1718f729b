"""Cases of tables of labels, numbers and boxes."""
