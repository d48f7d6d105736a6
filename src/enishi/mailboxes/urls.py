from django.urls import path

from enishi.mailboxes import views

app_name = "mailboxes"
urlpatterns = [
    path("", views.mailboxes, name="mailboxes"),
    path("new/", views.new, name="new"),
    path("<int:mailbox_id>/", views.mailbox, name="mailbox"),
    path("reply/<int:interaction_id>/", views.reply, name="reply"),
    path("replies/<int:reply_id>/again/", views.again, name="again"),
    path("replies/<int:reply_id>/drop/", views.drop, name="drop"),
    path("providers/new/", views.new_provider, name="new_provider"),
    path("providers/<int:provider_id>/", views.provider, name="provider"),
    path("providers/<int:provider_id>/remove/", views.remove_provider, name="remove_provider"),
    path("signed-in/", views.signed_in, name="signed_in"),
    path("<int:mailbox_id>/sign-in/", views.sign_in, name="sign_in"),
    path("<int:mailbox_id>/edit/", views.edit, name="edit"),
    path("<int:mailbox_id>/test/", views.test, name="test"),
    path("<int:mailbox_id>/read/", views.read, name="read"),
    path("<int:mailbox_id>/switch/", views.switch, name="switch"),
    path("<int:mailbox_id>/remove/", views.remove, name="remove"),
    path("<int:mailbox_id>/aside/<int:aside_id>/", views.aside, name="aside"),
]
