"""When accepted rows changed: build what they touch and switch the shared layer."""

from airflow.sdk import Asset, dag, task
from airflow.sdk.exceptions import AirflowSkipException


@dag(
    schedule=[Asset("archipel://accepted")],
    catchup=False,
    max_active_runs=1,
    tags=["harmonise"],
)
def harmonise() -> None:
    """Make one dataset of many."""

    @task(retries=1, pool="duckdb_writer", outlets=[Asset("archipel://shared")])
    def build_and_switch() -> list[str]:
        from governance.pipeline.steps import harmonise_step

        outcome = harmonise_step()
        if outcome.outcome == "unchanged":
            raise AirflowSkipException("Nothing changed: the shared layer is up to date.")
        return list(outcome.failures)

    @task(retries=0)
    def report_failures(failures: list[str]) -> None:
        from governance.pipeline.steps import require_complete

        require_complete(failures)

    report_failures(build_and_switch())


harmonise()
