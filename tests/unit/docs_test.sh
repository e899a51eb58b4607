#!/usr/bin/env bash
# docs_test.sh - what the documentation repeats from the code is what the code says: the settings,
# and who may use which route.
set -uo pipefail
cd "$(dirname "$0")/../.." || exit 1

count=0 failed=0

same() { # NAME HOW-TO-MEND WANTED FOUND
    local difference
    count=$((count + 1))
    if [ -n "$3" ] && difference=$(diff <(printf '%s\n' "$3") <(printf '%s\n' "$4")); then
        echo "ok $count - $1"
        return
    fi
    echo "not ok $count - $1"
    echo "# $2"
    printf '%s\n' "${difference:-there is nothing to compare with}" | sed 's/^/# /'
    failed=$((failed + 1))
}

# "METHOD path ROLES" for each route of the gateway's table.
routes_of_code() {
    sed -nE 's/^ *\{"([A-Z]+)", "([^"]+)", ([A-Z_]+), .*/\1 \2 \3/p' gateway/routes.c |
        sed -e 's/EVERYBODY$/everybody/' -e 's/OPERATOR$/operator/' \
            -e 's/SCREENS$/display, operator/' -e 's/ANY_KEY$/kiosk, display, operator/' \
            -e 's/KIOSKS$/kiosk, operator/'
}

# The same from the table's rows: | `METHOD path` | roles | ...
routes_of_docs() {
    sed -nE 's/^\| .([A-Z]+) ([^ ]+). \| ([^|]+) \|.*/\1 \2 \3/p' docs/security.md
}

same "docs/settings.md says what the programs take" "make docs writes it anew" \
    "$(tools/settings-page.sh)" "$(cat docs/settings.md)"
same "docs/security.md has the gateway's routes and roles" \
    "make its table equal to gateway/routes.c" "$(routes_of_code | sort)" "$(routes_of_docs | sort)"

echo "1..$count"
[ "$failed" = 0 ]
