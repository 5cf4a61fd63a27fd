"""Single sign-on through an OpenID Connect provider, for people who already have an account.

The first sign-in finds the account by the email address that the provider has verified, and links it to the provider's
id for this person. From then on only that id counts, because the address may be given to somebody else. Of the
provider's answer only the id and the address are kept. Its tokens are dropped before anything could store them.
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
from portal.accounts.openid_connect import Adapter, InvalidProviderAnswer
from portal.accounts.rate_limits import limited
from portal.audit import log
from portal.core import email_addresses

PROVIDER_ID = "company"
logger = logging.getLogger(__name__)


class SingleSignOnAdapter(DefaultSocialAccountAdapter):
    """Configure the provider from settings, and decide who may sign in through it."""

    def list_apps(
        self, request: HttpRequest, provider: str | None = None, client_id: str | None = None
    ) -> list[SocialApp]:
        """Return the provider in the settings. allauth's own table would store its secret in plain text."""
        if not settings.OIDC_ISSUER or provider not in (None, "openid_connect", PROVIDER_ID):
            return []
        discovery = settings.OIDC_ISSUER.rstrip("/") + "/.well-known/openid-configuration"
        app = SocialApp(
            provider="openid_connect",
            provider_id=PROVIDER_ID,
            name=settings.OIDC_NAME,
            client_id=settings.OIDC_CLIENT_ID,
            secret=settings.OIDC_CLIENT_SECRET,
            settings={"server_url": discovery, "oauth_pkce_enabled": True},
        )
        return [app]

    def get_provider(self, request: HttpRequest, provider: str, client_id: str | None = None) -> Any:
        """Return the provider with the portal's own adapter, for both legs of a sign-in."""
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
        """Log the type of the error only: allauth's exceptions may contain the provider's answer."""
        logger.error("Single sign-on with %s failed (%s).", settings.OIDC_ISSUER, type(exception).__name__)

    def pre_social_login(self, request: HttpRequest, sociallogin: SocialLogin) -> None:
        """Sign in an existing user, or respond with a page that explains why not."""
        # allauth would store the token in the session while the sign-in waits for a second factor
        sociallogin.token = None
        claims = sociallogin.account.extra_data["id_token"]
        user = _user_for(claims)
        linked = SocialAccount.objects.filter(provider=sociallogin.account.provider)
        if user is None:
            raise ImmediateHttpResponse(_refused(request))
        if sociallogin.is_existing:
            if sociallogin.user.pk != user.pk:
                raise ImmediateHttpResponse(_refused(request))
        elif linked.filter(user=user).exists():
            raise ImmediateHttpResponse(_refused(request))
        else:
            # linked only when the sign-in is complete, so not before the second factor
            sociallogin.user = user

    def get_requests_session(self) -> Any:
        """Return an HTTP session that follows no redirects and ignores proxies and .netrc of the environment."""
        session = super().get_requests_session()
        session.max_redirects, session.trust_env = 0, False
        return session


@receiver(user_logged_in, dispatch_uid="single_sign_on.link")
def link(
    sender: object, *, request: HttpRequest, user: User, sociallogin: SocialLogin | None = None, **_: Any
) -> None:
    """Link a user to the provider's id for them when the first sign-in through the provider is complete.

    End the sign-in if either of them was linked to another while it waited for the second factor.
    """
    if sociallogin is None or sociallogin.account.pk is not None:
        return
    account = sociallogin.account
    defaults = {"user": user, "extra_data": account.extra_data}
    with transaction.atomic():
        # lock the user: allauth's table would allow links to several ids
        User.objects.select_for_update().get(pk=user.pk)
        others = SocialAccount.objects.filter(provider=account.provider, user=user).exclude(uid=account.uid)
        row, is_new = None, False
        if not others.exists():
            row, is_new = SocialAccount.objects.get_or_create(
                provider=account.provider, uid=account.uid, defaults=defaults
            )
        if is_new:
            log.record("single_sign_on.linked", actor=user, target=user)
    if row is None or row.user_id != user.pk:
        logout(request)
        raise ImmediateHttpResponse(_refused(request))
    if is_new:
        get_adapter().send_notification_mail(
            "socialaccount/email/account_connected",
            user,
            context={"account": account, "provider": account.get_provider()},
        )


def _user_for(claims: dict[str, Any]) -> User | None:
    """Return the active user with the email address that the provider has verified, or None.

    Both sides must have verified the address, and ``OIDC_ALLOWED`` must include it.
    """
    email = email_addresses.typed(str(claims.get("email", "")))
    if claims.get("email_verified") not in (True, "true") or not is_allowed(email):
        return None
    verified = EmailAddress.objects.filter(email__iexact=email, verified=True, user__email__iexact=email)
    return User.objects.filter(pk__in=verified.values("user"), is_active=True).first()


def is_allowed(email: str) -> bool:
    """Return whether ``OIDC_ALLOWED`` includes the address or its domain."""
    allowed = {entry.strip().lower().removeprefix("@") for entry in settings.OIDC_ALLOWED}
    return email in allowed or email.rpartition("@")[2] in allowed


def _refused(request: HttpRequest) -> HttpResponse:
    return render(
        request, "account/single_sign_on_refused.html", {"provider": settings.OIDC_NAME}, status=403
    )


@require_GET
@limited("single_sign_on", limit_get=True)
def begin(request: HttpRequest) -> HttpResponse:
    """Redirect to the provider. If the link was on another site, ask first, so that nobody is sent there unasked.

    A link starts it, not a form: `form-action` in the CSP would have to list every host the provider redirects to.
    """
    if not settings.OIDC_ISSUER:
        raise Http404
    if request.headers.get("Sec-Fetch-Site") == "cross-site":
        context = {"provider": settings.OIDC_NAME, "query": request.GET.urlencode()}
        return render(request, "account/single_sign_on.html", context)
    # drop other parameters, with which allauth would change the process or the scopes
    parameters = QueryDict(mutable=True)
    if "next" in request.GET:
        parameters["next"] = request.GET["next"]
    request.GET = parameters  # type: ignore[assignment]
    try:
        response: HttpResponse = OAuth2LoginView.adapter_view(Adapter(request, PROVIDER_ID))(request)
    except InvalidProviderAnswer as error:
        return provider_failed(request, error)
    return response


@limited("single_sign_on", limit_get=True)
def callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Complete the sign-in after the provider redirected back."""
    if not settings.OIDC_ISSUER:
        raise Http404
    try:
        response: HttpResponse = OAuth2CallbackView.adapter_view(Adapter(request, provider_id))(request)
    except InvalidProviderAnswer as error:
        return provider_failed(request, error)
    return response


def canceled(request: HttpRequest) -> HttpResponse:
    """Show that the sign-in was canceled at the provider."""
    return render(request, "account/single_sign_on_canceled.html")


def provider_failed(request: HttpRequest, error: InvalidProviderAnswer) -> HttpResponse:
    """Show that the provider could not be reached or sent an invalid answer. The log says which, without tokens."""
    logger.error("Single sign-on with %s failed (%s).", settings.OIDC_ISSUER, error, exc_info=error)
    return render(request, "socialaccount/authentication_error.html", status=502)
