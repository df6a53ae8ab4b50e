# What people type. Every recipe says what it does, and sees to what it needs by `scripts/setup` first. Everything is
# built in one profile (release), so that librdkafka and OpenSSL are compiled once, whatever is typed.
CARGO ?= cargo

.PHONY: help demo build deb test faults soak lint bench bench-kafka fuzz words setup setup-build setup-test setup-faults setup-bench setup-lint clean-kafka

help: ## Lists these recipes
	@grep -hE '^[a-z-]+:.*## ' $(MAKEFILE_LIST) | sed -E 's/^([a-z-]+):.*## /  make \1\t/' | expand -t 22

# The first build compiles librdkafka and OpenSSL, which takes some minutes. The demo itself needs no Kafka, no Docker
# and no network: it runs the real worker against librdkafka's own mock cluster, inside the process.
demo: setup-build ## Builds copydesk, and cleans sample articles before your eyes
	@echo "==> building copydesk (the first time takes some minutes: librdkafka and OpenSSL are compiled)"
	$(CARGO) build --release --locked --bin copydesk
	@echo "==> copydesk demo"
	@target/release/copydesk demo

build: setup-build ## Builds target/release/copydesk
	$(CARGO) build --release --locked

deb: setup-build ## Builds a Debian package, and prints where it is
	scripts/deb

# Some tests run against a real Apache Kafka, which scripts/kafka gets by Maven and starts on loopback; to use brokers
# of your own instead, set COPYDESK_TEST_BROKERS=host:port.
test: setup-test ## Runs every test, those against a real Apache Kafka included
	@echo "==> building and testing (the first time takes some minutes: librdkafka and OpenSSL are compiled)"
	$(CARGO) test --workspace --release --locked --no-fail-fast

# The feature `sabotage` puts deliberate bugs into the worker, which the suite has to find; `make build` makes the binary
# again without it.
faults: setup-faults ## Runs the whole fault suite: brokers, networks and workers that fail (about 30 minutes)
	$(CARGO) test --release --locked --test faults_checker
	$(CARGO) test --release --locked --features sabotage --test faults -- --all

HOURS ?= 1
SEED ?= 1
soak: setup-faults ## Draws faults at random for HOURS (1) from SEED (1), and prints a table
	$(CARGO) test --release --locked --features sabotage --test faults -- --soak $(HOURS) --seed $(SEED)

lint: setup-lint ## Formatting, clippy, licences and sources of dependencies, and every file in deploy/ by its own judge
	scripts/lint

bench: setup-build ## Measures each stage of the pure function (Criterion), and a corpus of 250 MB beside gawk
	$(CARGO) bench --locked -p copydesk-core --bench stages
	$(CARGO) build --release --locked --bin copydesk
	scripts/bench-clean

# Half an hour; with QUICK=1 four minutes. benches/kafka/bench.py has each measurement by itself, and more options.
bench-kafka: setup-bench ## Measures `copydesk run` beside a bare mirror, Kafka Streams and Python on a real Apache Kafka
	$(CARGO) build --release --locked --bin copydesk --example mirror
	mvn -q -B -f benches/kafka/streams/pom.xml package
	target/bench-kafka/venv/bin/python -m unittest discover --quiet benches/kafka
	target/bench-kafka/venv/bin/python benches/kafka/bench.py $(if $(QUICK),quick,all)

# cargo-fuzz wants a nightly compiler; RUSTC_BOOTSTRAP lets the pinned one do.
FUZZ_SECONDS ?= 60
FUZZ_DIRS = fuzz crates/newsdates/fuzz
fuzz: setup-build ## Fuzzes every target of the core and of newsdates for FUZZ_SECONDS (60) each
	@command -v cargo-fuzz >/dev/null || $(CARGO) install --locked cargo-fuzz
	@set -e; for dir in $(FUZZ_DIRS); do for target in $$(RUSTC_BOOTSTRAP=1 cargo fuzz list --fuzz-dir "$$dir"); do \
		echo "==> fuzzing $$target for $(FUZZ_SECONDS) s"; \
		mkdir -p "$$dir/corpus/$$target"; \
		RUSTC_BOOTSTRAP=1 $(CARGO) fuzz run --fuzz-dir "$$dir" "$$target" "$$dir/corpus/$$target" "$$dir/seeds/$$target" -- -max_total_time=$(FUZZ_SECONDS); \
	done; done

words: ## Generates the tables of words and places of crates/newsdates from pinned sources, and compiles them
	scripts/generate-words

setup: setup-build setup-test setup-lint ## Installs what the other recipes need, or says what is missing
setup-build:
	@scripts/setup build
setup-test:
	@scripts/setup test
setup-faults:
	@scripts/setup faults
setup-bench:
	@scripts/setup bench
setup-lint:
	@scripts/setup lint

clean-kafka: ## Stops the test Kafka that scripts/kafka started, and forgets its topics
	scripts/kafka wipe
