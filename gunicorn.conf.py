"""How gunicorn serves the portal. gunicorn reads this file by itself when it starts beside manage.py."""

import os

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
