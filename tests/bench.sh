#!/usr/bin/env bash
# bench.sh [GROUP] - measures; prints one line for each figure:
#   name<TAB>value<TAB>unit<TAB>target<TAB>ok|short
# Groups: chain, burst-local, burst-kafka, burst-postgres, gardens, pictures.
# Rates are those of this machine; what compares is a ratio against a named peer in the same run.
set -euo pipefail
cd "$(dirname "$0")/.."

groups=(chain burst-local burst-kafka burst-postgres gardens pictures)
wanted=${1:-all}
if [ "$wanted" != all ] && [[ ! " ${groups[*]} " == *" $wanted "* ]]; then
    echo "bench.sh: no group '$wanted'; there are ${groups[*]}" >&2
    exit 2
fi
work=$(mktemp -d "${TMPDIR:-/tmp}/garden-bench.XXXXXX")
pids=()

stop() {
    local pid name
    for pid in "${pids[@]}"; do
        kill "$pid" 2>/dev/null && wait "$pid" 2>/dev/null || true
    done
    for name in kafka postgres; do
        [ -d "$work/$name" ] && tests/engines/$name.sh stop "$work/$name" >/dev/null 2>&1
    done
    rm -rf "$work"
}
trap stop EXIT

runs() { [ "$wanted" = all ] || [ "$wanted" = "$1" ]; }

engine() { # NAME: starts it unless it runs
    [ -d "$work/$1" ] && return
    mkdir -p "$work/$1"
    tests/engines/"$1".sh install >/dev/null
    eval "$(tests/engines/"$1".sh start "$work/$1")"
}

tools/setup.sh build bench
make --no-print-directory -s -j2 build benches
export GARDEN_BUILD=$PWD/build

if runs burst-local; then build/tests/bench/burst local sqlite; fi
if runs burst-kafka; then engine kafka && build/tests/bench/burst "kafka://$TEST_KAFKA" sqlite; fi
if runs burst-postgres; then
    engine kafka && engine postgres
    build/tests/bench/burst "kafka://$TEST_KAFKA" "$TEST_POSTGRES"
fi
