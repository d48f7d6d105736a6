from django.urls import path

from enishi.content import views

app_name = "content"
urlpatterns = [
    path("", views.files, name="files"),
    path("<int:file_id>/", views.file, name="file"),
    path("<int:file_id>/change/", views.change, name="change"),
    path("<int:file_id>/versions/", views.add_version, name="add_version"),
    path("<int:file_id>/delete/", views.delete, name="delete"),
    path("<int:file_id>/restore/", views.restore, name="restore"),
    path("<int:file_id>/download/", views.download, name="download"),
    path("<int:file_id>/versions/<int:number>/download/", views.download, name="download_version"),
    path("<int:file_id>/picture/", views.picture, name="picture"),
    path("<int:file_id>/versions/<int:number>/picture/", views.picture, name="picture_version"),
]
