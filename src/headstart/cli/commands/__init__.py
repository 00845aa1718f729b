"""One command per file: reads what was typed, calls a verb, shows what it gave back."""
