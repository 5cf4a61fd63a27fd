"""Outages of the database while a job runs, such as a restart of PostgreSQL."""

import logging
import time

from django.db import InterfaceError, OperationalError, connection

from integrations.jobs.leases import LEASE_DURATION, process_name
from integrations.jobs.models import Job, JobState
from integrations.jobs.run import Run
from portal.core import clock

logger = logging.getLogger(__name__)

#: Seconds between two attempts to reach the database. Afterwards the lease has expired on its own.
RETRY_EVERY = 1.0
GIVE_UP_AFTER = LEASE_DURATION.total_seconds()
#: Classes of SQLSTATE: connection exceptions, insufficient resources, and shutdowns.
OUTAGE_CODES = ("08", "53", "57P")


def is_outage(error: Exception) -> bool:
    """Return whether ``error`` says that the connection to the database was lost, and not that a statement failed."""
    if connection.vendor != "postgresql" or not isinstance(error, (OperationalError, InterfaceError)):
        return False
    code = getattr(error.__cause__, "sqlstate", None)
    return code is None or code.startswith(OUTAGE_CODES)


def release_after(job_id: int) -> None:
    """Wait until the database answers again, then release this process's lease on a job, so that it continues at once."""
    until = time.monotonic() + GIVE_UP_AFTER
    while time.monotonic() < until:
        connection.close()
        try:
            job = Job.objects.filter(pk=job_id, lease_holder=process_name()).first()
            if job is not None:
                line = "The database was unavailable. Continuing."
                Run(job).release(JobState.WAITING, line=line, level="warning", waits_until=clock.now())
            return
        except (OperationalError, InterfaceError) as error:
            if not is_outage(error):
                raise
        time.sleep(RETRY_EVERY)
    logger.error("Job %s: the database was unavailable for %.0f s", job_id, GIVE_UP_AFTER)
