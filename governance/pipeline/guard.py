"""The volume guard: a worse file never replaces a better one without a person's word."""

SMALLEST_LOSS = 3
"""Rows. Below it a loss is ordinary life, so that a source of five rows may close two of them."""


def is_suspicious_shrink(before: int, after: int, max_shrink: float) -> bool:
    """Say whether a source lost so many rows that a person must confirm it.

    ``before`` and ``after`` are accepted rows; ``max_shrink`` is the share that may vanish (0 to 1). All rows
    vanishing is always suspicious, however few they were.
    """
    if before == 0:
        return False
    if after == 0:
        return True
    lost = before - after
    return lost >= SMALLEST_LOSS and lost / before > max_shrink
