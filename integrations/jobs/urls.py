"""Addresses of the jobs app."""

from django.urls import path, re_path

from integrations.jobs import screens

urlpatterns = [
    path("jobs/", screens.jobs, name="jobs"),
    path("organizations/<slug:slug>/jobs/<int:pk>/", screens.job_screen, name="job"),
    re_path(
        r"^organizations/(?P<slug>[-\w]+)/jobs/(?P<pk>\d+)/(?P<verb>pause|resume|cancel|retry)/$",
        screens.steer_job,
        name="steer_job",
    ),
]
