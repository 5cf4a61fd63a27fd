"""Asking an OpenID Connect provider who somebody is: its addresses, its tokens, and the signature under what it says.

allauth speaks the protocol. What the provider sends in place of a usable answer becomes `Nonsense` here, where it is
fetched and read, so that an error of the portal's own is not taken for one.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import jwt
from allauth.socialaccount.models import SocialLogin
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from allauth.socialaccount.providers.openid_connect.views import OpenIDConnectOAuth2Adapter
from django.conf import settings
from django.http import HttpRequest

from portal.accounts import allauth_internals

#: Signed with a key that only the provider has. HS256 would be the client secret, none is nobody.
ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"})
KEPT = ("sub", "email", "email_verified")
#: Where the provider must say that it is.
PLACES = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class Nonsense(Exception):
    """The provider could not be reached, or its answer has not the form it should have."""


@contextmanager
def _reading_its_answer() -> Iterator[None]:
    """What fails in here fails by what the provider sent. A refusal (OAuth2Error) passes as it is."""
    try:
        yield
    except (OSError, LookupError, ValueError, TypeError, AttributeError) as problem:
        raise Nonsense(type(problem).__name__) from problem


class Adapter(OpenIDConnectOAuth2Adapter):
    """OpenID Connect as allauth speaks it, with the id token's signature always checked.

    Each method raises Nonsense where the provider's answer can't be read, OAuth2Error where it can't be trusted.
    """

    @property
    def openid_config(self) -> dict[str, Any]:
        """What the provider says about itself."""
        with _reading_its_answer():
            config: dict[str, Any] = super().openid_config
            for name in PLACES:
                if not config[name].startswith(("https://", "http://")):
                    raise ValueError(f"{name} is no address")
        return config

    def get_client(self, request: HttpRequest, app: Any) -> Any:
        with _reading_its_answer():
            return super().get_client(request, app)

    def get_access_token_data(self, *args: Any, **kwargs: Any) -> Any:
        with _reading_its_answer():
            return super().get_access_token_data(*args, **kwargs)

    def parse_token(self, data: Any) -> Any:
        with _reading_its_answer():
            return super().parse_token(data)

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **kwargs: Any) -> SocialLogin:
        """Who the provider says it is."""
        with _reading_its_answer():
            claims = self._claims(app, token, kwargs["response"].get("id_token"))
            kept = {name: claims[name] for name in KEPT if name in claims}
            return self.get_provider().sociallogin_from_response(request, {"id_token": kept})

    def _claims(self, app: Any, token: Any, id_token: str | None) -> dict[str, Any]:
        if not id_token:
            raise OAuth2Error("The provider sent no id token.")
        claims = self._decode_id_token(app, id_token)
        if "email" in claims:
            return claims
        told = self._fetch_user_info(token.token)
        if told.get("sub") != claims["sub"]:
            raise OAuth2Error("The provider's user info is about somebody else.")
        return {**told, **claims}

    def _decode_id_token(self, app: Any, id_token: str) -> dict[str, Any]:
        try:
            if jwt.get_unverified_header(id_token).get("alg") not in ALGORITHMS:
                raise OAuth2Error("The id token is not signed with a key of the provider's.")
        except jwt.PyJWTError as problem:
            raise OAuth2Error("The id token cannot be read.") from problem
        return allauth_internals.verify_id_token(
            id_token,
            keys_url=self.openid_config["jwks_uri"],
            issuer=settings.OIDC_ISSUER,
            client_id=app.client_id,
        )
