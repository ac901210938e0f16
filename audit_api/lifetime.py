"""Ends a process when the one it belongs to is gone, so that a kill -9 leaves nothing behind holding a port."""

from __future__ import annotations

import multiprocessing
import os
import signal
import threading
import time
from collections.abc import Callable
from multiprocessing.connection import wait
from typing import Any


def obey_parent() -> None:
    """In a worker: stop when the server says so or is gone, and at no other sign.

    Ctrl-C is left to the server, which stops its workers: one of granian's that gets a second signal while it shuts
    down hangs until it is killed. SIGTERM ends a worker at once until granian, when all is loaded, handles it.
    """
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    parent = multiprocessing.parent_process()
    if parent is not None:
        _stop_after(wait, [parent.sentinel])
    wake_for_signals()


def wake_for_signals(every_seconds: float = 1.0) -> None:
    """Wake the main thread now and then, so that no signal's handler waits for the next signal.

    Python runs handlers between two steps of the main thread. One that comes just as that thread goes to sleep on a
    lock, as granian's workers do, or that another thread takes in, is otherwise not seen until something wakes it.
    """
    if not hasattr(signal, "pthread_kill"):
        return
    signal.signal(signal.SIGURG, lambda *_: None)  # a handler must exist for the sleep to be interrupted
    main = threading.main_thread().ident

    def wake() -> None:
        while main is not None:
            time.sleep(every_seconds)
            signal.pthread_kill(main, signal.SIGURG)

    threading.Thread(target=wake, name="wake", daemon=True).start()


def hear_stops_from_the_start() -> None:
    """In the server, before it forks: let a stop that reaches a worker before `obey_parent` end it.

    Until then a forked worker would have the server's handler, which sets a flag in the worker's copy that nobody
    reads: the stop would be lost, and the server wait for a worker that serves on.
    """
    if not hasattr(os, "register_at_fork"):
        return

    def in_child() -> None:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})

    os.register_at_fork(
        # Held back meanwhile, so that it meets either the server's handler or none.
        before=lambda: signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGTERM}),
        after_in_parent=lambda: signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM}),
        after_in_child=in_child,
    )


def stop_with_input() -> None:
    """Stop as SIGTERM would once standard input ends, that is when whoever holds its other end is gone."""
    # The descriptor, not sys.stdin: a reader blocked inside it would hold its lock across a fork.
    _stop_after(os.read, 0, 1)


def _stop_after(blocking: Callable[..., Any], *arguments: Any) -> None:
    def watch() -> None:
        blocking(*arguments)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=watch, name="lifetime", daemon=True).start()
