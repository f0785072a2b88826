"""Each night: verify the journal from its first entry to its last; a broken chain fails the task, in words."""

from airflow.sdk import CronTriggerTimetable, dag, task

from governance.pipeline.declared import NOT_BEFORE_THE_NEXT_TIME


@dag(
    schedule=CronTriggerTimetable("15 4 * * *", timezone="Europe/Paris", run_immediately=NOT_BEFORE_THE_NEXT_TIME),
    catchup=False,
    max_active_runs=1,
    tags=["verify"],
)
def verify() -> None:
    """Look for what was altered, removed or reordered."""

    @task(retries=0)
    def verify_journal() -> int:
        from governance.pipeline.steps import verify_step

        return verify_step()

    verify_journal()


verify()
