"""Settings. Every variable is documented in `.env.example`; secrets may also come as NAME_FILE."""

from pathlib import Path
from urllib.parse import urlsplit

from django.core.exceptions import ImproperlyConfigured

from portal.environment import Environment, public_origin, require_loopback
from portal.site.content_security_policy import DIRECTIVES
from portal.site.logs import CONFIGURATION

BASE_DIR = Path(__file__).resolve().parent.parent

env = Environment()
if (BASE_DIR / ".env").is_file():
    env.read_env(BASE_DIR / ".env")


def required(name: str) -> str:
    value: str = env.str(name, default="")
    if not value:
        raise ImproperlyConfigured(
            f"{name} is not set. Copy .env.example to .env and fill it in; `manage.py make_keys` makes the keys. "
            "For a look around without any of it: make demo."
        )
    return value


DEBUG = env.bool("DEBUG", default=False)
DEMO = env.bool("DEMO", default=False)
SECRET_KEY = required("SECRET_KEY")
ENCRYPTION_KEYS = required("ENCRYPTION_KEYS")
FINGERPRINT_KEY = required("FINGERPRINT_KEY")
PORTAL_URL = public_origin(env.str("PORTAL_URL", default="http://localhost:8000"))
ALLOWED_HOSTS = env.list("ALLOWED_HOSTS", default=[urlsplit(PORTAL_URL).hostname or "localhost"])
for switch in filter({"DEMO": DEMO, "DEBUG": DEBUG}.get, ("DEMO", "DEBUG")):
    require_loopback(switch, portal_url=PORTAL_URL, allowed_hosts=ALLOWED_HOSTS)
CSRF_TRUSTED_ORIGINS = [PORTAL_URL]
ENVIRONMENT_HOSTS = env.list("ENVIRONMENT_HOSTS", default=["public.totalexpert.net"])
#: Proxies that calls may go out by, as host or host:port.
PROXY_HOSTS = env.list("PROXY_HOSTS", default=[])
#: Where a chat takes messages about connections; a secret, because anyone who knows it can write there.
CHAT_WEBHOOK_URL = env.str("CHAT_WEBHOOK_URL", default="")
#: Who may read /metrics. Empty: nobody.
METRICS_TOKEN = env.str("METRICS_TOKEN", default="")
TRUSTED_PROXIES = env.int("TRUSTED_PROXIES", default=0)
#: Where the demo keeps its mail, as files that its mail page shows.
DEMO_MAIL_DIR = env.str("DEMO_MAIL_DIR", default="")

INSTALLED_APPS = [
    # first: its templates and static files go before those of libraries
    "portal.site",
    "portal.admin_site.AdminConfig",
    "django.contrib.auth",
    "django.contrib.contenttypes",
    "django.contrib.sessions",
    "django.contrib.messages",
    "whitenoise.runserver_nostatic",
    "django.contrib.staticfiles",
    "django.contrib.humanize",
    "allauth",
    "allauth.account",
    "allauth.mfa",
    "allauth.socialaccount",
    "allauth.socialaccount.providers.openid_connect",
    "allauth.usersessions",
    "django_filters",
    "django_htmx",
    "django_q",
    "csp",
    "portal.core",
    "portal.audit",
    "portal.encryption",
    "portal.branding",
    "portal.accounts",
    "portal.organizations",
    "integrations.connections",
    "integrations.jobs",
    "integrations.directory",
    "integrations.bulk",
    "integrations.onboarding",
    "integrations.simulation",
]

MIDDLEWARE = [
    "portal.site.probes.ProbesMiddleware",
    "portal.site.proxies.ForwardedForMiddleware",
    "django.middleware.security.SecurityMiddleware",
    "whitenoise.middleware.WhiteNoiseMiddleware",
    "django.middleware.gzip.GZipMiddleware",
    "portal.site.repeated_posts.RepeatedPostMiddleware",
    "portal.site.pasted_links.PastedLinkMiddleware",
    "django.contrib.sessions.middleware.SessionMiddleware",
    "django.middleware.common.CommonMiddleware",
    "django.middleware.csrf.CsrfViewMiddleware",
    "django.contrib.auth.middleware.AuthenticationMiddleware",
    "portal.accounts.anonymous_sessions.AnonymousSessionMiddleware",
    "portal.site.caching.NoStoreMiddleware",
    "django.contrib.messages.middleware.MessageMiddleware",
    "django.middleware.clickjacking.XFrameOptionsMiddleware",
    "csp.middleware.CSPMiddleware",
    "allauth.account.middleware.AccountMiddleware",
    "allauth.usersessions.middleware.UserSessionsMiddleware",
    "portal.accounts.activity.SessionActivityMiddleware",
    "portal.accounts.second_factors.middleware.SecondFactorMiddleware",
    "django_htmx.middleware.HtmxMiddleware",
    "portal.site.history.HistoryMiddleware",
    "portal.site.zone.ViewerZoneMiddleware",
    "portal.site.method_not_allowed.MethodNotAllowedMiddleware",
    "portal.site.unreadable_secrets.UnreadableSecretsMiddleware",
]

ROOT_URLCONF = "portal.urls"
WSGI_APPLICATION = "portal.wsgi.application"
TEMPLATES = [
    {
        "BACKEND": "django.template.backends.django.DjangoTemplates",
        "DIRS": [BASE_DIR / "templates"],
        "APP_DIRS": True,
        "OPTIONS": {
            "context_processors": [
                "django.template.context_processors.request",
                "django.contrib.auth.context_processors.auth",
                "django.contrib.messages.context_processors.messages",
                "portal.site.frame.frame",
            ]
        },
    }
]

# --- Branding ------------------------------------------------------------------------------------------------------
# Operators can replace each value in the portal. Empty: see `portal.branding.brand`.
PARTNER_NAME = env.str("PARTNER_NAME", default="")
PRODUCT_NAME = env.str("PRODUCT_NAME", default="")
ACCENT_COLOR = env.str("ACCENT_COLOR", default="")
SUPPORT_EMAIL = env.str("SUPPORT_EMAIL", default="")
PRIVACY_URL = env.str("PRIVACY_URL", default="")

# --- Data ----------------------------------------------------------------------------------------------------------
DATABASES = {
    "default": env.db_url("DATABASE_URL", default=f"sqlite:///{BASE_DIR / 'data' / 'portal.sqlite3'}")
}
if DATABASES["default"]["ENGINE"] == "django.db.backends.sqlite3":
    # IMMEDIATE takes the write lock at BEGIN, where waiting is possible; a deferred one fails when it upgrades.
    DATABASES["default"]["OPTIONS"] = {
        "transaction_mode": "IMMEDIATE",
        "timeout": 20,
        "init_command": "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL; PRAGMA foreign_keys=ON;",
    }
else:
    # PgBouncer in transaction mode keeps no cursor open between two statements
    DATABASES["default"].update(CONN_MAX_AGE=60, CONN_HEALTH_CHECKS=True, DISABLE_SERVER_SIDE_CURSORS=True)
DEFAULT_AUTO_FIELD = "django.db.models.BigAutoField"
# Rate limits must hold across processes, so the cache is in the database.
CACHES = {
    "default": {
        "BACKEND": "django.core.cache.backends.db.DatabaseCache",
        "LOCATION": "portal_cache",
        # never so full that counts are dropped before their time: what has expired is deleted by retention
        "OPTIONS": {"MAX_ENTRIES": 10_000_000},
    },
    # Counts that a process may show again for a few seconds. They have no place among the rate limits in the database.
    "memory": {"BACKEND": "django.core.cache.backends.locmem.LocMemCache", "OPTIONS": {"MAX_ENTRIES": 2000}},
}

# --- People --------------------------------------------------------------------------------------------------------
AUTH_USER_MODEL = "accounts.User"
AUTHENTICATION_BACKENDS = ["allauth.account.auth_backends.AuthenticationBackend"]
# The second one reads passwords stored before; they are hashed again at the next sign-in.
PASSWORD_HASHERS = [
    "portal.accounts.hashers.Argon2idHasher",
    "django.contrib.auth.hashers.PBKDF2PasswordHasher",
]
AUTH_PASSWORD_VALIDATORS = [
    {"NAME": "django.contrib.auth.password_validation.UserAttributeSimilarityValidator"},
    {"NAME": "django.contrib.auth.password_validation.MinimumLengthValidator", "OPTIONS": {"min_length": 12}},
    {"NAME": "django.contrib.auth.password_validation.CommonPasswordValidator"},
]
LOGIN_URL = "account_login"
LOGIN_REDIRECT_URL = "home"
LOGOUT_REDIRECT_URL = "account_login"
ACCOUNT_ADAPTER = "portal.organizations.invitations.sign_up.InvitationAccountAdapter"
ACCOUNT_FORMS = {
    "signup": "portal.organizations.invitations.sign_up.SignupForm",
    "login": "portal.accounts.forms.LoginForm",
    "request_login_code": "portal.accounts.forms.RequestLoginCodeForm",
    "confirm_login_code": "portal.accounts.forms.ConfirmLoginCodeForm",
    "reset_password": "portal.accounts.forms.ResetPasswordForm",
    "reset_password_from_key": "portal.accounts.forms.ResetPasswordKeyForm",
    "set_password": "portal.accounts.forms.SetPasswordForm",
    "change_password": "portal.accounts.forms.ChangePasswordForm",
    "reauthenticate": "portal.accounts.second_factors.forms.ConfirmPasswordForm",
}
ACCOUNT_USER_MODEL_USERNAME_FIELD = None
ACCOUNT_LOGIN_METHODS = {"email"}
ACCOUNT_SIGNUP_FIELDS = ["email*", "password1*"]
ACCOUNT_EMAIL_VERIFICATION = "mandatory"
ACCOUNT_LOGIN_BY_CODE_ENABLED = True
ACCOUNT_LOGIN_BY_CODE_TIMEOUT = 10 * 60
ACCOUNT_LOGIN_BY_CODE_SUPPORTS_RESEND = True
ACCOUNT_PREVENT_ENUMERATION = True
ACCOUNT_SESSION_REMEMBER = True
ACCOUNT_LOGOUT_ON_GET = False
ACCOUNT_EMAIL_SUBJECT_PREFIX = ""
ACCOUNT_SIGNUP_REDIRECT_URL = "home"
ACCOUNT_EMAIL_NOTIFICATIONS = True
ACCOUNT_DEFAULT_HTTP_PROTOCOL = urlsplit(PORTAL_URL).scheme
ACCOUNT_RATE_LIMITS = {
    # wrong passwords count by account and IP address: see `AccountAdapter.pre_authenticate`
    "login_failed_daily": "30/d/key",
    "login_failed_account": "300/d/key",
    # the daily limits in `portal.accounts.mail_limits` count by address; a stranger must not use up the owner's emails
    "request_login_code": "20/m/ip",
    "reset_password": "20/m/ip",
    # any change to an organization, so that pressing a button again and again writes a bounded number of rows
    "change": "600/h/user",
    # a file of 200 MB arrives in 200 pieces
    "upload_piece": "3000/h/user",
    "sync": "60/h/user",
    "invitation": "60/m/ip",
    "invite": "30/m/user",
    "branding": "60/h/user",
    "single_sign_on": "20/m/ip",
    # each consent reserves one of very few token requests, even if it is not completed
    "consent": "6/h/user",
    # each change of a connection is emailed to people
    "connection": "20/h/user",
    # these may use a token request or send an email
    "credentials": "60/h/user",
    "test": "20/h/user",
    "mail_me": "6/h/user",
}
# Second factors. App codes may be one period early or late. Passkeys verify the person, so they can sign in on their own.
MFA_ADAPTER = "portal.accounts.second_factors.adapter.MFAAdapter"
MFA_SUPPORTED_TYPES = ["totp", "webauthn", "recovery_codes"]
MFA_PASSKEY_LOGIN_ENABLED = True
MFA_WEBAUTHN_USER_VERIFICATION = "required"
MFA_TOTP_TOLERANCE = 1
MFA_FORMS = {
    "authenticate": "portal.accounts.second_factors.forms.AuthenticateForm",
    "reauthenticate": "portal.accounts.second_factors.forms.ReauthenticateForm",
    "activate_totp": "portal.accounts.second_factors.forms.ActivateTOTPForm",
    "add_webauthn": "portal.accounts.second_factors.forms.AddPasskeyForm",
    "login_webauthn": "portal.accounts.second_factors.forms.LoginPasskeyForm",
    "authenticate_webauthn": "portal.accounts.second_factors.forms.AuthenticatePasskeyForm",
    "reauthenticate_webauthn": "portal.accounts.second_factors.forms.ReauthenticatePasskeyForm",
    "edit_webauthn": "portal.accounts.second_factors.forms.RenamePasskeyForm",
}
# Rate limits count by IP address: behind trusted proxies, by the one that they report.
ALLAUTH_TRUSTED_PROXY_COUNT = TRUSTED_PROXIES

# Single sign-on through an OpenID Connect provider. Off without an issuer.
OIDC_ISSUER = env.str("OIDC_ISSUER", default="")
OIDC_CLIENT_ID = env.str("OIDC_CLIENT_ID", default="")
OIDC_CLIENT_SECRET = env.str("OIDC_CLIENT_SECRET", default="")
OIDC_NAME = env.str("OIDC_NAME", default="single sign-on")
OIDC_ALLOWED = env.list("OIDC_ALLOWED", default=[])
SOCIALACCOUNT_ADAPTER = "portal.accounts.single_sign_on.SingleSignOnAdapter"
SOCIALACCOUNT_STORE_TOKENS = False
SOCIALACCOUNT_LOGIN_ON_GET = True
SOCIALACCOUNT_REQUESTS_TIMEOUT = 10

# --- Mail ----------------------------------------------------------------------------------------------------------
#: Seconds that a page may wait for a mail server which does not answer.
EMAIL_TIMEOUT = 10
vars().update(env.email_url("EMAIL_URL", default="consolemail://"))
if DEMO and DEMO_MAIL_DIR:
    EMAIL_BACKEND = "portal.demo.mail.DemoEmailBackend"
    EMAIL_FILE_PATH = DEMO_MAIL_DIR
DEFAULT_FROM_EMAIL = env.str("DEFAULT_FROM_EMAIL", default="Portal <portal@localhost>")
SERVER_EMAIL = DEFAULT_FROM_EMAIL

# --- Jobs ----------------------------------------------------------------------------------------------------------
Q_CLUSTER = {
    "name": "portal",
    "orm": "default",
    "broker_class": "integrations.jobs.cluster.heartbeat.Broker",
    "workers": env.int("WORKERS", default=2),
    # above a slice of a job with its longest step, so it ends only what hangs
    "timeout": 240,
    # well above timeout, and counted from the moment a task leaves the queue: so little may wait in a worker's queue
    "retry": 600,
    "queue_limit": 2,
    "bulk": 1,
    "poll": 0.5,
    "catch_up": False,
    # a row of its schedule names any function: what is due is started by our own supervisor
    "scheduler": False,
    "ack_failures": True,
    "max_attempts": 1,
    "save_limit": 500,
    "label": "Queue",
    "guard_cycle": 1,
    # its statistics would be written into the database every second, and nobody reads them
    "cache": "none",
}

# --- Safety --------------------------------------------------------------------------------------------------------
HTTPS = PORTAL_URL.startswith("https://")
SESSION_ENGINE = "portal.accounts.session_store"
SESSION_COOKIE_NAME = "portal_session"
CSRF_COOKIE_NAME = "portal_csrf"
CSRF_FAILURE_VIEW = "portal.site.csrf.refuse"
# Not in a cookie: a message is shown once, also if the browser drops an answer or gets it twice.
MESSAGE_STORAGE = "django.contrib.messages.storage.session.SessionStorage"
SESSION_COOKIE_SAMESITE = CSRF_COOKIE_SAMESITE = "Lax"
SESSION_COOKIE_SECURE = CSRF_COOKIE_SECURE = HTTPS
SESSION_COOKIE_AGE = 14 * 24 * 3600
SECURE_SSL_REDIRECT = HTTPS
SECURE_HSTS_SECONDS = 365 * 24 * 3600 if HTTPS else 0
# of this host alone: what else lives under its domain is not this portal's to decide
SECURE_HSTS_INCLUDE_SUBDOMAINS = SECURE_HSTS_PRELOAD = False
SILENCED_SYSTEM_CHECKS = ["security.W005", "security.W021"]
SECURE_PROXY_SSL_HEADER = ("HTTP_X_FORWARDED_PROTO", "https") if TRUSTED_PROXIES else None
SECURE_REFERRER_POLICY = "same-origin"
DEFAULT_EXCEPTION_REPORTER_FILTER = "portal.site.errors.NoLocalsFilter"

CONTENT_SECURITY_POLICY = {"DIRECTIVES": DIRECTIVES}

# --- Language, time, files -----------------------------------------------------------------------------------------
TIME_ZONE = "UTC"
USE_I18N = False
FORMAT_MODULE_PATH = "portal.core.formats"
STATIC_URL = "/static/"
STATIC_ROOT = env.str("STATIC_ROOT", default=str(BASE_DIR / "static-root"))
WHITENOISE_USE_FINDERS = DEBUG or DEMO
STORAGES = {
    "default": {"BACKEND": "django.core.files.storage.FileSystemStorage"},
    "staticfiles": {
        # collected files have names with hashes, so that browsers may keep them for ever
        "BACKEND": "django.contrib.staticfiles.storage.StaticFilesStorage"
        if WHITENOISE_USE_FINDERS
        else "whitenoise.storage.CompressedManifestStaticFilesStorage"
    },
}
# Uploaded files may hold secrets or people: they are read from memory and never lie on a disk. Larger ones do not arrive.
FILE_UPLOAD_HANDLERS = ["django.core.files.uploadhandler.MemoryFileUploadHandler"]
DATA_UPLOAD_MAX_MEMORY_SIZE = 2 * 1024 * 1024
# 10,000 contacts can be picked in the list (`integrations.directory.browse.chosen.MOST_IDS`), and forms have other fields
DATA_UPLOAD_MAX_NUMBER_FIELDS = 10_100

LOGGING = CONFIGURATION
