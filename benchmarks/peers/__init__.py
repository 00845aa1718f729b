"""What `headstart_vs_peers.py` runs: one process for each library, each with the packages of its own environment."""
