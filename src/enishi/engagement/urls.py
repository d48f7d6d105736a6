from django.urls import path

from enishi.engagement.views import handouts, matrix, plan, rating

app_name = "engagement"
urlpatterns = [
    path("projects/<int:project_id>/stakeholders/", matrix.matrix, name="matrix"),
    path("projects/<int:project_id>/stakeholders/gaps/", matrix.gaps, name="gaps"),
    path("projects/<int:project_id>/stakeholders/<int:party_id>/", rating.standing, name="standing"),
    path("projects/<int:project_id>/stakeholders/<int:party_id>/rate/", rating.rate, name="rate"),
    path("projects/<int:project_id>/plan/", plan.plan, name="plan"),
    path("projects/<int:project_id>/plan/new/", plan.new, name="plan_new"),
    path("projects/<int:project_id>/plan/people/", plan.people, name="plan_people"),
    path("stakeholders/plan/<int:line_id>/end/", plan.end, name="plan_end"),
    path("stakeholders/plan/steps/<int:step_id>/settle/", plan.settle, name="settle"),
    path("stakeholders/plan/steps/<int:step_id>/reopen/", plan.reopen, name="plan_reopen"),
    path("files/<int:file_id>/give/", handouts.give_file, name="give_file"),
    path("people/<int:party_id>/give/", handouts.give_party, name="give_party"),
    path("stakeholders/handouts/<int:handout_id>/remove/", handouts.take_back, name="take_back"),
    path("stakeholders/ratings/<int:rating_id>/withdraw/", rating.withdraw, name="withdraw"),
    path("stakeholders/undo/<int:entry_id>/", rating.undo, name="undo"),
]
