"""A stop is heard by a worker from the moment it exists."""

from __future__ import annotations

import os
import signal
import subprocess
import sys

import pytest

LOST = """
import os, signal, sys, time
from audit_api.lifetime import hear_stops_from_the_start
signal.signal(signal.SIGTERM, lambda *_: None)  # as the server's handler: it sets a flag and goes on
if sys.argv[1] == "with":
    hear_stops_from_the_start()
child = os.fork()
if child == 0:
    time.sleep(20)
    os._exit(7)
os.kill(child, signal.SIGTERM)
deadline = time.monotonic() + 5
while not (ended := os.waitpid(child, os.WNOHANG))[0] and time.monotonic() < deadline:
    time.sleep(0.01)
if not ended[0]:
    os.kill(child, signal.SIGKILL)
    ended = os.waitpid(child, 0)
sys.exit(os.waitstatus_to_exitcode(ended[1]) + 100)
"""


def ended_by(how: str) -> int:
    """Fork a process under a deaf handler, stop it, and give the signal that ended it."""
    return 100 - subprocess.run([sys.executable, "-c", LOST, how], env=dict(os.environ), check=False).returncode


def test_a_stop_right_after_the_fork_ends_the_worker() -> None:
    assert ended_by("with") == signal.SIGTERM


def test_without_it_the_stop_would_be_lost() -> None:
    assert ended_by("without") == signal.SIGKILL


ASLEEP = """
import signal, sys, threading, time
from audit_api.lifetime import wake_for_signals
done = threading.Event()
signal.signal(signal.SIGTERM, lambda *_: done.set())
if sys.argv[1] == "with":
    wake_for_signals(0.2)

def stop():
    time.sleep(0.5)
    signal.pthread_kill(threading.get_ident(), signal.SIGTERM)  # taken in here, while the main thread sleeps

threading.Thread(target=stop).start()
done.wait()
"""


def test_a_stop_that_another_thread_takes_in_is_handled() -> None:
    command = [sys.executable, "-c", ASLEEP]
    assert subprocess.run([*command, "with"], timeout=60, check=False).returncode == 0
    with subprocess.Popen([*command, "without"]) as process:
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(timeout=5)
        process.kill()
