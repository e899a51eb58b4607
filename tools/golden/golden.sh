#!/usr/bin/env bash
# golden.sh [python ARGS...] - makes tests/golden/diffusion anew, or runs Python in the environment
# that does it: diffusers and torch, pinned, in a folder below GARDEN_CACHE (about 6 GB, as torch
# brings its GPU libraries along). The second time only looks whether it is there.
set -euo pipefail
cd "$(dirname "$0")/../.."

cache=${GARDEN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/emotion-gardens}
requirements=tools/golden/requirements.txt
venv=$cache/golden-$(sha256sum "$requirements" | cut -c1-12)

if [ ! -e "$venv/installed" ]; then
    echo "golden.sh: installing diffusers and torch below $cache, once" >&2
    rm -rf "$venv"
    mkdir -p "$cache"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --no-deps --requirement "$requirements" >&2
    touch "$venv/installed"
fi
export HF_HUB_OFFLINE=1 PYTHONDONTWRITEBYTECODE=1
if [ "${1:-}" = python ]; then
    shift
    exec "$venv/bin/python" "$@"
fi
exec "$venv/bin/python" tools/golden/write.py tests/golden/diffusion
