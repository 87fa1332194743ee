"""What the trainings of both stages have in common: all is checked before anything is written, then OUT is filled."""

from collections.abc import Callable

from cxr_cli.rows import Row, write_text
from cxr_cli.training.data.training_rows import TrainingData, read_training_data
from cxr_cli.training.logs.quiet_libraries import quiet_libraries
from cxr_cli.training.out_folder import check_films, check_out_folder, filled_folder, is_open
from cxr_cli.training.processes.distributed import check_gpus, first_rank_reports, launched_by_cxr, launcher_variables
from cxr_cli.training.processes.waiting import report_partners
from cxr_cli.training.run_record import RunRecord
from cxr_cli.training.settings.job import Job


def check_and_train(
    job: Job,
    *,
    check_row: Callable[[Row], None],
    plan: Callable[[TrainingData], str],
    record: Callable[[TrainingData], RunRecord],
    train: Callable[[TrainingData, RunRecord], None],
    dry_run: bool,
) -> None:
    """Trains on the rows of a job, or with `dry_run` prints the plan, unless OUT holds the finished training.

    check_row: raises RowError for a row that cannot be trained on. plan: checks what the trainer needs, and describes
    the training. record: what it is begun with. train: fills OUT. Raises CxrError and RowError.
    """
    with launcher_variables(), quiet_libraries(), report_partners():
        with first_rank_reports():
            check_out_folder(job)
            check_gpus(job.gpus, dry_run=dry_run)
            data = read_training_data(job, check_row)
            check_films(job, data)
            run_record = record(data)
            unfinished = is_open(job, run_record)
            text = plan(data) if unfinished and not launched_by_cxr() else ""
        if unfinished and dry_run:
            write_text(text)
        elif unfinished:
            with filled_folder(job, run_record):
                train(data, run_record)
