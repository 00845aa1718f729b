"""Collages among the training images, if the recipe requests them."""

from dataclasses import replace

import pandas as pd

from headstart.data import Dataset, draw_collages
from headstart.recipe import Recipe
from headstart.run.directory import Run

MOST_COLLAGES = 500


def num_collages(recipe: Recipe, num_training: int) -> int:
    """The number of collages for a number of training images."""
    return min(round((recipe.images.collages or 0.0) * num_training), MOST_COLLAGES)


def with_collages(run: Run, image_size: tuple[int, int]) -> Dataset:
    """The run's data set, to its training part added the collages that the recipe asks for, drawn into the run."""
    dataset = run.dataset
    training = dataset.part("train")
    count = num_collages(run.recipe, len(training))
    if not count or not any(len(boxes) for boxes in training.boxes()):
        return dataset
    drawn = draw_collages(training, run.collages_path, count=count, image_size=image_size, seed=run.recipe.seed)
    return replace(dataset, frame=pd.concat([dataset.frame, drawn.frame[dataset.frame.columns]], ignore_index=True))
