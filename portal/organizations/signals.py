"""Signals about members."""

from django.dispatch import Signal

#: A membership is about to be deleted. Sent inside the transaction. Keyword arguments: ``membership``, ``actor``.
member_removed = Signal()
