# `make test` is all there is to know: it brings what it needs (tests/real_parts.py), then runs everything that CI runs.

PYTHON ?= python3
PARTS = $(PYTHON) tests/real_parts.py
PYTHONS = $(shell $(PARTS) --pythons)
MAIN = $(firstword $(PYTHONS))
OTHERS = $(wordlist 2, 9, $(PYTHONS))
# One worker more than there are cores, for the tests wait for servers and installers.
WORKERS = $(shell expr 1 + `getconf _NPROCESSORS_ONLN`)
PYTEST = -m pytest -q -n $(WORKERS) --maxprocesses 4

.PHONY: test parts lint types whole engine bench soak format lock

test: parts lint types whole engine

parts:
	@$(PARTS)

lint: parts
	@echo "lint      ruff"
	@$(MAIN) -m ruff check --quiet --output-format=concise
	@$(MAIN) -m ruff format --check --quiet

types: parts
	@echo "types     mypy"
	@$(MAIN) -m mypy --no-error-summary

# Everything, on one Python, every branch of src taken.
whole: parts
	@echo "tests     all, with coverage, on $(MAIN)"
	@$(MAIN) $(PYTEST) --cov --cov-report=term-missing:skip-covered

# What is about our code, on the other supported Pythons of this machine; GitHub's runners do the rest.
ELSEWHERE = $(foreach folder,build doctor report targets,--ignore=tests/$(folder))
engine: parts
	@for python in $(OTHERS); do echo "tests     engine, on $$python"; $$python $(PYTEST) -m engine -p no:cacheprovider $(ELSEWHERE) || exit 1; done

# Our numbers beside our peers'; with all rows it writes docs/performance.md. `make bench BENCH="--quick"` only tries the tool.
bench: parts
	@$(MAIN) -m benchmarks $(BENCH)

# All that is random, for hours and with another seed each time: foreign text, spoilt files, histories of a version, kills.
# `make soak EXAMPLES=1000 KILLS=8` takes minutes.
EXAMPLES ?= 100000
KILLS ?= 160
SEED ?= $(shell od -An -N3 -tu4 /dev/urandom | tr -d " ")
RANDOM_TESTS = tests/formats tests/report tests/test_hostile_files.py tests/reliability/test_machine.py
soak: parts
	@echo "soak      seed $(SEED)"
	@$(MAIN) $(PYTEST) --soak=$(EXAMPLES) --hypothesis-seed=$(SEED) -p no:cacheprovider $(RANDOM_TESTS)
	@$(MAIN) -m tests.reliability.soak $(SEED) $(KILLS)

format: parts
	$(MAIN) -m ruff check --fix --quiet
	$(MAIN) -m ruff format --quiet

# The locks: universal, every line hashed, no address in them; the tests run with the libraries that users get.
COMPILE = $(MAIN) -m uv pip compile --no-config --quiet --universal --python-version 3.11 --generate-hashes \
  --no-emit-index-url --no-emit-find-links --custom-compile-command "make lock" --extra publish

lock: parts
	$(COMPILE) --excludes requirements.excludes pyproject.toml requirements.in -o requirements.txt
	$(COMPILE) --no-annotate --constraints requirements.txt pyproject.toml requirements-test.in -o requirements-test.txt
