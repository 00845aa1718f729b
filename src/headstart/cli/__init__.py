"""The command line: what may be typed, what is shown, and which code a command ends with."""
