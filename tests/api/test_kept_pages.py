"""Pages kept in memory: the same page is made once, who reads it is written down each time, and room is bounded."""

from governance.api.kept_pages import KeptPages, Page
from governance.journal.model import Search
from tests.api.small_platform import Running

PAGE = "/v1/feeds/subventions?format=json&limit=2&montant__gte=300"


def test_page_asked_again_is_the_same_and_written_down_again(running: Running) -> None:
    wanted = Search(kind="decision", target="subventions", limit=1000)
    before = len(running.platform.journal.search(wanted))
    with running.client() as client:
        one, two = client.get(PAGE), client.get(PAGE)
    assert (one.status_code, two.content) == (200, one.content)
    assert [answer.headers["row-count"] for answer in (one, two)] == ["2", "2"]
    assert one.headers["total-count"] == two.headers["total-count"] == "3"
    assert one.headers["archipel-decision"] != two.headers["archipel-decision"]
    told = running.platform.journal.search(wanted)[: len(running.platform.journal.search(wanted)) - before]
    assert [entry.fields["rows"] for entry in told] == [2, 2]


def test_page_of_one_is_not_the_page_of_another_who_sees_less(running: Running) -> None:
    asked = "/v1/feeds/consommation_energie?format=json&limit=2&purpose=dpv:ResearchAndDevelopment"
    with running.client("exemple-startup") as partner, running.client() as nobody:
        assert partner.get(asked).status_code == 200
        assert nobody.get(asked).status_code == 401


def test_page_is_made_once_and_the_one_used_longest_ago_leaves_first() -> None:
    pages, made = KeptPages(most_bytes=5000), list[str]()

    def make(tag: str, size: int = 1000) -> Page:
        def page() -> Page:
            made.append(tag)
            return Page(tag.encode() * size, 1, 1)

        return pages.get(tag, page)

    for tag in ("a", "b", "a", "c", "a", "d", "a", "b"):
        assert make(tag).body[:1] == tag.encode()
    assert made == ["a", "b", "c", "d", "b"]
    assert [len(make("x", 6000).body) for _ in range(2)] == [6000, 6000]
    assert made[-2:] == ["x", "x"]
