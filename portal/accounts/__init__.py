"""People: users, sign-in through allauth, second factors, sessions, single sign-on."""
