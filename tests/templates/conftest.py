"""Django for tests that render templates."""

import os
import tempfile

import django

os.environ.setdefault("OMERODIR", tempfile.mkdtemp(prefix="omero-web-tests-"))
os.environ.setdefault("DJANGO_SETTINGS_MODULE", "omeroweb.settings")
django.setup()
