"""People who wait for a token slot."""

import pytest

from integrations.connections import installations
from integrations.onboarding import waiting
from integrations.onboarding.models import SlotMail
from portal.organizations import members
from portal.organizations.models import Membership
from tests.world import World

pytestmark = pytest.mark.django_db


def test_whoever_leaves_the_organization_waits_no_longer(world: World) -> None:
    officer = world.member("officer")
    membership = Membership.objects.get(user=officer)
    waiting.ask(installations.ensure(membership.organization, world.environment), user=officer)
    members.remove(membership=membership, actor=world.operator)
    assert not SlotMail.objects.exists()
