"""All spoiled files; ``python -m tests.corpus.corpus FOLDER`` writes each with its outcome beside it."""

import json
import sys
from dataclasses import asdict
from pathlib import Path

from tests.corpus import archives, json_documents, layers, odd_bytes, regular_text, workbooks, xml_documents
from tests.corpus.case import SCHEMA, Case

FAMILIES = (regular_text, odd_bytes, workbooks, json_documents, xml_documents, layers, archives)
CASES: tuple[Case, ...] = tuple(case for family in FAMILIES for case in family.cases())


def write(folder: Path) -> None:
    """Write each file, what must come of it, and the schema that all are held against."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "schema.json").write_text(json.dumps(SCHEMA, indent=2), encoding="utf-8")
    for case in CASES:
        path = folder / case.name / case.filename
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(case.make())
        said = {"status": case.outcome.status, "rows": case.outcome.counts, **asdict(case.outcome)}
        (path.parent / "outcome.json").write_text(json.dumps(said, indent=2), encoding="utf-8")


if __name__ == "__main__":
    write(Path(sys.argv[1]))
