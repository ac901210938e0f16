"""The embedded server: durable, alone on its folder, taken over after a kill, and plain about what it lacks."""

from __future__ import annotations

import contextlib
import os
import signal
import socket
import socketserver
import stat
import subprocess
import sys
import threading
import time
from pathlib import Path

import pymongo
import pytest
from pymongo import MongoClient
from pymongo.errors import PyMongoError

from audit_api import embedded_mongo
from audit_api.embedded_mongo import EmbeddedMongo, EmbeddedMongoError, find_mongod
from audit_api.models.base import TRANSACTION_SECONDS

if os.environ.get("MONGODB_URI"):
    pytest.skip(
        "MONGODB_URI is set: nothing is started, so there is no embedded server to test", allow_module_level=True
    )


@pytest.fixture
def server(tmp_path):
    with EmbeddedMongo(tmp_path / "data") as running:
        yield running


def test_it_works(server):
    with MongoClient(server.uri) as client:
        with client.start_session() as session, session.start_transaction():
            client.audit.things.insert_one({"_id": 1}, session=session)
        assert client.audit.things.find_one() == {"_id": 1}
        assert client.write_concern.document == {"w": "majority", "j": True}


HOLDER = """
import sys, time
from pymongo import MongoClient
client = MongoClient(sys.argv[1])
with client.start_session() as session, session.start_transaction():
    client.audit.things.update_one({"_id": 1}, {"$set": {"by": "the killed one"}}, session=session)
    print("held", flush=True)
    time.sleep(600)
"""


def test_what_a_killed_process_was_writing_is_soon_free(server):
    """Its transaction stays open in the database; the next one must get through within the time it tries."""
    with MongoClient(server.uri) as client:
        client.audit.things.insert_one({"_id": 1})
    holder = subprocess.Popen([sys.executable, "-c", HOLDER, server.uri], stdout=subprocess.PIPE, text=True)
    assert holder.stdout is not None
    assert holder.stdout.readline() == "held\n"
    holder.kill()
    holder.wait()
    with MongoClient(server.uri) as client, pymongo.timeout(TRANSACTION_SECONDS), client.start_session() as session:
        things = client.audit.things
        session.with_transaction(
            lambda session: things.update_one({"_id": 1}, {"$set": {"by": "next"}}, session=session)
        )
        assert things.find_one() == {"_id": 1, "by": "next"}


def test_it_listens_on_loopback_only(server):
    with MongoClient(server.uri) as client:
        parsed = client.admin.command("getCmdLineOpts")["parsed"]
    assert parsed["net"]["bindIp"] == "127.0.0.1"
    assert parsed["security"]["javascriptEnabled"] is False


def test_data_survives_a_stop(tmp_path):
    for expected in range(2):
        with EmbeddedMongo(tmp_path) as running, MongoClient(running.uri) as client:
            assert client.audit.things.count_documents({}) == expected
            client.audit.things.insert_one({})


def test_what_was_acknowledged_survives_kill_9(tmp_path):
    """Four writers, the server killed under them; every acknowledged document is there after a restart."""
    first = EmbeddedMongo(tmp_path)
    first.start()
    acknowledged: list[list[str]] = [[] for _ in range(4)]
    stop = threading.Event()

    def write(number: int) -> None:
        with MongoClient(first.uri, serverSelectionTimeoutMS=500, retryWrites=False) as client:
            for count in range(100_000):
                if stop.is_set():
                    return
                try:
                    client.audit.things.insert_one({"_id": f"{number}-{count}", "filling": "x" * 500})
                except PyMongoError:
                    return
                acknowledged[number].append(f"{number}-{count}")

    threads = [threading.Thread(target=write, args=(n,)) for n in range(4)]
    for thread in threads:
        thread.start()
    while min(map(len, acknowledged)) < 50:
        time.sleep(0.02)
    os.kill(first.pid, signal.SIGKILL)
    stop.set()
    for thread in threads:
        thread.join()
    first.stop()
    with EmbeddedMongo(tmp_path) as again, MongoClient(again.uri) as client:
        kept = {d["_id"] for d in client.audit.things.find({}, {"_id": 1})}
    assert {name for names in acknowledged for name in names} <= kept


def test_a_server_left_behind_is_taken_over(tmp_path):
    left = EmbeddedMongo(tmp_path)
    left.start()  # and never stopped: as after kill -9 of the process that started it
    try:
        with EmbeddedMongo(tmp_path) as second:
            assert second.pid == left.pid
            assert second.uri == left.uri
        assert left._process is not None
        assert left._process.wait(timeout=30) == 0  # the second one stopped it
    finally:
        left.stop()


def test_a_folder_in_use_is_refused(server, tmp_path):
    (tmp_path / "data" / "audit-mongod.port").unlink()  # so that it cannot be found and taken over
    with pytest.raises(EmbeddedMongoError, match="Another mongod uses"):
        EmbeddedMongo(tmp_path / "data").start()
    with MongoClient(server.uri) as client:
        assert client.admin.command("ping")["ok"] == 1


def test_a_taken_port_is_avoided(tmp_path):
    with EmbeddedMongo(tmp_path) as first:
        port = first.port
    with _Stranger(("127.0.0.1", port), socketserver.BaseRequestHandler) as stranger:
        threading.Thread(target=stranger.serve_forever, daemon=True).start()
        with EmbeddedMongo(tmp_path) as second, MongoClient(second.uri) as client:
            assert second.port != port
            client.audit.things.insert_one({})  # the replica set follows to the new port
        stranger.shutdown()


class _Stranger(socketserver.ThreadingTCPServer):
    """Some other server, which answers nothing that a database would."""

    allow_reuse_address = True
    daemon_threads = True


def test_a_rival_for_the_port_is_evaded(tmp_path, monkeypatch):
    """The free port may be taken between looking and starting: mongod exits with 48 and another is tried."""
    with socket.socket() as holder:
        holder.bind(("127.0.0.1", 0))
        holder.listen()
        ports = iter([holder.getsockname()[1]])
        real = embedded_mongo._free_port
        monkeypatch.setattr(embedded_mongo, "_free_port", lambda: next(ports, None) or real())
        # The probe must not mistake the rival for mongod.
        answers = embedded_mongo._answers
        taken = holder.getsockname()[1]
        monkeypatch.setattr(embedded_mongo, "_answers", lambda port: port != taken and answers(port))
        with EmbeddedMongo(tmp_path) as running:
            assert running.port != taken


def test_no_mongod_is_one_sentence(monkeypatch):
    monkeypatch.setenv("PATH", "/nowhere")
    monkeypatch.setattr(embedded_mongo, "find_spec", lambda name: None)
    with pytest.raises(EmbeddedMongoError, match=r"No mongod fits this machine: install MongoDB .* or set MONGODB_URI"):
        find_mongod()


@pytest.mark.skipif(sys.platform == "win32", reason="writes a shell script")
def test_a_missing_libcurl_names_the_package(tmp_path, monkeypatch):
    """What the loader prints where libcurl4 is not installed."""
    script = tmp_path / "mongod"
    script.write_text(
        "#!/bin/sh\n"
        "echo 'error while loading shared libraries: libcurl.so.4: cannot open shared object file' >&2\n"
        "exit 127\n"
    )
    script.chmod(script.stat().st_mode | stat.S_IXUSR)
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(EmbeddedMongoError, match="apt-get install libcurl4"):
        find_mongod()


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    blocked = tmp_path / "file"
    blocked.write_text("in the way")
    with pytest.raises(EmbeddedMongoError, match="file"):
        EmbeddedMongo(Path(blocked)).start()


def test_stop_ends_only_its_own(tmp_path):
    one, two = EmbeddedMongo(tmp_path / "one"), EmbeddedMongo(tmp_path / "two")
    with two:
        with one:
            pass
        with contextlib.closing(MongoClient(two.uri)) as client:
            assert client.admin.command("ping")["ok"] == 1
