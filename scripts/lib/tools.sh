# shellcheck shell=bash
# The tools a machine must have, and what to say when one is missing. Sourced after common.sh.

need_git() {
    have git || die 'git is not installed.' "install git with the system's package manager."
}

# Rust: rust-toolchain.toml names the exact version. Where that cannot be fetched (no network) but an
# installed toolchain is new enough, use that one rather than fail.
need_rust() {
    local wanted found
    if ! have cargo; then
        if [ -x "${HOME:-}/.cargo/bin/cargo" ]; then
            PATH="${HOME:-}/.cargo/bin:$PATH"
        else
            die 'The Rust toolchain (cargo) is not installed.' 'install it from https://rustup.rs, open a new shell and run this again.'
        fi
    fi
    wanted="$(sed -n 's/^rust-version = "\(.*\)"/\1/p' Cargo.toml)"
    if ! cargo --version >/dev/null 2>&1 && have rustup; then
        found="$(rustup default 2>/dev/null | cut -d ' ' -f 1)"
        if [ -n "$found" ] && RUSTUP_TOOLCHAIN="$found" cargo --version >/dev/null 2>&1; then
            note "the toolchain of rust-toolchain.toml cannot be had here, using $found"
            export RUSTUP_TOOLCHAIN="$found"
        fi
    fi
    found="$(cargo --version 2>/dev/null | cut -d ' ' -f 2 || true)"
    [ -n "$found" ] || die 'cargo does not run in this folder.' 'run "rustup toolchain install" here and read what it says.'
    version_at_least "$found" "$wanted" ||
        die "Rust $found is too old, $wanted or newer is needed." 'run "rustup update stable".'
    # Rust brings no linker of its own.
    have cc || have gcc || have clang ||
        die 'No C linker (cc) is installed, Rust needs one.' 'install gcc (Debian: apt-get install gcc libc6-dev; macOS: xcode-select --install).'
}

need_node() {
    local found
    have node || die 'Node.js is not installed.' 'install Node.js 20.19 or newer (with npm) from https://nodejs.org or the package manager.'
    have npm || die 'npm is not installed.' 'install npm; it comes with Node.js from https://nodejs.org.'
    found="$(node --version | sed 's/^v//')"
    version_at_least "$found" 20.19 ||
        die "Node.js $found is too old, 20.19 or newer is needed." 'install a newer Node.js from https://nodejs.org.'
}

# version_at_least HAVE WANT: compares major and minor numbers.
version_at_least() {
    local have_major have_minor want_major want_minor
    have_major="${1%%.*}"
    want_major="${2%%.*}"
    have_minor="$(printf '%s.0' "$1" | cut -d . -f 2 | sed 's/[^0-9].*//')"
    want_minor="$(printf '%s.0' "$2" | cut -d . -f 2 | sed 's/[^0-9].*//')"
    [ "$have_major" -gt "$want_major" ] && return 0
    [ "$have_major" -eq "$want_major" ] && [ "${have_minor:-0}" -ge "${want_minor:-0}" ]
}

# Where cargo puts what it builds, whatever the settings of this machine.
target_dir() {
    if [ -n "${CARGO_TARGET_DIR:-}" ]; then
        case "$CARGO_TARGET_DIR" in
            /*) printf '%s\n' "$CARGO_TARGET_DIR" ;;
            *) printf '%s\n' "$ROOT/$CARGO_TARGET_DIR" ;;
        esac
    else
        cargo metadata --no-deps --format-version 1 |
            sed -n 's/.*"target_directory":"\([^"]*\)".*/\1/p'
    fi
}

# build_program [release]: builds the executable and puts its path in PROGRAM.
build_program() {
    local profile="${1:-debug}"
    say "Building the program ($profile; the first time takes some minutes)"
    if [ "$profile" = release ]; then
        cargo build --release --locked --bin jobserver || build_failed
    else
        cargo build --locked --bin jobserver || build_failed
    fi
    PROGRAM="$(target_dir)/$profile/jobserver"
    [ -x "$PROGRAM" ] || die "The build made no $PROGRAM." 'read the output of cargo above.'
}

build_failed() {
    die 'The program does not build.' 'read the first error of cargo above; a failed download needs the network, anything else is a fault of this checkout.'
}
