# Everything starts here: `make help`. Needs Python 3.11 or newer, make and a package index.
# PORT and GENLOOK_PORT ask for ports of demo and up (any free ones otherwise); PARAMS gives stack
# parameters to up and deploy: PARAMS="KeepForDays=1 RequestsPerMinute=50".

SHELL := /bin/sh
.DEFAULT_GOAL := help
PORT ?= 0
GENLOOK_PORT ?= 0
PARAMS ?=

# The first Python that is new enough, unless one is named.
CANDIDATES := python3 python3.13 python3.12 python3.11 python3.14
NEW_ENOUGH := import sys; sys.exit(sys.version_info < (3, 11))
ifndef PYTHON
PYTHON := $(shell for p in $(CANDIDATES); do \
	$$p -c '$(NEW_ENOUGH)' 2>/dev/null && { command -v $$p; break; }; done)
endif

# One interpreter for the tools, one that has the engine and the SAM CLI (they pin what others want
# newer), and one that has what the Lambda runtime has and nothing else.
DEV := .venv
ENGINE := .local/engine-venv
RUNTIME := .local/runtime
RUN := $(DEV)/bin/python
SAM := $(ENGINE)/bin/sam
# The user's own pip settings decide on the index. A lock is complete: nothing is left to resolve.
INSTALL = $(RUN) -m pip --disable-pip-version-check --python $(1)/bin/python install --quiet \
	--no-deps --require-hashes --requirement $(2)
export SAM_CLI_TELEMETRY := 0
export PARAMS

STACK ?= tryon-worker

.PHONY: help demo up unit test lint docs explore crash mutants bench soak overheads deploy review lock clean environments python
.SILENT:

help: ## Show what there is
	awk -F ':.*## ' '/^[a-z]+:.*## / {printf "  make %-9s %s\n", $$1, $$2}' $(MAKEFILE_LIST)

demo: environments ## Show one try-on from the photo to the picture in out/, all on this machine
	$(RUN) -m local demo --port $(PORT) --genlook-port $(GENLOOK_PORT)

up: environments ## Run the local system until Ctrl-C; .local/stack.json says how to use it
	exec $(RUN) -m local up --port $(PORT) --genlook-port $(GENLOOK_PORT) --params "$$PARAMS"

unit: environments ## Run the tests that need no engine, in seconds (K="words": those that match)
	$(RUN) -m pytest -m "not engine and not long" $(if $(K),-k "$(K)",--numprocesses auto --dist worksteal)

# Four at a time even on two cores: most of them wait for the engine. A file's tests stay together,
# for they share what is dear to make; in the order of the tree, so the longest (chain) begin first.
test: environments ## Run every test that needs no cloud account
	$(RUN) -m pytest $(if $(TESTS),$(TESTS),--numprocesses 4 --dist loadfile --no-loadscope-reorder)

lint: environments ## Check format, style, types and the template
	$(RUN) -m ruff format --check .
	$(RUN) -m ruff check .
	$(RUN) -m mypy
	$(SAM) validate --lint --region eu-west-1

docs: environments ## Write docs/PROMISES.md from the claims and the tests that prove them
	$(RUN) -m tests.docs.promises

explore: environments ## Explore schedules of processes for a broken promise (MINUTES, SEED, REPLAY)
	PYTHONPATH=.:shared $(RUN) -m local.explore $(if $(MINUTES),--minutes $(MINUTES)) \
		$(if $(SEED),--seed $(SEED)) $(if $(REPLAY),--replay "$(REPLAY)")

crash: environments ## Kill function processes at random calls, and check what is promised (SEED repeats)
	$(RUN) -m local.crash $(if $(SEED),--seed $(SEED))

mutants: environments ## Change what keeps the promises, one thing at a time (MODULES, SAMPLE)
	$(RUN) -m tests.mutants $(if $(SAMPLE),--sample $(SAMPLE)) $(MODULES)

bench: environments ## Measure plan and budget in virtual time against the published advice (SEED)
	PYTHONPATH=shared $(RUN) -m bench $(if $(SEED),--seed $(SEED))

soak: environments ## Run the deployed system at the real limit in real time (MINUTES, default 10)
	PYTHONPATH=shared $(RUN) -m bench.soak $(if $(MINUTES),--minutes $(MINUTES))

overheads: environments ## Measure what the bench takes for granted of its surroundings (MINUTES)
	PYTHONPATH=shared $(RUN) -m bench.measure $(if $(MINUTES),--minutes $(MINUTES))

deploy: environments ## Build for AWS and deploy into your account (PARAMS, STACK=name)
	$(RUN) -m local.parameters "$$PARAMS"
	MAKEFLAGS= PYTHON=$(CURDIR)/$(RUN) $(SAM) build
	$(SAM) deploy --stack-name $(STACK) $(if $(PARAMS),--parameter-overrides $(PARAMS))

review: environments ## List what waits for a person; ANSWER="close ID", LOCAL=1, STACK=name
	PYTHONPATH=shared $(RUN) -m ops.review --stack $(STACK) $(if $(LOCAL),--local) $(ANSWER)

lock: ## Resolve all locked dependencies again (needs uv)
	command -v uv >/dev/null || { echo "uv is missing: python3 -m pip install uv"; exit 1; }
	uv pip compile --upgrade $(LOCKING) $(SHIPPED:%=--no-emit-package %) \
		--output-file shared/requirements.txt pyproject.toml
	for name in runtime engine dev; do uv pip compile --upgrade $(LOCKING) \
		--output-file requirements/$$name.txt requirements/$$name.in || exit 1; done

# One lock for every machine and Python that we support; no index of anybody's in it.
LOCKING := --quiet --universal --generate-hashes --python-version 3.11 --no-header
# Comes with the Lambda runtime, so it is not packed: botocore and what only it needs.
SHIPPED := botocore jmespath python-dateutil six urllib3

clean: ## Remove all that was made here
	rm -rf $(DEV) .local .aws-sam out .pytest_cache .mypy_cache .ruff_cache .hypothesis
	find . -name __pycache__ -type d -prune -exec rm -rf {} +

# ------------------------------------------------------------------------------- environments
# Made once and again when their lock changes; a stamp in each says that it is complete. The three
# are filled at the same time: most of it is waiting for the package index.

environments: $(DEV)/ready
	$(MAKE) --no-print-directory --jobs 3 .local/dev-ready $(ENGINE)/ready $(RUNTIME)/ready

python:
	test -n "$(PYTHON)" && "$(PYTHON)" -c '$(NEW_ENOUGH)' 2>/dev/null || { \
		echo "Python 3.11 or newer is needed; $(or $(PYTHON),python3) is" \
		"$$($(or $(PYTHON),python3) -V 2>/dev/null || echo missing)." \
		"Name another: make PYTHON=/path/to/python3.13" >&2; exit 1; }
	"$(PYTHON)" -c 'import ensurepip, venv' 2>/dev/null || { \
		echo "$(PYTHON) lacks its venv module." \
		"Install it (Debian, Ubuntu: apt install python3-venv)." >&2; exit 1; }

$(DEV)/ready: | python
	"$(PYTHON)" -m venv --clear $(DEV)
	touch $@

.local/dev-ready: requirements/dev.txt $(DEV)/ready
	echo "installing the tools (once)"
	$(call INSTALL,$(DEV),$<)
	mkdir -p .local && touch $@

$(ENGINE)/ready: requirements/engine.txt $(DEV)/ready
	echo "installing the embedded engine and the SAM CLI (once)"
	"$(PYTHON)" -m venv --clear --without-pip $(ENGINE)
	$(call INSTALL,$(ENGINE),$<)
	touch $@

$(RUNTIME)/ready: requirements/runtime.txt $(DEV)/ready
	"$(PYTHON)" -m venv --clear --without-pip $(RUNTIME)
	$(call INSTALL,$(RUNTIME),$<)
	touch $@
