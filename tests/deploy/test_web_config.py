"""`omero web config`. Source: contract/config-cli-deploy.md, section 8."""

from __future__ import annotations

import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest

from omeroweb.deploy.site import Site
from omeroweb.deploy.web_servers import (
    ConfigurationError,
    WebServer,
    configuration,
    name_suffix,
    provide_files,
)

from .conftest import Installation, site_of


def words(text: str) -> str:
    """The text without comments, with single blanks."""
    lines = (line.split("##")[0].strip() for line in text.splitlines())
    return " ".join(" ".join(line for line in lines if line and not line.startswith("# ")).split())


def site(tmp_path: Path, **facts: Any) -> Site:
    """A site below `tmp_path` with the default properties but `facts`."""
    return site_of(Installation(tmp_path, 4080), **{"workers": 5, **facts})


def made(kind: str, of: Site, **options: Any) -> str:
    return configuration(kind, of, WebServer(**options), "omero-web")


def test_the_command_prints_the_lines_of_the_reference(installation: Installation) -> None:
    root, port = installation.omero_dir, installation.port
    answer = installation.omero("web", "config", "nginx", "--max-body-size", "5m")
    assert answer.returncode == 0, answer.stderr
    assert words(answer.stdout) == (
        f"upstream omeroweb {{ server 127.0.0.1:{port} fail_timeout=0; }} "
        "server { listen 80; server_name $hostname; sendfile on; client_max_body_size 5m; "
        f"location @maintenance {{ root {root}/etc/templates/error; try_files $uri /maintainance.html =502; }} "
        f"location /static {{ alias {root}/var/static; }} "
        "location @proxy_to_app { proxy_set_header X-Forwarded-Proto $scheme; "
        "proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for; proxy_set_header Host $http_host; "
        "proxy_redirect off; proxy_buffering off; proxy_pass http://omeroweb; error_page 502 @maintenance; } "
        "location / { error_page 502 @maintenance; try_files $uri @proxy_to_app; } }"
    )


def test_the_prefix_names_locations_and_upstream(tmp_path: Path) -> None:
    of = site(tmp_path, prefix="/omero/", static_url="/omero/static/")
    text = words(made("nginx", of, server_name="a.b.org", http=81))
    assert "upstream omeroweb_omero {" in text
    assert "listen 81; server_name a.b.org;" in text
    assert "location /omero/static {" in text
    assert "proxy_pass http://omeroweb_omero;" in text
    assert (
        "location /omero { error_page 502 @maintenance_omero; try_files $uri @proxy_to_app_omero; }" in text
    )


def test_words_of_the_prefix_make_the_suffix() -> None:
    assert [name_suffix(prefix) for prefix in ("", "/omero", "a/b-c")] == ["", "_omero", "_abc"]


def test_nginx_location_passes_straight_to_the_application(tmp_path: Path) -> None:
    text = made("nginx-location", site(tmp_path), http=99, server_name="x")
    assert text.startswith("##")
    assert "##     listen 80;" in text
    assert "include /opt/omero/web/omero-web-location.include;" in text
    assert "proxy_pass http://127.0.0.1:4080;" in text
    assert "upstream" not in text


def test_extra_lines_are_printed_as_they_are(tmp_path: Path) -> None:
    of = site(tmp_path, nginx_extra=["listen 443 ssl;", "  add_header A '<&>{{ http }}';"])
    assert (
        "\n# <<<<< omero.web.nginx_server_extra_config\nlisten 443 ssl;\n  add_header A '<&>{{ http }}';\n"
        "# omero.web.nginx_server_extra_config >>>>>\n"
    ) in made("nginx", of)


MISMATCH = "cannot be used with 'omero web config"


@pytest.mark.parametrize(
    ("kind", "options", "facts", "code", "text"),
    [
        ("nginx", {"http": 4080}, {}, 678, "Port conflict: HTTP(4080) and wsgi(4080)."),
        (
            "nginx",
            {},
            {"application_server": "wsgi"},
            680,
            f"ERROR: configuration mismatch. omero.web.application_server=wsgi {MISMATCH} nginx'.",
        ),
        ("nginx-location", {}, {"application_server": "development"}, 680, MISMATCH),
        ("apache", {}, {}, 680, f"{MISMATCH} apache'."),
        ("apache-fcgi", {}, {}, 680, MISMATCH),
        ("nginx", {"server_name": ""}, {}, 2, "--servername must not be empty"),
        ("nginx", {"server_name": "a; return 200"}, {}, 2, "--servername is no name"),
        ("nginx", {"http": 0}, {}, 2, "--http must be between 1 and 65535"),
        ("nginx", {"max_body_size": "much"}, {}, 2, "--max-body-size must be"),
    ],
)
def test_what_does_not_fit_is_refused(
    tmp_path: Path, kind: str, options: dict[str, Any], facts: dict[str, Any], code: int, text: str
) -> None:
    with pytest.raises(ConfigurationError) as raised:
        made(kind, site(tmp_path, **facts), **options)
    assert raised.value.code == code
    assert text in raised.value.text


def test_refusals_end_the_command_with_their_code(installation: Installation) -> None:
    port = str(installation.port)
    for arguments, code, text in (
        (["nginx", "--http", port], 166, f"Port conflict: HTTP({port}) and wsgi({port})."),
        (["nginx", "--system"], 171, "ERROR: --system is no longer supported, see --help"),
        (["lighttpd"], 2, "invalid choice: 'lighttpd'"),
    ):
        answer = installation.omero("web", "config", *arguments)
        assert (answer.returncode, answer.stdout) == (code, "")
        assert text in answer.stderr


def test_mod_wsgi_gets_a_daemon_of_its_own(tmp_path: Path) -> None:
    text = made("apache", site(tmp_path, application_server="wsgi", prefix="/omero"), http=8081)
    assert "<VirtualHost _default_:8081>" in text
    assert "WSGIDaemonProcess omeroweb_omero processes=5 threads=1" in text
    assert "user=omero-web" in text
    assert "WSGIScriptAlias /omero " in text
    assert f"SetEnv OMERODIR {tmp_path}" in text


def test_the_systemd_unit_runs_the_site_in_the_foreground(tmp_path: Path) -> None:
    text = made("systemd", site(tmp_path))
    assert "omero web start --foreground" in text
    assert f"Environment=OMERODIR={tmp_path}" in text
    for section in ("[Unit]", "[Service]", "[Install]"):
        assert f"\n{section}\n" in text


@pytest.mark.parametrize("application_server", ["wsgi-tcp", "fastcgi-tcp", "fastcgi"])
@pytest.mark.parametrize("prefix", ["/omero", None])
def test_nginx_accepts_its_set_up(tmp_path: Path, application_server: str, prefix: str | None) -> None:
    nginx = shutil.which("nginx", path="/usr/sbin:/usr/bin:/sbin")
    assert nginx, "nginx is missing: apt-get install nginx"
    of = site(tmp_path, application_server=application_server, prefix=prefix)
    provide_files(of)
    path = tmp_path / "nginx.conf"
    path.write_text(made("nginx-development", of))
    checked = subprocess.run([nginx, "-t", "-c", str(path)], capture_output=True, text=True)
    assert checked.returncode == 0, checked.stderr
