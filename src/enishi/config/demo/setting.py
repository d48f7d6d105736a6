"""What the demo's organisation set up before it began: own fields, words to agree to, closing days, a mailbox, a webhook."""

from __future__ import annotations

import datetime as dt

from enishi.accounts.access import Level
from enishi.accounts.models import Role
from enishi.accounts.services import change_role, protect_fields
from enishi.commitments.services import add_closing_day
from enishi.config.demo.organisation import House
from enishi.config.demo.people import TOPICS
from enishi.contacts.models import ConsentPurpose
from enishi.contacts.services import add_wording, save_field
from enishi.mailboxes.services import Draft as Mailbox
from enishi.mailboxes.services import save as save_mailbox
from enishi.mailboxes.services import switch as switch_mailbox
from enishi.webhooks.services import save as save_webhook
from enishi.webhooks.services import switch as switch_webhook

FIELDS = (
    ("influence", "Influence", "choice", ("organisation", "group", "community"), ("Low", "Medium", "High")),
    ("topics", "Topics", "choices", (), TOPICS),
    ("distance", "Distance to the nearest turbine (km)", "number", ("person",), ()),
    ("contract-value", "Contract value", "money", ("organisation",), ()),
    ("certificate-number", "Certificate number", "text", ("person",), ()),
    ("certificate-until", "Certificate valid until", "date", ("person",), ()),
    ("life-support", "Life support at home", "flag", ("person",), ()),
    ("introduced-by", "Introduced by", "person", ("person",), ()),
    ("agreement", "Signed agreement", "file", ("organisation",), ()),
)
WORDINGS = {
    "news": {
        "en": "I agree that Tidewall Energy sends me news about the project by e-mail, at most once a month. I can take this back at any time.",
        "ja": "タイドウォール・エナジーが事業に関するお知らせを月1回以内、電子メールで私に送ることに同意します。この同意はいつでも取り消せます。",
        "fr": "J'accepte que Tidewall Energy m'envoie des nouvelles du projet par courriel, une fois par mois au plus. Je peux retirer cet accord à tout moment.",
        "fa": "موافقم که تایدوال انرژی حداکثر ماهی یک‌بار خبرهای طرح را با ایمیل برایم بفرستد. هر زمان که بخواهم می‌توانم این موافقت را پس بگیرم.",
    },
    "recording": {
        "en": "I agree that this call is recorded and kept for ninety days, so that what was said can be checked.",
        "ja": "この通話を録音し、内容確認のため90日間保存することに同意します。",
        "fr": "J'accepte que cet appel soit enregistré et conservé quatre-vingt-dix jours, afin de vérifier ce qui a été dit.",
        "fa": "موافقم که این تماس ضبط و نود روز نگه‌داری شود تا بتوان گفته‌ها را بازبینی کرد.",
    },
    "photos": {
        "en": "Photos on which I can be recognised may be shown in the project's newsletter.",
        "ja": "私と分かる写真を事業のお知らせに掲載することに同意します。",
        "fr": "Les photos sur lesquelles on me reconnaît peuvent paraître dans la lettre du projet.",
        "fa": "عکس‌هایی که در آن‌ها شناخته می‌شوم می‌تواند در خبرنامهٔ طرح منتشر شود.",
    },
}  # fmt: skip

# What somebody pays is for those who answer for it.
PROTECTED = "contacts.field:contract-value"
SHOWN_BY = {"Manager": "changed_fields", "Engagement officer": "seen_fields", "Auditor": "seen_fields"}
TOLD = ("cases.case_opened", "cases.case_moved", "cases.case_closed", "commitments.promise_settled")


def set_up(house: House, today: dt.date) -> None:
    """Create own fields, consent wordings and closing days."""
    for position, (code, label, kind, kinds, options) in enumerate(FIELDS):
        save_field(
            house.system,
            label=label,
            kind=kind,
            code=code,
            party_kinds=kinds,
            options=options,
            position=10 * (position + 1),
        )
    protect_fields(house.system, [PROTECTED])
    for role in Role.objects.filter(name__in=SHOWN_BY):
        change_role(house.system, role, **{SHOWN_BY[role.name]: [PROTECTED]})
    purposes = {purpose.code: purpose for purpose in ConsentPurpose.objects.all()}
    for code, texts in WORDINGS.items():
        for language, wording in texts.items():
            add_wording(house.system, purposes[code], language=language, wording=wording)
    add_closing_day(house.system, day=today + dt.timedelta(days=24), name="Company day")
    add_closing_day(
        house.system,
        day=today + dt.timedelta(days=38),
        name="浜祭り（東浜事務所休業）",
        project=house.projects["tidewall-east"],
    )
    add_closing_day(
        house.system,
        day=today + dt.timedelta(days=31),
        name="Pont : bureau d'examen fermé",
        project=house.projects["certification"],
    )
    # They are off: their hosts are made up.
    box = save_mailbox(
        house.actors["eleanor"],
        None,
        Mailbox(
            name="Tidewall East",
            address="tidewall-east@tidewall.example",
            host="imap.tidewall.example",
            port=993,
            security="tls",
            username="tidewall-east@tidewall.example",
            password="made up",  # noqa: S106 - of a host that does not exist
            folder="INBOX",
            project=house.projects["tidewall-east"],
            confidentiality=Level.INTERNAL,
            since=today,
        ),
    )
    switch_mailbox(house.actors["eleanor"], box.pk, on=False)
    told, _secret = save_webhook(
        house.actors["eleanor"], address="https://hooks.tidewall.example/enishi", events=TOLD
    )
    switch_webhook(house.actors["eleanor"], told.pk, on=False)
