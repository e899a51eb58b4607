#!/usr/bin/env bash
# readme_test.sh - runs every command of README.md, block by block, in order, as a reader would:
# "make run" in one terminal, the rest in another. The addresses that the README shows as examples
# are exchanged for those of the engines under test; `git clone` clones this repository, and what
# follows runs here, where the build is warm.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1

work=$(mktemp -d "${TMPDIR:-/tmp}/garden-readme.XXXXXX")
count=0 failed=0 run_pid=
export GARDEN_DATA=$work/data REPOSITORY=$PWD
port=$(python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])')
export GARDEN_LISTEN=127.0.0.1:$port GARDEN_URL=http://127.0.0.1:$port
export GENERATOR_THREADS=1 # the starter pool is drawn meanwhile, and other tests want the processor

stop_run() {
    [ -n "$run_pid" ] || return 0
    kill -INT "-$run_pid" 2>/dev/null
    wait "$run_pid" 2>/dev/null
    run_pid=
}
trap 'stop_run; rm -rf "$work"' EXIT

result() { # STATUS NAME
    count=$((count + 1))
    if [ "$1" = 0 ]; then
        echo "ok $count - $2"
    else
        echo "not ok $count - $2"
        sed 's/^/# /' "$work/log"
        failed=$((failed + 1))
    fi
}

# The examples' addresses become those of this run. An & in a URL means the match to sed.
s3_url=${TEST_S3:-}
localise() {
    sed -e "s#http://127.0.0.1:8080#$GARDEN_URL#g" \
        -e "s#kafka://localhost:9092#kafka://${TEST_KAFKA:-}#g" \
        -e "s#s3://garden?endpoint=http://localhost:9000#${s3_url//&/\\&}#g" \
        -e "s#postgresql://localhost:5432/garden#${TEST_POSTGRES:-}#g" \
        -e "s#\(^\|[ ]\)pictures\(/\| \|\$\)#\1$work/pictures\2#g" \
        -e "s#backup-today#$work/backup-today#g" -e "s#calm.jpeg#$work/calm.jpeg#g"
}

run_until_ready() { # COMMAND NAME: in the background, until the garden is ready
    stop_run
    set -m
    bash -c "$1" >"$work/log" 2>&1 </dev/null &
    run_pid=$!
    set +m
    curl -sf -o /dev/null --retry 300 --retry-all-errors --retry-delay 0 --retry-max-time 120 "$GARDEN_URL/readyz"
    result $? "$2"
}

run_command() {
    local command=$1 name=${1%%$'\n'*}
    case $command in
    git\ clone*)
        (cd "$work" && bash -c "$command && test -x tests/run.sh") >"$work/log" 2>&1
        result $? "$name"
        ;;
    "make test"* | "make lint"* | "make bench"*) # this is one of their runs, or they take long: known to make
        make -n "${command#make }" >"$work/log" 2>&1
        result $? "$name"
        ;;
    *s3://*"make run") # the bucket under test is not ours alone
        run_until_ready "export GARDEN_STARTER=0; $(localise <<<"$command")" "$name"
        ;;
    *"make run")
        run_until_ready "$(localise <<<"$command")" "$name"
        ;;
    *)
        bash -c "set -e; $(localise <<<"$command")" >"$work/log" 2>&1
        result $? "$name"
        ;;
    esac
}

make --no-print-directory -s -j2 build >"$work/log" 2>&1
result $? "the programs are built"

# Commands of the ```sh blocks, one a line, continued lines joined.
mapfile -t commands < <(awk '/^```sh$/ { on = 1; next } /^```$/ { on = 0 } on' README.md |
    sed -e ':a' -e '/\\$/N; s/\\\n *//; ta')
for command in "${commands[@]}"; do
    if [[ $command == *TEST_KAFKA* || $command == *kafka://* ]] && [ -z "${TEST_KAFKA:-}" ]; then
        count=$((count + 1))
        echo "ok $count - $command # SKIP no engines"
        continue
    fi
    run_command "$command"
done
stop_run
echo "1..$count"
[ "$failed" = 0 ]
