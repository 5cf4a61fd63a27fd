"""Contacts and their groups."""

import datetime as dt
from dataclasses import dataclass

from .custom_fields import CustomValue
from .record import Record
from .references import ExternalId, GroupReference, Reference, RelatedEntities


@dataclass(frozen=True, repr=False)
class ChannelReference(Record):
    """A business channel that a contact belongs to."""

    system_name: str


@dataclass(frozen=True, repr=False)
class Contact(Record):
    """A contact of a user. A flag that the API does not show is None, which means unknown."""

    id: int
    first_name: str
    last_name: str
    nickname: str
    title: str
    suffix: str
    email: str
    email_work: str
    phone_cell: str
    phone_home: str
    phone_office: str
    fax: str
    address: str
    address_2: str
    city: str
    state: str
    zip_code: str
    birthday: dt.date | None
    employer_name: str
    employer_address: str
    employer_address_2: str
    employer_city: str
    employer_state: str
    employer_zip: str
    employer_license_number: str
    license_number: str
    linkedin_url: str
    website_url: str
    other_url: str
    credit_score: str
    classification: str
    status_name: str
    source: str
    external_id: str
    referred_by: str
    referred_to: str
    ok_to_call: bool | None
    ok_to_email: bool | None
    ok_to_mail: bool | None
    is_silenced: bool | None
    owner: Reference | None
    assignee: Reference | None
    shared_with_users: tuple[Reference, ...]
    contact_groups: tuple[GroupReference, ...]
    external_ids: tuple[ExternalId, ...]
    custom: tuple[CustomValue, ...]
    channels: tuple[ChannelReference, ...]
    wlp_access: str
    related_entities: tuple[RelatedEntities, ...]
    creation_date: dt.datetime | None
    last_contacted_date: dt.datetime | None
    last_modified_date: dt.datetime | None
    credit_score_date: dt.datetime | None
    credit_score_expiration_date: dt.datetime | None
    pre_approval_issued_date: dt.datetime | None
    list_date: dt.datetime | None
    close_date: dt.datetime | None
    internal_created_at: dt.datetime | None
    internal_updated_at: dt.datetime | None

    JSON_PATHS = {
        "is_silenced": ("preferences", "is_silenced"),
        "status_name": ("external_status", "status_name"),
        "wlp_access": ("wlp_access", "access_type"),
    }


@dataclass(frozen=True, repr=False)
class ContactGroup(Record):
    """A group of contacts of one owner. `owner` is None for connections as user, which only see their own groups."""

    id: int
    group_name: str
    user_editable: bool | None
    owner: Reference | None
