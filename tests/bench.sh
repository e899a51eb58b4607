#!/usr/bin/env bash
# bench.sh [GROUP] - measures; prints one line for each figure:
#   name<TAB>value<TAB>unit<TAB>target<TAB>ok|short
# Groups: chain, burst-local, burst-kafka, burst-postgres, gardens, pictures, generator, nn, faces-nets,
# faces, recommender (with DATASET=folder: rankings of its interactions.csv alone), export, display.
# Rates are those of this machine; what compares is a ratio against a named peer in the same run.
set -euo pipefail
cd "$(dirname "$0")/.."

groups=(chain burst-local burst-kafka burst-postgres gardens pictures generator nn faces-nets faces
    recommender export display)
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
        if kill "$pid" 2>/dev/null; then wait "$pid" 2>/dev/null || true; fi
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

# figure NAME VALUE UNIT TARGET: TARGET is ">= N" or "<= N"
figure() {
    local verdict
    verdict=$(awk -v v="$2" -v t="$4" 'BEGIN { split(t, p, " ")
        print ((p[1] == ">=" && v >= p[2]) || (p[1] == "<=" && v <= p[2])) ? "ok" : "short" }')
    printf '%s\t%s\t%s\t%s\t%s\n' "$1" "$2" "$3" "$4" "$verdict"
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

wait_for() { # URL: until something answers
    curl -s -o /dev/null --retry 100 --retry-connrefused --retry-delay 0 --retry-max-time 20 "$1"
}

start_gateway() { # DATA PORT: the gateway alone; no item-ingest is needed to read
    GARDEN_DATA=$1 GARDEN_LISTEN=127.0.0.1:$2 build/gateway 2>"$work/gateway.log" &
    pids+=($!)
    wait_for "http://127.0.0.1:$2/healthz"
}

# wrk_figures ARGS...: "requests/s p99-in-ms" of one run
wrk_figures() {
    wrk -t2 -c32 --latency "$@" | awk '
        $1 == "99%" { v = $2 + 0
            if ($2 ~ /us$/) v /= 1000; else if ($2 !~ /ms$/) v *= 1000
            p99 = v }
        /^Requests\/sec/ { rate = $2 }
        /Non-2xx/ { print "wrk: " $0 > "/dev/stderr"; exit 1 }
        END { print rate, p99 }'
}

bench_gardens() {
    local port rate p99
    port=$(free_port)
    build/tests/bench/preload "$work/gardens/catalog" 500 200
    start_gateway "$work/gardens" "$port"
    export GARDENS=500
    wrk_figures -d3 -s tests/bench/gardens.lua "http://127.0.0.1:$port" >/dev/null
    read -r rate p99 < <(wrk_figures -d10 -s tests/bench/gardens.lua "http://127.0.0.1:$port")
    figure gardens-answers "$rate" "answers/s" ">= 5000"
    figure gardens-p99 "$p99" ms "<= 20"
}

start_nginx() { # ROOT PORT: as Debian configures it, without the access log, on both cores
    mkdir -p "$work/nginx"
    cat >"$work/nginx/conf" <<CONF
worker_processes 2;
pid $work/nginx/pid;
error_log $work/nginx/error.log;
events { worker_connections 1024; }
http {
    sendfile on; tcp_nopush on; keepalive_requests 1000000; access_log off;
    types { image/jpeg jpeg; }
    client_body_temp_path $work/nginx/1; proxy_temp_path $work/nginx/2;
    fastcgi_temp_path $work/nginx/3; uwsgi_temp_path $work/nginx/4; scgi_temp_path $work/nginx/5;
    server { listen 127.0.0.1:$2; root $1; }
}
CONF
    nginx -c "$work/nginx/conf" -g 'daemon off;' &
    pids+=($!)
    wait_for "http://127.0.0.1:$2/"
}

# Pictures of the size that a garden serves (about 100 KB) and of a thumbnail's (14 KB); three rounds
# each, taking turns, and the medians compared.
bench_pictures() {
    local port nginx_port size path round ours=() theirs=() median_ours median_theirs
    local store=$work/pictures/store
    port=$(free_port)
    nginx_port=$(free_port)
    mkdir -p "$store/emotions/happy"
    cp tests/golden/pictures/img_20260504-090800_0h.jpeg "$store/emotions/happy/img_14kh.jpeg"
    { cat tests/golden/pictures/img_20260504-090800_0h.jpeg; head -c 90000 /dev/urandom; } \
        >"$store/emotions/happy/img_100kh.jpeg"
    chmod -R a+rX "$work"
    start_gateway "$work/pictures" "$port"
    start_nginx "$store" "$nginx_port"
    for size in 14k 100k; do
        path=/emotions/happy/img_${size}h.jpeg ours=() theirs=()
        for round in 1 2 3; do
            theirs+=("$(wrk_figures -d"$((round + 2))" "http://127.0.0.1:$nginx_port$path" | cut -d' ' -f1)")
            ours+=("$(wrk_figures -d"$((round + 2))" "http://127.0.0.1:$port$path" | cut -d' ' -f1)")
        done
        median_ours=$(printf '%s\n' "${ours[@]}" | sort -n | sed -n 2p)
        median_theirs=$(printf '%s\n' "${theirs[@]}" | sort -n | sed -n 2p)
        figure "pictures-$size" "$median_ours" "pictures/s" ">= 0"
        figure "pictures-$size-nginx" "$median_theirs" "pictures/s" ">= 0"
        figure "pictures-$size-ratio" "$(awk "BEGIN { printf \"%.2f\", $median_ours / $median_theirs }")" \
            "x nginx" ">= 1.0"
    done
}

# A model of full size with random weights: steps of ours and of diffusers' in turn. Then a tiny one.
bench_generator() {
    local model=${GARDEN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/emotion-gardens}/bench-sd21 precision
    tools/golden/golden.sh python tools/golden/big_model.py "$model"
    cat "$model"/*/*.safetensors >/dev/null # into the page cache
    for precision in f32 bf16; do
        build/tests/bench/generator "$model" "$precision" 4 \
            tools/golden/golden.sh python tools/golden/bench_peer.py "$model" "$precision" 512 2
    done
    build/tests/bench/generator_tiny tests/golden/diffusion/sd21-base/model
    build/tests/bench/shipped_model
    # Convolutions next to what oneDNN reaches where it may choose every layout (as benchdnn asks it).
    build/tests/bench/nn conv3 all 2 | while IFS=$'\t' read -r name value unit _; do
        case $name in
        *-of-onednn) figure "$name" "$value" "x oneDNN" ">= 0.70" ;;
        *) figure "$name" "$value" "$unit" ">= 0" ;;
        esac
    done
}

# The layers of two nets of faces, next to oneDNN's convolutions where every layout is free.
bench_nn() {
    build/tests/bench/nn_faces | while IFS=$'\t' read -r name value unit _; do
        case $name in
        *-of-onednn) figure "$name" "$value" "x oneDNN" ">= 0.70" ;;
        *) figure "$name" "$value" "$unit" ">= 0" ;;
        esac
    done
}

# Each net alone, and all nets that one face takes: of the 35 ms that an analysis may take.
bench_faces_nets() {
    build/tests/bench/faces_nets | while IFS=$'\t' read -r name value unit _; do
        case $name in
        *-p50) figure "$name" "$value" "$unit" "<= 25" ;;
        *) figure "$name" "$value" "$unit" ">= 0" ;;
        esac
    done
}

# A visitor's picture, from its bytes to words, in turn with the same nets in WebAssembly.
bench_faces() {
    eval "$(tests/engines/faces.sh start "$work")"
    tools/face-models/face-models.sh node tests/bench/faces_peer.mjs "$work/picture.ppm" \
        build/tests/bench/faces models/face "$TEST_FACES/astronaut.png" "$work/picture.ppm"
}

# Who foretells best, beside implicit; visitors of whom nothing is known; estimates by the log; learning
# from ten million likes; answers under load. About ten minutes.
bench_recommender() {
    tools/recommender-peers/peers.sh --version >/dev/null # installs, so that nothing below waits
    if [ -n "${DATASET:-}" ]; then
        build/tests/bench/recommender_ranking
        return
    fi
    build/tests/bench/recommender_cold
    build/tests/bench/recommender_policy
    build/tests/bench/recommender_serve
    build/tests/bench/recommender_speed
    build/tests/bench/recommender_ranking
}

tools/setup.sh build bench
make --no-print-directory -s -j2 build benches
export GARDEN_BUILD=$PWD/build

if runs chain; then
    build/tests/bench/chain local
    engine kafka && build/tests/bench/chain "kafka://$TEST_KAFKA"
fi
if runs burst-local; then build/tests/bench/burst local sqlite; fi
if runs burst-kafka; then engine kafka && build/tests/bench/burst "kafka://$TEST_KAFKA" sqlite; fi
if runs burst-postgres; then
    engine kafka && engine postgres
    build/tests/bench/burst "kafka://$TEST_KAFKA" "$TEST_POSTGRES"
fi
if runs gardens; then bench_gardens; fi
if runs pictures; then bench_pictures; fi
if runs generator; then bench_generator; fi
if runs nn; then bench_nn; fi
if runs faces-nets; then bench_faces_nets; fi
if runs faces; then bench_faces; fi
if runs recommender; then bench_recommender; fi
if runs export; then build/tests/bench/export; fi
if runs display; then build/tests/bench/display_feed; fi
