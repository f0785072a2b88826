"""The dictionary of every dataset of the example federation, from its contract."""

from governance.contracts.model import Column, Contract
from governance.contracts.odcs import load_contracts
from governance.reference.markdown import code, page, table
from governance.settings import PROJECT_ROOT


def _rules(column: Column, contract: Contract) -> str:
    """The constraints of a column in a few words, as Table Schema names them."""
    rules = column.constraints
    told = ["key"] if column.name in contract.primary_key else []
    told += ["required"] if rules.required else []
    told += ["unique"] if rules.unique else []
    told += [f"one of {', '.join(str(value) for value in rules.enum)}"] if rules.enum else []
    bounds = {"pattern": rules.pattern, "minimum": rules.minimum, "maximum": rules.maximum,
              "min length": rules.min_length, "max length": rules.max_length}  # fmt: skip
    told += [f"{name} {code(value)}" for name, value in bounds.items() if value is not None]
    told += [f"tag {code(tag)}" for tag in column.tags]
    return "; ".join(told)


def _section(contract: Contract) -> str:
    columns = [
        (code(column.name), column.type, _rules(column, contract), column.description, column.description_en)
        for column in contract.columns
    ]
    checks = [(code(check.name), ", ".join(code(name) for name in check.columns)) for check in contract.checks]
    facts = [("version", contract.version), ("classification", contract.classification),
             ("one row per", contract.row_is), ("licence", contract.licence or ""),
             ("conforms to", contract.conforms_to or "")]  # fmt: skip
    parts = [
        f"## `{contract.id}`",
        f"{contract.title} / {contract.title_en}. {contract.description} {contract.description_en}",
        table(("", ""), [fact for fact in facts if fact[1]]),
        table(("column", "type", "rules", "français", "English"), columns),
        table(("check over columns", "columns"), checks) if checks else "",
    ]
    return "\n\n".join(part.strip() for part in parts if part)


def contracts_page() -> str:
    """Return ``contracts.md``."""
    contracts = load_contracts(PROJECT_ROOT / "federation" / "contracts")
    words = (
        "What each dataset looks like: the contracts of `federation/contracts/` (ODCS 3.1). Columns tagged `personal` "
        "or `confidential` are kept back by the policies. The rules are explained in [rules](rules.md)."
    )
    return page("Contracts", words, *(_section(contract) for contract in contracts.values()))
