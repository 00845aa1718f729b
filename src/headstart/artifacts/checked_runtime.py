"""An exported file whose predictions are checked: their shapes, their range, and that they fit the class names."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from headstart.artifacts.exported_task import Outputs, exported_task
from headstart.artifacts.predictor import Runtime
from headstart.errors import ArtifactDamagedError
from headstart.task_spec import find_task


@dataclass(frozen=True, eq=False)
class CheckedRuntime:
    """See `headstart.artifacts.Runtime`; a file whose outputs are not those that its artifact states is refused.

    Attributes:
        runtime: runs the file.
        file: the file, for the error.
        task: of the model.
        num_names: class names, or names of numbers, in the artifact.
    """

    runtime: Runtime
    file: Path
    task: str
    num_names: int

    def try_out(self, image_size: tuple[int, int]) -> None:
        """Runs the file once, on a black image of `image_size`, `(height, width)`.

        Raises:
            ArtifactDamagedError: the file cannot be run, or gives something else.
        """
        self.run(np.zeros((1, *image_size, 3), np.uint8))

    def run(self, images: np.ndarray) -> Outputs:
        """See `headstart.artifacts.Runtime`.

        Raises:
            ArtifactDamagedError: the file cannot be run, or gives something else.
        """
        try:
            outputs = self.runtime.run(images)
        except Exception as error:  # each library has errors of its own
            raise self._damaged(f"{type(error).__name__}: {error}".partition("\n")[0]) from error
        if not self._fits(outputs, len(images)):
            raise self._damaged(_described(outputs))
        return outputs

    def _fits(self, outputs: Outputs, num_images: int) -> bool:
        are_numbers = all(output.dtype.kind in "iuf" and output.shape[:1] == (num_images,) for output in outputs)
        if len(outputs) != len(find_task(self.task).outputs) or not are_numbers:
            return False
        return exported_task(self.task).fits(outputs, self.num_names) and all(
            bool(np.isfinite(each).all()) for each in outputs
        )

    def _damaged(self, received: str) -> ArtifactDamagedError:
        return ArtifactDamagedError(
            f"The outputs of '{self.file}' are not those of a model for {self.task}.",
            expected=f"{', '.join(find_task(self.task).outputs)} for the {self.num_names} names in artifact.json",
            received=received,
            hint="Export it again with `headstart export`.",
        )


def _described(outputs: Outputs) -> str:
    return "; ".join(f"{output.dtype} of shape {output.shape}" for output in outputs) or "nothing"
