from django.urls import path

from enishi.fieldwork import views

app_name = "fieldwork"
urlpatterns = [
    path("", views.page, name="page"),
    path("worker.js", views.worker, name="worker"),
    path("app.webmanifest", views.manifest, name="manifest"),
    path("state/", views.state, name="state"),
    path("take/", views.take, name="take"),
    path("send/", views.send, name="send"),
    path("file/", views.enclose, name="enclose"),
    path("file/ask/", views.ask, name="ask"),
]
