"""Who may do what in the console: one line for each address, and nothing else decides it.

Not asked of the policy engine, because these pages are where people see that it does not answer. What of the data may
be seen on a page is another question, and the engine's.
"""

from governance.identity.people import Person

CONTRIBUTOR, OFFICER, APPROVER = "contributor", "officer", "approver"
PROTECTION, AUDITOR, OPERATOR, PARTNER = "data-protection-officer", "auditor", "operator", "partner"
ROLE_WORDS = {
    CONTRIBUTOR: ("contributeur", "contributor"),
    OFFICER: ("chargé de gouvernance", "governance officer"),
    APPROVER: ("approbateur", "approver"),
    PROTECTION: ("délégué à la protection des données", "data protection officer"),
    AUDITOR: ("auditeur", "auditor"),
    OPERATOR: ("exploitant", "operator"),
    PARTNER: ("partenaire", "partner"),
}
"""In French and English; the realm has the same roles."""


EVERYBODY: tuple[str, ...] = ()
READERS = (OFFICER, APPROVER, PROTECTION, AUDITOR)
"""They see what parties agreed."""

ACTS: dict[str, tuple[str, ...]] = {
    "/": EVERYBODY,
    "/members/{member_id}": EVERYBODY,
    "/members/{member_id}/sources/{source_id}/hand-in": (CONTRIBUTOR, OFFICER),
    "/members/{member_id}/sources/{source_id}/hand-in/corrected.xlsx": (CONTRIBUTOR, OFFICER),
    "/runs/{run_id}": EVERYBODY,
    "/runs/{run_id}/errors.csv": EVERYBODY,
    "/runs/{run_id}/corrected.xlsx": EVERYBODY,
    "/runs/{run_id}/confirm": (CONTRIBUTOR, OFFICER),
    "/datasets/{dataset}": EVERYBODY,
    "/reasons": EVERYBODY,
    "/reasons/{code}": EVERYBODY,
    "/about": EVERYBODY,
    "/api": EVERYBODY,
    "/sign-in": EVERYBODY,
    "/sign-in-refused": EVERYBODY,
    "/sign-out": EVERYBODY,
    "/mapping": (CONTRIBUTOR, OFFICER),
    "/agreements": READERS,
    "/why": READERS,
    "/journal": READERS,
    "/policies": (*READERS, OPERATOR),
    "/policies/impact": (OFFICER, APPROVER),
    "/lineage": EVERYBODY,
    "/lineage/sources/{member_id}/{source_id}": EVERYBODY,
    "/lineage/{kind}/{name}": EVERYBODY,
    "/external": (OFFICER, OPERATOR),
    "/health": (*READERS, OPERATOR),
}
"""The roles that open each page of the console, one being enough, by its address after the language; its JSON beside it
is the same act."""

_ACT_FOR_A_MEMBER = (CONTRIBUTOR, OFFICER)


def may_act_for(person: Person | None, member_id: str, head_id: str) -> bool:
    """Whether somebody hands in a member's files, and sees cells of them though they are not open.

    Its own contributors and officers, and officers of the federation. Personal data are shown to nobody here.
    """
    if person is None:
        return False
    is_theirs = member_id in person.organisations and person.has_one_of(_ACT_FOR_A_MEMBER)
    return is_theirs or (head_id in person.organisations and person.has_one_of((OFFICER,)))


def role_words(roles: tuple[str, ...]) -> dict[str, str]:
    """Return the names of roles in both languages, as a reason's words need them."""
    return {f"roles_{name}": ", ".join(ROLE_WORDS[role][at] for role in roles) for at, name in enumerate(("fr", "en"))}
