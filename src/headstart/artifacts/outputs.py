"""Names inside exported files: those of every task, and the output that shows how rounding changes a prediction."""

INPUT = "images"
PROBABILITIES = "probabilities"
