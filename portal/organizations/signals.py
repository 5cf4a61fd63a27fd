"""What people and organizations tell the floors above."""

from django.dispatch import Signal

#: Somebody stopped being a member. Sent inside the transaction. Keyword arguments: ``membership``, ``actor``.
member_removed = Signal()
