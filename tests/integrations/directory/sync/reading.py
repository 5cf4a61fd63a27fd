"""What tests of syncs read: the lines of a job's log, and the contacts over there."""

from integrations import total_expert
from integrations.jobs.models import Job, JobLine


def lines(job: Job) -> str:
    return "\n".join(JobLine.objects.filter(job=job).values_list("text", flat=True))


def theirs(client: total_expert.Client) -> dict[int, total_expert.Contact]:
    return {contact.id: contact for contact in client.contacts.all()}
