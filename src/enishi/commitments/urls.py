from django.urls import path

from enishi.commitments.views import closing, lists, promises, tasks

app_name = "commitments"
urlpatterns = [
    path("", lists.ledger, name="list"),
    path("board/", lists.board, name="board"),
    path("month/", lists.month, name="month"),
    path("new/", promises.new, name="new"),
    path("people/", promises.people, name="people"),
    path("undo/<int:entry_id>/", promises.undo, name="undo"),
    path("series/<int:series_id>/end/", promises.end_series, name="end_series"),
    path("<int:promise_id>/", promises.promise, name="promise"),
    path("<int:promise_id>/edit/", promises.edit, name="edit"),
    path("<int:promise_id>/settle/", promises.settle, name="settle"),
    path("<int:promise_id>/move/", promises.move, name="move"),
    path("<int:promise_id>/due/", promises.due, name="due"),
    path("<int:promise_id>/start/", promises.start, name="start"),
    path("<int:promise_id>/done/", promises.done, name="done"),
    path("<int:promise_id>/reopen/", promises.reopen, name="reopen"),
    path("<int:promise_id>/proof/", promises.proof, name="proof"),
    path("<int:promise_id>/delete/", promises.delete, name="delete"),
    path("tasks/", lists.tasks, name="tasks"),
    path("tasks/new/", tasks.new, name="new_task"),
    path("tasks/<int:task_id>/", tasks.task, name="task"),
    path("tasks/<int:task_id>/edit/", tasks.edit, name="edit_task"),
    path("tasks/<int:task_id>/tick/", tasks.tick, name="tick"),
    path("tasks/<int:task_id>/delete/", tasks.delete, name="delete_task"),
    path("closing-days/", closing.closing_days, name="closing_days"),
    path("closing-days/<int:closing_day_id>/remove/", closing.remove, name="open_day"),
]
