"""Work spread over processes: in order, no further ahead than needed, by fresh processes, never waited for in vain."""

import os
import signal
from itertools import count, islice

import pytest

from zjol_crawler.processes import WorkerDiedError, map_in_processes


def own_pid(_number):
    return os.getpid()


def die_at_five(number):
    if number == 5:
        os.kill(os.getpid(), signal.SIGKILL)
    return number


def fail_at_five(number):
    return 10 // (number - 5)


def test_results_come_in_order_however_many_there_are():
    endless = map_in_processes(abs, count(), workers=2, calls=20)
    assert list(islice(endless, 100)) == list(range(100))
    endless.close()


def test_processes_are_replaced():
    found = list(map_in_processes(own_pid, range(40), workers=2, calls=5))
    assert os.getpid() not in found
    assert 4 <= len(set(found)) <= 8


def test_a_call_may_have_a_process_of_its_own():
    assert len(set(map_in_processes(own_pid, range(12), workers=2, calls=1))) == 12


def test_a_process_that_was_killed_is_told_and_not_waited_for():
    with pytest.raises(WorkerDiedError, match="fewer --workers"):
        list(map_in_processes(die_at_five, range(40), workers=2))


def test_an_error_comes_back_as_it_is():
    results = map_in_processes(fail_at_five, range(40), workers=2)
    assert next(results) == -2
    with pytest.raises(ZeroDivisionError):
        list(results)
