"""Calls that come together are carried out together, each with its own result, and a failure is everybody's own."""

import threading
import time
from collections.abc import Sequence

import pytest

from governance.journal.together import Together


def _all_at_once(call: Together[int, int], count: int) -> list[int | BaseException]:
    answers: dict[int, int | BaseException] = {}

    def run(number: int) -> None:
        try:
            answers[number] = call(number)
        except BaseException as error:
            answers[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(count)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    return [answers[number] for number in range(count)]


def _set_when_waiting(call: Together[int, int], count: int, event: threading.Event) -> None:
    for _ in range(1000):
        if len(call._queue) == count:
            break
        time.sleep(0.01)
    event.set()


def test_each_call_gets_its_own_result_and_waiting_calls_share_one_turn() -> None:
    turns: list[int] = []
    first_is_busy, others_wait = threading.Event(), threading.Event()

    def carry_out(items: Sequence[int]) -> list[int]:
        turns.append(len(items))
        if len(turns) == 1:
            first_is_busy.set()
            others_wait.wait(10)
        return [item * 10 for item in items]

    call = Together[int, int](carry_out)
    first = threading.Thread(target=call, args=(0,))
    first.start()
    assert first_is_busy.wait(10)
    threading.Thread(target=_set_when_waiting, args=(call, 8, others_wait)).start()
    assert _all_at_once(call, 8) == [number * 10 for number in range(8)]
    first.join(10)
    assert turns == [1, 8]


def test_nothing_is_lost_or_done_twice() -> None:
    done: list[int] = []

    def carry_out(items: Sequence[int]) -> list[int]:
        done.extend(items)
        return list(items)

    assert _all_at_once(Together[int, int](carry_out), 200) == list(range(200))
    assert sorted(done) == list(range(200))


def test_failure_reaches_every_caller_and_the_next_call_goes_on() -> None:
    is_broken = True

    def carry_out(items: Sequence[int]) -> list[int]:
        if is_broken:
            raise OSError("disk full")
        return list(items)

    call = Together[int, int](carry_out)
    assert all(isinstance(answer, OSError) for answer in _all_at_once(call, 5))
    is_broken = False
    assert call(1) == 1


def test_too_few_results_are_a_failure_not_a_silence() -> None:
    call = Together[int, int](lambda _: [])
    with pytest.raises(ValueError, match="shorter"):
        call(1)
