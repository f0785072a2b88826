"""Imported by Python itself as it starts, in processes whose clock is off (``tests.faults.shifted``).

Python sleeps until an instant of the monotonic clock, from which libfaketime takes the shift away though it is told to
leave that clock alone; an instant before the machine was started is then refused.
"""

import select
import time


def _sleep(seconds: float) -> None:
    select.select([], [], [], seconds)


time.sleep = _sleep
