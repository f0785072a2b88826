"""Every quarter of an hour: send the notices that are due to those who subscribed to receipts."""

from airflow.sdk import CronTriggerTimetable, dag, task


@dag(
    schedule=CronTriggerTimetable("*/15 * * * *", timezone="Europe/Paris", run_immediately=False),
    catchup=False,
    max_active_runs=1,
    tags=["watch"],
)
def watch() -> None:
    """Do what nobody's arrival sets off."""

    @task(retries=0)
    def send_notices() -> dict[str, int]:
        from governance.pipeline.steps import notify_step

        return notify_step()

    send_notices()


watch()
