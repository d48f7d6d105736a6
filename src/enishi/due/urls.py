from django.urls import path

from enishi.due import views

app_name = "due"
urlpatterns = [
    path("", views.steps, name="steps"),
    path("<int:step_id>/remove/", views.remove, name="remove_step"),
]
