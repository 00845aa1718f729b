"""Tasks: a backbone with a head that answers one kind of question."""

from headstart.tasks.classifier import ImageClassifier, build_classifier

__all__ = ["ImageClassifier", "build_classifier"]
