from django.apps import AppConfig


class WebclientConfig(AppConfig):
    name = "omeroweb.webclient"
    label = "webclient"
