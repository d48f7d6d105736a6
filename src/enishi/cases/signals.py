from django.utils.translation import gettext_lazy as _

from enishi.core.events import Event

case_opened = Event("cases.case_opened", _("Case opened"))
case_changed = Event("cases.case_changed", _("Case changed"))
case_acknowledged = Event("cases.case_acknowledged", _("Case acknowledged"))
case_moved = Event("cases.case_moved", _("Case moved"))
case_closed = Event("cases.case_closed", _("Case closed"))
case_reopened = Event("cases.case_reopened", _("Case opened again"))
case_appealed = Event("cases.case_appealed", _("Appeal against a case"))
case_asked = Event("cases.case_asked", _("Asked whether the answer is enough"))
case_judged = Event("cases.case_judged", _("Answer judged by the complainant"))
word_said = Event("cases.word_said", _("Word said in a case"))
word_received = Event("cases.word_received", _("Word received in a case"))
note_made = Event("cases.note_made", _("Note made in a case"))
page_changed = Event("cases.page_changed", _("Public page changed"))
thing_tied = Event("cases.thing_tied", _("Tied to a case"))
thing_untied = Event("cases.thing_untied", _("Untied from a case"))
kept_out = Event("cases.kept_out", _("Kept out of a case"))
let_in = Event("cases.let_in", _("Let in to a case again"))
