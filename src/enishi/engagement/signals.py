from django.utils.translation import gettext_lazy as _

from enishi.core.events import Event

stakeholder_rated = Event("engagement.stakeholder_rated", _("Stakeholder rated"))
rating_withdrawn = Event("engagement.rating_withdrawn", _("Rating taken back"))
rating_restored = Event("engagement.rating_restored", _("Rating put back"))
plan_made = Event("engagement.plan_made", _("Engagement planned"))
plan_changed = Event("engagement.plan_changed", _("Planned engagement changed"))
plan_fulfilled = Event("engagement.plan_fulfilled", _("Planned engagement done"))
plan_left_out = Event("engagement.plan_left_out", _("Planned engagement left out"))
plan_reopened = Event("engagement.plan_reopened", _("Planned engagement open again"))
plan_ended = Event("engagement.plan_ended", _("Engagement no longer planned"))
plan_resumed = Event("engagement.plan_resumed", _("Engagement planned again"))
file_given = Event("engagement.file_given", _("File given"))
file_not_given = Event("engagement.file_not_given", _("File not given after all"))
handout_raised = Event("engagement.handout_raised", _("Giving of a file made more confidential"))
rating_raised = Event("engagement.rating_raised", _("Rating made more confidential"))
