"""Addresses below `/webgateway/`. Source: contract/webgateway.md, section 1."""

from __future__ import annotations

from django.urls import URLPattern, URLResolver, path
from omeroweb.webgateway import views

urlpatterns: list[URLPattern | URLResolver] = [
    path("", views.index, name="webgateway"),
]
