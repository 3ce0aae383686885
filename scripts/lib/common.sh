# shellcheck shell=bash
# What every script here shares: where the checkout is, how to speak, how to lock, how to look.
# Sourced, never run. Written for bash 3.2 (macOS) and newer.

set -euo pipefail

ROOT="$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd -P)"
# Everything that scripts remember about this checkout. Git-ignored; deleting it starts afresh.
LOCAL="$ROOT/.local"
export ROOT LOCAL
cd "$ROOT"
mkdir -p "$LOCAL"

say() { printf '==> %s\n' "$*"; }
note() { printf '    %s\n' "$*"; }
warn() { printf 'warning: %s\n' "$*" >&2; }

# die SENTENCE [REMEDY]: one clear sentence, then what to do about it.
die() {
    printf '\nerror: %s\n' "$1" >&2
    if [ $# -gt 1 ]; then printf 'remedy: %s\n' "$2" >&2; fi
    exit 1
}

have() { command -v "$1" >/dev/null 2>&1; }
am_root() { [ "$(id -u)" -eq 0 ]; }

# A short number that stays the same for this checkout's path.
checkout_hash() { printf '%s' "$ROOT" | cksum | cut -d ' ' -f 1; }

random_hex() { od -An -N "$1" -tx1 /dev/urandom | tr -d ' \n'; }

# progress WHAT COMMAND...: runs a long, quiet command with its output in .local/log, says every ten
# seconds that it is still at it, and shows the end of the log when it fails.
progress() {
    local what="$1" log pid started now last status=0
    shift
    mkdir -p "$LOCAL/log"
    log="$LOCAL/log/$(printf '%s' "$what" | tr -cs 'A-Za-z0-9' '-').log"
    note "$what …"
    "$@" >"$log" 2>&1 </dev/null &
    pid=$!
    started=$(date +%s)
    last=$started
    while kill -0 "$pid" 2>/dev/null; do
        sleep 0.2
        now=$(date +%s)
        if [ $((now - last)) -ge 10 ]; then
            note "$what … $((now - started)) s"
            last=$now
        fi
    done
    wait "$pid" || status=$?
    if [ "$status" -ne 0 ]; then
        tail -n 40 "$log" >&2
        warn "$what failed (status $status); the whole output is in $log"
    fi
    return "$status"
}

# with_lock NAME COMMAND...: only one script at a time per checkout and name. The command runs in a
# subshell. Long-lived children must be started with 9>&- or they keep the lock.
with_lock() {
    local name="$1" file
    shift
    file="$LOCAL/$name.lock"
    if have flock; then
        (
            if ! flock -n 9; then
                note "waiting for another script of this checkout ($name)"
                flock 9
            fi
            "$@"
        ) 9>"$file"
    else
        (
            lock_by_folder "$file.d" "$name"
            trap 'rm -rf "$file.d"' EXIT
            "$@"
        )
    fi
}

# The same without flock (macOS): making a folder is atomic; its owner's pid lies inside.
lock_by_folder() {
    local folder="$1" name="$2" said='' owner seen
    until mkdir "$folder" 2>/dev/null; do
        owner="$(cat "$folder/pid" 2>/dev/null || true)"
        if [ -n "$owner" ] && ! kill -0 "$owner" 2>/dev/null; then
            # The owner died. Move its lock away; put it back if another script was quicker.
            if mv "$folder" "$folder.$$" 2>/dev/null; then
                seen="$(cat "$folder.$$/pid" 2>/dev/null || true)"
                if [ "$seen" = "$owner" ]; then rm -rf "$folder.$$"; else mv "$folder.$$" "$folder"; fi
            fi
            continue
        fi
        if [ -z "$said" ]; then
            note "waiting for another script of this checkout ($name)"
            said=yes
        fi
        sleep 0.3
    done
    # $$ is the script's own pid, which lives as long as the subshell that holds the lock.
    echo "$$" >"$folder/pid"
}

# Is something listening on this TCP port of the loopback address?
port_busy() { (exec 3<>"/dev/tcp/127.0.0.1/$1") 2>/dev/null; }

# dotenv_value NAME: the value in .env, if there is one, without quotes.
dotenv_value() {
    [ -f "$ROOT/.env" ] || return 0
    sed -n "s/^[[:space:]]*$1[[:space:]]*=[[:space:]]*//p" "$ROOT/.env" | tail -n 1 |
        sed -e 's/[[:space:]]*$//' -e 's/^"\(.*\)"$/\1/' -e "s/^'\(.*\)'\$/\1/"
}

# A developer's own settings, from the sample, with a secret key of their own.
make_dotenv() {
    if [ -e "$ROOT/.env" ]; then return 0; fi
    say 'Making .env from dotenv-sample, with a secret key of its own'
    (umask 077 && sed "s/^SECRET_KEY=.*/SECRET_KEY=$(random_hex 32)/" "$ROOT/dotenv-sample" >"$ROOT/.env")
}

# The checksum of everything read from standard input.
checksum() {
    if have sha256sum; then sha256sum; else shasum -a 256; fi | cut -d ' ' -f 1
}

# fingerprint PATH...: one checksum over the names and contents of files and whole folders.
fingerprint() {
    local path
    for path in "$@"; do
        if [ -e "$path" ]; then
            find "$path" -type f ! -path '*/node_modules/*' -print
        fi
    done | LC_ALL=C sort | while IFS= read -r path; do
        printf '%s\n' "$path"
        cat "$path"
    done | checksum
}

# Our shell scripts, one a line; a script in another language says so in its first line.
shell_files() { find scripts .ci -type f -exec grep -lE '^#!.*(bash|sh)$|^# shellcheck shell=' {} +; }

shell_syntax() {
    local file
    shell_files | while IFS= read -r file; do bash -n "$file" || return 1; done
}
