#!/usr/bin/env bash
# smoke.sh TARGET SECONDS - a short run of one fuzz target from its seeds, as one TAP test.
# New inputs stay in build/fuzz/corpus/TARGET; a crash leaves its input in build/fuzz/crash-*.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1

name=$1 seconds=$2
corpus=build/fuzz/corpus/$name seeds=tests/fuzz/corpus/${name%_fuzz}
mkdir -p "$corpus"
[ -d "$seeds" ] || seeds=
if build/fuzz/"$name" -max_total_time="$seconds" -timeout=10 -rss_limit_mb=2048 \
    -artifact_prefix="build/fuzz/crash-$name-" -print_final_stats=1 "$corpus" ${seeds:+"$seeds"} 2>&1; then
    echo "ok 1 - $name: $seconds s of fuzzing"
else
    echo "not ok 1 - $name: $seconds s of fuzzing"
    exit 1
fi
