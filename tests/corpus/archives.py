"""Spoiled ZIP archives: what is in them, how they are packed, and what they pretend."""

import io
import zipfile
from collections.abc import Iterator

from governance.federation import Reading
from tests.corpus.case import Case, Outcome, case, refused, rows
from tests.corpus.regular_text import HEAD, A, B, C

PLAIN = f"{HEAD}\n{A}\n{B}\n{C}\n".encode()
WRONG = f"{HEAD}\n{A}\nb;Besné;x;\n".encode()
MIB = 1024**2


def packed(members: dict[str, bytes], method: int = zipfile.ZIP_DEFLATED) -> bytes:
    """Return an archive of these members."""
    target = io.BytesIO()
    with zipfile.ZipFile(target, "w", method) as archive:
        for name, content in members.items():
            archive.writestr(name, content)
    return target.getvalue()


def bomb() -> bytes:
    """Return an archive that unpacks to a thousand times its size."""
    return packed({"f.csv": HEAD.encode() + b"\n" + b"\x30" * (48 * MIB)})


def marked_encrypted(archive: bytes) -> bytes:
    """Return an archive whose member says, in both its headers, that it has a password."""
    changed = bytearray(archive)
    changed[6] |= 1
    changed[archive.index(b"PK\x01\x02") + 8] |= 1
    return bytes(changed)


def with_wrong_sum() -> bytes:
    """Return an archive, not compressed, in which a byte of the content was changed."""
    return packed({"f.csv": PLAIN}, zipfile.ZIP_STORED).replace(b"Pornichet", b"Pornichat")


def lying_about_size() -> bytes:
    """Return a bomb that says it unpacks to one byte."""
    changed = bytearray(bomb())
    at = bytes(changed).index(b"PK\x01\x02") + 24
    changed[at : at + 4] = (1).to_bytes(4, "little")
    return bytes(changed)


BROKEN = refused("not-a-table", has_lines=False)
SPOILED: dict[str, tuple[bytes, Outcome]] = {
    "right": (packed({"f.csv": PLAIN}), rows([2, 3, 4])),
    "in-a-folder": (packed({"un/deux/f.csv": PLAIN}), rows([2, 3, 4])),
    "name-in-capitals": (packed({"F.CSV": WRONG}), rows([2], {3: "type-error"})),
    "wrong-row": (packed({"f.csv": WRONG}), rows([2], {3: "type-error"})),
    "clutter-of-macintosh": (packed({"f.csv": PLAIN, "__MACOSX/._f.csv": b"x", ".DS_Store": b"x"}), rows([2, 3, 4])),
    "notice-beside": (packed({"f.csv": PLAIN, "lisez-moi.pdf": b"%PDF"}), rows([2, 3, 4])),
    "member-empty": (packed({"f.csv": b""}), refused("empty-file")),
    "member-no-text": (packed({"f.csv": b"%PDF-1.7"}), refused("not-a-table")),
    "two-tables": (packed({"a.csv": PLAIN, "b.csv": PLAIN}), refused("member-needed")),
    "no-table": (packed({"lisez-moi.pdf": b"%PDF", "logo.png": b"x"}), refused("member-needed")),
    "no-member": (packed({}), refused("member-needed")),
    "archive-in-it": (packed({"f.zip": packed({"f.csv": PLAIN})}), refused("member-needed")),
    "archive-named-csv": (packed({"f.csv": packed({"f.csv": PLAIN})}), refused("member-needed")),
    "way-up": (packed({"../f.csv": PLAIN}), refused("archive-unsafe")),
    "way-up-further": (packed({"a/../../f.csv": PLAIN}), refused("archive-unsafe")),
    "way-up-of-windows": (packed({"..\\f.csv": PLAIN}), refused("archive-unsafe")),
    "from-the-root": (packed({"/etc/f.csv": PLAIN}), refused("archive-unsafe")),
    "from-a-disk": (packed({"C:\\f.csv": PLAIN}), refused("archive-unsafe")),
    "way-up-beside": (packed({"f.csv": PLAIN, "../x.txt": b"x"}), refused("archive-unsafe")),
    "encrypted": (marked_encrypted(packed({"f.csv": PLAIN})), refused("archive-encrypted")),
    "sum-wrong": (with_wrong_sum(), BROKEN),
    "cut-by-half": (packed({"f.csv": PLAIN})[:90], BROKEN),
    "cut-at-the-end": (packed({"f.csv": PLAIN})[:-1], BROKEN),
    # bytes without a signature are read as text, and no line of it names a column
    "start-cut-off": (packed({"f.csv": PLAIN})[4:], refused("not-a-text", has_lines=False)),
    "ten-thousand-and-one": (
        packed({f"{n}.csv": b"" for n in range(10_001)}, zipfile.ZIP_STORED),
        refused("too-large"),
    ),
}


def cases() -> Iterator[Case]:
    """Give every archive."""
    for name, (content, outcome) in SPOILED.items():
        yield case(f"zip-{name}", "file.zip", content, outcome)
    yield case("zip-bomb", "file.zip", bomb, refused("too-large"))
    yield case("zip-bomb-that-lies", "file.zip", lying_about_size, BROKEN)
    two = packed({"a.csv": PLAIN, "b.csv": WRONG})
    for name, member, outcome in (
        ("chosen", "b.csv", rows([2], {3: "type-error"})),
        ("absent", "c.csv", refused("member-not-found")),
    ):
        yield case(f"zip-member-{name}", "file.zip", two, outcome, declared={"reading": Reading(member=member)})
