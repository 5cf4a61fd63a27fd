"""Recruits: contacts that an organization would like to employ, with their licenses and metrics."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from .contacts import Contact
from .record import Name, Record
from .references import Reference


@dataclass(frozen=True, repr=False)
class RecruitInfo(Record):
    """A recruit's professional data. Amounts and percentages are free text."""

    nmls_id: str
    corporate_objective: str
    sourced_percentage: str
    commission_cap: str
    commission_split: str
    ust_is_complete: bool | None
    background: str
    years_experience: str
    has_resume: bool | None
    resume_url: str
    branch_manager: Reference | None
    division_manager: Reference | None
    regional_manager: Reference | None
    status_name: str

    JSON_PATHS = {"status_name": ("recruit_status", "status_name")}


@dataclass(frozen=True, repr=False)
class RecruitMetricValue(Record):
    """A metric of a recruit: a value, its unit, and the date it refers to."""

    metric_name: str
    metric_type: str
    unit_name: str
    value: Decimal | None
    on_date: dt.date | None

    JSON_PATHS = {
        "metric_name": ("metric", "metric_name"),
        "metric_type": ("metric", "metric_type"),
        "unit_name": ("unit", "unit_name"),
    }


@dataclass(frozen=True, repr=False)
class StateLicense(Record):
    """A state in which a recruit is licensed, as its abbreviation."""

    state_name: str


@dataclass(frozen=True, repr=False)
class ContactRecruit(Contact):
    """A contact with recruiting data."""

    recruit_info: RecruitInfo | None
    state_licenses: tuple[StateLicense, ...]
    recruit_metrics: tuple[RecruitMetricValue, ...]


@dataclass(frozen=True, repr=False)
class RecruitStatus(Record):
    """A status that an organization defines for recruits."""

    status_name: Name


@dataclass(frozen=True, repr=False)
class RecruitMetric(Record):
    """A metric that an organization collects about recruits."""

    metric_name: Name
    metric_type: str


@dataclass(frozen=True, repr=False)
class RecruitMetricUnit(Record):
    """A unit of recruit metrics."""

    unit_name: Name
