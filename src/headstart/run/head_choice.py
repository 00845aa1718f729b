"""The default number of stages that the head of a classifier reads."""

from headstart.backbones import find_backbone
from headstart.errors import RecipeError
from headstart.recipe import Recipe
from headstart.task_settings import settings_of
from headstart.task_spec import DEFAULT_TASK


def with_num_stages(recipe: Recipe) -> Recipe:
    """The recipe with the number of stages that a classifier's head reads; of other tasks as it is.

    A linear probe that is the whole training reads every stage; docs/decisions/0032 says what that gains. A head below
    which something is fine-tuned reads the last feature map alone: the bank then holds the activations at one cut, and
    lower stages go past it.

    Args:
        recipe: resolved, with the epochs of every phase.

    Raises:
        RecipeError: more stages than the network has, or more than one where the network is fine-tuned.
    """
    if not settings_of(recipe.task or DEFAULT_TASK).can_pool_stages:
        return recipe
    asked, most = recipe.head.num_stages, len(find_backbone(recipe.backbone.name).stages)
    is_frozen = not recipe.fine_tuning_phase.epochs and not recipe.deep_phase.epochs
    if asked is None:
        is_probe = is_frozen and recipe.head.start == "probe"
        return recipe.with_values("head", num_stages=most if is_probe else 1)
    if asked > most:
        raise RecipeError(
            f"The head cannot read {asked} stages of {recipe.backbone.name}.",
            expected=f"head.num_stages from 1 to {most}",
            received=f"head.num_stages = {asked}",
            hint=f"See its stages with `headstart backbones {recipe.backbone.name}`.",
        )
    if asked > 1 and not is_frozen:
        raise RecipeError(
            "A head can read several stages only if the network stays frozen.",
            expected="no epochs of fine-tuning, or head.num_stages = 1",
            received=f"head.num_stages = {asked}, {recipe.fine_tuning_phase.epochs or 0} epochs of fine-tuning and "
            f"{recipe.deep_phase.epochs or 0} of the deep phase",
            hint="Add --epochs 0, or remove head.num_stages from the recipe.",
        )
    return recipe
