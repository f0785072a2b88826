"""Spoiled JSON, NDJSON and GeoJSON; records stand one a line, so that each has a line to be named by."""

import json
from collections.abc import Iterator, Mapping

from governance.federation import Reading
from tests.corpus.case import Case, Outcome, all_bad, case, refused, rows

A = '{"id": "a", "ville": "Donges", "montant": 1.5, "jour": "2024-01-01"}'
B = '{"id": "b", "ville": "Besné", "montant": 2, "jour": "2024-01-02"}'
C = '{"id": "c", "ville": "Pornichet", "montant": 3, "jour": "2024-01-03"}'
LAMBERT = (305_000, 6_700_000)


def listed(*records: str) -> str:
    """Return a list whose first record stands on line 2."""
    return "[\n" + ",\n".join(records) + "\n]\n"


def with_b(**changed: object) -> str:
    """Return three records, the second (line 3) with other values."""
    return listed(A, json.dumps({**json.loads(B), **changed}), C)


LISTS: dict[str, tuple[str, Outcome]] = {
    "right": (listed(A, B, C), rows([2, 3, 4])),
    "blank-lines-between": (f"[\n\n{A},\n\n\n{B}\n]", rows([3, 6])),
    "record-over-lines": (
        '[\n{"id":\n"a",\n"montant": 1},\n{"id": "b", "montant": "x"}\n]',
        rows([2], {5: "type-error"}),
    ),
    "all-on-one-line": (f"[{A}, {B}]", rows([1, 1])),
    "word-for-number": (with_b(montant="deux"), rows([2, 4], {3: "type-error"})),
    "truth-for-number": (with_b(montant=True), rows([2, 4], {3: "type-error"})),
    "list-for-number": (with_b(montant=[1, 2]), rows([2, 4], {3: "type-error"})),
    "empty-list-for-number": (with_b(montant=[]), rows([2, 4], {3: "type-error"})),
    "comma-for-point": (with_b(montant="1,5"), rows([2, 4], {3: "type-error"})),
    "number-for-day": (with_b(jour=20240102), rows([2, 4], {3: "type-error"})),
    "day-that-is-none": (with_b(jour="2024-13-01"), rows([2, 4], {3: "type-error"})),
    "null-identifier": (with_b(id=None), rows([2, 4], {3: "required"})),
    "empty-identifier": (with_b(id=""), rows([2, 4], {3: "required"})),
    "identifier-left-out": (listed(A, '{"ville": "Besné"}', C), rows([2, 4], {3: "required"})),
    "empty-record": (listed(A, "{}", C), rows([2, 4], {3: "required"})),  # somebody wrote a record there
    "key-twice": (with_b(id="a"), rows([2, 4], {3: "primary-key"})),
    "record-twice": (listed(A, B, B), rows([2, 3], twice=[4])),
    "unknown-name": (with_b(autre="x"), rows([2, 3, 4])),
    "nested-deep": (with_b(autre={"x": {"y": [1]}}), rows([2, 3, 4])),
    "integer-beyond-any": (listed(A, f'{{"id": "b", "montant": {"9" * 400}}}'), rows([2], {3: "type-error"})),
    "not-a-number": (listed(A, '{"id": "b", "montant": NaN}'), refused("json-malformed", 3)),
    "infinity": (listed(A, '{"id": "b", "montant": Infinity}'), refused("json-malformed", 3)),
    "comma-at-the-end": ("[\n" + A + ",\n" + B + ",\n]\n", refused("json-malformed", 4)),
    "comma-left-out": ("[\n" + A + "\n" + B + "\n]\n", refused("json-malformed", 3)),
    "single-quotes": (listed(A, "{'id': 'b'}"), refused("json-malformed", 3)),
    "comment": (listed(A, "// note\n" + B), refused("json-malformed", 3)),
    "value-left-out": (listed(A, '{"id": }'), refused("json-malformed", 3)),
    "raw-tab-in-text": (listed(A, '{"id": "b\tc"}'), refused("json-malformed", 3)),
    "text-behind": (listed(A, B) + "fin", refused("json-malformed", 5)),
    "cut-in-a-record": (listed(A, B, C)[:100], refused("json-malformed", 3)),
    "cut-in-the-first": (listed(A, B, C)[:20], refused("json-malformed", 2)),
    "cut-before-the-end": (listed(A, B, C)[:-3], refused("json-malformed", 4)),
    "number-among-records": (listed(A, "3", C), refused("json-record", 3)),
    "text-among-records": (listed(A, '"x"', C), refused("json-record", 3)),
    "list-among-records": (listed(A, "[1]", C), refused("json-record", 3)),
    "null-among-records": (listed(A, "null", C), refused("json-record", 3)),
    "no-record": ("[]", refused("no-rows")),
    "object-without-list": ('{"id": "a"}', refused("no-rows")),
    "empty-object": ("{}", refused("no-rows")),
    "names-unknown": (listed('{"x": 1}', '{"x": 2}'), refused("header-not-found", 2)),
    "nested-without-end": ("[" * 100_000, refused("json-malformed")),
    "nested-in-a-record": (listed(A, '{"id": ' + "[" * 9_999 + "]" * 9_999 + "}"), refused("json-malformed")),
    "accents-lost": (listed(A, B.replace("é", "Ã©")), rows([2, 3])),
    "nul-escaped": (listed(A, r'{"id": "b\u0000c"}'), rows([2, 3])),
}

LINES: dict[str, tuple[str, Outcome]] = {
    "right": (f"{A}\n{B}\n{C}\n", rows([1, 2, 3])),
    "blank-lines": (f"{A}\n\n\n{B}\n", rows([1, 4])),
    "carriage-returns": (f"{A}\r\n{B}\r\n", rows([1, 2])),
    "word-for-number": (f'{A}\n{{"id": "b", "montant": "x"}}\n{C}\n', rows([1, 3], {2: "type-error"})),
    "identifier-left-out": (f'{A}\n{{"ville": "x"}}\n', rows([1], {2: "required"})),
    "record-twice": (f"{A}\n{B}\n{A}\n", rows([1, 2], twice=[3])),
    "cut": (f"{A}\n{B}\n{C}"[:-9], refused("json-malformed", 3)),
    "broken-in-the-middle": (f'{A}\n{{"id": \n{C}\n', refused("json-malformed", 2)),
    "identifier-empty": (f'{A}\n{{"id": "", "ville": "x"}}\n', rows([1], {2: "required"})),
    "nested-without-end": (f'{A}\n{{"id": {"[" * 9_999}{"]" * 9_999}}}\n', refused("json-malformed", 2)),
    "number-among-records": (f"{A}\n{B}\n3\n", refused("json-record", 3)),
    "not-a-number": (f'{A}\n{{"id": NaN}}\n', refused("json-malformed", 2)),
}


def feature(name: str, at: tuple[float, float] | None, **more: object) -> str:
    """Return a feature with a point."""
    shape = None if at is None else {"type": "Point", "coordinates": list(at)}
    return json.dumps({"type": "Feature", "properties": {"id": name, **more}, "geometry": shape})


def collection(*features: str, head: str = "") -> str:
    """Return a collection whose first feature stands on line 2."""
    return f'{{"type": "FeatureCollection", {head}"features": [\n' + ",\n".join(features) + "\n]}\n"


HERE = (-2.2, 47.3)
STATED = '"crs": {"type": "name", "properties": {"name": "urn:ogc:def:crs:EPSG::2154"}}, '
UNKNOWN = STATED.replace("2154", "999999")
FEATURES: dict[str, tuple[str, Outcome]] = {
    "right": (collection(feature("a", HERE), feature("b", HERE)), rows([2, 3])),
    "without-geometry": (collection(feature("a", HERE), feature("b", None)), rows([2, 3])),
    "word-for-number": (collection(feature("a", HERE), feature("b", HERE, montant="x")), rows([2], {3: "type-error"})),
    "properties-null": (
        collection(feature("a", HERE), '{"type": "Feature", "properties": null, "geometry": null}'),
        rows([2], {3: "required"}),
    ),
    "axes-exchanged": (collection(feature("a", HERE[::-1]), feature("b", HERE)), rows([2, 3])),
    "metres-unsaid": (collection(feature("a", LAMBERT), feature("b", LAMBERT)), all_bad([2, 3], "crs-missing", None)),
    "metres-stated": (collection(feature("a", LAMBERT), head=STATED), rows([2])),
    "system-unknown": (collection(feature("a", LAMBERT), head=UNKNOWN), refused("crs-unknown")),
    "feature-twice": (collection(feature("a", HERE), feature("a", HERE)), rows([2], twice=[3])),
    "key-twice": (collection(feature("a", HERE), feature("a", HERE, ville="x")), rows([2], {3: "primary-key"})),
    "no-feature": (collection(), refused("no-rows")),
    "identifier-empty": (collection(feature("a", HERE), feature("", HERE)), rows([2], {3: "required"})),
    "nested-without-end": (collection(feature("a", HERE), "[" * 9_999 + "]" * 9_999), refused("json-malformed")),
    "features-left-out": ('{"type": "FeatureCollection"}', refused("path-not-found")),
    "features-no-list": ('{"type": "FeatureCollection", "features": 3}', refused("path-not-found")),
    "feature-a-number": (collection(feature("a", HERE), "3"), refused("json-record", 3)),
    "cut-in-a-feature": (collection(feature("a", HERE), feature("b", HERE))[:-30], refused("json-malformed", 3)),
    "cut-before-the-end": (collection(feature("a", HERE), feature("b", HERE))[:-3], refused("json-malformed", 3)),
    "value-left-out": (collection(feature("a", HERE), '{"type": }'), refused("json-malformed", 3)),
}


def _of(kind: str, documents: Mapping[str, tuple[str, Outcome]]) -> Iterator[Case]:
    for name, (text, outcome) in documents.items():
        yield case(f"{kind}-{name}", f"file.{kind}", text.encode(), outcome)


def cases() -> Iterator[Case]:
    """Give every document."""
    yield from _of("json", LISTS)
    yield from _of("ndjson", LINES)
    yield from _of("geojson", FEATURES)
    twice = listed(A, '{"id": "b", "montant": 1, "montant": 2}').encode()
    yield case("json-name-twice", "file.json", twice, rows([2], {3: "name-twice"}))
    lists = b'{"data": [{"id": "a"}],\n"data": [{"id": "b"}]}'
    yield case("json-list-twice", "file.json", lists, refused("json-malformed", 2))
    bodies = (A, '{"id": "b", "ville": "x", "ville": "y"}', '{"id": "c"}')
    yield case("ndjson-name-twice", "file.ndjson", "\n".join(bodies).encode(), rows([1, 3], {2: "name-twice"}))
    of_feature = feature("b", HERE).replace('"id": "b"', '"id": "c", "id": "b"')
    twice = collection(feature("a", HERE), of_feature, feature("d", HERE)).encode()
    yield case("geojson-name-twice", "file.geojson", twice, rows([2, 4], {3: "name-twice"}))
    for name, path in (("absent", "data.absent"), ("a-number", "n"), ("a-record", "data.0")):
        document = json.dumps({"n": 1, "data": [json.loads(A)]}).encode()
        declared = {"reading": Reading(path=path)}
        yield case(f"json-path-{name}", "file.json", document, refused("path-not-found"), declared=declared)
    declared = {"reading": Reading(crs="EPSG:2154")}
    odd = collection(feature("a", LAMBERT), feature("b", LAMBERT).replace("Point", "Nuage")).encode()
    yield case("geojson-shape-unknown", "file.geojson", odd, refused("geometry-unreadable", 3), declared=declared)
    for encoding in ("utf-8-sig", "utf-16", "utf-16-be"):
        yield case(f"json-in-{encoding}", "file.json", listed(A, B).encode(encoding), rows([2, 3]))
