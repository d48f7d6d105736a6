from django.apps import AppConfig


class EnishiConfig(AppConfig):
    name = "enishi.config"
    label = "config"
