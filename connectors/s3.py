"""One object of an S3 bucket, or the newest whose name fits: Amazon's, or any store that speaks the same.

Addresses are signed (AWS Signature Version 4, in the query, valid for the time that a fetch may take) and the guarded
session does the rest: conditional requests, ranges to resume, caps. The listing is ListObjectsV2 of the S3 API
(2006-03-01), a thousand names a page. Quirks: an ETag is the MD5 of the content only for objects that were sent in one
part, so it is compared and never computed; a name may hold ``/``, there are no folders; a listing is in the order of
names, so the newest is known only after its last page.
"""

from datetime import datetime
from fnmatch import fnmatchcase
from pathlib import PurePosixPath
from typing import Any, Literal
from urllib.parse import quote, urlencode, urlsplit
from xml.etree.ElementTree import ParseError

from botocore.auth import S3SigV4QueryAuth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from defusedxml import DefusedXmlException
from defusedxml.ElementTree import fromstring
from pydantic import Field, model_validator

from connectors.base import Checked, ConnectorOptions, Fetched, FetchRequest, read_options
from connectors.credentials import two_parts
from connectors.http_file import check_file, take_file
from connectors.problems import SourceRefused, UnexpectedAnswer
from connectors.session import Order, Session
from connectors.words import xml_words

_SAID = xml_words("Code", "Message")


class Options(ConnectorOptions):
    """What the declaration of an ``s3`` source says; its secret is ``key id:secret key``."""

    endpoint: str = Field(
        title="Adresse", pattern=r"^https?://[^/?#@]+/?$", description="address of the service, without the bucket"
    )
    bucket: str = Field(title="Compartiment", pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$", description="its name")
    key: str | None = Field(None, title="Objet", description="name of one object; or give prefix and pattern")
    prefix: str = Field("", title="Préfixe", description="beginning of the names to look at, such as budget/2026/")
    pattern: str = Field("*", title="Motif", description="what the last part of a name must fit; the newest is taken")
    region: str = Field("us-east-1", title="Région", pattern=r"^[a-z0-9-]+$", description="that the bucket is in")
    style: Literal["path", "host"] = Field(
        "path", title="Forme d'adresse", description="bucket in the path, or in front of the host name"
    )

    @model_validator(mode="after")
    def _names_one_way(self) -> "Options":
        if self.key is not None and (self.prefix or self.pattern != "*"):
            raise ValueError("give key, or prefix and pattern, not both")
        return self


class _Bucket:
    """Signed addresses of one bucket."""

    def __init__(self, request: FetchRequest) -> None:
        self.options = read_options(Options, request)
        credentials = two_parts(request.secret)
        keys = Credentials(credentials.name, credentials.secret.get_secret_value())
        seconds = int(request.limits.total_seconds) + 60
        self._signer = S3SigV4QueryAuth(keys, "s3", self.options.region, expires=seconds)
        parts = urlsplit(self.options.endpoint)
        host = f"{self.options.bucket}.{parts.netloc}" if self.options.style == "host" else parts.netloc
        self._root = f"{parts.scheme}://{host}" + ("" if self.options.style == "host" else f"/{self.options.bucket}")

    def order(self, key: str, **query: str) -> Order:
        """What to ask for an object, or with an empty key for the bucket."""
        address = f"{self._root}/{quote(key, safe='/~')}" + (f"?{urlencode(query, quote_via=quote)}" if query else "")
        unsigned = AWSRequest("GET", address)
        self._signer.add_auth(unsigned)
        return Order(str(unsigned.url), words=_SAID)

    def find(self, session: Session) -> Order:
        """The object declared, or the newest that fits.

        Raises:
            SourceRefused: none fits.
        """
        if self.options.key is not None:
            return self.order(self.options.key)
        newest: tuple[datetime, str] | None = None
        query = {"list-type": "2", "prefix": self.options.prefix}
        while True:
            page = self._page(session, query)
            for entry in page.iterfind("Contents"):
                name = entry.findtext("Key", "")
                last = PurePosixPath(name).name
                if not name.endswith("/") and fnmatchcase(last, self.options.pattern) and not last.startswith("."):
                    newest = max(newest or (_changed(entry), name), (_changed(entry), name))
            following = page.findtext("NextContinuationToken")
            if not following:
                break
            query["continuation-token"] = following
        if newest is None:
            wanted = f"{self.options.prefix}{self.options.pattern}"
            raise SourceRefused(self._root, 404, f"aucun objet « {wanted} »", f"no object {wanted!r}")
        return self.order(newest[1])

    def _page(self, session: Session, query: dict[str, str]) -> Any:
        content = session.read(self.order("", **query)).content
        try:
            # Some stores leave the namespace out.
            root = fromstring(content.replace(b' xmlns="http://s3.amazonaws.com/doc/2006-03-01/"', b"", 1))
        except (ParseError, DefusedXmlException, ValueError):
            root = None
        if root is None or root.tag != "ListBucketResult":
            raise UnexpectedAnswer(self._root, "ce n'est pas une liste d'objets S3", "it is no S3 listing")
        return root


def _changed(entry: Any) -> datetime:
    return datetime.fromisoformat(entry.findtext("LastModified", "1970-01-01T00:00:00Z"))


def check(request: FetchRequest) -> Checked:
    """Say which object would be taken.

    Raises:
        ConnectorProblem: any of ``connectors.problems``.
    """
    bucket = _Bucket(request)
    with Session(request.limits) as session:
        return check_file(session, bucket.find(session))


def fetch(request: FetchRequest) -> Fetched:
    """Take the object, unless its ETag or hash is the one ``request.since`` knows.

    Raises:
        ConnectorProblem: any of ``connectors.problems``; nothing is left in ``request.into``.
    """
    bucket = _Bucket(request)
    with Session(request.limits) as session:
        # By ETag alone: a store may answer "unchanged" on the date though the ETag differs, within the same second.
        since = request.since.model_copy(update={"last_modified": None})
        fetched = take_file(session, bucket.find(session), request.into, since)
    told = fetched.validators
    if fetched.not_modified and told.last_modified is None:
        told = told.model_copy(update={"last_modified": request.since.last_modified})
    return fetched.model_copy(update={"validators": told})
