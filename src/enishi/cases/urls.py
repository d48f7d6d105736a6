"""Addresses: staff pages stand in ``cases:``, what is open to everybody in ``report:``."""

from django.urls import include, path

from enishi.cases import portal
from enishi.cases.views import acting, editing, lists, pages, setup, unmasking

staff = [
    path("", lists.cases, name="list"),
    path("new/", editing.new, name="new"),
    path("public-page/<int:project_id>/", setup.public_page, name="public_page"),
    path("people/", editing.people, name="people"),
    path("<int:case_id>/", pages.case, name="case"),
    path("<int:case_id>/edit/", editing.edit, name="edit"),
    path("<int:case_id>/acknowledge/", acting.acknowledge, name="acknowledge"),
    path("<int:case_id>/move/", acting.move, name="move"),
    path("<int:case_id>/pause/", acting.pause, name="pause"),
    path("<int:case_id>/go-on/", acting.resume, name="resume"),
    path("<int:case_id>/reopen/", acting.reopen, name="reopen"),
    path("<int:case_id>/appeal/", acting.appeal, name="appeal"),
    path("<int:case_id>/ask/", acting.ask, name="ask"),
    path("<int:case_id>/satisfaction/", acting.satisfaction, name="satisfaction"),
    path("<int:case_id>/note/", acting.note, name="note"),
    path("<int:case_id>/promise/", acting.promise, name="promise"),
    path("<int:case_id>/keep-out/", acting.keep_out, name="keep_out"),
    path("<int:case_id>/let-in/<int:user_id>/", acting.let_in, name="let_in"),
    path("<int:case_id>/address/ask/", unmasking.ask, name="unmask_ask"),
    path("<int:case_id>/address/answer/", unmasking.answer, name="unmask_answer"),
    path("<int:case_id>/address/show/", unmasking.show, name="unmask_show"),
    path("<int:case_id>/things/", acting.things, name="things"),
    path("<int:case_id>/tie/", acting.tie, name="tie"),
    path("<int:case_id>/untie/", acting.untie, name="untie"),
]
public = [
    path("talk/", portal.talk, name="talk"),
    path("talk/enter/", portal.enter, name="enter"),
    path("talk/tell/", portal.tell, name="tell"),
    path("talk/judge/", portal.judge, name="judge"),
    path("talk/appeal/", portal.appeal, name="appeal"),
    path("talk/news/", portal.news, name="news"),
    path("talk/leave/", portal.leave, name="leave"),
    path("<str:token>/", portal.page, name="page"),
]
urlpatterns = [
    path("cases/", include((staff, "cases"))),
    path("report/", include((public, "report"))),
]
