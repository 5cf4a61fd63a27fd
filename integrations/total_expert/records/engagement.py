"""Notes, insights, campaigns, channels and activity of contacts."""

import datetime as dt
import enum
from dataclasses import dataclass
from typing import Any

from .record import Name, Number, Record, TextId
from .references import ContactReference, Reference


class NoteType(enum.IntEnum):
    """The vendor's note types. Integrations write GENERAL and TASK; Total Expert writes the others as a log."""

    GENERAL = 1
    TASK = 2
    EMAIL_OPENED = 3
    EMAIL_SENT = 4
    PREQUALIFICATION = 5
    MESSAGE_RECEIVED = 6
    CONTACTED = 7
    WELCOME_EMAIL_SENT = 8
    SMS_SENT = 9
    SMS_RECEIVED = 10
    EMAIL_DELIVERED = 11
    EMAIL_UNSUBSCRIBED = 12
    EMAIL_FAILED = 13
    EMAIL_LINK_CLICKED = 14
    PRINT_SENT = 15
    OPEN_HOUSE_REGISTRATION = 16
    EVENT_REGISTRATION = 17
    CONTACT_ASSIGNED = 18
    CONTACT_PASSED = 19
    CONTACT_SHARED = 20
    DRIP_ENDED = 21
    SPAM_COMPLAINT = 22
    DRIP_ADDED = 23
    CONTACT_ACCEPTED = 24
    APPOINTMENT_SCHEDULED = 25
    TRANSACTION_SCHEDULED = 26
    DRIP_DELETED = 27
    LISTING_ALERT_SENT = 28
    DRIP_EMAIL_SENT = 29
    CONNECTION_INVITE_SENT = 30
    AUTO_CAMPAIGN_EMAIL_SENT = 31
    MOVEMENT_REGISTRATION = 32
    AUTO_CAMPAIGN_PRINT_SENT = 33
    TASK_COMPLETE_EMAIL_SENT = 34


@dataclass(frozen=True, repr=False)
class ContactNote(Record):
    """A note about a contact. It may contain HTML. `type_id` is a `NoteType`."""

    id: int
    title: str
    note: str
    type_id: int | None
    contact: ContactReference | None
    owner: Reference | None


@dataclass(frozen=True, repr=False)
class InsightType(Record):
    """A type of insight. The vendor creates them. `expiration_interval` is in seconds."""

    id: int
    type: str
    description: str
    expiration_interval: Number | None
    internal_created_at: dt.datetime | None
    internal_updated_at: dt.datetime | None


@dataclass(frozen=True, repr=False)
class Insight(Record):
    """An event from another system about a contact, which may start campaigns and journeys."""

    id: int
    type: InsightType | None
    contact: ContactReference | None
    owner: Reference | None
    insight_date: dt.datetime | None
    expires_at: dt.datetime | None
    internal_updated_at: dt.datetime | None

    @property
    def data(self) -> dict[str, Any]:
        """The integration's own data. By convention it has at least a `description`."""
        return self._object("data")


@dataclass(frozen=True, repr=False)
class Campaign(Record):
    """A campaign of an external system. Its name is unique in an organization."""

    id: TextId
    name: str
    visible: bool | None
    archived: bool | None
    start_date: dt.datetime | None
    end_date: dt.datetime | None
    internal_created_at: dt.datetime | None


@dataclass(frozen=True, repr=False)
class CampaignReference(Record):
    """A campaign that an activity belongs to."""

    id: TextId | None
    name: str


@dataclass(frozen=True, repr=False)
class CampaignActivity(Record):
    """A campaign reached a contact."""

    id: TextId
    touched_at: dt.datetime | None
    contact: ContactReference | None
    campaign: CampaignReference | None
    owner: Reference | None
    internal_created_at: dt.datetime | None


@dataclass(frozen=True, repr=False)
class Channel(Record):
    """A business channel that contacts can belong to."""

    system_name: Name


@dataclass(frozen=True, repr=False)
class WlpAccessType(Record):
    """A level of access to the white-label portal."""

    access_type: Name


@dataclass(frozen=True, repr=False)
class Activity(Record):
    """An event in the activity feed of Total Expert."""

    id: int
    type: str
    title: str
    details: str
    notes: str
    note_id: int | None
    contact_id: int | None
    owner_id: int | None
    owner: Reference | None
    created_at: dt.datetime | None
