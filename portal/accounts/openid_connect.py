"""Talk to an OpenID Connect provider: discovery, tokens, and verification of ID tokens.

allauth implements the protocol. Errors caused by what the provider sent become `InvalidProviderAnswer` where the answer
is read, so that they can't be confused with errors of the portal.
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

#: Signature algorithms with a private key of the provider. HS256 would use the client secret, and "none" no key.
ALGORITHMS = frozenset({"RS256", "RS384", "RS512", "PS256", "PS384", "PS512", "ES256", "ES384", "ES512"})
#: The claims that are kept.
CLAIMS = ("sub", "email", "email_verified")
#: Endpoints that the discovery document must name.
ENDPOINTS = ("authorization_endpoint", "token_endpoint", "jwks_uri")


class InvalidProviderAnswer(Exception):
    """The provider could not be reached, or its answer is malformed."""


@contextmanager
def _reading_answer() -> Iterator[None]:
    """Turn errors from reading a provider's answer into InvalidProviderAnswer. OAuth2Error passes unchanged."""
    try:
        yield
    except (OSError, LookupError, ValueError, TypeError, AttributeError) as error:
        raise InvalidProviderAnswer(type(error).__name__) from error


class Adapter(OpenIDConnectOAuth2Adapter):
    """allauth's OpenID Connect client, except that it always verifies the ID token's signature.

    Methods raise InvalidProviderAnswer if an answer can't be read, and OAuth2Error if it can't be trusted.
    """

    @property
    def openid_config(self) -> dict[str, Any]:
        """The provider's discovery document."""
        with _reading_answer():
            config: dict[str, Any] = super().openid_config
            for name in ENDPOINTS:
                if not config[name].startswith(("https://", "http://")):
                    raise ValueError(f"{name} is not a URL")
        return config

    def get_client(self, request: HttpRequest, app: Any) -> Any:
        with _reading_answer():
            return super().get_client(request, app)

    def get_access_token_data(self, *args: Any, **kwargs: Any) -> Any:
        with _reading_answer():
            return super().get_access_token_data(*args, **kwargs)

    def parse_token(self, data: Any) -> Any:
        with _reading_answer():
            return super().parse_token(data)

    def complete_login(self, request: HttpRequest, app: Any, token: Any, **kwargs: Any) -> SocialLogin:
        """Return the sign-in of the person that the provider names."""
        with _reading_answer():
            claims = self._claims(app, token, kwargs["response"].get("id_token"))
            kept = {name: claims[name] for name in CLAIMS if name in claims}
            return self.get_provider().sociallogin_from_response(request, {"id_token": kept})

    def _claims(self, app: Any, token: Any, id_token: str | None) -> dict[str, Any]:
        if not id_token:
            raise OAuth2Error("The provider sent no ID token.")
        claims = self._decode_id_token(app, id_token)
        if "email" in claims:
            return claims
        user_info = self._fetch_user_info(token.token)
        if user_info.get("sub") != claims["sub"]:
            raise OAuth2Error("The provider's user info is about someone else.")
        return {**user_info, **claims}

    def _decode_id_token(self, app: Any, id_token: str) -> dict[str, Any]:
        try:
            if jwt.get_unverified_header(id_token).get("alg") not in ALGORITHMS:
                raise OAuth2Error("The ID token is not signed with a private key of the provider.")
        except jwt.PyJWTError as error:
            raise OAuth2Error("The ID token can't be read.") from error
        return allauth_internals.verify_id_token(
            id_token,
            keys_url=self.openid_config["jwks_uri"],
            issuer=settings.OIDC_ISSUER,
            client_id=app.client_id,
        )
