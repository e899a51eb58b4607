#!/usr/bin/env bash
# train.sh [--minutes N] [--resume] ... - trains models/garden-tiny; `train.sh --help` says it all.
#
# Runs train.py with tools/golden's torch and diffusers and the painter's Skia beside them. What it
# makes lies below GARDEN_CACHE. GARDEN_PYTHON may name a Python that has all of these instead.
# TRAIN_PROGRAM=training_test.py runs the tests instead.
# Ends with 0 when the model is done, 3 when the minutes are over, 4 when a gate is closed.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
cache=${GARDEN_CACHE:-${XDG_CACHE_HOME:-$HOME/.cache}/emotion-gardens}
requirements=$here/requirements.txt
beside=$cache/train-garden-beside-$(sha256sum "$requirements" | cut -c1-12)

export TRANSFORMERS_VERBOSITY=error HF_HUB_OFFLINE=1 PYTHONDONTWRITEBYTECODE=1 TOKENIZERS_PARALLELISM=false
export OMP_WAIT_POLICY=passive      # spinning threads are in each other's way where others run, too
export MALLOC_TOP_PAD_=268435456 MALLOC_TRIM_THRESHOLD_=2147483648 MALLOC_MMAP_THRESHOLD_=2147483648
if [ -n "${GARDEN_PYTHON:-}" ]; then
    exec "$GARDEN_PYTHON" "$here/${TRAIN_PROGRAM:-train.py}" "$@"
fi
python=$here/../golden/golden.sh
if [ ! -e "$beside/ready" ]; then
    echo "train.sh: installing the painter's packages below $cache, once" >&2
    "$here/../setup.sh" paint >&2
    mkdir -p "$cache"
    rm -rf "$beside"
    grep -E '^(skia-python|pybind11)==' "$requirements" >"$beside.txt"
    "$python" python -m pip install --quiet --disable-pip-version-check --no-deps \
        --target "$beside" --requirement "$beside.txt" >&2
    touch "$beside/ready"
fi
export PYTHONPATH=$beside
exec "$python" python "$here/${TRAIN_PROGRAM:-train.py}" "$@"
