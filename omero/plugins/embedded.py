"""`omero embedded`: the OMERO server that comes with OMERO.web. The work is done by `omero_embedded.cli`.

The `omero` command runs this file with `register` defined.
"""

from omero.cli import BaseControl

HELP = "The embedded OMERO server: start, stop, import files"


class EmbeddedControl(BaseControl):
    """Parses arguments and calls `omero_embedded.cli`, imported late so that other commands start quickly."""

    def _configure(self, parser):
        sub = parser.sub()
        start = parser.add(sub, self.start, "Start the server; the first start creates its store")
        start.add_argument(
            "--foreground", action="store_true", help="Stay in the foreground until interrupted"
        )
        start.add_argument("--host", help="Address to listen on (HOST, default 127.0.0.1)")
        start.add_argument("--port", type=int, help="tcp port (ICE_PORT, default 4063)")
        start.add_argument("--tls-port", type=int, help="TLS port (ICE_TLS_PORT, default 4064)")
        parser.add(sub, self.stop, "Stop the server")
        parser.add(sub, self.status, "Tell whether the server is running")
        importer = sub.add_parser("import", help="Import image files", description="Import image files")
        importer.set_defaults(func=self.import_files)
        importer.add_argument("files", nargs="+", metavar="FILE", help="Image file, or folder of image files")
        target = importer.add_mutually_exclusive_group()
        target.add_argument("--dataset", metavar="NAME", help="Dataset to put the images in; made if need be")
        target.add_argument("--project", metavar="NAME/DATASET", help="Project and dataset; made if need be")
        importer.add_argument("--user", help="User who will own the images (default root)")
        importer.add_argument("--group", help="Group of the images (default: the user's default group)")
        parser.add(sub, self.demo, "Make demonstration images, groups and users")

    def _run(self, action, *args, **kwargs):
        """Call `action` of `omero_embedded.cli`; a failure is one line and an exit status."""
        from omero_embedded import cli

        try:
            return getattr(cli, action)(*args, say=self.ctx.out, **kwargs)
        except cli.CommandFailed as failure:
            self.ctx.die(1, str(failure))
        return None

    def start(self, args):
        self._run(
            "start", foreground=args.foreground, host=args.host, tcp_port=args.port, tls_port=args.tls_port
        )

    def stop(self, args):
        self._run("stop")

    def status(self, args):
        if not self._run("status"):
            self.ctx.rv = 1

    def import_files(self, args):
        failures = self._run(
            "import_files",
            args.files,
            dataset=args.dataset,
            project=args.project,
            user=args.user,
            group=args.group,
        )
        if failures:
            self.ctx.die(2, f"{failures} of {len(args.files)} could not be imported")

    def demo(self, args):
        self._run("demo")


# Absent when the file is imported as a module, as tests and tools do.
if "register" in globals():
    register("embedded", EmbeddedControl, HELP)
