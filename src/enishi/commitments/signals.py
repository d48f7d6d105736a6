from django.utils.translation import gettext_lazy as _

from enishi.core.events import Event

promise_made = Event("commitments.promise_made", _("Promise made"))
promise_changed = Event("commitments.promise_changed", _("Promise changed"))
promise_settled = Event("commitments.promise_settled", _("Promise settled"))
promise_reopened = Event("commitments.promise_reopened", _("Promise opened again"))
promise_deleted = Event("commitments.promise_deleted", _("Promise deleted"))
promise_started = Event("commitments.promise_started", _("Work on a promise began"))
promise_done = Event("commitments.promise_done", _("Promise reported done"))
promise_restored = Event("commitments.promise_restored", _("Deleted promise brought back"))
proof_added = Event("commitments.proof_added", _("Proof added"))
task_made = Event("commitments.task_made", _("Task made"))
task_changed = Event("commitments.task_changed", _("Task changed"))
task_done = Event("commitments.task_done", _("Task done"))
task_reopened = Event("commitments.task_reopened", _("Task opened again"))
task_deleted = Event("commitments.task_deleted", _("Task deleted"))
task_restored = Event("commitments.task_restored", _("Deleted task brought back"))
series_ended = Event("commitments.series_ended", _("Repeating stopped"))
series_resumed = Event("commitments.series_resumed", _("Repeating taken up again"))
series_changed = Event("commitments.series_changed", _("Repeating promise or task changed"))
closing_days_changed = Event("commitments.closing_days_changed", _("Closing days changed"))
