"""The demo: sandbox, portal and worker started by one command, with data made by running the real code."""
