# The commands of this project. `make` alone lists them.

VENV := .venv
PY := $(VENV)/bin/python
READY := $(VENV)/.ready
# Two to four test processes: more slow each other down.
JOBS ?= $(shell n=$$(nproc 2>/dev/null || echo 2); [ "$$n" -gt 4 ] && n=4; [ "$$n" -lt 2 ] && n=2; echo $$n)
# Processes start seconds faster with compiled modules. Some containers switch off writing them.
unexport PYTHONDONTWRITEBYTECODE
ARGS ?=
ONLY ?=

.DEFAULT_GOAL := help
.PHONY: help setup demo test coverage check format docs soak bench wheels lock clean

help:  ## list these commands
	@sed -n 's/^\([a-z]*\):.*## \(.*\)/  make \1\t\2/p' $(MAKEFILE_LIST) | expand -t 16

setup: $(READY)  ## create the virtual environment in .venv; other commands run this when needed

$(READY): requirements/dev.txt
	@python=; for name in python3 python3.14 python3.13 python3.12 python3.11; do \
	  if $$name -c 'import sys; sys.exit(sys.version_info < (3, 11))' 2>/dev/null; then python=$$name; break; fi; \
	done; \
	if [ -z "$$python" ]; then \
	  echo "Python 3.11 or newer was not found. Install it, then run make again." >&2; exit 1; \
	fi; \
	echo "Setting up $(VENV) with $$($$python --version) (once, about half a minute) …"; \
	$$python -m venv $(VENV) || { \
	  echo "Python could not make a virtual environment. On Debian and Ubuntu: apt-get install python3-venv" >&2; \
	  rm -rf $(VENV); exit 1; \
	}
	@$(PY) -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/dev.txt
	@touch $(READY)

demo: $(READY)  ## run sandbox, portal and worker on this machine; Ctrl-C stops them
	@exec $(PY) manage.py demo $(ARGS)

test: $(READY)  ## run the tests; set DATABASE_URL for PostgreSQL
	@$(PY) -m pytest -q -n $(JOBS) $(ARGS)

coverage: $(READY)  ## run the tests with branch coverage, without those in a browser, and print a report; about twice as slow
	@rm -f .coverage .coverage.*
	@$(PY) -m pytest -q -n $(JOBS) -m "not browser" --cov --cov-report=term --cov-report=json $(ARGS)

check: $(READY)  ## check format, lint, spelling, types, imports, migrations and deployment settings
	$(VENV)/bin/ruff format --check .
	$(VENV)/bin/ruff check --quiet .
	$(VENV)/bin/codespell
	$(VENV)/bin/mypy --no-error-summary
	$(VENV)/bin/lint-imports --no-logo >/dev/null || $(VENV)/bin/lint-imports --no-logo
	@DATABASE_URL=sqlite://:memory: DJANGO_SETTINGS_MODULE=tests.settings $(PY) manage.py makemigrations --check --dry-run
	@env $$($(PY) manage.py make_keys) DEBUG=0 DEMO=0 DATABASE_URL=sqlite://:memory: \
	  PORTAL_URL=https://portal.example ALLOWED_HOSTS=portal.example EMAIL_URL=smtp://mail.example \
	  PARTNER_NAME=Acme SUPPORT_EMAIL=help@acme.example \
	  $(PY) manage.py check --deploy --fail-level WARNING

format: $(READY)  ## format the code and apply safe lint fixes
	@$(VENV)/bin/ruff check --quiet --fix . ; $(VENV)/bin/ruff format .

docs: $(VENV)/docs/.ready  ## build the documentation site in site/
	@NO_MKDOCS_2_WARNING=1 $(VENV)/docs/bin/mkdocs build --strict --quiet

$(VENV)/docs/.ready: requirements/docs.txt $(READY)
	@$(PY) -m venv $(VENV)/docs
	@$(VENV)/docs/bin/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements/docs.txt
	@touch $@

soak: $(READY)  ## run the long tests
	@$(PY) -m pytest -m soak -n $(JOBS) $(ARGS)

bench: $(READY)  ## run the benchmarks and write bench.json; ONLY=name runs one
	@$(PY) -m tests.bench $(ONLY)

wheels: $(READY)  ## build the wheels of the client and the sandbox in dist/
	@for package in total_expert sandbox; do \
	  $(PY) -m pip wheel --quiet --no-index --no-deps --no-build-isolation --wheel-dir dist ./integrations/$$package || exit 1; \
	done
	@rm -rf integrations/*/build integrations/*/*.egg-info

lock: $(READY)  ## update requirements/ from pyproject.toml
	@[ -x $(VENV)/lock/bin/uv ] || { $(PY) -m venv $(VENV)/lock && $(VENV)/lock/bin/pip install --quiet uv; }
	@compile="$(VENV)/lock/bin/uv pip compile --universal --python-version 3.11 --generate-hashes --no-header --no-annotate --quiet"; \
	$$compile pyproject.toml --output-file requirements/runtime.txt && \
	$$compile pyproject.toml --group dev --output-file requirements/dev.txt && \
	$$compile --group docs --output-file requirements/docs.txt

clean:  ## remove .venv, caches, build output and demo data, but not a portal's own database
	@rm -rf $(VENV) data/demo static-root site test-artifacts bench.json .coverage .coverage.* coverage.json build dist *.egg-info
	@rm -rf .mypy_cache .ruff_cache .pytest_cache .hypothesis .import_linter_cache
	@find . -name __pycache__ -type d -prune -exec rm -rf {} +
