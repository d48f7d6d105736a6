"""What is open to whoever holds a link."""

from django.urls import path

from enishi.conversations import portal

app_name = "invitation"
urlpatterns = [path("<str:token>/", portal.answer, name="answer")]
