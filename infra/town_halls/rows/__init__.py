"""Rows of each dataset before anyone's habits: right under the contract, and evidently synthetic.

One module a dataset, named after it, with ``build(town, random, numbers)``: one row for each number, different rows
for different numbers. Keys are the contract's column names; an absent key is an empty cell.
"""

from datetime import date, datetime

Value = str | int | float | bool | date | datetime | None
Row = dict[str, Value]
