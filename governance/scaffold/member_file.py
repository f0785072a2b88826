"""The declaration of a new member: one YAML file, complete but for its sources."""

import json
from pathlib import Path
from zlib import crc32

from pydantic import ValidationError

from governance.federation import Federation, Member
from governance.scaffold.files import render, write_new
from governance.scaffold.problems import ScaffoldError


def declare_member(member_id: str, **facts: object) -> Member:
    """Return a member without sources; ``facts`` are fields of ``Member``.

    Raises:
        ScaffoldError: naming the first field at fault and the reason.
    """
    minute = crc32(member_id.encode()) % 60
    # Spread over the hour because a federation whose town halls are all asked at once waits for itself.
    given = {"id": member_id, "schedule": f"{minute} 4 * * *", **facts}
    try:
        return Member.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        where = ".".join(str(part) for part in first["loc"]) or "member"
        raise ScaffoldError(f"{where}: {first['msg']}") from error


def write_member(federation: Federation, member: Member) -> Path:
    """Write ``members/<id>.yaml`` and return its path.

    Raises:
        ScaffoldError: the id, the SIREN or the INSEE code is somebody's already.
    """
    if member.id in federation.organisations:
        raise ScaffoldError(f"{member.id!r} takes part already, as {federation.organisations[member.id].name}")
    if member.siren in federation.by_siren:
        raise ScaffoldError(f"siren {member.siren} is that of {federation.by_siren[member.siren].id!r}")
    codes = {known.insee_code: known.id for known in federation.members.values() if known.insee_code}
    if member.insee_code in codes:
        raise ScaffoldError(f"insee_code {member.insee_code} is that of {codes[member.insee_code]!r}")
    code = f'insee_code: "{member.insee_code}"\n' if member.insee_code else ""
    text = render(
        "member.yaml.txt",
        id=member.id,
        name=json.dumps(member.name, ensure_ascii=False),
        kind=member.kind,
        siren=member.siren,
        insee_code=code,
        cog_year=str(member.cog_year),
        population=str(member.population),
        schedule=member.schedule,
    )
    (path,) = write_new({federation.root / "members" / f"{member.id}.yaml": text})
    return path
