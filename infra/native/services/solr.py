"""Solr, assembled from its parts: no registry carries its distribution (``infra/solr/pom.xml`` says which parts).

Maven fetches the jars into the cache, each is held against ``infra/solr/checksums.txt``, and Java starts a source
file of ours that puts Solr on Jetty. The schema is CKAN's own, stemming French instead of English.
"""

import shutil
from pathlib import Path

from governance.lake import write_if_changed
from governance.settings import PROJECT_ROOT, Settings
from infra.native.downloads import cache_folder, read_checksums, require_checksums
from infra.native.programs import find_program, run
from infra.native.service import Say, Service, StartFailed, answers_at, folder_of
from infra.native.services.ckan_environment import ckan_package, obtain_environment

FOLDER = PROJECT_ROOT / "infra" / "solr"
CORE = "ckan"
_COPY_JARS = "org.apache.maven.plugins:maven-dependency-plugin:3.8.1:copy-dependencies"
_ENGLISH = '<filter class="solr.SnowballPorterFilterFactory" language="English" protected="protwords.txt"/>'
_FRENCH = (
    '<filter class="solr.ElisionFilterFactory" articles="articles.txt" ignoreCase="true"/>'
    '<filter class="solr.SnowballPorterFilterFactory" language="French" protected="protwords.txt"/>'
)
_ARTICLES = "l\nm\nt\nqu\nn\ns\nj\nd\nc\njusqu\nquoiqu\nlorsqu\npuisqu\n"


def jar_folder() -> Path:
    """Return the folder of the jars, whether they were fetched or not."""
    return cache_folder("solr", FOLDER / "pom.xml", FOLDER / "checksums.txt")


def _obtain(_settings: Settings, say: Say) -> None:
    find_program("java", "default-jdk-headless")
    expected = read_checksums(FOLDER / "checksums.txt")
    if not jar_folder().is_dir():
        say("  fetching Solr's parts with Maven")
        draft = jar_folder().with_suffix(".draft")
        shutil.rmtree(draft, ignore_errors=True)
        maven = find_program("mvn", "maven")
        where = (f"-DoutputDirectory={draft}", "-DincludeScope=runtime")
        run("mvn", [maven, "-q", "-B", "-f", FOLDER / "pom.xml", _COPY_JARS, *where])
        require_checksums(draft, expected)
        draft.rename(jar_folder())
    require_checksums(jar_folder(), expected)
    obtain_environment(say)  # CKAN brings the schema


def _french(schema: str) -> str:
    """Return CKAN's schema with words stemmed as French ones.

    Raises:
        StartFailed: CKAN's schema is not the one we know.
    """
    if schema.count(_ENGLISH) != 2:
        raise StartFailed("CKAN's Solr schema has changed: the place where English is stemmed was not found in it.")
    return schema.replace(_ENGLISH, _FRENCH)


def _configure(settings: Settings, _say: Say) -> None:
    home = folder_of(settings, "solr")
    schema = (ckan_package() / "config" / "solr" / "schema.xml").read_text(encoding="utf-8")
    files = {
        "solr.xml": "<solr/>\n",
        f"{CORE}/core.properties": f"name={CORE}\n",
        f"{CORE}/conf/schema.xml": _french(schema),
        f"{CORE}/conf/solrconfig.xml": (FOLDER / "solrconfig.xml").read_text(encoding="utf-8"),
        f"{CORE}/conf/articles.txt": _ARTICLES,
        f"{CORE}/conf/synonyms.txt": "",
        f"{CORE}/conf/protwords.txt": "",
    }
    for name, content in files.items():
        write_if_changed(home / name, content.encode())


def solr_address(settings: Settings) -> str:
    """Return the address of CKAN's core."""
    return f"http://{settings.host}:{settings.solr_port}/solr/{CORE}"


def _command(settings: Settings) -> tuple[str, ...]:
    java = (str(find_program("java", "default-jdk-headless")), "-Xms128m", "-Xmx512m", "-cp", f"{jar_folder()}/*")
    home = folder_of(settings, "solr")
    return (*java, str(FOLDER / "SolrServer.java"), settings.host, str(settings.solr_port), str(home))


SOLR = Service(
    name="solr",
    command=_command,
    port="solr_port",
    is_ready=answers_at("solr_port", f"/solr/{CORE}/select?q=*:*&rows=0"),
    obtain=_obtain,
    configure=_configure,
)
