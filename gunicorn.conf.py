"""How gunicorn serves the portal. gunicorn reads this file by itself when it starts beside manage.py."""

import os

from integrations.total_expert.environment import is_loopback
from portal.gunicorn_worker import BufferingWorker

# collects requests in the main loop, so that slow clients hold no thread
worker_class = BufferingWorker
workers = 2
threads = 4
# connections of one process, below the 1,024 files that many systems allow it
worker_connections = 500
# seconds after which a process that hangs is replaced, and that a stopping one may finish its requests in
timeout = 60
graceful_timeout = 20
keepalive = 5
max_requests = 5000
max_requests_jitter = 500
# in memory where there is such a folder: gunicorn hangs while a disk does
SHARED_MEMORY = "/dev/shm"  # noqa: S108
worker_tmp_dir = SHARED_MEMORY if os.path.isdir(SHARED_MEMORY) else None
control_socket_disable = True


def on_starting(server):
    """Refuse DEMO and DEBUG on an address that other machines can reach."""
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    from django.conf import settings

    addresses = [address for address in server.cfg.address if isinstance(address, tuple)]
    reachable = [host for host, *_ in addresses if not is_loopback(host)]
    if reachable and (settings.DEMO or settings.DEBUG):
        raise RuntimeError(
            f"DEMO and DEBUG are for this machine only. Bind to 127.0.0.1, not to {reachable[0]}."
        )
