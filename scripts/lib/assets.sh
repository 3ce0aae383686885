# shellcheck shell=bash
# The front end: packages and build, each only when its inputs changed. Sourced after tools.sh.

ASSETS="$ROOT/assets"

# What decides which packages are installed.
packages_fingerprint() {
    { fingerprint "$ASSETS/package.json" "$ASSETS/package-lock.json"; node --version; } | checksum
}

# What decides the built files: sources, public files, settings, and the templates (Tailwind reads the
# class names in them).
build_fingerprint() {
    {
        fingerprint "$ASSETS/src" "$ASSETS/public" "$ASSETS/tools" "$ASSETS"/*.* "$ROOT/templates"
        printf '%s\n' "${VITE_SENTRY_DSN:-}"
    } | checksum
}

assets_install() { with_lock assets assets_install_locked; }
assets_build() { with_lock assets assets_build_locked; }

assets_install_locked() {
    local now
    now="$(packages_fingerprint)"
    if [ -d "$ASSETS/node_modules" ] && [ "$(cat "$LOCAL/assets-packages" 2>/dev/null || true)" = "$now" ]; then
        note 'front-end packages are installed'
        return 0
    fi
    rm -f "$LOCAL/assets-packages"
    say 'Installing the front-end packages (npm ci)'
    progress 'npm ci' npm --prefix "$ASSETS" ci --no-audit --no-fund 9>&- ||
        die 'The front-end packages could not be installed.' 'check the network and the registry that npm uses ("npm config get registry"), then run this again.'
    printf '%s\n' "$now" >"$LOCAL/assets-packages"
}

assets_build_locked() {
    local now
    now="$(build_fingerprint)"
    if [ -f "$ASSETS/dist/.vite/manifest.json" ] && [ "$(cat "$LOCAL/assets-build" 2>/dev/null || true)" = "$now" ]; then
        note 'front end is built and unchanged'
        return 0
    fi
    rm -f "$LOCAL/assets-build"
    say 'Building the front end (Vite and Tailwind)'
    npm --prefix "$ASSETS" run build 9>&- ||
        die 'The front end does not build.' 'read the first error above; "scripts/assets clean" and a new try helps when packages are damaged.'
    [ -f "$ASSETS/dist/.vite/manifest.json" ] ||
        die 'The front-end build wrote no manifest.' 'see "manifest" in assets/vite.config.js.'
    printf '%s\n' "$now" >"$LOCAL/assets-build"
}

assets_clean() {
    rm -rf "$ASSETS/dist" "$ASSETS/node_modules" "$LOCAL/assets-packages" "$LOCAL/assets-build"
}

assets() {
    need_node
    say 'Front end'
    assets_install
    assets_build
}
