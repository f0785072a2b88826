"""Every quarter of an hour: archive sources that are gone for too long, and send the notices that are due."""

from airflow.sdk import Asset, CronTriggerTimetable, dag, task
from airflow.sdk.exceptions import AirflowSkipException

from governance.pipeline.declared import NOT_BEFORE_THE_NEXT_TIME


@dag(
    schedule=CronTriggerTimetable("*/15 * * * *", timezone="Europe/Paris", run_immediately=NOT_BEFORE_THE_NEXT_TIME),
    catchup=False,
    max_active_runs=1,
    tags=["watch"],
)
def watch() -> None:
    """Do what nobody's arrival sets off."""

    @task(retries=0, outlets=[Asset("archipel://accepted")])
    def archive_absent_sources() -> list[str]:
        from governance.pipeline.steps import archive_step

        archived = archive_step()
        if not archived:
            raise AirflowSkipException("No source is absent for longer than the days of grace.")
        return archived

    @task(retries=0)
    def send_notices() -> dict[str, int]:
        from governance.pipeline.steps import notify_step

        return notify_step()

    archive_absent_sources()
    send_notices()


watch()
