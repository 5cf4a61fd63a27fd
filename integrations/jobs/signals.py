"""Signals sent by jobs."""

from django.dispatch import Signal

from integrations.jobs.models import JobState

#: States in which no worker will continue a job.
STOPPED_STATES = (JobState.PAUSED, JobState.CANCELED, JobState.FAILED, JobState.DONE)

#: A job was paused or canceled, failed, or finished. Sent inside the transaction that writes the state, and again when
#: the worker of a paused or canceled job releases it. Keyword argument: ``job``.
stopped = Signal()
