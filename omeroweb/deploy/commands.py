"""`omero web start`, `stop`, `restart`, `status`, `syncmedia` and `clearsessions`.

Texts, order of steps and exit codes: contract/config-cli-deploy.md, sections 7.3 to 7.6; scripts match on them.
"""

from __future__ import annotations

import os
import socket
from dataclasses import dataclass
from pathlib import Path

from omeroweb.deploy import children
from omeroweb.deploy.console import Console
from omeroweb.deploy.kinds import FASTCGI
from omeroweb.deploy.pidfile import InvalidPidFile, PidFile, is_running, terminate, wait_for_end
from omeroweb.deploy.site import Site
from omeroweb.deploy.web_servers import provide_files

ALREADY_STARTED = 606
NOT_OURS_TO_START = 609
GUNICORN_MISSING = 690
CACHE_UNUSABLE = 1

FOREIGN_SERVER = (
    "[ERROR] You are deploying OMERO.web using Apache and mod_wsgi. OMERO.web does not provide any management for the "
    "daemon process which communicates with Apache child processes using UNIX sockets to handle a request."
)
STOP_SECONDS = 5.0
RESTART_SECONDS = 40.0
PID_FILE_SECONDS = 3.0


@dataclass(frozen=True, slots=True)
class StartOptions:
    """Options of `start` and `restart`; the last three are accepted for old scripts only."""

    keep_sessions: bool = False
    no_wait: bool = False
    foreground: bool = False
    wsgi_args: str | None = None
    workers: int | None = None
    worker_connections: int | None = None


def sync_media(console: Console) -> None:
    """Collect the static files of all apps."""
    run_child(console, "collectstatic", "--noinput")


def clear_sessions(console: Console, no_wait: bool = False) -> None:
    """Remove expired browser sessions from the session store."""
    console.out("Clearing expired sessions. This may take some time... ", newline=False)
    if no_wait:
        children.manage_in_background("clearsessions")
        console.out("")
        return
    run_child(console, "clearsessions")
    console.out("[OK]")


def run_child(console: Console, *arguments: str) -> None:
    """Run one of Django's commands; its exit code becomes ours when it fails."""
    try:
        children.manage(*arguments)
    except children.ChildFailed as error:
        console.die(error.code, str(error))


def start(console: Console, site: Site, options: StartOptions) -> None:
    """Collect static files, clear old sessions, launch the application server."""
    sync_media(console)
    provide_files(site)
    if not options.keep_sessions:
        clear_sessions(console, options.no_wait)
    if site.application_server == "wsgi":
        console.die(NOT_OURS_TO_START, FOREIGN_SERVER)
    console.out("Starting OMERO.web... ", newline=False)
    refuse_second_start(console, PidFile(site.pid_file))
    refuse_unusable_cache(console, site)
    if site.application_server != "fastcgi":
        refuse_taken_address(console, site)
    if site.application_server == "development":
        serve_development(console, site)
    elif site.application_server in FASTCGI:
        warn_of_old_options(console, options)
        serve(console, site, children.fastcgi_command(site, daemon=not options.foreground), options)
    else:
        serve_wsgi(console, site, options)


def refuse_second_start(console: Console, pid_file: PidFile) -> None:
    """End the command when the server runs; remove what a crashed one left behind."""
    try:
        pid = pid_file.read()
    except FileNotFoundError:
        return
    except InvalidPidFile as error:
        pid_file.remove()
        console.out(f"Removed invalid {pid_file.path}: '{error}'")
        return
    if is_running(pid):
        console.die(
            ALREADY_STARTED,
            f"[FAILED] OMERO.web already started. {pid_file.path} exists (PID: {pid})! "
            "Use 'web stop or restart' first.",
        )
    say_no_such_process(console, pid, pid_file)
    if pid_file.remove():
        console.out(f"WARNING: Removed stale {pid_file.path}")


def refuse_unusable_cache(console: Console, site: Site) -> None:
    """The old setting CACHE_BACKEND may name a folder; it must be writable."""
    scheme = "file://"
    if not site.cache_backend or not site.cache_backend.startswith(scheme + "/"):
        return
    folder = Path(site.cache_backend[len(scheme) :])
    if not os.access(folder, os.W_OK):
        console.out("[FAILED]")
        console.die(CACHE_UNUSABLE, f"CACHE_BACKEND '{site.cache_backend}' not writable or missing.")


def refuse_taken_address(console: Console, site: Site) -> None:
    """A daemon could not tell that its address is taken, so look before it is launched."""
    try:
        family, kind, protocol, _, address = socket.getaddrinfo(
            site.host, site.port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(address)
    except OSError as error:
        console.die(
            ALREADY_STARTED,
            f"[FAILED] Cannot listen on {site.host}:{site.port}: {error.strerror or error}. Free it, or change "
            "omero.web.application_server.host or omero.web.application_server.port.",
        )


def serve_development(console: Console, site: Site) -> None:
    """Django's own server, one thread, until it is interrupted."""
    console.out("")
    command = children.django_command("runserver", site.address, "--noreload", "--nothreading")
    try:
        children.run_in_foreground(command)
    except children.ChildFailed as error:
        console.die(error.code, str(error))


def serve_wsgi(console: Console, site: Site, options: StartOptions) -> None:
    """Gunicorn, as a daemon or in the foreground."""
    program = children.gunicorn_program()
    if program is None:
        console.out("[FAILED]")
        console.die(
            GUNICORN_MISSING,
            "[ERROR] FastCGI support was removed in OMERO 5.2. Install Gunicorn and update config.",
        )
    if site.worker_class not in ("sync", "gevent"):
        console.out("[FAILED]")
        console.die(
            NOT_OURS_TO_START,
            f"[ERROR] omero.web.wsgi_worker_class is '{site.worker_class}'; it must be sync or gevent.",
        )
    warn_of_old_options(console, options)
    arguments = site.arguments if site.arguments is not None else options.wsgi_args
    command = children.gunicorn_command(program, site, arguments, daemon=not options.foreground)
    serve(console, site, command, options)


def serve(console: Console, site: Site, command: list[str], options: StartOptions) -> None:
    """Run an application server that writes the pid file, as a daemon or in the foreground."""
    site.pid_file.parent.mkdir(parents=True, exist_ok=True)
    try:
        if options.foreground:
            console.out("")
            children.run_in_foreground(command)
        else:
            children.launch(command)
            # The daemon writes the file a moment later; a command that follows at once should see it.
            PidFile(site.pid_file).wait_for(PID_FILE_SECONDS)
            console.out("[OK]")
    except children.ChildFailed as error:
        console.out("[FAILED]")
        console.die(error.code, str(error))
    finally:
        if options.foreground and PidFile(site.pid_file).remove():
            console.out(f"Removed stale {site.pid_file}")


def warn_of_old_options(console: Console, options: StartOptions) -> None:
    """Name the properties that took the place of options."""
    old = (
        ("--wsgi-args", "omero.web.wsgi_args", options.wsgi_args),
        ("--workers", "omero.web.wsgi_workers", options.workers),
        ("--worker-connections", "omero.web.wsgi_worker_connections", options.worker_connections),
    )
    for option, key, value in old:
        if value is not None:
            console.out(f" `{option}` is deprecated and overwritten by `{key}`. ", newline=False)


def stop(console: Console, site: Site, seconds: float = STOP_SECONDS) -> bool:
    """Stop the application server; true when nothing of it is left to stop."""
    if not is_managed(console, site):
        return False
    console.out("Stopping OMERO.web... ", newline=False)
    pid_file = PidFile(site.pid_file)
    try:
        pid = pid_file.read()
    except FileNotFoundError:
        console.out("[NOT STARTED]")
        return True
    except InvalidPidFile as error:
        pid_file.remove()
        console.out(f"Removed invalid {pid_file.path}: '{error}'")
        return True
    if not is_running(pid) or not terminate(pid):
        say_no_such_process(console, pid, pid_file)
        if pid_file.remove():
            console.out(f"Removed stale {pid_file.path}")
        return True
    ended = wait_for_end(pid, seconds)
    console.out("[OK]")
    kind = "Django FastCGI" if site.application_server in FASTCGI else "OMERO.web WSGI"
    console.out(f"{kind} workers (PID {pid}) killed.")
    if pid_file.remove():
        console.out(f"Removed stale {pid_file.path}")
    return ended


def restart(console: Console, site: Site, options: StartOptions) -> None:
    """Stop, wait for requests in progress, start."""
    if stop(console, site, RESTART_SECONDS):
        start(console, site, options)


def status(console: Console, site: Site) -> None:
    """Say whether the application server runs."""
    if not is_managed(console, site):
        return
    console.out("OMERO.web status... ", newline=False)
    pid_file = PidFile(site.pid_file)
    try:
        pid = pid_file.read()
    except (FileNotFoundError, InvalidPidFile):
        console.err("[NOT STARTED]")
        return
    if not is_running(pid):
        say_no_such_process(console, pid, pid_file)
        console.err("[NOT STARTED]")
        return
    cache = f" (CACHE_BACKEND {site.cache_backend})" if site.cache_backend else ""
    console.out(f"[RUNNING] (PID {pid}){cache}")


def is_managed(console: Console, site: Site) -> bool:
    """Whether the server is one that leaves a pid file; says who minds it otherwise."""
    if site.application_server == "wsgi":
        console.err(FOREIGN_SERVER)
    elif site.application_server == "development":
        console.err("DEVELOPMENT: You will have to kill processes by hand!")
    else:
        return True
    return False


def say_no_such_process(console: Console, pid: int, pid_file: PidFile) -> None:
    console.err(
        f"[ERROR] OMERO.web workers (PID {pid}) - no such process. "
        f"Use `ps aux | grep {pid_file.path}` and kill stale processes by hand."
    )
