"""`omero web`: start and stop OMERO.web. The work is done by `omeroweb.deploy`.

The `omero` command runs this file with `register` defined. Source: contract/config-cli-deploy.md, section 7.
"""

from argparse import SUPPRESS
from pathlib import Path

from omero.cli import BaseControl

HELP = "OMERO.web: start and stop the web site"


class WebControl(BaseControl):
    """Parses arguments and calls `omeroweb.deploy.commands`, imported late so that other commands start quickly."""

    def _configure(self, parser):
        sub = parser.sub()
        start = parser.add(sub, self.start, "Collect static files and start OMERO.web")
        restart = parser.add(sub, self.restart, "Stop OMERO.web and start it again")
        for one in (start, restart):
            self._add_start_options(one)
        parser.add(sub, self.stop, "Stop OMERO.web")
        parser.add(sub, self.status, "Tell whether OMERO.web is running")
        parser.add(sub, self.syncmedia, "Collect the static files of all apps")
        sessions = parser.add(sub, self.clearsessions, "Remove expired browser sessions")
        sessions.add_argument("--no-wait", action="store_true", help="Do not wait for the end")

        self._add_config(parser, sub)
        iis = parser.add(sub, self.iis, "Register OMERO.web with IIS on Windows")
        iis.add_argument("--remove", action="store_true", help="Take OMERO.web out of IIS")
        iis.add_argument("--write", metavar="DIR", help="Only write the files, for copying to a Windows host")
        self._add_session_options(iis)

    def _add_config(self, parser, sub):
        from omeroweb.deploy.kinds import KINDS

        config = parser.add(sub, self.config, "Print the set-up of a web server in front of OMERO.web")
        config.add_argument("type", choices=KINDS, help="The kind of set-up")
        config.add_argument(
            "--http", type=int, metavar="PORT", help="Port of the web server (80; nginx-development: 8080)"
        )
        config.add_argument("--servername", default="$hostname", help="Name of the server (%(default)s)")
        config.add_argument(
            "--max-body-size", default="0", metavar="SIZE", help="Largest upload, such as 100m (0: no limit)"
        )
        config.add_argument("--system", action="store_true", help=SUPPRESS)
        config.add_argument("--user", default="omero-web", help="User that runs OMERO.web (%(default)s)")

    @staticmethod
    def _add_session_options(parser):
        sessions = parser.add_mutually_exclusive_group()
        sessions.add_argument("--keep-sessions", action="store_true", help="Do not clear expired sessions")
        sessions.add_argument(
            "--no-wait", action="store_true", help="Clear expired sessions in the background"
        )

    def _add_start_options(self, parser):
        self._add_session_options(parser)
        parser.add_argument(
            "--foreground", action="store_true", help="Stay in the foreground until interrupted"
        )
        parser.add_argument("--workers", type=int, help=SUPPRESS)
        parser.add_argument("--worker-connections", type=int, help=SUPPRESS)
        parser.add_argument("--wsgi-args", help=SUPPRESS)

    def _site(self):
        from omeroweb.deploy.site import SiteError, read_site

        try:
            return read_site()
        except SiteError as error:
            self.ctx.die(error.code, error.text)

    @staticmethod
    def _options(args):
        from omeroweb.deploy.commands import StartOptions

        return StartOptions(
            keep_sessions=args.keep_sessions,
            no_wait=args.no_wait,
            foreground=args.foreground,
            wsgi_args=args.wsgi_args,
            workers=args.workers,
            worker_connections=args.worker_connections,
        )

    def start(self, args):
        site = self._site()
        from omeroweb.deploy import commands

        commands.start(self.ctx, site, self._options(args))

    def restart(self, args):
        site = self._site()
        from omeroweb.deploy import commands

        commands.restart(self.ctx, site, self._options(args))

    def stop(self, args):
        site = self._site()
        from omeroweb.deploy import commands

        commands.stop(self.ctx, site)

    def status(self, args):
        site = self._site()
        from omeroweb.deploy import commands

        commands.status(self.ctx, site)

    def syncmedia(self, args):
        self._site()
        from omeroweb.deploy import commands

        commands.sync_media(self.ctx)

    def config(self, args):
        from omeroweb.deploy.kinds import SYSTEM_OPTION

        if args.system:
            self.ctx.die(SYSTEM_OPTION, "ERROR: --system is no longer supported, see --help")
        site = self._site()
        from omeroweb.deploy.web_servers import (
            ConfigurationError,
            WebServer,
            configuration,
            provide_files,
        )

        wanted = WebServer(args.http, args.servername, args.max_body_size)
        try:
            text = configuration(args.type, site, wanted, args.user)
        except ConfigurationError as error:
            self.ctx.die(error.code, error.text)
        provide_files(site)
        self.ctx.out(text, newline=False)

    def iis(self, args):
        from omeroweb.deploy.iis import install

        if args.write is None:
            install.refuse_elsewhere(self.ctx)
        site = self._site()
        from omeroweb.deploy import commands

        if args.write is not None:
            install.write(self.ctx, site, Path(args.write))
            return
        commands.sync_media(self.ctx)
        if not args.keep_sessions:
            commands.clear_sessions(self.ctx, args.no_wait)
        install.install(self.ctx, site, args.remove)

    def clearsessions(self, args):
        self._site()
        from omeroweb.deploy import commands

        commands.clear_sessions(self.ctx, args.no_wait)


# Absent when the file is imported as a module, as tests and tools do.
if "register" in globals():
    register("web", WebControl, HELP)
