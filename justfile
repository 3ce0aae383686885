# Recipes for daily work. Each only calls scripts/ or cargo, so everything works without just too
# (install it with "cargo install just" or "pip install rust-just").
# Names with a slash, such as "just docker/db", are the recipes of docker/justfile.

set positional-arguments

# Show the recipes
[private]
default:
    @just --list

# --- running ---

# Set up everything and serve, by default on localhost:8000; demo data when the database is empty
[group('run')]
run bind='':
    scripts/run {{ if bind == '' { '' } else { '--bind ' + quote(bind) } }}

# The same, with the demo runner playing the backends
[group('run')]
run-all:
    scripts/run --runner

# Build and serve as in production, without demo data
[group('run')]
run-prod:
    scripts/run --release

# Serve with traces, sent where OTEL_EXPORTER_OTLP_ENDPOINT says
[group('run')]
run-telemetry:
    OTEL_EXPORTER_OTLP_ENDPOINT="${OTEL_EXPORTER_OTLP_ENDPOINT:-http://localhost:4318}" scripts/run

# The worker sends messages and follows the controllers of RAP backends
[group('run')]
run-rapstatus:
    @echo 'The worker follows the controllers; there is no separate process for it.'
    scripts/jobserver worker

# Any command of the program, such as: just manage login-link alice
[group('run')]
manage *command:
    scripts/jobserver "$@"

# --- setting up ---

# Make what development needs: .env, front-end packages, PostgreSQL, the debug build
[group('set up')]
devenv:
    scripts/setup

# The same for the release build
[group('set up')]
prodenv:
    scripts/setup --release

# Rust needs no virtual environment: cargo keeps each checkout's packages apart
[group('set up')]
virtualenv:
    @echo 'Rust needs no virtual environment: the toolchain is pinned by rust-toolchain.toml, packages by Cargo.lock. This makes the rest.'
    scripts/setup

# Remove everything that was built or made, databases included
[group('set up')]
clean:
    scripts/postgres stop run
    scripts/postgres stop test
    scripts/postgres stop bench
    scripts/postgres stop soak
    scripts/postgres reset run
    scripts/postgres reset test
    scripts/postgres reset bench
    scripts/postgres reset soak
    scripts/assets clean
    cargo clean
    rm -rf .local

# Have git run the quick checks before each commit
[group('set up')]
install-precommit:
    scripts/install-hooks

# Fill an empty development database with demo data, backends included
[group('set up')]
load-dev-data:
    scripts/jobserver demo seed

# --- tests ---

# Run the tests; arguments go to the test runner
[group('test')]
test *args:
    scripts/test "$@"

# Everything that must pass before a change is taken
[group('test')]
test-ci:
    .ci/run

# Hold the fakes against the real GitHub, Slack, Mailgun and OpenCodelists, as far as there are credentials
[group('test')]
test-verification:
    scripts/test-verification

# Browser tests
[group('test')]
test-functional *args:
    scripts/test-browser "$@"

# The tests; what they post to Slack is really posted, by SLACK_BOT_TOKEN to SLACK_TEST_CHANNEL
[group('test')]
test-dev *args:
    SLACK_BOT_TOKEN="${SLACK_BOT_TOKEN:?set it to a bot token}" SLACK_TEST_CHANNEL="${SLACK_TEST_CHANNEL:?set it to a channel}" scripts/test "$@"

# The real job-runner against this checkout
[group('test')]
test-clients *args:
    scripts/test-clients "$@"

# Measure the hot paths in release mode beside the database alone: just bench --help
[group('test')]
bench *args:
    scripts/bench "$@"

# Kill everything at random for minutes and prove that nothing said is lost: just soak --help
[group('test')]
soak *args:
    scripts/soak "$@"

# --- checks ---

# Static checks, changing nothing
[group('check')]
check *args:
    scripts/check "$@"

# Repair what tools can repair
[group('check')]
fix:
    scripts/fix

# Is the code formatted?
[group('check')]
format:
    cargo fmt --check

alias black := format

# Lints
[group('check')]
lint:
    cargo clippy --locked --all-targets -- -D warnings

alias ruff := lint

# Apply the lints of the next edition; the edition itself is set in Cargo.toml
[group('check')]
django-upgrade:
    @echo 'There is no Django here: this applies the edition and compatibility lints of the compiler that rust-toolchain.toml pins.'
    cargo fix --locked --all-targets --edition --allow-dirty --allow-staged

# Do the queries fit the tables, and is .sqlx up to date?
[group('check')]
check-migrations:
    scripts/sqlx-prepare --check

# Write .sqlx after a changed query or migration
[group('check')]
sqlx-prepare:
    scripts/sqlx-prepare

# --- the database ---

# Start a new migration file, such as: just make-migrations add_releases
[group('database')]
make-migrations name:
    scripts/new-migration "$@"

# Bring the tables up to date
[group('database')]
migrate:
    scripts/jobserver migrate

alias apply-migrations := migrate

# Start, stop, look at or empty the private PostgreSQL: just postgres status test
[group('database')]
postgres *args:
    scripts/postgres "$@"

# Scrub a copy of production
[group('database')]
scrub-data:
    @scripts/not-yet 'Scrubbing' 'the issue on backups'

# Data for the co-pilots' report
[group('database')]
dump-co-pilot-reporting-data:
    @scripts/not-yet 'The co-pilots'"'"' data' 'the issue on the staff area'

# --- dependencies ---

# Newest allowed version of one crate: just upgrade-package rocket
[group('dependencies')]
upgrade-package package:
    cargo update --package "$1"

# Newest allowed versions of everything
[group('dependencies')]
upgrade-all:
    cargo update
    npm --prefix assets update

alias upgrade := upgrade-all
alias update-dependencies := upgrade-all

# Does the lock file fit Cargo.toml?
[group('dependencies')]
check-lockfile:
    cargo metadata --locked --format-version 1 >/dev/null

# Cargo.toml and Cargo.lock list what is needed; there are no requirements files
[group('dependencies')]
requirements-prod: check-lockfile
    @echo 'Cargo.toml and Cargo.lock stand for the requirements files; the lock file fits.'

alias requirements-dev := requirements-prod

# Cargo has no mirror to set up
[group('dependencies')]
uvmirror:
    @echo 'Nothing to do: cargo takes a mirror from its own configuration ("source replacement"), for every project of the machine.'

# The parser of project.yaml is part of this program
[group('dependencies')]
upgrade-pipeline:
    @echo 'Nothing to do: project.yaml is parsed by src/core/jobs, there is no pipeline library to upgrade.'

# Templates of OS Interactive
[group('dependencies')]
update-interactive-templates tag='':
    @scripts/not-yet 'The templates of OS Interactive' 'the issue on OS Interactive'

# --- front end ---

# Install the front-end packages
[group('front end')]
assets-install:
    scripts/assets install

# Build the front end, if something changed
[group('front end')]
assets-build:
    scripts/assets build

# Files are served from where they are built; nothing has to be collected
[group('front end')]
collectstatic: assets-build
    @echo 'Built files are served from assets/dist; nothing has to be collected.'

# Install and build
[group('front end')]
assets:
    scripts/assets

# Remove built files and packages
[group('front end')]
assets-clean:
    scripts/assets clean

# Build again whatever changed
[group('front end')]
assets-rebuild:
    scripts/assets rebuild

# Serve scripts and styles from http://localhost:5173, loaded again when saved; needs ASSETS_DEV_MODE=True
[group('front end')]
assets-run:
    scripts/assets dev

# Check the front end's sources, the contrast of its colours and the weight of what pages load
[group('front end')]
assets-test:
    scripts/assets lint
    scripts/assets test

# Write the icons' templates after a change of assets/icons.json
[group('front end')]
assets-icons:
    scripts/assets icons

# --- other programs ---

# Set up the real release-hatch beside this server
[group('other')]
release-hatch:
    @scripts/not-yet 'Release-hatch' 'the issue on releases'

# --- containers (docker/justfile holds the recipes) ---

# Build an image
[group('docker')]
docker-build env='dev':
    scripts/docker build "$@"

# The tests in the dev image
[group('docker')]
docker-test *args:
    scripts/docker test "$@"

alias docker-test-py := docker-test

# The browser tests in the dev image
[group('docker')]
docker-test-functional *args:
    scripts/docker test-browser "$@"

# Serve from an image
[group('docker')]
docker-serve env='dev':
    scripts/docker serve "$@"

# Run a command in a new container
[group('docker')]
docker-run *args:
    scripts/docker run "$@"

# Run a command in the running container
[group('docker')]
docker-exec *args:
    scripts/docker exec "$@"

# Does a server answer?
[group('docker')]
docker-smoke-test host='http://localhost:8000':
    scripts/docker smoke-test "$@"
