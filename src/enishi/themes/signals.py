from django.utils.translation import gettext_lazy as _

from enishi.core.events import Event

theme_created = Event("themes.theme_created", _("Theme created"))
theme_changed = Event("themes.theme_changed", _("Theme changed"))
themes_merged = Event("themes.themes_merged", _("Themes merged"))
passage_marked = Event("themes.passage_marked", _("Passage marked"))
passage_changed = Event("themes.passage_changed", _("Mark of a passage changed"))
passage_unmarked = Event("themes.passage_unmarked", _("Mark taken off a passage"))
overall_changed = Event("themes.overall_changed", _("How it felt overall"))
suggestion_refused = Event("themes.suggestion_refused", _("Suggestion of a theme refused"))
machine_switched = Event("themes.machine_switched", _("Reading along by machine"))
voice_taken_out = Event("themes.voice_taken_out", _("Said not to be the same as others"))
voice_put_back = Event("themes.voice_put_back", _("Compared with others again"))
set_aside = Event("themes.set_aside", _("Said to be no theme"))
reply_written = Event("themes.reply_written", _("Written what was done about a theme"))
reply_released = Event("themes.reply_released", _("To be told what was done about a theme"))
reply_stopped = Event("themes.reply_stopped", _("Telling what was done stopped"))
reply_sent = Event("themes.reply_sent", _("Told what was done about a theme"))
reply_removed = Event("themes.reply_removed", _("Draft of what was done thrown away"))
