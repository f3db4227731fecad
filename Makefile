# One line each: the work is in infra/local. `make help` lists them.
# PROFILE=fast is for what runs for hours: optimised, at the price of some minutes of building.
LOCAL = ./infra/local/setup.sh && cargo run $(if $(PROFILE),--profile $(PROFILE)) --bin local --

.DEFAULT_GOAL := help
.PHONY: help dev up down demo test lint fmt binaries build deploy migrate restart import-users bench-size bench-cold bench-rls bench-enumeration bench-campaign chaos invoke send openapi logs verify-consents verify-decisions simulate bench-import

help: ## this list
	@grep -E '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed 's/:.*## /\t/' | expand -t 12

dev: ## everything in the foreground, functions reload when their code changes
	@$(LOCAL) dev

up: ## everything in the background; addresses and passwords in .local/env
	@$(LOCAL) up

down: ## stop it; the data stay
	@$(LOCAL) down

demo: ## the main job, from sign-up to the archive of all that was made
	@$(LOCAL) demo

test: ## every test, on the real database and the stand-ins (ARGS="-p register" for some)
	@$(LOCAL) test $(ARGS)

lint: ## formatting and clippy, warnings denied; the AWS template under cfn-lint and SAM
	@cargo fmt --all --check && cargo clippy --locked --workspace --all-targets -- -D warnings && ./infra/local/lint-aws.sh

fmt: ## format
	@cargo fmt --all

binaries: ## every binary for this machine, as `make up` runs them
	@cargo build --workspace --bins

build: ## every function for AWS: arm64, small, without Docker (a minute and a half each)
	@./infra/local/build-aws.sh

deploy: ## bring a stage on AWS up to date: make deploy STAGE=dev (infra/aws/README.md)
	@./infra/aws/deploy.sh "$(STAGE)"

migrate: ## run a stage's migrations: make migrate STAGE=dev
	@./infra/aws/migrate.sh $(STAGE)

restart: ## start a stage's containers anew, after a secret has changed: make restart STAGE=dev
	@./infra/aws/restart.sh $(STAGE)

import-users: ## people from another system, with their bcrypt hashes: make import-users FILE=people.csv (README)
	@$(LOCAL) import-users "$(FILE)"

bench-size: ## what every function weighs as an archive (of `make build`, if that was run)
	@$(LOCAL) bench-size

bench-cold: ## how long every function takes to be ready, beside an empty one
	@$(LOCAL) bench-cold

bench-enumeration: ## how long known and unknown addresses are answered
	@$(LOCAL) test -p sessions --test sessions -- --ignored --nocapture enumeration

bench-import: ## a file of 100,000 contacts: time, round trips, memory
	@$(LOCAL) test -p contact-importer --test large -- --ignored --nocapture

bench-rls: ## what row security costs PostgreSQL at a million rows, and which indexes serve it
	@$(LOCAL) bench-rls

bench-campaign: ## what a campaign does, in counts: a wave, an end, a message, at 1,000 and 1,000,000 contacts; and what it costs
	@export LOG=error; $(LOCAL) bench-campaign

chaos: ## the campaign engine under fire, counted against what Vapi received: make chaos SEED=1 CONTACTS=10000 (SEEDS=50 JOBS=2 PROFILE=fast)
	@export LOG=error; $(LOCAL) chaos

verify-consents: ## whether every chain of every ledger of consents is whole: here, or make verify-consents STAGE=dev
	@if [ -n "$(STAGE)" ]; then ./infra/aws/verify.sh "$(STAGE)" verify-consents; else $(LOCAL) verify-consents; fi

verify-decisions: ## whether every stored decision of the gate is what it answers: here, or make verify-decisions STAGE=dev
	@if [ -n "$(STAGE)" ]; then ./infra/aws/verify.sh "$(STAGE)" verify-decisions; else $(LOCAL) verify-decisions; fi

simulate: ## pacing and fairness on a clock of their own: make simulate SEED=1 (SIZE=full CONTACTS=100000 TENANTS=500 SLOTS=200 MINUTES=60 PROFILE=fast)
	@export LOG=error; $(LOCAL) simulate

invoke: ## hand a sample event to a function: make invoke FN=minute-tick EVENT=minute-tick.json
	@$(LOCAL) invoke "$(FN)" "$(EVENT)"

send: ## sign a sample webhook and post it: make send EVENT=vapi/end-of-call-report.json
	@$(LOCAL) send "$(EVENT)"

openapi: ## write infra/openapi.json and infra/rights.md from the code
	@OPENAPI=write cargo test -q -p local --test house -- is_current

logs: ## follow every log
	@tail -n 20 -F .local/logs/*.log
