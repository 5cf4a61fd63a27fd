"""URLs of the jobs app."""

from django.urls import path, register_converter
from django.urls.converters import StringConverter

from integrations.jobs import views


class JobVerb(StringConverter):
    """What people do with a job."""

    regex = "pause|resume|cancel|retry"


register_converter(JobVerb, "job_verb")

urlpatterns = [
    path("jobs/", views.jobs, name="jobs"),
    path("organizations/<slug:slug>/jobs/<int:pk>/", views.job_detail, name="job"),
    path(
        "organizations/<slug:slug>/jobs/<int:pk>/<job_verb:verb>/",
        views.change_job,
        name="change_job",
    ),
]
