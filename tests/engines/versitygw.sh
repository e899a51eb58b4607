#!/usr/bin/env bash
# versitygw.sh install | start DIR [KAFKA_HOST:PORT TOPIC] | stop DIR - an S3 server to test
# against: Versity's gateway on a folder, with a bucket "garden".
#
# install   builds the pinned version from the Go module proxy into the cache, once
# start     serves DIR/objects on a free loopback port and prints TEST_S3 and the keys as
#           "export" lines; with a broker it publishes its events to TOPIC. Where kafka.sh has
#           been installed a missing topic is made; otherwise it has to be there
# stop      ends what start began
set -euo pipefail

version=v1.8.0
module=github.com/versity/versitygw/cmd/versitygw
# Its module asks for this Go at least; a Go from 1.21 on fetches that by itself.
toolchain=v0.0.1-go1.25.0.linux-$(case $(uname -m) in aarch64) echo arm64 ;; *) echo amd64 ;; esac)
cache=${GARDEN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/emotion-gardens}
bin=$cache/versitygw-$version
start_seconds=30

die() {
    echo "versitygw.sh: $*" >&2
    exit 1
}

# The go to build with. Debian 12's is too old to fetch a newer one by itself, but it can
# download the module that holds one.
find_go() {
    local minor folder
    command -v go >/dev/null || die "go is missing: apt-get install golang-go"
    minor=$(go version | sed -nE 's/^go version go1\.([0-9]+).*/\1/p')
    if [ "${minor:-0}" -ge 21 ]; then
        echo go
        return
    fi
    folder=$(go mod download -json "golang.org/toolchain@$toolchain" | sed -nE 's/^.*"Dir": "(.*)",?$/\1/p')
    [ -n "$folder" ] || die "cannot download Go 1.25 by $(go version)"
    # A module's files come without the right to be executed.
    find "$folder/bin" "$folder/pkg/tool" -type f ! -perm -u+x -exec chmod u+x {} +
    echo "$folder/bin/go"
}

install() {
    local go part
    [ -x "$bin/versitygw" ] && return
    go=$(find_go)
    mkdir -p "$cache"
    part=$(mktemp -d "$cache/versitygw.XXXXXX")
    # Renamed when it is whole: an install that was interrupted leaves nothing that looks done.
    if ! GOBIN=$part GOFLAGS=-mod=mod "$go" install -trimpath -ldflags '-s -w' "$module@$version"; then
        rm -rf "$part"
        die "could not build $module@$version"
    fi
    mv -T "$part" "$bin" 2>/dev/null || rm -rf "$part" # another install was faster
    [ -x "$bin/versitygw" ] || die "the build left no $bin/versitygw"
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

has_xattr() {
    python3 -c 'import os, sys; os.setxattr(sys.argv[1], "user.test", b"")' "$1" 2>/dev/null
}

# create_topic DIR BROKER TOPIC : versitygw ends where its topic is missing
create_topic() {
    local lib
    lib=$(compgen -G "$cache/kafka-*/lib" | tail -n 1) || return 0
    cat >"$1/CreateTopic.java" <<'JAVA'
import java.util.*;
import org.apache.kafka.clients.admin.*;
public class CreateTopic {
    public static void main(String[] args) throws Exception {
        try (Admin admin = Admin.create(Map.of("bootstrap.servers", (Object) args[0]))) {
            if (!admin.listTopics().names().get().contains(args[1]))
                admin.createTopics(List.of(new NewTopic(args[1], 4, (short) 1))).all().get();
        }
    }
}
JAVA
    java -Xshare:auto -XX:TieredStopAtLevel=1 -cp "$lib/*" "$1/CreateTopic.java" "$2" "$3" >"$1/topic.log" 2>&1 ||
        { cat "$1/topic.log" >&2 && die "could not make the topic $3 at $2"; }
}

# wait_ready DIR PORT : until it answers, or has ended
wait_ready() {
    local deadline=$((SECONDS + start_seconds))
    until curl -fsS -m 2 -o /dev/null "http://127.0.0.1:$2/health" 2>/dev/null; do
        kill -0 "$(cat "$1/pid")" 2>/dev/null || return 1
        [ $SECONDS -lt $deadline ] || return 1
        sleep 0.05
    done
}

start() {
    local dir=$1 port try
    local -a events=() store=()
    install >&2
    mkdir -p "$dir/objects/garden"
    if [ $# -gt 1 ]; then
        create_topic "$dir" "$2" "$3"
        events=(--event-kafka-url "$2" --event-kafka-topic "$3")
    fi
    if ! has_xattr "$dir/objects"; then
        mkdir -p "$dir/meta/garden"
        store=(--sidecar "$dir/meta")
    fi
    for try in 1 2 3; do
        port=$(free_port)
        ROOT_ACCESS_KEY_ID=garden ROOT_SECRET_ACCESS_KEY=garden-secret \
            setsid "$bin/versitygw" --port "127.0.0.1:$port" --region us-east-1 --health /health \
            --keep-alive --quiet "${events[@]}" posix "${store[@]}" "$dir/objects" \
            >"$dir/log" 2>&1 </dev/null &
        echo $! >"$dir/pid"
        if wait_ready "$dir" "$port"; then
            echo "export TEST_S3='s3://garden?endpoint=http://127.0.0.1:$port&region=us-east-1'"
            echo "export AWS_ACCESS_KEY_ID=garden"
            echo "export AWS_SECRET_ACCESS_KEY=garden-secret"
            return
        fi
        stop "$dir"
        grep -q 'address already in use' "$dir/log" || break # else a port was taken meanwhile
    done
    cat "$dir/log" >&2
    die "it did not start (try $try)"
}

stop() {
    local dir=$1 pid deadline=$((SECONDS + 10))
    [ -f "$dir/pid" ] || return 0
    pid=$(cat "$dir/pid")
    kill "$pid" 2>/dev/null || true
    while kill -0 "$pid" 2>/dev/null; do
        [ $SECONDS -lt $deadline ] || kill -9 "$pid" 2>/dev/null || true
        sleep 0.02
    done
    rm -f "$dir/pid"
}

case ${1:-} in
install) install ;;
start) [ $# = 2 ] || [ $# = 4 ] || die "start DIR [KAFKA_HOST:PORT TOPIC]"
    start "${@:2}" ;;
stop) [ $# = 2 ] || die "stop DIR"
    stop "$2" ;;
*) die "install | start DIR [KAFKA_HOST:PORT TOPIC] | stop DIR" ;;
esac
