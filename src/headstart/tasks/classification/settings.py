"""Settings of a recipe for classification."""

from headstart.task_settings import EpochRule, TaskSettings

SETTINGS = TaskSettings(
    fixed={("images", "collages"): 0.0},
    fine_tuning_rate=1.2e-3,
    fine_tuning_epochs=EpochRule(6_000, 11, 30),
    frozen_epochs=EpochRule(1, 10, 10),
    can_pool_stages=True,
)
