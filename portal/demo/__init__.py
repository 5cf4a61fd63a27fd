"""The demo: sandbox, portal and worker from one command, with a story that the real code has lived through."""
