"""The Django project: settings, addresses, the frame and what every app may rely on."""
