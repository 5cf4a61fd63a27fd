"""URLs of the jobs app."""

from django.urls import path, re_path

from integrations.jobs import views

urlpatterns = [
    path("jobs/", views.jobs, name="jobs"),
    path("organizations/<slug:slug>/jobs/<int:pk>/", views.job_detail, name="job"),
    re_path(
        r"^organizations/(?P<slug>[-\w]+)/jobs/(?P<pk>\d+)/(?P<verb>pause|resume|cancel|retry)/$",
        views.change_job,
        name="change_job",
    ),
]
