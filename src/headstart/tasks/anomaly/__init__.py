"""Anomaly detection: how far an image, and each of its places, is from good images; with p-values."""
