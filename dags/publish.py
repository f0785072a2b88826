"""When the shared layer changed, and each morning because agreements end: make the catalogue equal to the decisions."""

from typing import Any

from airflow.sdk import Asset, AssetOrTimeSchedule, CronTriggerTimetable, dag, task

from governance.pipeline.declared import NOT_BEFORE_THE_NEXT_TIME, set_off_by


@dag(
    schedule=AssetOrTimeSchedule(
        timetable=CronTriggerTimetable("30 5 * * *", timezone="Europe/Paris", run_immediately=NOT_BEFORE_THE_NEXT_TIME),
        assets=[Asset("archipel://shared")],
    ),
    catchup=False,
    max_active_runs=1,
    tags=["publish"],
)
def publish() -> None:
    """Ask who may see what, and publish what is open."""

    @task(retries=1)
    def publish_catalogue(triggering_asset_events: Any = None) -> dict[str, int]:
        from governance.pipeline.steps import publish_step

        return publish_step(set_off_by(triggering_asset_events))

    publish_catalogue()


publish()
