"""How often a byte stands in a text is what Python's own count says, wherever the text is looked at."""

from hypothesis import given, settings
from hypothesis import strategies as st

from governance.intake.byte_counts import SHORT, count_byte

PARTS = st.text('a"\r\n\n;,\x01#é', min_size=1, max_size=50).map(str.encode)


@settings(max_examples=200, deadline=None)
@given(PARTS, st.sampled_from([b"\n", b'"', b"\r", b";", b":"]), st.integers(0, 60), st.integers(0, 60), st.booleans())
def test_a_count_is_that_of_python(part: bytes, sign: bytes, before: int, after: int, is_sparse: bool) -> None:
    filling = b"x" * (SHORT + 200)
    content = part + filling + part if is_sparse else part * (3 * SHORT // len(part))
    end = len(content) - after
    assert count_byte(content, sign, before, end) == content.count(sign, before, end)
    assert count_byte(content, sign) == content.count(sign)
    assert count_byte(content, sign, 0, len(content) + 5) == content.count(sign)


def test_what_is_short_is_counted_by_python() -> None:
    assert count_byte(b"a\nb\n", b"\n") == 2
    assert count_byte(b"", b"\n") == 0
