"""Tell a file that is no text at all from a table whose headers nobody knows: the remedies are not the same."""

import re
from itertools import chain

from governance.intake.table import TextTable

_NO_SIGN = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x9f\ufffd]")
"""Control characters that no program writes into a table (C0 but for spaces and escape, C1), and what is no sign."""
SHARE = 0.05
"""Of a text of France hardly a sign in a thousand is damaged; of bytes taken at random every fourth."""
LOOKED_AT = 50


def is_no_text(table: TextTable) -> bool:
    """Tell whether too many signs at the start of a delimited text are none; cells of other formats have types."""
    if table.format != "csv":
        return False
    cells = chain.from_iterable(table.rows.head(LOOKED_AT).drop("line_number").rows())
    text = "".join(chain(table.headers, (cell for cell in cells if cell)))
    return len(_NO_SIGN.findall(text)) > SHARE * len(text)
