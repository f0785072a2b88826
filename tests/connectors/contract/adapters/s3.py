"""A bucket of moto's S3 server."""

import json
from contextlib import ExitStack
from pathlib import Path
from typing import Any

from botocore.config import Config
from botocore.session import Session
from moto.server import ThreadedMotoServer

from tests.connectors.contract.adapter import SECRET, ServedAdapter
from tests.connectors.example_site import CONTENT


class S3Server:
    """The server, and a client of the vendor's own to put things there."""

    def __init__(self, folder: Path, stack: ExitStack) -> None:
        server = ThreadedMotoServer("127.0.0.1", 0, verbose=False)
        server.start()
        stack.callback(server.stop)
        self.port: int = server.get_host_and_port()[1]
        self._buckets = 0
        self.client: Any = Session().create_client(
            "s3",
            endpoint_url=f"http://127.0.0.1:{self.port}",
            region_name="us-east-1",
            aws_access_key_id="example",
            aws_secret_access_key="example",
            config=Config(s3={"addressing_style": "path"}),
        )

    def new_bucket(self) -> str:
        self._buckets += 1
        name = f"mairie-{self._buckets}"
        self.client.create_bucket(Bucket=name)
        return name


class Adapter(ServedAdapter):
    connector = "s3"
    secret = f"EXAMPLEKEYID:{SECRET}"
    cannot = {
        "has_a_watermark": "an object comes whole",
        "tells_what_is_gone": "an object comes whole; max_shrink guards the rows",
    }

    def start(self) -> None:
        self.server = self.servers.get(S3Server)
        self.bucket = self.server.new_bucket()
        self.put(CONTENT)
        self.behind(self.server.port)

    def put(self, content: bytes) -> None:
        self.content = content
        self.server.client.put_object(Bucket=self.bucket, Key="2026/fichier.csv", Body=content, ContentType="text/csv")

    def options(self) -> dict[str, Any]:
        return {"endpoint": f"http://{self.proxy.endpoint}", "bucket": self.bucket, "key": "2026/fichier.csv"}

    def nowhere(self) -> dict[str, Any]:
        return {**self.options(), "key": "2026/absent.csv"}

    def expected(self) -> bytes:
        return self.content

    def change(self) -> None:
        self.put(self.content + b"99999;nouveau\n")

    def refuse(self) -> None:
        deny = {"Effect": "Deny", "Principal": "*", "Action": "s3:*", "Resource": f"arn:aws:s3:::{self.bucket}/*"}
        policy = {"Version": "2012-10-17", "Statement": [deny]}
        self.server.client.put_bucket_policy(Bucket=self.bucket, Policy=json.dumps(policy))

    def ask_to_wait(self, seconds: int) -> None:
        self.answer_http(503, f"Retry-After: {seconds}")
