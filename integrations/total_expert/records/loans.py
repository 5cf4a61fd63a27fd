"""Loans, and the types, statuses, purposes and programs that an organization defines for them."""

import datetime as dt
from dataclasses import dataclass
from decimal import Decimal

from .. import parse
from .custom_fields import CustomValue
from .record import Number, Record
from .references import AccountClass, ContactReference, Reference


@dataclass(frozen=True, repr=False)
class LoanType(Record):
    """A type of loan."""

    id: int
    loan_type: str
    account_class: AccountClass | None


@dataclass(frozen=True, repr=False)
class LoanStatus(Record):
    """A status of a loan."""

    id: int
    loan_status: str
    account_class: AccountClass | None


@dataclass(frozen=True, repr=False)
class LoanPurpose(Record):
    """A purpose of a loan."""

    id: int
    loan_purpose: str
    account_class: AccountClass | None


@dataclass(frozen=True, repr=False)
class LoanProgram(Record):
    """A loan program."""

    id: int
    loan_program: str
    account_class: AccountClass | None


@dataclass(frozen=True, repr=False)
class Loan(Record):
    """A loan and its participants. Amounts are in dollars, rates and ratios in percent, the term in months."""

    id: int
    external_id: str
    loan_number: str
    loan_name: str
    loan_application_number: str
    loan_amount: Decimal | None
    loan_rate: Decimal | None
    loan_term: Number | None
    loan_to_value: Decimal | None
    loan_to_value_combined: Decimal | None
    debt_to_income: Decimal | None
    purchase_price: Decimal | None
    appraised_value: Decimal | None
    estimated_value: Decimal | None
    monthly_pi_payment: Decimal | None
    monthly_pi_with_mi_payment: Decimal | None
    available_line_amount: Decimal | None
    line_amount: Decimal | None
    lender_paid_compensation: Decimal | None
    origination_fee: Decimal | None
    buydown_points: Decimal | None
    max_acquisition_ltc: Decimal | None
    max_rehab_ltc: Decimal | None
    max_ltv: Decimal | None
    amort_type: str
    amort_type_arm_desc: str
    borrower_entity_type: str
    business_partner: str
    channel: str
    denial_reason: str
    guarantee_type: str
    legal_entity_name: str
    master_loc_number: str
    pre_approval_issues: str
    pricing_option: str
    lien_position: str
    lock_status: str
    occupancy_type: str
    property_type: str
    address: str
    address_2: str
    city: str
    county: str
    state: str
    zip_code: str
    source: str
    referral_source: str
    investor: str
    is_first_time_buyer: bool | None
    pre_approval_issued: bool | None
    escrow_waived: bool | None
    loan_type: str
    loan_status: str
    loan_purpose: str
    loan_program: str
    account_class: AccountClass | None
    owner: Reference | None
    referring_loan_officer: Reference | None
    borrower: ContactReference | None
    coborrower: ContactReference | None
    buyers_agent: ContactReference | None
    sellers_agent: ContactReference | None
    settlement_agent: ContactReference | None
    attorney: ContactReference | None
    custom: tuple[CustomValue, ...]
    annual_review_date: dt.date | None
    application_date: dt.datetime | None
    approval_date: dt.datetime | None
    closing_date: dt.datetime | None
    closing_date_estimated: dt.datetime | None
    created_date: dt.datetime | None
    credit_report_date: dt.datetime | None
    ctc_date: dt.datetime | None
    documents_signed_date: dt.datetime | None
    first_payment_date: dt.datetime | None
    funded_date: dt.datetime | None
    funding_date: dt.datetime | None
    last_modified_date: dt.datetime | None
    loan_arm_expiration_date: dt.datetime | None
    appraisal_expected_date: dt.datetime | None
    appraisal_ordered_date: dt.datetime | None
    appraisal_received_date: dt.datetime | None
    audits_date: dt.datetime | None
    closing_disclosure_out_date: dt.datetime | None
    closing_disclosure_signed_date: dt.datetime | None
    completion_date: dt.datetime | None
    docs_out_date: dt.datetime | None
    epo_date: dt.datetime | None
    funds_requested_date: dt.datetime | None
    post_closed_date: dt.datetime | None
    processing_start_date: dt.datetime | None
    purchased_date: dt.datetime | None
    resubmittal_date: dt.datetime | None
    underwriting_approval_date: dt.datetime | None
    underwriting_submission_date: dt.datetime | None
    lock_date: dt.datetime | None
    lock_expiration_date: dt.datetime | None
    pre_approval_expiration_date: dt.datetime | None
    pre_approval_issued_date: dt.datetime | None
    internal_created_at: dt.datetime | None
    internal_updated_at: dt.datetime | None

    JSON_PATHS = {name: (name, name) for name in ("loan_type", "loan_status", "loan_purpose", "loan_program")}

    @property
    def subordinate_financing_type(self) -> str:
        """The type of subordinate financing, such as HELOC. The vendor documents two names for the property."""
        found = self._object("loan_subordinate_financing_type")
        names = ("subordinate_financing_type", "loan_subordinate_financing_type")
        return next((text for name in names if (text := parse.text(found.get(name)))), "")
