#!/usr/bin/env python3
"""Django's command line for this project."""

import os
import sys
from importlib import import_module

#: Commands that need no settings, by their module: they run before Django reads any.
WITHOUT_SETTINGS = {
    "demo": "portal.demo.run",
    "make_keys": "portal.encryption.management.commands.make_keys",
    "sandbox": "portal.site.management.commands.sandbox",
}


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    try:
        from django.core.management import execute_from_command_line
    except ImportError:
        sys.exit(
            "Django is not installed in this Python. Run `make setup`, then use .venv/bin/python manage.py."
        )
    if sys.argv[1:2] == ["simulate"]:
        use_throwaway_settings()
    if sys.argv[1:2] and sys.argv[1] in WITHOUT_SETTINGS:
        module = import_module(WITHOUT_SETTINGS[sys.argv[1]])
        if sys.argv[1] == "demo":
            sys.exit(module.main(sys.argv[2:]))
        module.Command().run_from_argv(sys.argv)
    else:
        execute_from_command_line(sys.argv)


def use_throwaway_settings() -> None:
    """Set variables for a command that loads models but needs no secret and no database."""
    from portal.encryption.management.commands.make_keys import make

    keys = make("throwaway")
    for name in (*keys, "DATABASE_URL"):
        os.environ.pop(f"{name}_FILE", None)
    os.environ.update(keys, DATABASE_URL="sqlite://:memory:", DEBUG="0", DEMO="0")


if __name__ == "__main__":
    main()
