"""Names inside exported files that do not depend on the task, and the one that shows how rounding changes an answer."""

INPUT = "images"
PROBABILITIES = "probabilities"
