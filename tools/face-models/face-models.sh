#!/usr/bin/env bash
# face-models.sh - makes models/face and tests/golden/faces anew: fetches two npm packages with the
# nets and the runtime that they were made for (about 400 MB below GARDEN_CACHE, once), checks the
# nets' sums, writes them as safetensors, and keeps what they give for a few pictures.
#
# face-models.sh node SCRIPT ARGS... runs SCRIPT beside those packages (FACE_MODELS_HOME) instead.
set -euo pipefail
cd "$(dirname "$0")/../.."

cache=${GARDEN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/emotion-gardens}
tool=$PWD/tools/face-models
home=$cache/face-models-$(cat "$tool/package.json" "$tool/package-lock.json" | sha256sum | cut -c1-12)

if [ ! -e "$home/installed" ]; then
    echo "face-models.sh: installing two packages and TensorFlow.js below $cache, once" >&2
    rm -rf "$home"
    mkdir -p "$home"
    cp "$tool/package.json" "$tool/package-lock.json" "$home"
    npm ci --prefix "$home" --ignore-scripts --no-audit --no-fund --silent >&2
    touch "$home/installed"
fi
(cd "$home/node_modules" && sha256sum --check --quiet --strict "$tool/sources.sha256")

export FACE_MODELS_HOME=$home
if [ "${1:-}" = node ]; then
    exec "$@"
fi
node "$tool/convert.mjs" models/face
node "$tool/golden.mjs" tests/golden/faces
(cd models/face && sha256sum -- *.safetensors >SHA256SUMS)
