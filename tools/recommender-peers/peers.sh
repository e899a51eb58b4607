#!/usr/bin/env bash
# peers.sh ARGS... - runs peer.py in an environment with `implicit`, pinned, in a folder below
# GARDEN_CACHE (about 250 MB). The second time only looks whether it is there.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)

cache=${GARDEN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/emotion-gardens}
venv=$cache/recommender-peers-$(sha256sum "$here/requirements.txt" | cut -c1-12)

if [ ! -e "$venv/installed" ]; then
    echo "peers.sh: installing implicit below $cache, once" >&2
    rm -rf "$venv"
    mkdir -p "$cache"
    python3 -m venv "$venv"
    "$venv/bin/pip" install --quiet --no-deps --requirement "$here/requirements.txt" >&2
    touch "$venv/installed"
fi
# implicit has threads of its own, and is slower where BLAS adds others (its own advice).
export OPENBLAS_NUM_THREADS=1 PYTHONDONTWRITEBYTECODE=1
exec "$venv/bin/python" "$here/peer.py" "$@"
