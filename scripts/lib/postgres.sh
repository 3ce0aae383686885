# shellcheck shell=bash
# Private PostgreSQL servers of this checkout. Sourced after common.sh.
#
# Four servers, made on first use and then reused:
#   run    durable; holds the development database of scripts/run
#   test   forgets safety for speed; holds the databases that tests make and drop
#   bench  durable and set as in production; holds the generated data that scripts/bench measures on
#   soak   durable; is killed again and again by scripts/soak
# They are apart so that a test run never disturbs what scripts/run shows.
#
# Each lives in <base>/<kind>/ with data/, log and password; <base> is .local/postgres, or, when the
# scripts run as root (PostgreSQL refuses to) and the unprivileged user cannot reach the checkout,
# /var/tmp/jobserver-<number>. .local/postgres/location says which. Both listen on 127.0.0.1 only, on
# a free port of their own. Programs log in as the role "jobserver", which may create databases and
# nothing more; nobody can log in as the superuser.

PG_OLDEST=14
PG_BIN=''  # folder of initdb, pg_ctl, postgres and psql; set by pg_find
PG_USER='' # who runs the servers, when we are root; set by pg_choose_user
PG_BASE='' # see above; set by pg_place

# --- the programs -----------------------------------------------------------------------------

# The major version of the programs in a folder, or nothing when they are not all there.
pg_major() {
    local tool
    for tool in initdb pg_ctl postgres psql; do
        [ -x "$1/$tool" ] || return 0
    done
    "$1/postgres" --version 2>/dev/null | sed -n 's/^[^0-9]*\([0-9][0-9]*\).*/\1/p'
}

# Every folder that may hold PostgreSQL, one a line. PG_BINDIR names one by hand.
pg_candidates() {
    local found
    if [ -n "${PG_BINDIR:-}" ]; then
        printf '%s\n' "$PG_BINDIR"
        return 0
    fi
    for found in /usr/lib/postgresql/*/bin /usr/pgsql-*/bin /usr/libexec/postgresql*[0-9] \
        /opt/homebrew/opt/postgresql*/bin /usr/local/opt/postgresql*/bin \
        /home/linuxbrew/.linuxbrew/opt/postgresql*/bin \
        /Applications/Postgres.app/Contents/Versions/*/bin; do
        if [ -d "$found" ]; then printf '%s\n' "$found"; fi
    done
    if have pg_config; then pg_config --bindir 2>/dev/null || true; fi
    if have pg_ctl; then
        found="$(command -v pg_ctl)"
        dirname "$found"
        dirname "$(readlink -f "$found" 2>/dev/null || readlink "$found" || printf '%s' "$found")"
    fi
}

# pg_find [MAJOR]: puts the folder of the newest PostgreSQL, or of that major version, in PG_BIN.
pg_find() {
    local wanted="${1:-}" folder major best=0
    PG_BIN=''
    while IFS= read -r folder; do
        major="$(pg_major "$folder")"
        if [ -z "$major" ] || [ "$major" -lt "$PG_OLDEST" ]; then continue; fi
        if [ -n "$wanted" ]; then
            if [ "$major" = "$wanted" ]; then
                PG_BIN="$folder"
                return 0
            fi
        elif [ "$major" -gt "$best" ]; then
            best="$major"
            PG_BIN="$folder"
        fi
    done <<LIST
$(pg_candidates)
LIST
    [ -n "$PG_BIN" ]
}

# As root, directly or by a sudo that asks for no password.
as_admin() { if am_root; then "$@"; else sudo -n "$@"; fi; }
may_install() { am_root || { have sudo && sudo -n true 2>/dev/null; }; }

# pg_need: finds PostgreSQL or installs it where this machine's package manager lets us.
pg_need() {
    if pg_find; then return 0; fi
    say "No PostgreSQL $PG_OLDEST or newer is installed"
    if [ -n "${PG_BINDIR:-}" ]; then
        pg_missing
    elif have apt-get && may_install; then
        progress 'apt-get update' as_admin apt-get update || true
        progress 'apt-get install postgresql' as_admin env DEBIAN_FRONTEND=noninteractive \
            apt-get -o DPkg::Lock::Timeout=300 install -y --no-install-recommends postgresql || pg_missing
    elif have dnf && may_install; then
        progress 'dnf install postgresql-server' as_admin dnf install -y postgresql-server postgresql || pg_missing
    elif have apk && may_install; then
        progress 'apk add postgresql' as_admin apk add postgresql postgresql-client || pg_missing
    elif have brew && ! am_root; then
        progress 'brew install postgresql@17' brew install postgresql@17 || pg_missing
    fi
    pg_find || pg_missing
}

pg_missing() {
    die "No PostgreSQL $PG_OLDEST or newer was found, and it could not be installed from here." \
        'install it (Debian: sudo apt-get install postgresql; Fedora: sudo dnf install postgresql-server; macOS: brew install postgresql@17), or start one with Docker ("just docker/db" or scripts/docker db) and set DATABASE_URL=postgres://user:pass@localhost:6543/jobserver.'
}

# --- who and where ----------------------------------------------------------------------------

# PostgreSQL refuses to run as root, so a root shell needs somebody else.
pg_choose_user() {
    PG_USER=''
    am_root || return 0
    if id postgres >/dev/null 2>&1; then
        PG_USER=postgres
    elif id jobserverdb >/dev/null 2>&1; then
        PG_USER=jobserverdb
    elif have useradd && useradd --system --no-create-home --shell /bin/sh jobserverdb 2>/dev/null; then
        PG_USER=jobserverdb
    elif have adduser && adduser -S -D -H -s /bin/sh jobserverdb 2>/dev/null; then
        PG_USER=jobserverdb
    elif id nobody >/dev/null 2>&1; then
        PG_USER=nobody
    else
        die 'PostgreSQL does not run as root and no other user could be made.' 'run this as an ordinary user, or set DATABASE_URL.'
    fi
}

# pg_as COMMAND...: as the unprivileged user when we are root; with none of the caller's PG settings.
pg_as() (
    cd /
    unset PGHOST PGHOSTADDR PGPORT PGUSER PGDATABASE PGPASSWORD PGPASSFILE PGOPTIONS PGSERVICE PGDATA PGSSLMODE
    export LC_MESSAGES=C
    if [ -z "$PG_USER" ]; then
        exec "$@"
    elif have runuser; then
        exec runuser -u "$PG_USER" -- "$@"
    elif have setpriv; then
        exec setpriv --reuid "$PG_USER" --regid "$(id -g "$PG_USER")" --clear-groups -- "$@"
    else
        # shellcheck disable=SC2016 # the inner shell expands it
        exec su -s /bin/sh "$PG_USER" -c 'exec "$@"' -- sh "$@"
    fi
)

# Puts the base folder in PG_BASE and makes it. A folder in /var/tmp carries the checkout's own mark:
# one left behind by an earlier checkout at the same path is emptied, not taken over.
pg_place() {
    local mark owner
    pg_choose_user
    mkdir -p "$LOCAL/postgres"
    if [ ! -s "$LOCAL/postgres/mark" ]; then random_hex 8 >"$LOCAL/postgres/mark"; fi
    mark="$(cat "$LOCAL/postgres/mark")"

    PG_BASE="$LOCAL/postgres"
    if [ -n "$PG_USER" ]; then
        chown "$PG_USER" "$LOCAL/postgres"
        if ! pg_as test -w "$LOCAL/postgres" || ! pg_as test -x "$LOCAL/postgres"; then
            PG_BASE="/var/tmp/jobserver-$(checkout_hash)"
        fi
    fi
    if [ "$PG_BASE" != "$LOCAL/postgres" ]; then
        if [ -L "$PG_BASE" ]; then
            die "$PG_BASE is a symbolic link, which somebody else may have made." "remove it."
        fi
        if [ -e "$PG_BASE" ]; then
            # shellcheck disable=SC2012 # the name is ours, only the owner column is read
            owner="$(ls -ld "$PG_BASE" | awk '{print $3}')"
            case "$owner" in
                root | "$PG_USER") ;;
                *) die "$PG_BASE belongs to $owner." 'move it away.' ;;
            esac
            if [ "$(cat "$PG_BASE/mark" 2>/dev/null || true)" != "$mark" ]; then
                note "removing the databases of an earlier checkout at this path ($PG_BASE)"
                pg_halt "$PG_BASE/run/data"
                pg_halt "$PG_BASE/test/data"
                pg_halt "$PG_BASE/bench/data"
                rm -rf "$PG_BASE"
            fi
        fi
        mkdir -p "$PG_BASE"
        chmod 755 "$PG_BASE"
        chown "$PG_USER" "$PG_BASE"
        printf '%s\n' "$mark" >"$PG_BASE/mark"
    fi
    printf '%s\n' "$PG_BASE" >"$LOCAL/postgres/location"
}

# --- one server -------------------------------------------------------------------------------

pg_cluster_name() { printf 'jobserver-%s-%s' "$1" "$(cat "$LOCAL/postgres/mark")"; }

command_line() {
    if [ -r "/proc/$1/cmdline" ]; then
        tr '\0' ' ' <"/proc/$1/cmdline" 2>/dev/null || true
    else
        ps -ww -o args= -p "$1" 2>/dev/null || true
    fi
}

# The process that runs a data folder, or nothing. A number in postmaster.pid alone proves nothing:
# after a crash or a reboot another program may have it.
pg_pid() {
    local pid
    pid="$(head -n 1 "$1/postmaster.pid" 2>/dev/null || true)"
    case "$pid" in '' | *[!0-9]*) return 0 ;; esac
    # The whole command line names the data folder.
    case "$(command_line "$pid")" in
        *postgres*"$1"*) printf '%s\n' "$pid" ;;
    esac
}

# pg_halt DATA: stops the server of a data folder, whoever started it.
pg_halt() {
    local pid tries=0
    pid="$(pg_pid "$1")"
    [ -n "$pid" ] || return 0
    kill -INT "$pid" 2>/dev/null || return 0
    while kill -0 "$pid" 2>/dev/null; do
        tries=$((tries + 1))
        if [ "$tries" -eq 150 ]; then kill -QUIT "$pid" 2>/dev/null || true; fi
        if [ "$tries" -ge 300 ]; then die "PostgreSQL (process $pid) does not stop." "run: kill -9 $pid"; fi
        sleep 0.1
    done
}

pg_settings() {
    cat <<CONF

# Written by scripts/lib/postgres.sh
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
cluster_name = '$(pg_cluster_name "$1")'
timezone = 'UTC'
log_timezone = 'UTC'
logging_collector = off
CONF
    if [ "$1" = test ]; then
        cat <<'CONF'
# Databases that live for a second need no safety, and every test process opens its own connections.
fsync = off
synchronous_commit = off
full_page_writes = off
wal_level = minimal
max_wal_senders = 0
max_wal_size = 2GB
max_connections = 200
shared_buffers = 256MB
autovacuum = off
jit = off
CONF
    elif [ "$1" = bench ]; then
        cat <<'CONF'
# As on a server of 2 cores and 2 GB: every commit reaches the disk, and autovacuum runs. The log must
# be readable by the program that takes the statements from it.
fsync = on
synchronous_commit = on
full_page_writes = on
max_connections = 60
shared_buffers = 256MB
effective_cache_size = 1GB
max_wal_size = 2GB
log_line_prefix = '%m [%p] '
log_parameter_max_length = -1
CONF
    fi
}

# The superuser has no way in. The run server asks for the password that only this user can read;
# the test server does not, as hashing passwords would cost more than the tests' statements, and the
# bench server holds nothing but generated rows.
pg_access() {
    local method=scram-sha-256
    if [ "$1" != run ]; then method=trust; fi
    printf 'host all jobserver 127.0.0.1/32 %s\n' "$method"
    if [ "$1" = bench ]; then printf 'host all jobserver_logged 127.0.0.1/32 %s\n' "$method"; fi
}

# Statements of the superuser for a new server, one a line. On the bench server there is a second role,
# whose every statement is written to the server's log with its parameters. A test makes a role of its own.
pg_roles() {
    local may=CREATEDB
    if [ "$1" = test ]; then may='CREATEDB CREATEROLE'; fi
    printf '%s\n' "CREATE ROLE jobserver LOGIN $may PASSWORD '$2';" \
        'CREATE DATABASE jobserver OWNER jobserver;'
    if [ "$1" = bench ]; then
        printf '%s\n' 'CREATE ROLE jobserver_logged LOGIN IN ROLE jobserver;' \
            "ALTER ROLE jobserver_logged SET log_statement = 'all';"
    fi
}

# pg_create KIND: a new data folder, complete or not there at all.
pg_create() {
    local kind="$1" home="$PG_BASE/$1" new="$PG_BASE/$1/data.new" ctype=C locales durability=''
    say "Creating a private PostgreSQL $(pg_major "$PG_BIN") for this checkout ($kind: $home)"
    locales="$(locale -a 2>/dev/null || true)"
    for ctype in C.UTF-8 C.utf8 en_US.UTF-8 en_US.utf8 C; do
        case "
$locales
" in *"
$ctype
"*) break ;; esac
    done
    mkdir -p "$home"
    chmod 700 "$home"
    if [ -n "$PG_USER" ]; then chown "$PG_USER" "$home"; fi
    rm -rf "$home/data" "$new"
    random_hex 16 >"$home/password"
    chmod 600 "$home/password"
    if [ "$kind" = test ]; then durability=--no-sync; fi
    # Sorting is by bytes everywhere, so that a list has the same order on every machine.
    progress "initdb ($kind)" pg_as "$PG_BIN/initdb" --pgdata="$new" --username=postgres --auth=reject \
        --encoding=UTF8 --lc-collate=C --lc-ctype="$ctype" --lc-messages=C $durability ||
        die 'The private PostgreSQL could not be created.' 'look for the reason above (a full disk, often), then run this again.'
    pg_settings "$kind" | pg_as sh -c "cat >>'$new/postgresql.conf'"
    pg_access "$kind" | pg_as sh -c "cat >'$new/pg_hba.conf'"
    # Roles are made before the server ever listens: nobody else can get in between.
    if ! pg_roles "$kind" "$(cat "$home/password")" |
        pg_as "$PG_BIN/postgres" --single -D "$new" postgres >"$LOCAL/log/bootstrap-$kind.log" 2>&1 ||
        grep -q 'ERROR:\|FATAL:' "$LOCAL/log/bootstrap-$kind.log"; then
        die 'The private PostgreSQL could not be set up.' "read $LOCAL/log/bootstrap-$kind.log"
    fi
    pg_as mv "$new" "$home/data"
    : >"$home/makes-roles"
}

# pg_answers KIND: does *our* server answer on the remembered port?
pg_answers() {
    local port name
    port="$(cat "$LOCAL/postgres/$1.port" 2>/dev/null || true)"
    [ -n "$port" ] && port_busy "$port" || return 1
    name="$(PGCONNECT_TIMEOUT=5 pg_sql "$(pg_url "$1")" 'SHOW cluster_name' 2>/dev/null || true)"
    [ "$name" = "$(pg_cluster_name "$1")" ]
}

pg_url() {
    printf 'postgres://jobserver:%s@127.0.0.1:%s/jobserver\n' \
        "$(cat "$PG_BASE/$1/password")" "$(cat "$LOCAL/postgres/$1.port")"
}

# The SQL client alone: with a DATABASE_URL of one's own no server need be installed.
pg_psql() {
    local program=psql
    if [ -n "$PG_BIN" ] || pg_find; then
        program="$PG_BIN/psql"
    elif ! have psql; then
        die 'psql is not installed.' 'install the PostgreSQL client (Debian: apt-get install postgresql-client).'
    fi
    "$program" -X "$@"
}

# pg_sql URL SQL: runs a statement, prints bare values.
pg_sql() { pg_psql -q -A -t -v ON_ERROR_STOP=1 -d "$1" -c "$2" </dev/null; }

# pg_start KIND: makes sure that the server runs; prints nothing when it already does.
pg_start() { with_lock postgres pg_start_locked "$1"; }

pg_start_locked() {
    local kind="$1" data major
    mkdir -p "$LOCAL/log"
    pg_need
    pg_place
    data="$PG_BASE/$kind/data"

    if [ -e "$data" ] && ! { [ -s "$data/PG_VERSION" ] && [ -s "$PG_BASE/$kind/password" ]; }; then
        warn "$data is not a whole database folder, making a new one"
        pg_halt "$data"
        rm -rf "$data"
    fi
    if [ -e "$data" ]; then
        major="$(cat "$data/PG_VERSION")"
        if ! pg_find "$major"; then
            [ "$kind" != run ] ||
                die "The development database was made by PostgreSQL $major, which is no longer installed." \
                    "install PostgreSQL $major again, or give up the data with: scripts/postgres reset run"
            pg_need
            rm -rf "$data"
        fi
    fi
    if [ "$kind" = test ] && [ -e "$data" ] && [ ! -e "$PG_BASE/$kind/makes-roles" ]; then
        note 'the test server is from before tests made roles, making a new one'
        pg_halt "$data"
        rm -rf "$data"
    fi
    [ -e "$data" ] || pg_create "$kind"

    if pg_answers "$kind"; then return 0; fi
    if [ -n "$(pg_pid "$data")" ]; then
        # It runs, but not where we remember, or it hangs: start it anew.
        note "restarting PostgreSQL ($kind)"
        pg_halt "$data"
    elif [ -e "$data/postmaster.pid" ]; then
        note "PostgreSQL ($kind) was not stopped properly last time; it recovers by itself"
        rm -f "$data/postmaster.pid"
    fi
    say "Starting PostgreSQL ($kind)"
    pg_launch "$kind" && return 0
    if [ "$kind" = test ]; then
        # Written without fsync, so a crash of the machine can ruin it; there is nothing to lose.
        warn 'the test server does not start, making a new one'
        pg_create "$kind"
        pg_launch "$kind" && return 0
    fi
    tail -n 20 "$PG_BASE/$kind/log" >&2
    die "PostgreSQL ($kind) does not start." "read $PG_BASE/$kind/log; scripts/postgres reset $kind starts afresh, without its data."
}

# pg_launch KIND: starts on the remembered port, or on the next free one.
pg_launch() {
    local kind="$1" home="$PG_BASE/$1" port tries=0
    port="$(cat "$LOCAL/postgres/$kind.port" 2>/dev/null || true)"
    if [ -z "$port" ]; then
        # Below the range that systems hand out for outgoing connections.
        port=$((15500 + $(checkout_hash) % 8000 * 2))
        if [ "$kind" != run ]; then port=$((port + 1)); fi
    fi
    while [ "$tries" -lt 40 ]; do
        if port_busy "$port"; then
            port=$((port + 2))
            tries=$((tries + 1))
            continue
        fi
        : | pg_as sh -c "cat >'$home/log'"
        if pg_as "$PG_BIN/pg_ctl" -D "$home/data" -l "$home/log" -w -t 60 -s -o "-p $port" start \
            >/dev/null 2>&1 9>&- </dev/null; then
            printf '%s\n' "$port" >"$LOCAL/postgres/$kind.port"
            if ! pg_answers "$kind"; then
                # Another process took the port on the other address family, or the log-in fails.
                return 1
            fi
            (umask 077 && pg_url "$kind" >"$LOCAL/postgres/$kind.url")
            return 0
        fi
        grep -q 'could not bind\|could not create any TCP' "$home/log" || return 1
        port=$((port + 2))
        tries=$((tries + 1))
    done
    return 1
}

# pg_stop KIND: stops our server; nothing happens when it does not run.
pg_stop() {
    local data
    data="$(cat "$LOCAL/postgres/location" 2>/dev/null || true)/$1/data"
    if [ -z "$(pg_pid "$data")" ]; then
        note "PostgreSQL ($1) is not running"
    else
        pg_halt "$data"
        note "PostgreSQL ($1) stopped"
    fi
}

# --- for the other scripts --------------------------------------------------------------------

# use_database KIND: exports DATABASE_URL. One that is set, in the environment or, for "run", in
# .env, is used as it is and nothing is started.
use_database() {
    if [ -z "${DATABASE_URL:-}" ] && [ "$1" = run ]; then
        DATABASE_URL="$(dotenv_value DATABASE_URL)"
    fi
    if [ -n "${DATABASE_URL:-}" ]; then
        say 'Database: the one of DATABASE_URL'
    else
        say "Database: a private PostgreSQL of this checkout ($1)"
        pg_start "$1"
        DATABASE_URL="$(cat "$LOCAL/postgres/$1.url")"
        note "$(printf '%s' "$DATABASE_URL" | sed 's/:[^:@/]*@/:***@/')"
    fi
    export DATABASE_URL
}
