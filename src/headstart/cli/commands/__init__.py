"""One command a file: reads what was typed, calls a verb, shows what it gave back."""
