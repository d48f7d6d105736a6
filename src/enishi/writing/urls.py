from django.urls import path

from enishi.writing.views import drafts, setup

app_name = "writing"
urlpatterns = [
    path("setup/", setup.service, name="setup"),
    path("setup/try/", setup.try_it, name="try"),
    path("of/<int:interaction_id>/", drafts.of_conversation, name="of_conversation"),
    path("person/<int:party_id>/", drafts.of_person, name="of_person"),
    path("case/<int:case_id>/", drafts.of_case, name="of_case"),
    path("<int:draft_id>/", drafts.draft, name="draft"),
    path("<int:draft_id>/remove/", drafts.remove, name="remove"),
]
