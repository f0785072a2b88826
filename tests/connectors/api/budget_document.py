"""A budget document of TOTEM with a few lines (synthetic)."""

from typing import Any

_NAMESPACE = "http://www.minefi.gouv.fr/cp/demat/docbudgetaire"


def line(nature: str, sense: str, amount: str, **more: str) -> dict[str, str]:
    """A line: account, expense (D) or receipt (R), amount in euros."""
    return {"Nature": nature, "CodRD": sense, "MtPrev": amount, **more}


def budget(lines: list[dict[str, str]], extra: str = "", name: str = "Été & cie", **changed: Any) -> bytes:
    """The document in ISO-8859-1; ``extra`` is put among the lines."""
    written = "".join(
        "<LigneBudget>" + "".join(f'<{tag} V="{value}"/>' for tag, value in one.items()) + "</LigneBudget>"
        for one in lines
    )
    label = name.replace("&", "&amp;")
    year = changed.get("year", "2026")
    text = (
        f'<?xml version="1.0" encoding="ISO-8859-1"?>\n<DocumentBudgetaire xmlns="{_NAMESPACE}">\n'
        '<VersionSchema V="100"/><EnTeteDocBudgetaire><DteStr V="2025-02-07"/><IdColl V="21440000000017"/>'
        f'<LibelleColl V="{label}"/></EnTeteDocBudgetaire>\n<Budget><EnTeteBudget><IdEtab V="21440000000017"/>'
        f'<Nomenclature V="M57"/></EnTeteBudget><BlocBudget><Exer V="{year}"/><NatDec V="01"/></BlocBudget>\n'
        f'{written}{extra}<Annexes><LigneBudget V="not one"/></Annexes></Budget>\n</DocumentBudgetaire>\n'
    )
    return text.encode("iso-8859-1")
