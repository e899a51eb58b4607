#!/usr/bin/env bash
# schema_test.sh - holds the contract's files against each other and against the standards: the
# samples of tests/golden against the JSON Schemas, asyncapi.yaml against AsyncAPI 3.0.0 and
# topics.c, openapi.yaml against OpenAPI. Prints TAP.
#
# What it needs is installed once, pinned, below GARDEN_CACHE: a Python environment and the
# official AsyncAPI schema. The second run only looks whether it is there.
set -euo pipefail
cd "$(dirname "$0")/../.."

cache=${GARDEN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/emotion-gardens}
requirements=tests/schema/requirements.txt
venv=$cache/schema-$(sha256sum "$requirements" | cut -c1-12)

specs=6.11.1 # @asyncapi/specs
specs_sum=0375812ea00a1a8276fba15616da63065090d6814272ce06c45ef3b081af36aa7f9251941e3940dda01c67d5cc3292c613cccf7980f3db1f4598ee834ae2ab69
asyncapi=$cache/asyncapi-specs-$specs/3.0.0-without-id.json

install_venv() {
    [ -e "$venv/installed" ] && return
    rm -rf "$venv"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --no-deps --requirement "$requirements" >&2
    touch "$venv/installed"
}

fetch_specs() {
    if command -v npm >/dev/null; then
        (cd "$1" && npm pack --silent "@asyncapi/specs@$specs" >/dev/null 2>&1)
    else
        curl -fsSL --retry 3 --max-time 120 -o "$1/asyncapi-specs-$specs.tgz" \
            "https://registry.npmjs.org/@asyncapi/specs/-/specs-$specs.tgz"
    fi
}

install_asyncapi() {
    [ -e "$asyncapi" ] && return
    local dir
    dir=$(mktemp -d)
    fetch_specs "$dir"
    echo "$specs_sum  $dir/asyncapi-specs-$specs.tgz" | sha512sum --check --quiet >&2
    # shellcheck disable=SC2016 # the name has a dollar sign in it
    tar -xzf "$dir/asyncapi-specs-$specs.tgz" -C "$dir" 'package/schemas/3.0.0-without-$id.json'
    mkdir -p "${asyncapi%/*}"
    mv "$dir/package/schemas/3.0.0-without-\$id.json" "$asyncapi"
    rm -rf "$dir"
}

mkdir -p "$cache"
install_venv
install_asyncapi
exec "$venv/bin/python" tests/schema/validate.py "$asyncapi"
