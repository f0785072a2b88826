"""When accepted rows changed: build what they touch and switch the shared layer."""

from typing import Any

from airflow.sdk import Asset, dag, task
from airflow.sdk.exceptions import AirflowSkipException

from governance.pipeline.declared import set_off_by

SHARED = Asset("archipel://shared")


@dag(
    schedule=[Asset("archipel://accepted")],
    catchup=False,
    max_active_runs=1,
    tags=["harmonise"],
)
def harmonise() -> None:
    """Make one dataset of many."""

    @task(retries=1, pool="duckdb_writer", outlets=[SHARED])
    def build_and_switch(triggering_asset_events: Any = None, outlet_events: Any = None) -> list[str]:
        from governance.pipeline.steps import harmonise_step

        outcome, traceparent = harmonise_step(set_off_by(triggering_asset_events))
        if outcome.outcome == "unchanged":
            raise AirflowSkipException("Nothing changed: the shared layer is up to date.")
        outlet_events[SHARED].extra = {"traceparent": traceparent}
        return list(outcome.failures)

    @task(retries=0)
    def report_failures(failures: list[str]) -> None:
        from governance.pipeline.steps import require_complete

        require_complete(failures)

    report_failures(build_and_switch())


harmonise()
