"""Signing in through an OpenID Connect provider: a way in for people who have an account, never a way to get one.

A person is found by the verified address that the provider vouches for, and from then on bound to the provider's
own id for them: whoever gets that address later is somebody else. Of the provider's answer only id and address are
kept; its tokens are dropped before anything could store them.
"""

import logging
from typing import Any

from allauth.account.models import EmailAddress
from allauth.account.signals import user_logged_in
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter, get_adapter
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from django.conf import settings
from django.contrib.auth import logout
from django.db import transaction
from django.dispatch import receiver
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.views.decorators.http import require_GET

from portal.accounts.models import User
from portal.accounts.openid_connect import Adapter, Nonsense
from portal.accounts.rate_limits import limited
from portal.audit import log

PROVIDER_ID = "company"
logger = logging.getLogger(__name__)


class SingleSignOnAdapter(DefaultSocialAccountAdapter):
    """Which provider there is, and whom it may sign in."""

    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        """The one of the settings. allauth's table of providers is not read: it would hold secrets in the clear."""
        if not settings.OIDC_ISSUER or provider not in (None, "openid_connect", PROVIDER_ID):
            return []
        place = settings.OIDC_ISSUER.rstrip("/") + "/.well-known/openid-configuration"
        app = SocialApp(
            provider="openid_connect",
            provider_id=PROVIDER_ID,
            name=settings.OIDC_NAME,
            client_id=settings.OIDC_CLIENT_ID,
            secret=settings.OIDC_CLIENT_SECRET,
            settings={"server_url": place, "oauth_pkce_enabled": True},
        )
        return [app]

    def get_provider(self, request: HttpRequest, provider: str, client_id: str | None = None) -> Any:
        """The provider, asked by our own adapter on the way there as well as back."""
        found = super().get_provider(request, provider, client_id=client_id)
        found.oauth2_adapter_class = Adapter
        return found

    def is_open_for_signup(self, request: HttpRequest, sociallogin: SocialLogin) -> bool:
        return False

    def on_authentication_error(
        self,
        request: HttpRequest,
        provider: Any,
        error: Any = None,
        exception: Exception | None = None,
        extra_context: Any = None,
    ) -> None:
        """allauth's exceptions may carry what the provider answered: only their kind is logged."""
        logger.error("Signing in through %s failed (%s).", settings.OIDC_ISSUER, type(exception).__name__)

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Let an existing person in, or answer with a page that says why not."""
        sociallogin.token = (
            None  # allauth would put it into the session, with the rest of a sign-in half done
        )
        claims = sociallogin.account.extra_data["id_token"]
        user = _person_behind(claims)
        bound = SocialAccount.objects.filter(provider=sociallogin.account.provider)
        if user is None:
            raise ImmediateHttpResponse(_refused(request))
        if sociallogin.is_existing:
            if sociallogin.user.pk != user.pk:
                raise ImmediateHttpResponse(_refused(request))
        elif bound.filter(user=user).exists():
            raise ImmediateHttpResponse(_refused(request))
        else:
            # bound when the sign-in is complete: whoever fails the second factor is bound to nobody
            sociallogin.user = user

    def get_requests_session(self) -> Any:
        """Straight to the provider: no redirects to other hosts, nothing from the environment."""
        session = super().get_requests_session()
        session.max_redirects, session.trust_env = 0, False
        return session


@receiver(user_logged_in, dispatch_uid="single_sign_on.bind")
def bind(
    sender: object, *, request: HttpRequest, user: User, sociallogin: SocialLogin | None = None, **_: Any
) -> None:
    """The first complete sign-in through the provider binds a person to its id for them.

    Somebody else may have come first while this sign-in waited for its second factor: then it ends here.
    """
    if sociallogin is None or sociallogin.account.pk is not None:
        return
    account = sociallogin.account
    theirs = {"user": user, "extra_data": account.extra_data}
    with transaction.atomic():
        # one at a time for each person, whom allauth's table lets be bound to any number of ids
        User.objects.select_for_update().get(pk=user.pk)
        others = SocialAccount.objects.filter(provider=account.provider, user=user).exclude(uid=account.uid)
        row, is_new = None, False
        if not others.exists():
            row, is_new = SocialAccount.objects.get_or_create(
                provider=account.provider, uid=account.uid, defaults=theirs
            )
        if is_new:
            log.record("single_sign_on.bound", actor=user, target=user)
    if row is None or row.user_id != user.pk:
        logout(request)
        raise ImmediateHttpResponse(_refused(request))
    if is_new:
        get_adapter().send_notification_mail(
            "socialaccount/email/account_connected",
            user,
            context={"account": account, "provider": account.get_provider()},
        )


def _person_behind(claims: dict[str, Any]) -> User | None:
    """The active person whose proven address the provider vouches for, if settings let it speak for that address."""
    email = str(claims.get("email", "")).lower()
    if claims.get("email_verified") not in (True, "true") or not may_vouch_for(email):
        return None
    proven = EmailAddress.objects.filter(email__iexact=email, verified=True, user__email__iexact=email)
    return User.objects.filter(pk__in=proven.values("user"), is_active=True).first()


def may_vouch_for(email: str) -> bool:
    """Whether ``OIDC_ALLOWED`` names the address, or its domain."""
    allowed = {entry.strip().lower().removeprefix("@") for entry in settings.OIDC_ALLOWED}
    return email in allowed or email.rpartition("@")[2] in allowed


def _refused(request: HttpRequest) -> HttpResponse:
    return render(
        request, "account/single_sign_on_refused.html", {"provider": settings.OIDC_NAME}, status=403
    )


@require_GET
@limited("single_sign_on", limit_get=True)
def begin(request: HttpRequest) -> HttpResponse:
    """To the provider. From another site's page only after a click here, so that nobody is sent there unasked.

    It is a link and no form: a form's policy would have to name every host that the provider sends people through.
    """
    if not settings.OIDC_ISSUER:
        raise Http404
    if request.headers.get("Sec-Fetch-Site") == "cross-site":
        context = {"provider": settings.OIDC_NAME, "query": request.GET.urlencode()}
        return render(request, "account/single_sign_on.html", context)
    # allauth would take more from the address: another process, other scopes
    onward = QueryDict(mutable=True)
    if "next" in request.GET:
        onward["next"] = request.GET["next"]
    request.GET = onward  # type: ignore[assignment]
    try:
        answer: HttpResponse = OAuth2LoginView.adapter_view(Adapter(request, PROVIDER_ID))(request)
    except Nonsense as problem:
        return trouble(request, problem)
    return answer


@limited("single_sign_on", limit_get=True)
def callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Back from the provider."""
    if not settings.OIDC_ISSUER:
        raise Http404
    try:
        answer: HttpResponse = OAuth2CallbackView.adapter_view(Adapter(request, provider_id))(request)
    except Nonsense as problem:
        return trouble(request, problem)
    return answer


def cancelled(request: HttpRequest) -> HttpResponse:
    """Somebody changed their mind at the provider."""
    return render(request, "account/single_sign_on_cancelled.html")


def trouble(request: HttpRequest, problem: Nonsense) -> HttpResponse:
    """The provider could not be reached, or answered nonsense. The log says which, and where; it holds no token."""
    logger.error("Signing in through %s failed (%s).", settings.OIDC_ISSUER, problem, exc_info=problem)
    return render(request, "socialaccount/authentication_error.html", status=502)
