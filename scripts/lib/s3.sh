# shellcheck shell=bash
# A server that speaks S3, for tests, in .local. Sourced after common.sh.

s3_install() {
    local wanted venv="$LOCAL/storage/venv" python=''
    for python in python3.12 python3.11 python3.10 python3 ''; do
        if [ -n "$python" ] && have "$python" && "$python" -c 'import venv, ensurepip' 2>/dev/null; then break; fi
    done
    [ -n "$python" ] ||
        die 'Python 3 with its venv module is not installed.' 'install it (Debian: apt-get install python3 python3-venv).'
    wanted="$({ cat tests/services/requirements.txt && "$python" --version; } | checksum)"
    if [ "$(cat "$LOCAL/storage/installed" 2>/dev/null || true)" = "$wanted" ]; then return 0; fi
    say 'Installing a server that speaks S3'
    rm -rf "$venv"
    mkdir -p "$LOCAL/storage"
    "$python" -m venv "$venv"
    progress 'S3 server from PyPI' "$venv/bin/pip" install --requirement tests/services/requirements.txt ||
        die 'The S3 server could not be installed.' 'check the network and the registry that pip uses ("pip config list"), then run this again.'
    printf '%s\n' "$wanted" >"$LOCAL/storage/installed"
}
