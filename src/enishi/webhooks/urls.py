from django.urls import path

from enishi.webhooks import views

app_name = "webhooks"
urlpatterns = [
    path("", views.endpoints, name="endpoints"),
    path("new/", views.new, name="new"),
    path("<int:endpoint_id>/", views.endpoint, name="endpoint"),
    path("<int:endpoint_id>/edit/", views.edit, name="edit"),
    path("<int:endpoint_id>/switch/", views.switch, name="switch"),
    path("<int:endpoint_id>/renew/", views.renew, name="renew"),
    path("<int:endpoint_id>/take/", views.take, name="take"),
    path("<int:endpoint_id>/test/", views.test, name="test"),
    path("<int:endpoint_id>/remove/", views.remove, name="remove"),
    path("messages/<int:delivery_id>/again/", views.again, name="again"),
]
