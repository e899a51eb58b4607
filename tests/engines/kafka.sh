#!/usr/bin/env bash
# kafka.sh install          a real Apache Kafka from Maven Central, pinned and cached
# kafka.sh start DIR        formats and starts a KRaft broker on free loopback ports; everything
#                           it writes is in DIR. Prints export lines when it is ready
# kafka.sh kill DIR         kill -9, for tests of what happens then
# kafka.sh restart DIR      kills it if it runs, and starts it on the same ports and data
# kafka.sh stop DIR         ends it
#
# Needs java (17 or newer), mvn and python3.
set -euo pipefail

version=4.4.0
log4j=2.25.3
cache=${GARDEN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/emotion-gardens}
home=$cache/kafka-$version
ready_seconds=90

dependency() {
    echo "<dependency><groupId>$1</groupId><artifactId>$2</artifactId><version>$3</version></dependency>"
}

write_pom() {
    cat <<POM
<project xmlns="http://maven.apache.org/POM/4.0.0">
<modelVersion>4.0.0</modelVersion>
<groupId>garden</groupId><artifactId>kafka-for-tests</artifactId><version>1</version>
<dependencies>
$(dependency org.apache.kafka kafka_2.13 "$version")
$(dependency org.apache.logging.log4j log4j-slf4j-impl "$log4j")
$(dependency org.apache.logging.log4j log4j-core "$log4j")
$(dependency org.apache.logging.log4j log4j-api "$log4j")
</dependencies>
</project>
POM
}

# Into a folder of its own first, so that one that was interrupted is never taken for whole.
install() {
    [ -e "$home/lib" ] && return
    mkdir -p "$cache"
    local part
    part=$(mktemp -d "$cache/kafka-part.XXXXXX")
    write_pom >"$part/pom.xml"
    mvn -q -B -f "$part/pom.xml" dependency:copy-dependencies -DoutputDirectory="$part/lib" >&2
    mv -T "$part" "$home" 2>/dev/null || rm -rf "$part" # another one was faster
}

free_ports() {
    python3 - "$1" <<'PY'
import socket, sys
sockets = [socket.socket() for _ in range(int(sys.argv[1]))]
for s in sockets:
    s.bind(("127.0.0.1", 0))
print(*(s.getsockname()[1] for s in sockets))
PY
}

write_properties() {
    local port=$1 controller=$2 dir=$3
    cat <<PROPERTIES
process.roles=broker,controller
node.id=1
controller.quorum.voters=1@127.0.0.1:$controller
listeners=PLAINTEXT://127.0.0.1:$port,CONTROLLER://127.0.0.1:$controller
advertised.listeners=PLAINTEXT://127.0.0.1:$port
listener.security.protocol.map=PLAINTEXT:PLAINTEXT,CONTROLLER:PLAINTEXT
controller.listener.names=CONTROLLER
log.dirs=$dir/data
offsets.topic.replication.factor=1
offsets.topic.num.partitions=4
transaction.state.log.replication.factor=1
transaction.state.log.min.isr=1
transaction.state.log.num.partitions=4
group.initial.rebalance.delay.ms=0
auto.create.topics.enable=false
PROPERTIES
}

write_logging() {
    cat <<'LOGGING'
rootLogger.level=info
rootLogger.appenderRef.out.ref=out
appender.out.type=Console
appender.out.name=out
appender.out.layout.type=PatternLayout
appender.out.layout.pattern=%d %p %c{1}: %m%n
LOGGING
}

# Replaces the (sub)shell it is called in. Two cores are shared with the tests: quick to start
# matters more than fast in the long run. What a killed broker leaves behind (unpacked codecs)
# goes with the folder.
java_exec() {
    local dir=$1 class=$2
    shift 2
    exec java -Xms128m -Xmx512m -XX:ActiveProcessorCount=2 -XX:+UseSerialGC -Xshare:auto \
        -XX:-UsePerfData "-Djava.io.tmpdir=$dir" \
        "-Dlog4j2.configurationFile=$dir/log4j2.properties" -cp "$home/lib/*" "$class" "$@"
}

cluster_id() {
    head -c 16 /dev/urandom | base64 | tr '+/' '-_' | tr -d '='
}

launch() {
    local dir=$1 deadline=$((SECONDS + ready_seconds)) pid
    : >"$dir/kafka.log"
    (java_exec "$dir" kafka.Kafka "$dir/server.properties") >"$dir/kafka.log" 2>&1 </dev/null &
    pid=$!
    echo "$pid" >"$dir/kafka.pid"
    until grep -q 'Kafka Server started' "$dir/kafka.log"; do
        if ! kill -0 "$pid" 2>/dev/null || ((SECONDS >= deadline)); then
            echo "kafka.sh: the broker did not get ready; the end of $dir/kafka.log:" >&2
            tail -n 20 "$dir/kafka.log" >&2
            return 1
        fi
        sleep 0.1
    done
    echo "export TEST_KAFKA=127.0.0.1:$(cat "$dir/port")"
    echo "export TEST_KAFKA_PID=$pid"
    echo "export TEST_KAFKA_DIR=$dir"
}

start() {
    local dir ports
    mkdir -p "$1"
    dir=$(cd "$1" && pwd)
    install
    read -ra ports < <(free_ports 2)
    echo "${ports[0]}" >"$dir/port"
    write_properties "${ports[@]}" "$dir" >"$dir/server.properties"
    write_logging >"$dir/log4j2.properties"
    (java_exec "$dir" kafka.tools.StorageTool format --cluster-id="$(cluster_id)" \
        -c "$dir/server.properties" --ignore-formatted) >"$dir/format.log" 2>&1 ||
        { cat "$dir/format.log" >&2 && return 1; }
    launch "$dir"
}

# Ends the process of DIR with the signal and waits until it is gone.
end_with() {
    local signal=$1 dir=$2 pid
    [ -e "$dir/kafka.pid" ] || return 0
    pid=$(cat "$dir/kafka.pid")
    kill "-$signal" "$pid" 2>/dev/null || true
    while kill -0 "$pid" 2>/dev/null; do sleep 0.1; done
    rm -f "$dir/kafka.pid"
}

case ${1:-} in
install) install ;;
start) start "${2:?the folder}" ;;
restart)
    end_with KILL "${2:?the folder}"
    launch "$(cd "$2" && pwd)"
    ;;
kill) end_with KILL "${2:?the folder}" ;;
stop) end_with KILL "${2:?the folder}" ;; # its data goes with the folder
*)
    sed -n '2,9s/^# \{0,1\}//p' "$0" >&2
    exit 2
    ;;
esac
