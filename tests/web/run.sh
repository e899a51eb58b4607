#!/usr/bin/env bash
# run.sh FILE_test.js... - runs tests of the pages and prints TAP: a garden of its own for each
# file (tests/web/support/garden.js), in Debian's Chromium.
#
# Playwright and axe-core are installed below GARDEN_CACHE once. TEST_BUILD: where the programs
# are (default build). TEST_SHOTS: a folder for the screenshots that tests take (default
# build/shots).
set -euo pipefail
cd "$(dirname "$0")"

cache=${GARDEN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/emotion-gardens}
packages=$cache/web-tests-$(cat package.json package-lock.json | sha256sum | cut -c1-12)

if [ ! -e "$packages/ready" ]; then
    ../../tools/setup.sh web >&2
    rm -rf "$packages"
    mkdir -p "$packages"
    cp package.json package-lock.json "$packages"
    (cd "$packages" && npm ci --silent --no-audit --no-fund >&2)
    touch "$packages/ready"
fi
command -v chromium >/dev/null || ../../tools/setup.sh web >&2
ln -sfn "$packages/node_modules" node_modules
for file in "$@"; do
    # Node's own sums would be taken for tests that were skipped.
    node --test-reporter=tap "$(basename "$file")" |
        sed -E '/^# (tests|suites|pass|fail|cancelled|skipped|todo|duration_ms) /d'
done
