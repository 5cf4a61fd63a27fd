"""Signing in through an OpenID Connect provider: a way in for people who have an account, never a way to get one.

A person is found by the verified address that the provider vouches for, and from then on bound to the provider's
own id for them: whoever gets that address later is somebody else. Of the provider's answer only id and address are
kept; its tokens are dropped before anything could store them.
"""

import logging
from typing import Any

import jwt
from allauth.account.models import EmailAddress
from allauth.account.signals import user_logged_in
from allauth.core.exceptions import ImmediateHttpResponse
from allauth.socialaccount.adapter import DefaultSocialAccountAdapter, get_adapter
from allauth.socialaccount.internal import jwtkit
from allauth.socialaccount.models import SocialAccount, SocialApp, SocialLogin
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.oauth2.views import OAuth2CallbackView, OAuth2LoginView
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.core.exceptions import ImproperlyConfigured
from django.dispatch import receiver
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.urls import NoReverseMatch
from django.views.decorators.http import require_GET

from portal.audit import log
from portal.organizations.limits import limited
from portal.organizations.models import User

PROVIDER_ID = "company"
#: Signed with a key that only the provider has. HS256 would be the client secret, none is nobody.
ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"})
KEPT = ("sub", "email", "email_verified")
logger = logging.getLogger(__name__)


class Adapter(OpenIDConnectOAuth2Adapter):
    """OpenID Connect as allauth speaks it, with the id token's signature always checked."""

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **kwargs: Any) -> SocialLogin:
        """Who the provider says it is. Raises OAuth2Error where its answers are missing or disagree."""
        id_token = kwargs["response"].get("id_token")
        if not id_token:
            raise OAuth2Error("The provider sent no id token.")
        claims = self._decode_id_token(app, id_token)
        if "email" not in claims:
            told = self._fetch_user_info(token.token)
            if told.get("sub") != claims["sub"]:
                raise OAuth2Error("The provider's user info is about somebody else.")
            claims = {**told, **claims}
        kept = {name: claims[name] for name in KEPT if name in claims}
        return self.get_provider().sociallogin_from_response(request, {"id_token": kept})

    def _decode_id_token(self, app: Any, id_token: str) -> dict[str, Any]:
        try:
            if jwt.get_unverified_header(id_token).get("alg") not in ALGORITHMS:
                raise OAuth2Error("The id token is not signed with a key of the provider's.")
        except jwt.PyJWTError as problem:
            raise OAuth2Error("The id token cannot be read.") from problem
        claims: dict[str, Any] = jwtkit.verify_and_decode(
            credential=id_token,
            keys_url=self.openid_config["jwks_uri"],
            issuer=settings.OIDC_ISSUER,
            audience=app.client_id,
            lookup_kid=jwtkit.lookup_kid_jwk,
        )
        return claims


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
def bind(sender: object, *, user: User, sociallogin: SocialLogin | None = None, **_: Any) -> None:
    """The first complete sign-in through the provider binds a person to its id for them."""
    if sociallogin is None or sociallogin.account.pk is not None:
        return
    account = sociallogin.account
    SocialAccount.objects.get_or_create(
        provider=account.provider, uid=account.uid, defaults={"user": user, "extra_data": account.extra_data}
    )
    log.record("single_sign_on.bound", actor=user, target=user)
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


#: What a provider's nonsense ends in, here and in allauth.
NONSENSE = (OSError, KeyError, ValueError, TypeError, AttributeError, ImproperlyConfigured, NoReverseMatch)


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
    except NONSENSE as problem:
        return trouble(request, problem)
    return answer


@limited("single_sign_on", limit_get=True)
def callback(request: HttpRequest, provider_id: str) -> HttpResponse:
    """Back from the provider."""
    if not settings.OIDC_ISSUER:
        raise Http404
    try:
        answer: HttpResponse = OAuth2CallbackView.adapter_view(Adapter(request, provider_id))(request)
    except NONSENSE as problem:
        return trouble(request, problem)
    return answer


def cancelled(request: HttpRequest) -> HttpResponse:
    """Somebody changed their mind at the provider."""
    return render(request, "account/single_sign_on_cancelled.html")


def trouble(request: HttpRequest, problem: Exception | None = None) -> HttpResponse:
    """The provider could not be reached, or answered nonsense. The log says which; it holds no token."""
    if problem is not None:
        logger.error("Signing in through %s failed (%s).", settings.OIDC_ISSUER, type(problem).__name__)
    return render(request, "socialaccount/authentication_error.html", status=502)
