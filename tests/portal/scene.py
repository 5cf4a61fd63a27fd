"""The scene for visiting addresses: one organization with something of everything, its people, and people elsewhere."""

from dataclasses import dataclass, field

from allauth.usersessions.models import UserSession

from integrations.bulk.files import uploads
from integrations.bulk.files.mapping import Mapping
from integrations.bulk.models import Plan, PlanRow, Upload
from integrations.connections.grants import client_credentials
from integrations.connections.limits import egress
from integrations.connections.models import (
    Connection,
    ConnectionState,
    Egress,
    Environment,
    GrantType,
    Installation,
)
from integrations.directory.models import (
    Contact,
    ContactGroup,
    Document,
    RequiredGroup,
    SavedView,
    Visibility,
)
from integrations.directory.models import Membership as GroupMembership
from integrations.jobs.models import Job
from integrations.onboarding.bulk import files, imports
from integrations.onboarding.models import BulkImport
from portal.accounts.models import User
from portal.core import clock
from portal.organizations import organizations
from portal.organizations.invitations import invitations
from portal.organizations.models import Invitation, Membership, Organization
from tests import snapshots
from tests.portal.people import person

#: The people who have to do with the organization. The officer has connected; the colleague, an officer too, has not.
OWN = ("operator", "admin", "editor", "viewer", "officer", "colleague")
ELSEWHERE = ("admin elsewhere", "editor elsewhere", "viewer elsewhere", "officer elsewhere", "nobody")
ANONYMOUS = "anonymous"
VISITORS = (*OWN, *ELSEWHERE, ANONYMOUS)

#: Words that only people of the organization may read, and those that are the officer's book.
NAME, BOOK = "Cedar Home Lending", "Zephyrine"
#: The email address of the operator, who created and invited everything.
OPERATOR = "olivia@partner.example"


@dataclass
class Scene:
    """What the table of addresses may fill into them."""

    organization: Organization
    other: Organization
    environment: Environment
    installation: Installation
    connection: Connection
    contact: Contact
    group: ContactGroup
    job: Job
    people: dict[str, User] = field(default_factory=dict)

    def member(self) -> Membership:
        """Somebody whom nobody will miss."""
        user = person(f"spare{User.objects.count()}@cedar.example")
        return join(user, self.organization, "viewer")

    def invitation(self) -> tuple[Invitation, str]:
        """An open invitation and its token."""
        row, link = invitations.invite(
            organization=self.organization,
            email=f"invited{Invitation.objects.count()}@cedar.example",
            role="viewer",
            actor=self.people["operator"],
        )
        return row, link.rstrip("/").rpartition("/")[2]

    def required_group(self) -> RequiredGroup:
        """A group that new contacts need, of a name that is not required yet."""
        number = RequiredGroup.objects.count()
        return RequiredGroup.objects.create(
            installation=self.installation,
            name=f"Required {number}",
            folded_name=f"required {number}",
            recorded_by=self.people["admin"],
            recorded_at=clock.now(),
        )

    def egress(self) -> Egress:
        """A source address beside this machine's own."""
        number = Egress.objects.count()
        return egress.add_proxy(
            name=f"way{number}",
            label="Second",
            proxy_url=f"https://proxy.example:{3128 + number}",
            actor=None,
        )

    def bulk_import(self) -> BulkImport:
        """A file of one organization that nobody has confirmed."""
        number = BulkImport.objects.count()
        rows = f"name,client_id,client_secret\nQuarry Loans {number},id-{number},secret-{number}\n"
        return imports.upload(
            files.read(rows.encode()), default=self.environment, actor=self.people["operator"]
        )

    def plan(self) -> Plan:
        """A bulk edit of the officer's contact that waits to be applied."""
        made = Plan.objects.create(
            installation=self.installation,
            state="ready",
            operations={"fields": {"city": "Duluth"}},
            created_by=self.people["officer"],
            created_at=clock.now(),
        )
        PlanRow.objects.create(
            plan=made,
            number=1,
            contact=self.contact,
            remote_id=self.contact.remote_id,
            connection=self.connection,
            state="planned",
            before={"fields": {"city": None}},
            after={"fields": {"city": "Duluth"}},
            contact_digest=self.contact.digest,
        )
        return made

    def upload(self) -> Upload:
        """A file that the admin has uploaded."""
        content = b"First name,Last name\nAnn,Quill\n"
        made = uploads.start(self.installation, self.people["admin"], name="people.csv", size=len(content))
        uploads.receive(made, 1, content)
        return made

    def import_plan(self) -> Plan:
        """An import of the admin's, all rows of which were refused."""
        upload = self.upload()
        selection = {"mapping": Mapping(("field:first_name", "field:last_name")).to_json()}
        made = Plan.objects.create(
            installation=self.installation,
            upload=upload,
            state="ready",
            operations={},
            selection=selection,
            created_by=self.people["admin"],
            created_at=clock.now(),
        )
        PlanRow.objects.create(plan=made, number=2, state="refused", reason="No owner.")
        return made

    def saved_view(self) -> SavedView:
        """A shared view of the admin's."""
        return SavedView.objects.create(
            installation=self.installation,
            user=self.people["admin"],
            name=f"View {SavedView.objects.count()}",
            columns=["email"],
            is_shared=True,
            created_at=clock.now(),
        )

    def session(self) -> UserSession:
        """A session of the admin's in some other browser."""
        key = f"session-{UserSession.objects.count()}"
        return UserSession.objects.create(user=self.people["admin"], ip="203.0.113.9", session_key=key)


def join(user: User, organization: Organization, role: str) -> Membership:
    return Membership.objects.create(user=user, organization=organization, role=role, created_at=clock.now())


def build() -> Scene:
    """Both organizations and everybody, with the rows that a connected officer leaves behind."""
    return snapshots.once("scene", _build)


def _build() -> Scene:
    at = clock.now()
    people = {"operator": person(OPERATOR, operator=True)}
    cedar = organizations.create(name=NAME, actor=people["operator"], account_owner=people["operator"])
    harbor = organizations.create(name="Harbor & Pine", actor=people["operator"])
    for role in ("admin", "editor", "viewer", "officer"):
        people[role] = join(person(f"{role}@cedar.example"), cedar, role).user
        people[f"{role} elsewhere"] = join(person(f"{role}@harbor.example"), harbor, role).user
    people["colleague"] = join(person("colleague@cedar.example"), cedar, "officer").user
    people["nobody"] = person("nobody@nowhere.example")
    environment = _environment()
    installation = Installation.objects.create(organization=cedar, environment=environment, created_at=at)
    connection = Connection.objects.create(
        installation=installation,
        grant=GrantType.AUTHORIZATION_CODE,
        user=people["officer"],
        scopes="leadInteraction getUsers describeSchema",
        state=ConnectionState.ACTIVE,
        since=at,
        created_at=at,
    )
    contact = Contact.objects.create(
        installation=installation,
        remote_id=1,
        first_name=BOOK,
        last_name="Quill",
        search="zephyrine quill",
        sort_name="quill zephyrine",
        digest="0",
        first_seen_at=at,
        synced_at=at,
    )
    Document.objects.create(contact=contact, raw={"id": "1", "first_name": BOOK})
    Visibility.objects.create(contact=contact, connection=connection, pass_number=1, seen_at=at)
    group = ContactGroup.objects.create(
        installation=installation, remote_id=10**6, name="Past clients", synced_at=at
    )
    GroupMembership.objects.create(contact=contact, group=group)
    job = Job.objects.create(
        kind="directory.sync",
        installation=installation,
        organization=cedar,
        connection=connection,
        requested_by=people["officer"],
        state="done",
        created_at=at,
        finished_at=at,
    )
    return Scene(cedar, harbor, environment, installation, connection, contact, group, job, people)


def _environment() -> Environment:
    environment = Environment.objects.create(
        name="production",
        label="Production",
        base_url="https://public.totalexpert.net/v1",
        authorize_url="https://public.totalexpert.net/v1/authorize",
        is_production=True,
    )
    client_credentials.set_application(
        environment=environment,
        client_id="client",
        client_secret="secret-of-the-test",
        scopes="getUsers",
        actor=None,
    )
    return environment
