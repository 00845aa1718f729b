"""Predictions written to a file, so that a killed prediction continues where it stopped.

During the work, a folder `FILE.partial` beside the file holds a journal, one line of JSON per image, and the facts that
the predictions depend on. The journal grows by whole batches; a kill damages at most the last one, which is predicted
again. At the end the file is made from the journal in one step, and the folder is removed: an interrupted and an
uninterrupted prediction write the same bytes.
"""

import shutil
from collections.abc import Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from itertools import islice
from pathlib import Path

from headstart.errors import AnswersExistError, AnswersMismatchError
from headstart.files import UnusableFileError, read_plain, shown, sole_use, write_json
from headstart.files import storage_errors as disk_errors
from headstart.prediction.columns import Tallied
from headstart.prediction.files import expand_paths, fingerprint_files
from headstart.prediction.journal import Journal
from headstart.prediction.picture_files import PictureFiles
from headstart.prediction.settings import Settings
from headstart.prediction.sources import Model
from headstart.prediction.stream import answer_batches
from headstart.prediction.tables import TABLE_WRITERS, check_table_path, json_line
from headstart.prediction.task_answers import answers_of, form_of
from headstart.progress import Progress
from headstart.task_spec import find_task

FORMAT_VERSION = 1
_MAX_SHOWN = 120  # characters of a setting in an error
MAX_FACTS_BYTES = 2**30  # names, sizes and times of millions of files
# Entry of the job → how the user calls it.
_NAMES = {
    "format_version": "the version of Headstart",
    "model": "the model",
    "coverage": "the coverage",
    "abstain": "--abstain",
    "min_score": "--min-score",
    "masks": "--masks",
    "draw": "--draw",
    "false_alarms": "--false-alarms",
    "batch_size": "the batch size",
    "num_files": "the number of files",
    "files": "the files (their names, sizes or times)",
}


@dataclass(frozen=True)
class Job:
    """A file of predictions to be written.

    Attributes:
        out: the file; its ending says in which format.
        paths: what is asked about.
        num_files: in `paths`.
        batch_size: images at a time.
        settings: what is asked of predictions.
    """

    out: Path
    paths: tuple[Path | str, ...]
    num_files: int
    batch_size: int
    settings: Settings = field(default_factory=Settings)

    @property
    def folder(self) -> Path:
        """The folder of the unfinished work."""
        return self.out.with_name(f"{self.out.name}.partial")

    @property
    def facts_path(self) -> Path:
        """JSON: the facts that the predictions depend on."""
        return self.folder / "job.json"

    @property
    def journal_path(self) -> Path:
        """JSON lines: the predictions so far."""
        return self.folder / "answers.jsonl"


def check_out(out: Path, kind: str) -> None:
    """Refuses a file that cannot be written, before any work.

    Args:
        out: the file.
        kind: of task.

    Raises:
        RecipeError: its name does not say in which format.
        AnswersExistError: it is there, and no interrupted prediction belongs to it.
    """
    check_table_path(out, kind)
    if out.exists() and not out.with_name(f"{out.name}.partial").is_dir():
        raise _exists(out)


def write_answers(job: Job, model: Model, progress: Progress) -> Tallied:
    """Writes the file, going on from what an interrupted prediction left; gives what became of the files.

    Raises:
        AnswersMismatchError: what the predictions depend on has changed since the prediction was interrupted.
        FolderOccupiedError: a folder for masks or drawings is that of the images.
        StorageFullError: no room is left.
        StoragePermissionError: the folder may not be written to.
    """
    predictor = model.predictor
    form = form_of(predictor.kind, predictor.class_names, job.settings)
    files = PictureFiles(predictor.kind, predictor.class_names, job.settings, job.paths)
    with storage_errors(job.out), _alone(job):
        _open_job(job, model)
        answered = Journal(job.journal_path, form)
        tally, num_done = _take_over(job, answered)
        progress.start("predicting", job.num_files)
        if num_done:
            progress.say(f"Continuing after {num_done} of {job.num_files} files that are already done")
            progress.advance(num_done)
        with job.journal_path.open("a", encoding="utf-8") as journal:
            batches = answer_batches(
                predictor, islice(expand_paths(job.paths), num_done, None), batch_size=job.batch_size
            )
            for predictions in batches:
                records = [files.write(each, form.record(each)) for each in predictions]
                journal.writelines(map(json_line, records))
                journal.flush()
                for record in records:
                    tally.counted(record)
                progress.advance(len(records))
        progress.finish()
        _finish(job, answered, predictor.kind)
    return tally


@contextmanager
def _alone(job: Job) -> Iterator[None]:
    """Keeps other processes from the same file."""
    job.folder.mkdir(parents=True, exist_ok=True)
    hint = f"Wait until '{job.out.name}' is there, or name another file with --out."
    with sole_use(job.folder, purpose="writes its predictions in", hint=hint):
        if job.out.exists() and not job.facts_path.exists():  # finished while this process loaded its model
            job.folder.rmdir()
            raise _exists(job.out)
        yield


def _exists(out: Path) -> AnswersExistError:
    return AnswersExistError(
        f"'{out}' already exists.",
        expected="a new file, or a file whose writing was interrupted",
        received="a folder" if out.is_dir() else "a finished file",
        hint="Choose another file, or delete this one first.",
    )


def _settings(job: Job, model: Model) -> dict[str, object]:
    """The settings of a prediction, with the defaults of the model for those that are not given."""
    names = find_task(model.predictor.kind).prediction_settings
    values = {name: getattr(model.predictor, name, getattr(job.settings, name)) for name in names}
    return {name: str(value) if isinstance(value, Path) else value for name, value in values.items()}


def _open_job(job: Job, model: Model) -> None:
    facts = {
        "format_version": FORMAT_VERSION,
        "model": dict(model.facts),
        **_settings(job, model),
        "batch_size": job.batch_size,
        "num_files": job.num_files,
        "files": fingerprint_files(job.paths),
    }
    known = _known_facts(job)
    if known is None:
        job.journal_path.write_text("", encoding="utf-8")
        write_json(job.facts_path, facts, indent=1)
        return
    changed = [name for name, value in facts.items() if known.get(name) != value]
    if changed:
        raise _mismatch(job, known, facts, changed)


def _known_facts(job: Job) -> dict[str, object] | None:
    """The facts that the interrupted prediction depended on; None if it had not begun."""
    if not job.facts_path.exists():
        return None
    try:
        facts: dict[str, object] = read_plain(job.facts_path, max_bytes=MAX_FACTS_BYTES)
    except UnusableFileError:
        return {}
    return facts


def _take_over(job: Job, journal: Journal) -> tuple[Tallied, int]:
    """A tally of the files that an interrupted prediction has finished, and their number."""
    try:
        return journal.take_over(expand_paths(job.paths), num_files=job.num_files, batch_size=job.batch_size)
    except UnusableFileError as error:
        raise _damaged(job, error) from error


def _finish(job: Job, journal: Journal, kind: str) -> None:
    whole = job.folder / f"whole{job.out.suffix}"
    try:
        writers = {**TABLE_WRITERS, **answers_of(kind).writers}
        writers[job.out.suffix.lower()](whole, journal, journal.form)
    except UnusableFileError as error:
        raise _damaged(job, error) from error
    whole.replace(job.out)
    shutil.rmtree(job.folder)


def _mismatch(
    job: Job, known: Mapping[str, object], facts: Mapping[str, object], changed: list[str]
) -> AnswersMismatchError:
    changed_settings = [name for name in changed if name not in ("format_version", "model", "files")]

    def values(source: Mapping[str, object]) -> str:
        return ", ".join(f"{_NAMES[name]}: {_shown(source.get(name))}" for name in changed_settings)

    return AnswersMismatchError(
        f"'{job.out}' was started with other input: {', '.join(_NAMES[name] for name in changed)} changed since.",
        expected=f"the same as before ({values(known)})" if changed_settings else "the same model and files as before",
        received=values(facts)
        if changed_settings
        else f"other values of {', '.join(_NAMES[name] for name in changed)}",
        hint=f"Repeat the earlier command to continue, choose another file, or delete '{job.folder}' to start again.",
    )


def _shown(value: object) -> str:
    return value if isinstance(value, str) and len(value) < _MAX_SHOWN else shown(value)


def _damaged(job: Job, error: UnusableFileError) -> AnswersMismatchError:
    return AnswersMismatchError(
        f"'{job.journal_path}' does not contain the predictions of an interrupted command.",
        expected=error.expected,
        received=error.received,
        hint=f"Delete '{job.folder}' to start again.",
    )


def storage_errors(path: Path) -> AbstractContextManager[None]:
    """`headstart.files.storage_errors` in the words of a prediction.

    Args:
        path: what is written to.
    """
    return disk_errors(
        path,
        room="space for about twice the file of predictions",
        full_hint="Free disk space and repeat the command; finished predictions are kept.",
    )
