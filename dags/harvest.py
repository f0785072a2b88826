"""One DAG a member or partner, one mapped task a source: ask, land, check, keep the last good rows.

Reads the declarations and nothing else when parsed; the work is ``governance.pipeline.harvest``.
"""

from datetime import timedelta
from typing import Any

from airflow.sdk import (
    Asset,
    ExceptionRetryPolicy,
    MultipleCronTriggerTimetable,
    RetryAction,
    RetryRule,
    dag,
    get_parsing_context,
    task,
)
from airflow.sdk.exceptions import AirflowSkipException

from governance.federation import Member, Partner
from governance.pipeline.declared import NOT_BEFORE_THE_NEXT_TIME, declared_federation, is_due

ACCEPTED = Asset("archipel://accepted")

RETRY = ExceptionRetryPolicy(
    rules=[
        RetryRule(
            exception="governance.pipeline.failures.SourceRefused",
            action=RetryAction.FAIL,
            reason="The source said no; asking again changes nothing.",
        ),
        RetryRule(
            exception="governance.pipeline.failures.SourceDidNotAnswer",
            action=RetryAction.RETRY,
            retry_delay=timedelta(minutes=10),
        ),
        RetryRule(
            exception="governance.pipeline.failures.NoRoomLeft",
            action=RetryAction.RETRY,
            retry_delay=timedelta(minutes=10),
        ),
    ]
)


def harvest_dag(organisation: Member | Partner) -> None:
    """Declare the DAG of one member or partner."""
    crons = sorted({source.schedule or organisation.schedule for source in organisation.sources})

    @dag(
        dag_id=f"harvest__{organisation.id}",
        schedule=MultipleCronTriggerTimetable(
            *crons, timezone="Europe/Paris", run_immediately=NOT_BEFORE_THE_NEXT_TIME
        ),
        catchup=False,
        max_active_runs=1,
        tags=["harvest", organisation.kind],
        doc_md=f"Harvest of {organisation.name}, as declared in the federation's folder.",
    )
    def declare() -> None:
        @task(retries=2, retry_policy=RETRY, outlets=[ACCEPTED], map_index_template="{{ task.op_kwargs['source_id'] }}")
        def harvest_source(
            source_id: str, dag_run: object = None, outlet_events: Any = None
        ) -> dict[str, str | int | None]:
            from governance.pipeline.steps import harvest_step

            if not is_due(organisation, source_id, getattr(dag_run, "logical_date", None)):
                raise AirflowSkipException("Not due: this source has a schedule of its own.")
            summary = harvest_step(organisation.id, source_id)
            if summary["outcome"] != "accepted":
                raise AirflowSkipException(f"Nothing new to harmonise: {summary['outcome']} ({summary['run_id']}).")
            # Harmonising goes on under the id of the harvest that set it off.
            outlet_events[ACCEPTED].extra = {"traceparent": summary["traceparent"]}
            return summary

        harvest_source.expand(source_id=[source.id for source in organisation.sources])

    declare()


wanted = get_parsing_context().dag_id
for provider in declared_federation().providers():
    if wanted in (None, f"harvest__{provider.id}"):
        harvest_dag(provider)
