"""Every rule of the intake, as a row report names it, and the custom checks that a contract may ask for."""

from governance.contracts.checks import COLUMN_PARAMETERS, OPTIONAL_PARAMETERS, SUCCESSORS
from governance.intake.messages import MESSAGES
from governance.reference.markdown import code, page, table


def rules_page() -> str:
    """Return ``rules.md``."""
    words = (
        "What is said when a file or a row fails a check, and how to mend it. `blocks`: the row goes to quarantine. "
        "`improves`: the row is taken, and could be better. For the clerk, in French: "
        "[corriger un fichier](../howto/corriger-un-fichier.fr.md)."
    )
    rows = [
        (code(rule), said.title_fr, said.title_en, said.severity, said.fr, said.remedy_fr, said.en, said.remedy_en)
        for rule, said in MESSAGES.items()
    ]
    heads = ("rule", "titre", "title", "severity", "message", "remède", "message", "remedy")
    return page("Rules", words, table(heads, rows))


def checks_page() -> str:
    """Return ``checks.md``."""
    words = (
        "Rules over one or several columns, named as the national registry of schemas names them. A contract asks for "
        "them under `quality`; one that it does not know is refused when the contract is read."
    )
    newer = {old: new for new, old in SUCCESSORS.items()}
    rows = []
    for name, parameters in COLUMN_PARAMETERS.items():
        said = MESSAGES.get(name)
        columns = ", ".join(code(parameter) for parameter in parameters)
        columns += "".join(f", {code(parameter)} (may be left out)" for parameter in OPTIONAL_PARAMETERS.get(name, ()))
        rows.append((code(name), code(newer.get(name, "")), columns, said.fr if said else "", said.en if said else ""))
    heads = ("check", "newer name", "parameters that name columns", "français", "English")
    return page("Custom checks", words, table(heads, rows))
