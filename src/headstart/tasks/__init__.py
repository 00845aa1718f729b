"""The tasks, one folder each. `headstart.task_spec` finds the parts of a task by the file `spec.py` of its folder."""
