#!/usr/bin/env bash
# run.sh [WORD...] - everything that a change has to pass: sets up, builds under AddressSanitizer
# and UndefinedBehaviorSanitizer, starts the real engines on loopback, runs the test programs,
# and stops what it started. With words: only the test files whose path contains one of them.
#
# Environment: TEST_SAN (default address,undefined; empty: a plain build), TEST_FUZZ_SECONDS
# (for each target, default 4), TEST_PARALLEL (files at a time, default 3), TEST_KEEP=1 (leave the
# engines' folder for a look).
#
# Each test file prints TAP. Its output goes to build/test-log/; what failed is shown. The last
# line is "N passed, N failed, N skipped".
set -uo pipefail
cd "$(dirname "$0")/.." || exit 1

san=${TEST_SAN-address,undefined}
build=build${san:+/${san//,/-}}
logs=build/test-log
engines=$(mktemp -d "${TMPDIR:-/tmp}/garden-engines.XXXXXX")
words=("$@")
parallel=${TEST_PARALLEL:-3} # most tests wait for a disk, a clock or another process

# The engines in the order in which they are started.
engine_names=(kafka postgres versitygw faces)

stop_engines() {
    for name in "${engine_names[@]}"; do
        [ -d "$engines/$name" ] && "tests/engines/$name.sh" stop "$engines/$name" >/dev/null 2>&1
    done
    if [ -n "${TEST_KEEP:-}" ]; then echo "kept: $engines"; else rm -rf "$engines"; fi
}
trap stop_engines EXIT
trap 'exit 130' INT TERM

step() {
    printf '%s ... ' "$1"
    shift
    local start=$SECONDS
    if ! "$@" >"$logs/step.log" 2>&1; then
        echo "failed"
        cat "$logs/step.log"
        echo "0 passed, 1 failed"
        exit 1
    fi
    echo "$((SECONDS - start)) s"
}

start_engine() {
    local name=$1 out
    mkdir -p "$engines/$name"
    out=$("tests/engines/$name.sh" start "$engines/$name" ${2:+"$2"} ${3:+"$3"}) || return 1
    eval "$out"
    printf '%s\n' "$out" >>"$engines/env"
    export "${name^^}_DIR=$engines/$name"
}

start_engines() {
    start_engine kafka && start_engine postgres && start_engine versitygw && start_engine faces
}

# What memory holds, and how much, can only be looked at where the heap is not a sanitizer's own;
# and the model that ships draws whole pictures.
plain_tests=(tests/e2e/privacy_test tests/e2e/emotion_program_test tests/unit/wiping_heap_test
    tests/unit/emotion_wipe_test tests/unit/http_secret_test tests/unit/shipped_model_test)

build_all() {
    make --no-print-directory -s -j2 build "${plain_tests[@]/#/build/}" &&
        make --no-print-directory -s -j2 SAN="$san" build tests
}

wanted() {
    local word
    [ ${#words[@]} = 0 ] && return 0
    for word in "${words[@]}"; do
        [[ $1 == *"$word"* ]] && return 0
    done
    return 1
}

# run_file NAME COMMAND... : one test file, in the background once there is a place for it.
run_file() {
    wanted "$1" || return 0
    while (($(jobs -rp | wc -l) >= parallel)); do wait -n; done
    run_one "$@" &
}

# Runs a test file and counts its TAP lines into $logs/counts. One printf for all that it shows.
run_one() {
    local name=$1 log status ok bad skip start=$SECONDS
    shift
    log=$logs/${name//\//-}.tap
    timeout -k 10 900 "$@" >"$log" 2>&1 </dev/null
    status=$?
    ok=$(grep -cE '^ok ' "$log")
    skip=$(grep -cE '^ok .*# SKIP' "$log")
    bad=$(grep -cE '^not ok ' "$log")
    [ "$status" != 0 ] && [ "$bad" = 0 ] && bad=1
    [ "$status" = 0 ] && [ "$ok" = 0 ] && bad=1
    echo "$((ok - skip)) $bad $skip" >>"$logs/counts"
    if [ "$bad" = 0 ]; then
        printf 'ok    %-44s %4d tests %4d s%s\n' "$name" "$ok" $((SECONDS - start)) "$(skips "$log")"
    else
        printf 'FAIL  %-44s status %d, see %s\n%s\n' "$name" "$status" "$log" \
            "$(grep -vE '^ok ' "$log" | tail -n 60 | sed 's/^/      /')"
    fi
}

skips() {
    grep -E '^# skipped' "$1" | sort | uniq -c | sed 's/^ */\n      /' || true
}

run_programs() {
    local file
    for file in tests/"$1"/*_test.c; do
        [ -e "$file" ] && run_file "${file%.c}" "$build/${file%.c}"
    done
    for file in tests/"$1"/*_test.sh; do
        [ -e "$file" ] && run_file "${file%.sh}" "$file"
    done
}

run_pages() {
    local file
    for file in tests/web/*_test.js; do
        [ -e "$file" ] && run_file "${file%.js}" tests/web/run.sh "$file"
    done
}

run_fuzzers() {
    local target name seconds=${TEST_FUZZ_SECONDS:-4}
    [ "$seconds" = 0 ] && return
    step "building the fuzz targets" make --no-print-directory -s -j2 fuzzers
    for target in tests/fuzz/*_fuzz.c; do
        name=$(basename "$target" .c)
        run_file "tests/fuzz/$name" tests/fuzz/smoke.sh "$name" "$seconds"
    done
}

mkdir -p "$logs"
rm -f "$logs"/*.tap "$logs/counts"
tools/setup.sh build test web || { echo "0 passed, 1 failed"; exit 1; }
for name in "${engine_names[@]}"; do
    step "installing $name (cached)" "tests/engines/$name.sh" install
done
step "building" build_all
echo "starting Apache Kafka, PostgreSQL and an S3 server"
start_engines 2>"$logs/engines.log" || { cat "$logs/engines.log"; echo "0 passed, 1 failed"; exit 1; }

export GARDEN_BUILD=$PWD/$build
export GOMP_SPINCOUNT=1000 # files run beside each other: as lib/nn/parallel.h has it for services
export ASAN_OPTIONS=detect_leaks=1:abort_on_error=0 UBSAN_OPTIONS=print_stacktrace=1
run_fuzzers
run_programs e2e # the longest first
run_pages
run_programs contract
run_programs unit
run_programs schema
for file in "${plain_tests[@]}"; do
    [ -n "$san" ] && run_file "$file-plain" env GARDEN_BUILD="$PWD/build" "build/$file"
done

wait
read -r passed failed skipped < <(awk '{ p += $1; f += $2; s += $3 } END { print p + 0, f + 0, s + 0 }' "$logs/counts")
echo
echo "$passed passed, $failed failed, $skipped skipped"
[ "$failed" = 0 ] && [ "$passed" != 0 ]
