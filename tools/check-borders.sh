#!/usr/bin/env bash
# check-borders.sh - dependencies point down only (main -> service -> services/common -> proto ->
# lib -> third party), and each third-party header is included in its one place.
set -euo pipefail
cd "$(dirname "$0")/.."

failed=0
complain() {
    echo "$1"
    sed 's/^/  /'
    failed=1
}

# found PATTERN PATH... : #include lines in C files below the paths that match the pattern
found() {
    local pattern=$1
    shift
    grep -rnE --include='*.[ch]' "^ *# *include $pattern" "$@" 2>/dev/null || true
}

forbid() {
    local what=$1 lines
    lines=$(cat)
    [ -z "$lines" ] || complain "$what" <<<"$lines"
}

code=(lib proto services gateway gardenctl)

found '"(proto|services|gateway|gardenctl|tests)/' lib | forbid "lib/ may include nothing of ours but lib/:"
found '"(services|gateway|gardenctl|tests)/' proto | forbid "proto/ may include lib/ only:"
for service in services/*/; do
    name=$(basename "$service")
    { found '"(gateway|gardenctl|tests)/' "$service"
      found '"services/' "$service" | grep -vE "\"services/(common|$name)/" || true; } |
        forbid "$service may include itself, services/common, proto and lib:"
done
for program in gateway gardenctl; do
    { found '"(gateway|gardenctl|tests)/' "$program" | grep -v "\"$program/" || true
      found '"services/' "$program" | grep -v '"services/common/' || true; } |
        forbid "$program/ may include itself, services/common, proto and lib:"
done

# header pattern, then the places where it may be included
while read -r header places; do
    grep_out=$(found "<($header)" "${code[@]}")
    for place in $places; do
        grep_out=$(grep -v "^$place" <<<"$grep_out" || true)
    done
    forbid "<$header> belongs in $places:" <<<"$grep_out"
done <<'TABLE'
librdkafka/ lib/bus/
sqlite3\.h lib/bus/ lib/catalog/ lib/sqlite/
libpq lib/catalog/
microhttpd\.h lib/http/
curl/ lib/http/
jansson\.h lib/json/
openssl/ lib/crypto/
jpeglib\.h lib/image/
png\.h lib/image/
webp/ lib/image/
expat\.h lib/store/
uthash\.h lib/base/map.c
(oneapi/)?dnnl lib/nn/
utf8proc\.h services/generator-gpu/tokenizer
omp\.h lib/nn/
TABLE
exit $failed
