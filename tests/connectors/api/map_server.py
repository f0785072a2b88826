"""MapServer, a real one, run as CGI for each question: WFS 2.0 and OGC API - Features of one layer of points."""

import json
import shutil
import subprocess
from pathlib import Path
from urllib.parse import urlencode

from tests.connectors.api.geo_services import point
from tests.connectors.api.served import Ask, Reply, Served
from tests.connectors.contract.servers import absent

_MAP = """MAP
NAME "commune"
EXTENT -2.5 47 -2 48
UNITS DD
SIZE 100 100
PROJECTION "init=epsg:4326" END
WEB METADATA
  "wfs_title" "exemple" "wfs_onlineresource" "{address}/wfs?" "wfs_srs" "EPSG:4326 EPSG:2154"
  "wfs_enable_request" "*" "wfs_getfeature_formatlist" "geojson"
  "oga_title" "exemple" "oga_onlineresource" "{address}/ogcapi" "oga_enable_request" "*"
END END
OUTPUTFORMAT NAME "geojson" DRIVER "OGR/GEOJSON" MIMETYPE "application/json; subtype=geojson"
  FORMATOPTION "STORAGE=stream" FORMATOPTION "FORM=simple" FORMATOPTION "USE_FEATUREID=true" END
LAYER NAME "bornes" TYPE POINT STATUS ON CONNECTIONTYPE OGR CONNECTION "{data}"
  PROJECTION "init=epsg:4326" END
  METADATA "wfs_title" "bornes" "gml_featureid" "nr" "gml_include_items" "all"
    "oga_title" "bornes" "oga_featureid" "nr" END
  TEMPLATE "none"
END
END
"""


class MapServer(Served):
    """``features`` are what the layer holds; ``folder`` is for its configuration."""

    def __init__(self, folder: Path) -> None:
        super().__init__()
        self._program = shutil.which("mapserv") or absent("cgi-mapserver")
        self.features = [{**point(number), "properties": {"nr": str(number)}} for number in range(25)]
        data, chart, self._settings = folder / "bornes.geojson", folder / "commune.map", folder / "mapserver.conf"
        data.write_text(json.dumps({"type": "FeatureCollection", "features": self.features}), encoding="utf-8")
        chart.write_text(_MAP.format(address=self.address, data=data), encoding="utf-8")
        environment = f'ENV MS_MAP_PATTERN "^{folder}/" END MAPS commune "{chart}" END'
        self._settings.write_text(f"CONFIG {environment} END", encoding="utf-8")

    def answer(self, ask: Ask) -> Reply:
        is_api = ask.path.startswith("/ogcapi")
        query = dict(ask.query) if is_api else {"map": str(self._settings.with_name("commune.map")), **ask.query}
        variables = {
            "REQUEST_METHOD": "GET",
            "SERVER_NAME": "127.0.0.1",
            "QUERY_STRING": urlencode(query),
            "MAPSERVER_CONFIG_FILE": str(self._settings),
            "HTTP_ACCEPT": ask.headers.get("Accept", ""),
        }
        if is_api:
            variables["PATH_INFO"] = f"/commune{ask.path}"
        done = subprocess.run([self._program], env=variables, capture_output=True, check=True)
        head, _, body = done.stdout.replace(b"\r\n", b"\n").partition(b"\n\n")
        headers = dict(line.split(": ", 1) for line in head.decode().splitlines())
        return Reply(body, int(headers.pop("Status", "200")[:3]), headers)
