"""The words of built-in relations and purposes: stored in English, shown in the reader's language."""

from django.utils.translation import gettext_noop

WORDS = (
    gettext_noop("works for"),
    gettext_noop("employs"),
    gettext_noop("represents"),
    gettext_noop("is represented by"),
    gettext_noop("is a member of"),
    gettext_noop("has as a member"),
    gettext_noop("is a division of"),
    gettext_noop("has as a division"),
    gettext_noop("belongs to the household"),
    gettext_noop("is the household of"),
    gettext_noop("leads"),
    gettext_noop("is led by"),
    gettext_noop("advises"),
    gettext_noop("is advised by"),
    gettext_noop("is a neighbour of"),
    gettext_noop("has as a neighbour"),
    gettext_noop("is related to"),
    gettext_noop("supplies"),
    gettext_noop("is supplied by"),
    gettext_noop("owns land at"),
    gettext_noop("lies on land of"),
    gettext_noop("Project news by e-mail"),
    gettext_noop("Invitations to events"),
    gettext_noop("Calls about our offers"),
    gettext_noop("Recording of calls"),
    gettext_noop("Publishing photos"),
)
