# Every command of the project. `make help` lists them.

.DEFAULT_GOAL := help
.PHONY: help demo test check bench sizes gen vocabularies prices

CARGO ?= cargo
# `make test PROFILE=ci` builds what Python and Node load with optimisations.
PROFILE ?= dev
export PROFILE

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14

demo: ## Show the gateway at work in Python and Node, without any key
	@./demo/run

test: ## Test every language that has its toolchain here
	@./scripts/suites test

check: ## Formatters, linters, type checkers, generated files
	@./scripts/suites check

bench: ## Ratios against raw clients, in one run
	@./benches/run

sizes: ## The library that an app carries, by what is in it; takes long
	@./scripts/sizes

gen: ## Make the generated files anew: contract page, configuration schema, Swift and Kotlin glue
	@./scripts/gen
	@./scripts/gen-config
	@./scripts/gen-bindings

vocabularies: ## Make the packed vocabularies anew from those that tiktoken-rs publishes
	@$(CARGO) run -q -p tollhouse --features tokens --example vocabularies

targets: ## Check the types for Android and iOS; some minutes, and nothing is linked
	@./scripts/check-targets

prices: ## Make the price catalogue anew from two published packages
	@pip download --quiet --no-deps --dest target/prices genai-prices litellm==1.106.2
	@python3 scripts/prices.py "$$(ls -t target/prices/genai_prices-*.whl | head -1)" target/prices/litellm-1.106.2-*.whl "$$(date -u +%F)"
