"""What connections tell the floors above."""

from django.dispatch import Signal

#: A connection got its grant. Sent after commit. Keyword arguments: ``connection``, ``actor`` (a user or None).
connected = Signal()

#: A grant turned out to be another organization's. Sent inside the transaction. Keyword arguments: ``connection``, and
#: ``since``, when the grant was admitted: what was seen by it from then on is the other organization's.
quarantined = Signal()

#: A connection changed its state. Sent inside the transaction. Keyword arguments: ``connection`` (in its new state),
#: ``before`` (its old `ConnectionState`) and ``actor`` (a user or None).
state_changed = Signal()

#: There is something to tell people. Sent inside the transaction. Keyword argument: ``connection``.
notice_created = Signal()

#: A connection works and was granted a token, or began to work: whatever waits for it goes on now. Sent after commit.
#: Keyword argument: ``connection``.
connection_ready = Signal()

#: The stop-everything switch was released. Sent after commit.
calls_released = Signal()
