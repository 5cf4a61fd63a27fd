"""The loans resource: loans with their participants and status."""

from ..engine.schema.fields import Column, Field, FieldType, Section
from ..engine.schema.hooks import Change
from ..engine.schema.resource import (
    USER_SHOWN_FIELDS,
    ActivityRule,
    Filter,
    Identity,
    Lookup,
    Ownership,
    Relationship,
    Resource,
)
from .lending_lists import ACCOUNT_CLASS, DefaultToMortgage, loan_list
from .rules import custom_values, participant_transfers
from .rules.contact_references import participant

_TEXTS = (
    "address address_2 amort_type amort_type_arm_desc appraised_value available_line_amount "
    "borrower_entity_type business_partner channel city county debt_to_income denial_reason estimated_value "
    "guarantee_type investor legal_entity_name lender_paid_compensation lien_position line_amount loan_amount "
    "loan_application_number loan_rate loan_to_value loan_to_value_combined lock_status master_loc_number "
    "max_acquisition_ltc max_ltv max_rehab_ltc occupancy_type origination_fee pre_approval_issues "
    "pricing_option property_type purchase_price referral_source source state zip_code"
)
_NUMBERS = "buydown_points loan_term monthly_pi_payment monthly_pi_with_mi_payment"
_INDICATORS = "escrow_waived is_first_time_buyer pre_approval_issued"
_MOMENTS = (
    "application_date appraisal_expected_date appraisal_ordered_date appraisal_received_date approval_date "
    "audits_date closing_date closing_date_estimated closing_disclosure_out_date "
    "closing_disclosure_signed_date completion_date created_date credit_report_date ctc_date docs_out_date "
    "documents_signed_date epo_date first_payment_date funding_date funds_requested_date last_modified_date "
    "loan_arm_expiration_date lock_date lock_expiration_date post_closed_date pre_approval_expiration_date "
    "pre_approval_issued_date processing_start_date purchased_date resubmittal_date "
    "underwriting_approval_date underwriting_submission_date"
)
AGENTS = ("buyers_agent", "sellers_agent", "settlement_agent")
ROLES = ("borrower", "coborrower", *AGENTS, "attorney")


class LoanHooks(DefaultToMortgage):
    """Rules of loans."""

    def clean(self, change: Change) -> None:
        """Set the default class and check the custom values."""
        super().clean(change)
        custom_values.check(change, "loan")

    def owner_changed(self, change: Change, previous: int) -> None:
        """Replace the participants with the new owner's contacts for the same people."""
        participant_transfers.move_participants(change, ROLES)


LOANS = Resource(
    path="loans",
    scope="loanInteraction",
    first_id=20_001,
    ownership=Ownership.HIDDEN_FROM_USER,
    fields=(
        *(Field(name) for name in _TEXTS.split()),
        *(Field(name, FieldType.NUMBER) for name in _NUMBERS.split()),
        *(Field(name, FieldType.NUMBER, choices=("0", "1")) for name in _INDICATORS.split()),
        *(Field(name, FieldType.DATETIME) for name in _MOMENTS.split()),
        Field("annual_review_date", FieldType.BIRTHDAY),
        Field("external_id", column=Column.PLAIN, indexed=True),
        Field("funded_date", FieldType.DATETIME, column=Column.PLAIN),
        Field("loan_name", column=Column.PLAIN),
        Field("loan_number", column=Column.PLAIN, indexed=True),
    ),
    sections=(
        Section(
            "loan_subordinate_financing_type",
            (Field("loan_subordinate_financing_type"),),
            always_shown=False,
        ),
    ),
    items=(custom_values.CUSTOM,),
    relationships=(
        *(participant(role) for role in ROLES),
        Relationship(
            "referring_loan_officer",
            "users",
            shown_fields=USER_SHOWN_FIELDS,
            key_fields=("username", "id", "external_id"),
        ),
        loan_list("loan_program"),
        loan_list("loan_purpose"),
        loan_list("loan_status"),
        loan_list("loan_type"),
        ACCOUNT_CLASS,
    ),
    required=("external_id", "borrower"),
    identities=(Identity(("external_id",)), Identity(("loan_number",))),
    unique_on_update=True,
    filters=(
        Filter("internal_updated_at_start", Lookup.GTE, "updated"),
        Filter("internal_updated_at_end", Lookup.LTE, "updated"),
        Filter("internal_created_at_start", Lookup.GTE, "created"),
        Filter("internal_created_at_end", Lookup.LTE, "created"),
        Filter("owner_id", Lookup.OWNER, by="id"),
        Filter("owner_email", Lookup.OWNER, by="email"),
        Filter("owner_username", Lookup.OWNER, by="username"),
        Filter("owner_external_id", Lookup.OWNER, by="external_id"),
        Filter("external_id", Lookup.EXACT, "external_id"),
        Filter("loan_number", Lookup.EXACT, "loan_number"),
        Filter("borrower_id", Lookup.TO_ONE, "borrower", by="id"),
        Filter("role_system_name", Lookup.ROLE, " ".join(ROLES)),
        Filter("agent_id", Lookup.TO_ONE, " ".join(AGENTS), by="id"),
        Filter("other_id", Lookup.TO_ONE, "attorney", by="id"),
        Filter("account_class_name", Lookup.TO_ONE, "account_class", by="class_name"),
        Filter("account_class_type", Lookup.TO_ONE, "account_class", by="class_type"),
        Filter("loan_type", Lookup.TO_ONE, "loan_type", by="loan_type"),
        Filter("loan_status", Lookup.TO_ONE, "loan_status", by="loan_status"),
        Filter("loan_program", Lookup.TO_ONE, "loan_program", by="loan_program"),
        Filter("loan_purpose", Lookup.TO_ONE, "loan_purpose", by="loan_purpose"),
        Filter("loan_name_contains", Lookup.CONTAINS, "loan_name"),
        Filter("funded_date_start", Lookup.GTE, "funded_date"),
        Filter("funded_date_end", Lookup.LTE, "funded_date", needs="funded_date_start"),
    ),
    assumptions=(
        "A contact in a role shows its id, names, email address and external id. An empty role is null.",
        "A role accepts an id, an external id, an email address, or a full contact. A full contact is created for"
        " the loan's owner, or updates the contact that it duplicates.",
        "A type, status, purpose or program that is not in its list returns 422.",
        "External id and loan number are unique among an owner's loans.",
        "`agent_id` matches buyers', sellers' and settlement agents, `other_id` matches attorneys.",
        "`funded_date_end` without `funded_date_start` returns 422.",
    ),
    activity=ActivityRule("Loan Created", contact="borrower", title="loan_name"),
    webhook_item="LOAN",
    hooks=LoanHooks,
)
