"""`omero web start`, `stop`, `restart`, `status`. Source: contract/config-cli-deploy.md, section 7."""

from __future__ import annotations

import os
import signal
import socket
import subprocess
import time

from .conftest import Installation

LOGIN = "/webclient/login/"


def ended_process() -> int:
    """Id of a process that has ended."""
    process = subprocess.Popen(["true"])
    process.wait()
    return process.pid


def test_it_starts_answers_and_stops(installation: Installation) -> None:
    started = installation.omero("web", "start")
    assert started.returncode == 0, started.stderr
    assert (
        "Clearing expired sessions. This may take some time... [OK]\nStarting OMERO.web... [OK]\n"
        in started.stdout
    )
    assert f"static files copied to '{installation.omero_dir / 'var' / 'static'}'" in started.stdout
    assert installation.status_of(LOGIN) == 200

    pid = int(installation.pid_file.read_text())
    assert installation.omero("web", "status").stdout == f"OMERO.web status... [RUNNING] (PID {pid})\n"

    stopped = installation.omero("web", "stop")
    assert stopped.returncode == 0
    assert stopped.stdout.startswith(
        f"Stopping OMERO.web... [OK]\nOMERO.web WSGI workers (PID {pid}) killed.\n"
    )
    assert not installation.pid_file.exists()
    status = installation.omero("web", "status")
    assert (status.stdout, status.stderr.strip(), status.returncode) == (
        "OMERO.web status... ",
        "[NOT STARTED]",
        0,
    )


def test_it_refuses_a_second_start(installation: Installation) -> None:
    assert installation.omero("web", "start", "--keep-sessions").returncode == 0
    pid = installation.pid_file.read_text().strip()
    second = installation.omero("web", "start", "--keep-sessions")
    assert second.returncode == 606 % 256
    assert (
        f"[FAILED] OMERO.web already started. {installation.pid_file} exists (PID: {pid})! "
        "Use 'web stop or restart' first." in second.stderr
    )
    assert installation.pid_file.read_text().strip() == pid


def test_it_restarts_with_a_new_process(installation: Installation) -> None:
    installation.omero("web", "start")
    assert installation.status_of(LOGIN) == 200
    before = installation.pid_file.read_text()
    restarted = installation.omero("web", "restart")
    assert restarted.returncode == 0, restarted.stderr
    assert restarted.stdout.endswith("Starting OMERO.web... [OK]\n")
    assert installation.status_of(LOGIN) == 200
    assert installation.pid_file.read_text() != before


def test_stop_without_a_start_says_so(installation: Installation) -> None:
    stopped = installation.omero("web", "stop")
    assert (stopped.stdout, stopped.returncode) == ("Stopping OMERO.web... [NOT STARTED]\n", 0)


def test_status_after_a_crash_keeps_the_pid_file(installation: Installation) -> None:
    installation.pid_file.parent.mkdir(parents=True)
    pid = ended_process()
    installation.pid_file.write_text(f"{pid}\n")
    status = installation.omero("web", "status")
    assert status.returncode == 0
    assert f"OMERO.web workers (PID {pid}) - no such process." in status.stderr
    assert "[NOT STARTED]" in status.stderr
    assert installation.pid_file.exists()


def test_start_after_a_crash_removes_the_pid_file(installation: Installation) -> None:
    installation.pid_file.parent.mkdir(parents=True)
    installation.pid_file.write_text(f"{ended_process()}\n")
    started = installation.omero("web", "start")
    assert f"WARNING: Removed stale {installation.pid_file}" in started.stdout
    assert started.stdout.endswith("[OK]\n")
    assert installation.status_of(LOGIN) == 200


def test_a_pid_that_another_process_got_is_no_running_site(installation: Installation) -> None:
    installation.pid_file.parent.mkdir(parents=True)
    sleeper = subprocess.Popen(["sleep", "60"])
    try:
        installation.pid_file.write_text(f"{sleeper.pid}\n")
        stopped = installation.omero("web", "stop")
        assert "no such process" in stopped.stderr
        assert sleeper.poll() is None
    finally:
        sleeper.kill()
        sleeper.wait()


def test_stop_removes_a_pid_file_without_a_number(installation: Installation) -> None:
    installation.pid_file.parent.mkdir(parents=True)
    installation.pid_file.write_text("rubbish")
    stopped = installation.omero("web", "stop")
    assert f"Removed invalid {installation.pid_file}: 'rubbish'" in stopped.stdout
    assert not installation.pid_file.exists()


def test_a_taken_port_gives_one_clear_line(installation: Installation) -> None:
    with socket.socket() as other:
        other.bind(("127.0.0.1", installation.port))
        other.listen()
        started = installation.omero("web", "start")
    assert started.returncode == 606 % 256
    assert f"Cannot listen on 127.0.0.1:{installation.port}" in started.stderr
    assert "Traceback" not in started.stderr


def test_foreground_ends_on_sigterm_and_leaves_no_pid_file(installation: Installation) -> None:
    process = installation.launch("web", "start", "--foreground")
    try:
        assert installation.status_of(LOGIN) == 200
        assert installation.pid_file.exists()
    finally:
        process.send_signal(signal.SIGTERM)
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    assert not installation.pid_file.exists()


def test_the_development_server_answers_and_ends_on_sigint(installation: Installation) -> None:
    installation.configure(application_server="development")
    process = installation.launch("web", "start")
    try:
        assert installation.status_of(LOGIN) == 200
    finally:
        process.send_signal(signal.SIGINT)
        output, _ = process.communicate(timeout=60)
    assert process.returncode == 0, output
    for command in ("stop", "status"):
        answer = installation.omero("web", command)
        assert answer.stderr.strip() == "DEVELOPMENT: You will have to kill processes by hand!"
        assert answer.returncode == 0


def test_mode_wsgi_is_left_to_a_foreign_server(installation: Installation) -> None:
    installation.configure(application_server="wsgi")
    started = installation.omero("web", "start")
    assert started.returncode == 609 % 256
    assert "[ERROR] You are deploying OMERO.web using Apache and mod_wsgi." in started.stderr
    assert "static files copied" in started.stdout
    assert "Starting OMERO.web" not in started.stdout
    assert installation.omero("web", "stop").returncode == 0


def test_settings_that_cannot_be_loaded_end_the_command(installation: Installation) -> None:
    installation.configure(application_server="fastcgi-tcp-or-so")
    status = installation.omero("web", "status")
    assert status.returncode == 682 % 256
    assert "fastcgi-tcp-or-so" in status.stderr
    assert "Traceback" not in status.stderr


def test_a_missing_omerodir_ends_the_command(installation: Installation) -> None:
    from .conftest import OMERO

    environment = {key: value for key, value in os.environ.items() if key != "OMERODIR"}
    status = subprocess.run([*OMERO, "web", "status"], env=environment, capture_output=True, text=True)
    assert (status.returncode, status.stderr.strip()) == (101, "ERROR: OMERODIR not set")


def test_without_a_subcommand_it_shows_the_usage(installation: Installation) -> None:
    answer = installation.omero("web")
    assert answer.returncode == 2
    assert "too few arguments" in answer.stderr


def test_old_options_are_accepted_with_a_hint(installation: Installation) -> None:
    started = installation.omero("web", "start", "--workers", "3", "--wsgi-args=--log-level=warning")
    assert (
        "Starting OMERO.web...  `--wsgi-args` is deprecated and overwritten by `omero.web.wsgi_args`.  "
        "`--workers` is deprecated and overwritten by `omero.web.wsgi_workers`. [OK]" in started.stdout
    )


def test_the_prefix_and_static_files_are_served_by_one_process(installation: Installation) -> None:
    import json

    from omeroweb.properties.process import MIDDLEWARE

    whitenoise = {"index": 0, "class": "whitenoise.middleware.WhiteNoiseMiddleware"}
    installation.configure(prefix="/omero", middleware=json.dumps([whitenoise, *MIDDLEWARE]))
    assert installation.omero("web", "start").returncode == 0
    assert installation.status_of("/omero" + LOGIN) == 200
    assert installation.status_of("/static/common/css/theme.css") == 200
    assert installation.status_of("/static/no/such/file.css") == 404


def test_a_killed_master_is_noticed_and_the_site_starts_again(installation: Installation) -> None:
    installation.configure(wsgi_timeout="2")
    installation.omero("web", "start")
    assert installation.status_of(LOGIN) == 200
    os.kill(int(installation.pid_file.read_text()), signal.SIGKILL)
    assert "[NOT STARTED]" in installation.omero("web", "status").stderr
    time.sleep(3)
    assert installation.omero("web", "start").returncode == 0
    assert installation.status_of(LOGIN) == 200
