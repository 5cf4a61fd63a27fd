#!/usr/bin/env python3
"""Django's command line for this project."""

import os
import sys

#: Commands that make settings, or need none, so they run before Django asks for any.
WITHOUT_SETTINGS = ("demo", "make_keys", "sandbox")


def main() -> None:
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    try:
        from django.core.management import execute_from_command_line
    except ImportError:
        sys.exit(
            "Django is not installed in this Python. Run `make setup`, then use .venv/bin/python manage.py."
        )
    if sys.argv[1:2] and sys.argv[1] in WITHOUT_SETTINGS:
        run_without_settings(sys.argv)
    else:
        execute_from_command_line(sys.argv)


def run_without_settings(argv: list[str]) -> None:
    if argv[1] == "demo":
        from portal.demo.run import main as demo

        sys.exit(demo(argv[2:]))
    from importlib import import_module

    import_module(f"portal.management.commands.{argv[1]}").Command().run_from_argv(argv)


if __name__ == "__main__":
    main()
