#!/usr/bin/env python3
"""Django's command line for this project."""

import os
import sys


def main() -> None:
    if sys.argv[1:2] == ["demo"]:
        # makes the settings that Django would ask for
        from portal.demo.run import main as demo

        sys.exit(demo(sys.argv[2:]))
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "portal.settings")
    try:
        from django.core.management import execute_from_command_line
    except ImportError:
        sys.exit("Django is not installed in this Python. Run `make setup`, then use .venv/bin/python manage.py.")
    execute_from_command_line(sys.argv)


if __name__ == "__main__":
    main()
