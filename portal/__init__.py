"""The Django project: settings, addresses, the admin site and what every app may rely on."""
