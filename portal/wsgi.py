"""The portal as a WSGI application, for gunicorn."""

import os

from django.core.wsgi import get_wsgi_application

os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
application = get_wsgi_application()

# after the application is made, which sets Django up
from portal.encryption import known_keys  # noqa: E402
from portal.utf8_request import UTF8Request  # noqa: E402

application.request_class = UTF8Request
known_keys.keep_reporting("web")
