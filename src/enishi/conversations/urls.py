from django.urls import path

from enishi.conversations.views import (
    editing,
    invitations,
    line,
    minutes,
    pages,
    passages,
    senders,
    timelines,
)

app_name = "conversations"
urlpatterns = [
    path("", pages.interactions, name="interactions"),
    path("new/", editing.new, name="new"),
    path("minutes/", minutes.template, name="minutes"),
    path("people/", editing.people, name="people"),
    path("line/", line.save, name="line"),
    path("line/parse/", line.parse, name="parse_line"),
    path("line/undo/", line.undo, name="undo_line"),
    path("senders/", senders.senders, name="senders"),
    path("senders/<int:sender_id>/candidates/", senders.candidates, name="sender_candidates"),
    path("senders/<int:sender_id>/create/", senders.create, name="sender_create"),
    path("senders/<int:sender_id>/join/", senders.join, name="sender_join"),
    path("senders/<int:sender_id>/ignore/", senders.ignore, name="sender_ignore"),
    path("senders/<int:sender_id>/reopen/", senders.reopen, name="sender_reopen"),
    path("timeline/<int:party_id>/", timelines.timeline, name="timeline"),
    path("<int:interaction_id>/", pages.interaction, name="interaction"),
    path("<int:interaction_id>/edit/", editing.edit, name="edit"),
    path("<int:interaction_id>/delete/", editing.delete, name="delete"),
    path("<int:interaction_id>/restore/", editing.restore, name="restore"),
    path("<int:interaction_id>/answer/", editing.answer, name="answer"),
    path("<int:interaction_id>/files/", editing.add_files, name="add_files"),
    path("<int:interaction_id>/invite/", invitations.invite, name="invite"),
    path("<int:interaction_id>/call-off/", invitations.call_off, name="call_off"),
    path("<int:interaction_id>/meeting.ics", invitations.own_file, name="own_file"),
    path("<int:interaction_id>/invited/<int:invitee_id>/", invitations.note_answer, name="note_answer"),
    path("<int:interaction_id>/passage/", passages.passage, name="passage"),
    path("<int:interaction_id>/results/", minutes.results, name="results"),
    path("<int:interaction_id>/versions/<int:number>/", pages.version, name="version"),
]
