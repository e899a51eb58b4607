#!/usr/bin/env bash
# postgres.sh - a PostgreSQL server for tests, on a free loopback port.
#
#   postgres.sh install       Debian's postgresql, where it is missing
#   postgres.sh start DIR     data, log, port and pid in DIR; prints export TEST_POSTGRES=...
#   postgres.sh stop DIR
#   postgres.sh restart DIR   the same port and data again
#   postgres.sh kill DIR      kill -9 of the server and what it started, as a crash would
#
# The server is an ordinary one: fsync on, full_page_writes on. It does not run as root; root
# runs it as the user postgres of the package.
set -euo pipefail

die() {
    echo "postgres.sh: $*" >&2
    exit 1
}

bin_dir() {
    local newest
    newest=$(find /usr/lib/postgresql -mindepth 1 -maxdepth 1 -type d 2>/dev/null | sort -V | tail -1)
    [ -n "$newest" ] && [ -x "$newest/bin/initdb" ] && echo "$newest/bin"
}

# as_owner COMMAND... : as a user that PostgreSQL agrees to run as
as_owner() {
    if [ "$(id -u)" -eq 0 ]; then
        (cd / && exec setpriv --reuid=postgres --regid=postgres --init-groups "$@")
    else
        "$@"
    fi
}

install_server() {
    bin_dir >/dev/null && return
    local sudo=()
    [ "$(id -u)" -eq 0 ] || sudo=(sudo)
    # the package would otherwise start a server of its own
    "${sudo[@]}" mkdir -p /etc/postgresql-common/createcluster.d
    echo 'create_main_cluster = false' |
        "${sudo[@]}" tee /etc/postgresql-common/createcluster.d/no-main.conf >/dev/null
    "${sudo[@]}" apt-get update -qq >&2
    "${sudo[@]}" env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq \
        --no-install-recommends postgresql >&2
    bin_dir >/dev/null || die "apt did not install /usr/lib/postgresql/*/bin; install postgresql"
}

free_port() {
    python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}

server_pid() {
    [ -s "$1/data/postmaster.pid" ] && head -1 "$1/data/postmaster.pid"
}

run_server() {
    local dir=$1 port
    port=$(cat "$dir/port")
    as_owner "$(bin_dir)/pg_ctl" -D "$dir/data" -l "$dir/log" -w -t 30 -s \
        -o "-p $port -c listen_addresses=127.0.0.1 -c unix_socket_directories=''" start >&2 ||
        { tail -20 "$dir/log" >&2; die "the server did not start; see $dir/log"; }
}

start() {
    local dir=$1
    install_server
    mkdir -p "$dir"
    dir=$(cd "$dir" && pwd)
    if [ ! -d "$dir/data" ]; then
        [ "$(id -u)" -ne 0 ] || open_to_owner "$dir"
        as_owner "$(bin_dir)/initdb" -D "$dir/data" -U postgres -A trust -E UTF8 --locale=C.UTF-8 \
            >"$dir/initdb.log" 2>&1 || { cat "$dir/initdb.log" >&2; die "initdb failed"; }
    fi
    [ -s "$dir/port" ] || free_port >"$dir/port"
    server_pid "$dir" >/dev/null || run_server "$dir"
    echo "export TEST_POSTGRES=postgresql://postgres@127.0.0.1:$(cat "$dir/port")/postgres"
    echo "export TEST_POSTGRES_DIR=$dir"
}

# The user postgres has to get into DIR, which may lie in a private folder that mktemp -d made.
# Folders outside of the temporary one are left as they are.
open_to_owner() {
    local path=$1 tmp=${TMPDIR:-/tmp}
    chown postgres "$path"
    while path=$(dirname "$path") && [[ $path == "$tmp"/* ]]; do
        chmod o+x "$path"
    done
    as_owner test -w "$1" || die "the user postgres cannot get into $1; use a folder in $tmp"
}

stop() {
    local dir=$1
    server_pid "$dir" >/dev/null || return 0
    as_owner "$(bin_dir)/pg_ctl" -D "$dir/data" -m fast -w -t 30 -s stop >&2
}

# A postmaster that dies leaves its children to end by themselves; wait for them, as the data
# folder stays in use until then.
kill_server() {
    local dir=$1 pid children
    pid=$(server_pid "$dir") || die "no server runs in $dir"
    children=$(ps -o pid= --ppid "$pid" || true)
    kill -9 "$pid"
    # shellcheck disable=SC2086 # a list of numbers
    kill -9 $children 2>/dev/null || true
    for pid in $pid $children; do
        for _ in $(seq 100); do
            kill -0 "$pid" 2>/dev/null || break
            sleep 0.05
        done
    done
    rm -f "$dir/data/postmaster.pid"
}

[ $# -ge 1 ] || die "usage: postgres.sh install | start|stop|restart|kill DIR"
verb=$1
[ "$verb" = install ] || [ $# -eq 2 ] || die "$verb needs a folder"
case $verb in
    install) install_server ;;
    start) start "$2" ;;
    stop) stop "$2" ;;
    restart) stop "$2" && start "$2" ;;
    kill) kill_server "$2" ;;
    *) die "no verb $verb" ;;
esac
