"""The kinds of set-ups that `omero web config` prints, and its exit codes.

Imports nothing, so that the command line can list them at once. Source: contract/config-cli-deploy.md, sections 7.6, 8.
"""

USAGE = 2
PORT_CONFLICT = 678
WRONG_SERVER = 680
SYSTEM_OPTION = 683

TCP = ("wsgi-tcp", "fastcgi-tcp")
FASTCGI = ("fastcgi", "fastcgi-tcp")
# Which application servers each set-up can stand in front of.
FITTING = {
    "nginx": ("wsgi-tcp", *FASTCGI),
    "nginx-development": ("wsgi-tcp", *FASTCGI),
    "nginx-location": ("wsgi-tcp", *FASTCGI),
    "apache": ("wsgi",),
    "apache-proxy": ("wsgi-tcp",),
    "apache-fcgi": FASTCGI,
    "systemd": ("wsgi-tcp", *FASTCGI),
}
KINDS = tuple(FITTING)
