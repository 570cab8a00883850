"""Tags that every template has without loading a library. Source: contract/plugins.md, section 6.4."""

from urllib.parse import urljoin

from django import template
from django.conf import settings

register = template.Library()


@register.simple_tag
def static(path: str) -> str:
    """Address of a static file; never fails for files that do not exist."""
    return urljoin(settings.STATIC_URL, str(path))
