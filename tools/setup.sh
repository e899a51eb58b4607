#!/usr/bin/env bash
# setup.sh PURPOSE... - installs the Debian or Ubuntu packages that a purpose needs and that are
# not there yet, and says which and why. Purposes: build test lint bench paint web.
#
# A word "package?command" is fulfilled by a command of that name from anywhere. When nothing is
# missing this takes a few milliseconds and touches nothing.
set -euo pipefail

packages_for() {
    case $1 in
    build) echo "gcc make libc6-dev pkg-config librdkafka-dev libmicrohttpd-dev libcurl4-openssl-dev
                 libjansson-dev libsqlite3-dev libpq-dev libssl-dev libjpeg-dev libpng-dev libwebp-dev
                 libexpat1-dev uthash-dev libutf8proc-dev libdnnl-dev ocl-icd-libopencl1 ca-certificates" ;;
    test) echo "postgresql clang libclang-rt-dev curl?curl python3?python3 python3-venv
                default-jre-headless?java maven?mvn golang-go?go s3cmd git?git procps?pgrep
                npm?npm" ;;
    lint) echo "clang-format clang-tidy clang shellcheck git?git" ;;
    bench) echo "nginx-light?nginx wrk curl?curl python3?python3 python3-venv nodejs?node npm?npm
                 libopenblas-dev" ;;
    web) echo "chromium fonts-noto-cjk nodejs?node npm?npm" ;;
    paint) echo "libgl1 libegl1 libfontconfig1 python3?python3 python3-venv" ;;
    *) echo "setup.sh: no purpose '$1'; there are build, test, lint, bench, paint and web" >&2 && exit 2 ;;
    esac
}

reason_for() {
    case $1 in
    build) echo "to build the services: the compiler and the libraries they stand on" ;;
    test) echo "to test against real engines (PostgreSQL, Apache Kafka, an S3 server) and to fuzz" ;;
    lint) echo "to check format, style and borders" ;;
    bench) echo "to measure against nginx, diffusers and EASE (LAPACK)" ;;
    web) echo "to test the pages in a real browser" ;;
    paint) echo "to paint gardens (tools/train-garden), with Skia for Python" ;;
    esac
}

missing_of() {
    local word package command
    local -a wanted=()
    for word in $(packages_for "$1"); do
        package=${word%%\?*} command=${word#*\?}
        [ "$word" != "$package" ] && command -v "$command" >/dev/null && continue
        wanted+=("$package")
    done
    # One query for all; what is not "installed" is missing. A virtual package counts by its provider.
    comm -23 <(printf '%s\n' "${wanted[@]}" | sort -u) \
        <(dpkg-query -W -f '${db:Status-Status} ${Package}\n${db:Status-Status} ${Provides}\n' |
            sed -n 's/^installed //p' | tr ',' '\n' | sed 's/(.*)//; s/ //g' | sort -u)
}

install() {
    local -a as_root=()
    if [ "$(id -u)" != 0 ]; then
        command -v sudo >/dev/null || {
            echo "setup.sh: not root and no sudo; ask an administrator to run: apt-get install $*" >&2
            exit 1
        }
        as_root=(sudo)
    fi
    "${as_root[@]}" apt-get update -qq
    "${as_root[@]}" env DEBIAN_FRONTEND=noninteractive \
        apt-get install -y -qq --no-install-recommends "$@" >/dev/null
}

command -v dpkg-query >/dev/null || {
    echo "setup.sh: this is not Debian or Ubuntu; install what tools/setup.sh lists by hand" >&2
    exit 1
}
for purpose in "$@"; do
    packages_for "$purpose" >/dev/null
    mapfile -t missing < <(missing_of "$purpose")
    [ ${#missing[@]} = 0 ] && continue
    echo "Installing ${#missing[@]} packages $(reason_for "$purpose"):"
    printf '  %s\n' "${missing[*]}"
    install "${missing[@]}"
done
