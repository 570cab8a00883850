"""What a killed or stopped server leaves behind (the durability that the project promises)."""

import os
import signal
import sqlite3
import threading
import time

import Ice
import omero
import omero.clients
from omero.cmd import Timing
from omero.model import TagAnnotationI
from omero.rtypes import rstring

WRITERS = 8


def _write_tags(client, prefix: str, acknowledged: list[str]) -> None:
    """Save tags, one call each, until the server is gone."""
    service = client.sf.getUpdateService()
    for number in range(10_000):
        tag = TagAnnotationI()
        tag.textValue = rstring(f"{prefix}-{number}")
        try:
            service.saveAndReturnObject(tag)
        except (Ice.Exception, omero.ServerError):
            return
        acknowledged.append(f"{prefix}-{number}")


def test_acknowledged_writes_survive_a_kill(site):
    assert site.run("start", ROOTPASS="x").returncode == 0
    clients = [omero.client("127.0.0.1", site.tls) for _ in range(WRITERS)]
    for client in clients:
        client.createSession("root", "x")
    lists: list[list[str]] = [[] for _ in clients]
    threads = [
        threading.Thread(target=_write_tags, args=(client, f"writer {number}", lists[number]))
        for number, client in enumerate(clients)
    ]
    for thread in threads:
        thread.start()
    deadline = time.monotonic() + 60
    while sum(map(len, lists)) < 200 and time.monotonic() < deadline:
        time.sleep(0.005)
    os.kill(site.pid(), signal.SIGKILL)
    for thread in threads:
        thread.join(30)
    acknowledged = {name for names in lists for name in names}
    assert len(acknowledged) >= 200
    assert site.run("start").returncode == 0
    with sqlite3.connect(site.folder / "embedded" / "db.sqlite") as database:
        stored = {row[0] for row in database.execute("select textvalue from annotation")}
        assert acknowledged <= stored
        # At most one unacknowledged write per client can have been under way.
        assert len(stored - acknowledged) <= WRITERS
        assert database.execute("pragma integrity_check").fetchall() == [("ok",)]
        assert database.execute("pragma foreign_key_check").fetchall() == []
    for client in clients:
        client.closeSession()


def test_stop_ends_running_commands(site):
    assert site.run("start", ROOTPASS="x").returncode == 0
    client = omero.client("127.0.0.1", site.tls)
    client.createSession("root", "x")
    client.sf.submit(Timing(2000, 100))
    begin = time.monotonic()
    assert site.run("stop").returncode == 0
    assert time.monotonic() - begin < 20
    client.closeSession()
