"""The closed list of what a source may declare about how its columns are written."""

from governance.federation import ColumnFormats, Formats
from governance.intake.messages import MESSAGES
from governance.intake.parsers import MARKS
from governance.reference.markdown import code, page, table


def parsers_page() -> str:
    """Return ``parsers.md``."""
    words = (
        "What a source may say of how its values are written: `formats` for all of its columns, `column_formats` for "
        "one, which wins. The list is closed, and nothing is guessed. How to use them: "
        "[say how columns are written](../howto/say-how-columns-are-written.md)."
    )
    rows = [
        (code(name), "both" if name in Formats.model_fields else code("column_formats"), field.description or "")
        for name, field in ColumnFormats.model_fields.items()
    ]
    rules = [(code(rule), MESSAGES[rule].title_fr, MESSAGES[rule].title_en) for rule in MARKS]
    tables = [table(("key", "where", "means"), rows), "A cell that a parser cannot read puts its row in quarantine:"]
    return page("Parsers", words, "\n\n".join([*tables, table(("rule", "titre", "title"), rules)]))
