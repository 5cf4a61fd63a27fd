"""What connections tell the floors above."""

from django.dispatch import Signal

#: A connection got its grant. Sent after commit. Keyword arguments: ``connection``, ``actor`` (a user or None).
connected = Signal()
