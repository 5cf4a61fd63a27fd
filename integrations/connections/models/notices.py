"""Notices about connections, and who gets them."""

from django.conf import settings
from django.db import models

from integrations.connections.models.connections import Connection


class NoticeKind(models.TextChoices):
    NEEDS_RECONNECT = "needs_reconnect", "Needs reconnect"
    QUARANTINED = "quarantined", "Quarantined"
    PAUSED = "paused", "Paused"
    REVOKED = "revoked", "Revoked"
    EXPIRES_SOON = "expires_soon", "Access expires soon"
    FAILING = "failing", "Token requests failing"
    OUT_OF_DATE = "out_of_date", "Contacts out of date"
    RECOVERED = "recovered", "Works again"


class Notice(models.Model):
    """Something that happened to a connection. ``text`` gives the reason and contains no personal data."""

    connection = models.ForeignKey(Connection, on_delete=models.CASCADE, related_name="notices")
    kind = models.CharField(max_length=16, choices=NoticeKind.choices)
    text = models.CharField(max_length=255, blank=True)
    created_at = models.DateTimeField(db_index=True)
    chatted_at = models.DateTimeField(null=True, help_text="When the chat accepted it")

    class Meta:
        ordering = ["-created_at", "-pk"]

    def __str__(self) -> str:
        return f"notice {self.pk}"


class NoticeMail(models.Model):
    """The mail of one notice to one person."""

    notice = models.ForeignKey(Notice, on_delete=models.CASCADE, related_name="mails")
    user = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="+")
    mailed_at = models.DateTimeField(null=True)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["notice", "user"], name="one_mail_a_person")]
        indexes = [
            models.Index(fields=["notice"], condition=models.Q(mailed_at=None), name="notice_mail_unsent")
        ]

    def __str__(self) -> str:
        return f"mail of notice {self.notice_id}"
