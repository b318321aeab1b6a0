# The two commands: `make run` and `make test`. Everything else is below; `make help` lists it.
.DEFAULT_GOAL := help
.PHONY: help run build test test-long asan tsan soak fuzz bench bench-quick docs tools format lint clean dependencies

help: ## This list
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/:.*## /\t/' | expand -t 14
	@echo
	@echo 'make run LISTEN=0.0.0.0:6000    another address (RUN_PORT=6000: another port of 127.0.0.1; 0: any)'
	@echo 'make test CONFIGS="opt asan"    other configurations, of opt, asan, tsan and default'
	@echo 'make test TARGETS=//service/... only some tests'

dependencies:
	@tools/install_dependencies.sh

run: export LISTEN := $(LISTEN)
run: export RUN_PORT := $(RUN_PORT)
run: dependencies ## Builds, then runs Sparkgate in front of the simulator (or of FIREWORKS_API_KEY's or UPSTREAM_URL's upstream)
	@tools/run.sh

build: dependencies ## Builds the three programs, optimised, into bin/
	@tools/build.sh

test: dependencies ## Builds and runs all tests; the last line is `N passed, N failed`
	@tools/install_tools.sh --try
	@tools/test.sh $(TARGETS)

test-long: dependencies ## The same in every configuration, with the long tests
	@tools/install_tools.sh --try
	@tools/test.sh --long $(TARGETS)

asan: dependencies ## The tests under AddressSanitizer and UndefinedBehaviorSanitizer
	@CONFIGS=asan tools/test.sh $(TARGETS)

tsan: dependencies ## The tests under ThreadSanitizer
	@CONFIGS=tsan tools/test.sh $(TARGETS)

soak: export ROUNDS := $(ROUNDS)
soak: export CALLS := $(CALLS)
soak: dependencies ## ROUNDS=10 rounds of CALLS=20000 calls with every kind of ending, and figures on a quiet machine
	@tools/soak.sh

fuzz: export SECONDS_PER_TARGET := $(SECONDS_PER_TARGET)
fuzz: dependencies ## libFuzzer on each fuzz target for SECONDS_PER_TARGET=60
	@tools/fuzz.sh $(FUZZ)

bench: export ROUNDS := $(ROUNDS)
bench: export ROWS := $(ROWS)
bench: dependencies ## Sparkgate beside nginx, ROUNDS=10 of all ROWS, into docs/bench/: half an hour on a quiet machine
	@tools/bench.sh

bench-quick: dependencies ## The most telling of these ratios, in a minute
	@tools/bench.sh --quick

docs: build ## Makes docs/api.md and the list in docs/configuration.md from the sources (needs make tools)
	@.tools/bin/python3 tools/api_docs.py
	@.tools/bin/python3 tools/config_docs.py bin/sparkgate

tools: ## Fetches grpcurl, buf and the other pinned tools that tests use, into .tools/
	@tools/install_tools.sh

format: ## Formats the C++ and .proto files
	@tools/format.sh

lint: ## Checks format, shell scripts and .proto files
	@tools/lint.sh

clean: ## Removes what was built (not .tools/)
	@rm -rf bin .tools/results
	@bazel clean
