"""Changing contacts: one function per use case."""

from enishi.contacts.services.entering import enter_contact, relate_from
from enishi.contacts.services.parties import (
    Conflict,
    ContactError,
    PartyDraft,
    change_party,
    create_party,
    delete_party,
    restore_party,
    save_point,
    touch,
)
from enishi.contacts.services.points import PointDraft
from enishi.contacts.services.searchable import index_parties
from enishi.contacts.services.setup import (
    add_wording,
    archive_field,
    archive_purpose,
    archive_tag,
    create_tag,
    delete_view,
    merge_tags,
    rename_tag,
    save_field,
    save_purpose,
    save_relation_type,
    save_view,
    set_values,
    tag_by_path,
)
from enishi.contacts.services.ties import (
    end_relation,
    relate,
    remove_relation,
    set_external_id,
    set_tags,
    state_consent,
)
from enishi.contacts.services.together import change_party_whole, create_party_whole
from enishi.contacts.services.undo import Undone, undo_change

__all__ = [
    "Conflict",
    "ContactError",
    "PartyDraft",
    "PointDraft",
    "Undone",
    "add_wording",
    "archive_field",
    "archive_purpose",
    "archive_tag",
    "change_party",
    "change_party_whole",
    "create_party",
    "create_party_whole",
    "create_tag",
    "delete_party",
    "delete_view",
    "end_relation",
    "enter_contact",
    "index_parties",
    "merge_tags",
    "relate",
    "relate_from",
    "remove_relation",
    "rename_tag",
    "restore_party",
    "save_field",
    "save_point",
    "save_purpose",
    "save_relation_type",
    "save_view",
    "set_external_id",
    "set_tags",
    "set_values",
    "state_consent",
    "tag_by_path",
    "touch",
    "undo_change",
]
