from django.urls import path

from enishi.themes.views import alike, emerging, machine, marking, pages, replies, setup

app_name = "themes"
urlpatterns = [
    path("", pages.themes, name="list"),
    path("<int:theme_id>/", pages.theme, name="theme"),
    path("of/<int:interaction_id>/", marking.mark, name="mark"),
    path("of/<int:interaction_id>/overall/", marking.overall, name="overall"),
    path("passages/<int:passage_id>/", marking.change, name="passage"),
    path("passages/<int:passage_id>/remove/", marking.remove, name="remove"),
    path("undo/<int:entry_id>/", marking.undo, name="undo"),
    path("suggestions/<int:suggestion_id>/keep/", machine.keep, name="keep"),
    path("suggestions/<int:suggestion_id>/refuse/", machine.refuse, name="refuse"),
    path("machine/", machine.switch, name="machine"),
    path("alike/", alike.choruses, name="alike"),
    path("alike/<int:chorus_id>/", alike.chorus, name="chorus"),
    path("alike/<int:chorus_id>/mark/", alike.mark, name="chorus_mark"),
    path("alike/<int:chorus_id>/answered/", alike.answered, name="chorus_answered"),
    path("alike/apart/<int:meaning_id>/", alike.apart, name="apart"),
    path("unnamed/", emerging.unnamed, name="unnamed"),
    path("unnamed/<str:key>/", emerging.one, name="unnamed_one"),
    path("unnamed/<str:key>/aside/", emerging.aside, name="aside"),
    path("<int:theme_id>/done/", replies.new, name="reply_new"),
    path("done/<int:reply_id>/", replies.reply, name="reply"),
    path("done/<int:reply_id>/edit/", replies.edit, name="reply_edit"),
    path("done/<int:reply_id>/send/", replies.send, name="reply_send"),
    path("done/<int:reply_id>/stop/", replies.stop, name="reply_stop"),
    path("done/<int:reply_id>/remove/", replies.remove, name="reply_remove"),
    path("done/<int:reply_id>/letters.csv", replies.letters, name="reply_letters"),
    path("done/<int:reply_id>/progress/", replies.progress, name="reply_progress"),
    path("setup/", setup.themes, name="setup"),
    path("setup/<int:theme_id>/", setup.theme, name="setup_theme"),
    path("setup/<int:theme_id>/archive/", setup.archive, name="setup_archive"),
]
