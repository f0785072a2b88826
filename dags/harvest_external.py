"""Each morning, an hour before the publication: ask the catalogues of others what they have for the territory.

Apart from the publication, which lists what is known and waits for none of them.
"""

from airflow.sdk import CronTriggerTimetable, dag, task

from governance.pipeline.declared import NOT_BEFORE_THE_NEXT_TIME


@dag(
    schedule=CronTriggerTimetable("30 4 * * *", timezone="Europe/Paris", run_immediately=NOT_BEFORE_THE_NEXT_TIME),
    catchup=False,
    max_active_runs=1,
    tags=["harvest", "external"],
)
def harvest_external() -> None:
    """Keep what the catalogues of others say of themselves."""

    @task(retries=0)
    def ask_external_catalogues() -> dict[str, int]:
        from governance.pipeline.steps import external_step

        return external_step()

    ask_external_catalogues()


harvest_external()
