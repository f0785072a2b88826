"""An invented département's open data portal: a DCAT-AP catalogue about the territory, with small files beside it.

What such portals have: datasets of their own, one about elsewhere, one that they took from a town hall, one said twice.
Addresses are relative, as RDF has it, so that the catalogue is the same to the byte wherever it is served.
"""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass

FOLDER = "exemple-departement"
NOTICE = "LISEZMOI.txt"
"""Says on each site that all is synthetic; the portal has it for the page of each of its datasets."""
CATALOGUE = f"{FOLDER}/catalog.ttl"
_HEAD = """\
# Données d'exemple, entièrement synthétiques : ni ce portail ni ces jeux de données n'existent.
@prefix dcat: <http://www.w3.org/ns/dcat#> .
@prefix dct: <http://purl.org/dc/terms/> .
@prefix foaf: <http://xmlns.com/foaf/0.1/> .
@prefix spdx: <http://spdx.org/rdf/terms#> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .

<#departement> a foaf:Agent ; foaf:name "Département (exemple)"@fr .

<> a dcat:Catalog ; dct:title "Portail du département (exemple)"@fr ; dct:publisher <#departement> ;
  dcat:dataset {listed} .
"""
_DATASET = """
<dataset/{name}> a dcat:Dataset ;
  dct:identifier "exemple-{name}" ;
  dct:title "{title}"@fr ;
  dct:description "Jeu de données synthétique d'un portail inventé."@fr ;
  dct:publisher <#departement> ;
  dct:spatial <http://id.insee.fr/geo/commune/{commune}> ;
  dct:modified "2026-01-05"^^xsd:date ;
  dcat:landingPage <{notice}?jeu={page}> ;
  dcat:distribution <#{name}-csv> .

<#{name}-csv> a dcat:Distribution ;
  dct:title "{title} (CSV)"@fr ;
  dct:license <https://spdx.org/licenses/etalab-2.0> ;
  dct:format <http://publications.europa.eu/resource/authority/file-type/CSV> ;
  dcat:accessURL <{file}> ; dcat:downloadURL <{file}>{checksum} .
"""
_CHECKSUM = """ ;
  spdx:checksum [ a spdx:Checksum ; spdx:algorithm spdx:checksumAlgorithm_sha256 ; spdx:checksumValue "{sha256}" ]"""


@dataclass(frozen=True)
class _Dataset:
    """One dataset of the portal; ``page`` and ``file`` are its own unless it shares another's."""

    name: str
    title: str
    commune: str
    page: str = ""
    file: str = ""


_DATASETS = (
    _Dataset("pistes", "Pistes cyclables de Saint-Nazaire (exemple)", "44184"),
    _Dataset("comptages", "Comptages routiers à Montoir-de-Bretagne (exemple)", "44103"),
    _Dataset("cars", "Arrêts de car de Pornichet (exemple)", "44132"),
    _Dataset("cars-2025", "Arrêts de car de Pornichet, dépôt précédent (exemple)", "44132", page="cars"),
    _Dataset("trafic", "Trafic à Montoir-de-Bretagne (exemple)", "44103", file="comptages.csv"),
    _Dataset(
        "subventions", "Subventions de Saint-Nazaire (exemple)", "44184", file="../saint-nazaire/subventions_2025.csv"
    ),
    _Dataset("ailleurs", "Bancs publics d'ailleurs (exemple)", "99999"),
)


def build_portal() -> Iterator[tuple[str, bytes]]:
    """Give the path below the sites and the bytes of each file of the portal; always the same."""
    files = {f"{one.name}.csv": _table(one) for one in _DATASETS if not one.file}
    for name, content in files.items():
        yield f"{FOLDER}/{name}", content
    listed = ", ".join(f"<dataset/{one.name}>" for one in _DATASETS)
    told = [_HEAD.format(listed=listed), *(_describe(one, files) for one in _DATASETS)]
    yield CATALOGUE, "".join(told).encode()


def _table(dataset: _Dataset) -> bytes:
    rows = "".join(f"{number};{dataset.name} exemple {number}\n" for number in range(1, 4))
    return f"numero;nom\n{rows}".encode()


def _describe(dataset: _Dataset, files: dict[str, bytes]) -> str:
    file = dataset.file or f"{dataset.name}.csv"
    checksum = _CHECKSUM.format(sha256=hashlib.sha256(files[file]).hexdigest()) if file in files else ""
    told = {"name": dataset.name, "title": dataset.title, "commune": dataset.commune}
    return _DATASET.format(**told, notice=NOTICE, page=dataset.page or dataset.name, file=file, checksum=checksum)
