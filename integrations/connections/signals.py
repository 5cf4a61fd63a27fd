"""The signals that tell the apps above about connections."""

from django.dispatch import Signal

#: A connection was granted access. Sent after commit. Arguments: ``connection``, ``actor`` (a user or None).
connected = Signal()

#: A connection turned out to show another organization's records. Sent inside the transaction. Arguments: ``connection``
#: and ``since``, when it was admitted: everything read through it from then on belongs to the other organization.
quarantined = Signal()

#: A connection changed its state. Sent inside the transaction. Arguments: ``connection`` (in its new state), ``before``
#: (its old `ConnectionState`), and ``actor`` (a user or None).
state_changed = Signal()

#: A notice was recorded. Sent inside the transaction. Argument: ``connection``.
notice_created = Signal()

#: A connection became active, or an active one was granted a token, so work that waits for it can continue. Sent after
#: commit. Argument: ``connection``.
connection_ready = Signal()

#: The kill switch was released. Sent after commit.
calls_released = Signal()
