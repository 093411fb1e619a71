# Two commands matter: `make demo` and `make test`. Each sets up what it needs.
PYTHON ?= python3
VENV := .venv
BIN := $(VENV)/bin
STAMP := $(VENV)/.installed
WORKERS ?= 2

.PHONY: demo test check lint types imports invariants torture simulate memory recovery growth many line-speed bench fuzz lock clean

demo: $(STAMP)
	$(BIN)/gatewayd demo $(if $(LINE),--line $(LINE))

test: $(STAMP)
	$(BIN)/python -m pytest -n $(WORKERS)

# Everything that the continuous integration runs.
check: lint types imports test

lint: $(STAMP)
	$(BIN)/ruff check .
	$(BIN)/ruff format --check .

types: $(STAMP)
	$(BIN)/mypy

imports: $(STAMP)
	$(BIN)/lint-imports

# What must hold of settlement and ledger whatever happens, looked at TIMES as long as in `make test`.
TIMES ?= 40
invariants: $(STAMP)
	LAW_EXAMPLES=$(TIMES) $(BIN)/python -m pytest -q tests/licences/test_settlement.py tests/licences/test_settlement_oracle.py tests/ledger/test_invariants.py tests/ledger/test_any_order.py

# Both daemons as real processes under load, and real faults: KILLS times SIGKILL at random moments, full disks, a locked
# database, a bad line, … The same judge as below. FAULTS=kills or FAULTS=state,lock: these alone.
KILLS ?= 60
torture: $(STAMP)
	$(BIN)/python -m tests.torture --kills $(KILLS) $(if $(SEED),--seed $(SEED)) $(if $(FAULTS),--faults $(FAULTS)) $(if $(MINUTES),--minutes $(MINUTES)) $(if $(JSON),--json)

# Both daemons on one simulated time line, with disks, a network and a clock that fail as the seed says, and a judge.
SEEDS ?= 100
FIRST_SEED ?= 1
simulate: $(STAMP)
	$(BIN)/python -m tests.simulation $(if $(PLANTED),--planted,$(if $(SEED),--seed $(SEED),--seeds $(SEEDS) --first $(FIRST_SEED)))

# What a backlog costs in memory: 10 files waiting in in/ against 100,000.
memory: $(STAMP)
	$(BIN)/python -m tests.campaigns.memory

# How long after a crash until the first licence goes out, with a backlog of 100,000 of each kind.
recovery: LICENCES := 100000
recovery: $(STAMP)
	$(BIN)/python -m tests.campaigns.recovery --licences $(LICENCES) $(if $(JSON),--json)

# What partners of every bad kind cost a good one.
neighbours: $(STAMP)
	$(BIN)/python -m tests.campaigns.neighbours

# What looking and deciding cost as the ledger grows from ten thousand licences to a million.
LICENCES ?= 1000000
growth: $(STAMP)
	$(BIN)/python -m tests.campaigns.growth --licences $(LICENCES)

# What the line does against its targets; as root also between daemons in network namespaces (QUICK=1: not those).
line-speed: $(STAMP)
	$(BIN)/python -m tests.campaigns.line_speed $(if $(QUICK),--quick) $(if $(JSON),--json)

# What a licence costs, against its floor and its peers: 30 to 45 minutes (QUICK=1: two). JSON=FILE has all of it, PAGE=1
# refreshes docs/performance.md, ON=FOLDER is on the disk that is to be measured; ONLY and MINUTES bound it.
bench: $(STAMP)
	$(BIN)/python -m tests.bench $(if $(QUICK),--quick) $(if $(JSON),--json $(JSON)) $(if $(PAGE),--page) $(if $(ON),--on $(ON)) $(if $(ONLY),--only $(ONLY)) $(if $(MINUTES),--minutes $(MINUTES)) $(if $(NOTE),--note "$(NOTE)")

# Many partners at once: how fast, how fair, in how much memory. The full size is LICENCES=1000 (of each partner).
PARTNERS ?= 64
many: LICENCES := 50
many: $(STAMP)
	$(BIN)/python -m tests.campaigns.many --partners $(PARTNERS) --licences $(LICENCES)

# What a hostile partner may send, searched for by atheris for SECONDS in all: TARGET is a name of
# tests/fuzz/targets.py. The suite replays its corpus without atheris.
SECONDS ?= 60
TARGET ?= all
fuzz: $(VENV)/.fuzz-installed
	$(BIN)/python -m tests.fuzz.run $(TARGET) --seconds $(SECONDS)

$(VENV)/.fuzz-installed: $(STAMP) requirements-fuzz.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-fuzz.lock
	touch $@

$(STAMP): pyproject.toml requirements-dev.lock
	$(PYTHON) -c 'import sys; sys.exit(sys.version_info < (3, 11) and "Python 3.11 or later is needed (make PYTHON=...)")'
	$(PYTHON) -m venv $(VENV)
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --require-hashes -r requirements-dev.lock
	$(BIN)/python -m pip install --quiet --disable-pip-version-check --no-deps --no-build-isolation -e .
	touch $@

# Needs uv; writes the lock files anew, hashes and all, without a host in them.
lock:
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url pyproject.toml -o requirements.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url --group dev pyproject.toml -o requirements-dev.lock
	uv pip compile --universal --python-version 3.11 --generate-hashes --no-annotate --no-header --no-emit-index-url --group fuzz -o requirements-fuzz.lock

clean:
	rm -rf $(VENV) var build dist *.egg-info
