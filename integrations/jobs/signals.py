"""What jobs tell whoever has done something for them."""

from django.dispatch import Signal

from integrations.jobs.models import JobState

#: The states in which nobody works on a job, nor will by themselves.
LEFT = (JobState.PAUSED, JobState.CANCELLED, JobState.FAILED, JobState.DONE)

#: A job is paused, cancelled, failed or done, so it wants nothing more. Sent inside the transaction that writes it, and
#: once more when the worker that had a paused or cancelled job lets go of it. Keyword argument: ``job``, as it is then.
left = Signal()
