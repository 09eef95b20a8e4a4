#!/usr/bin/env bash
# Training steps of burn_gan and of PyTorch in turns on this machine. benches/README.md says what is compared.
#
#     benches/compare.sh [--cases ring,dcgan32] [--peer-form eager|best|both] [--threads 2] [--repetitions 15]
#                        [--markdown FILE] [--json FILE]
#     benches/compare.sh growth [--markdown FILE] [--plot FILE.png] ...
#
# PYTHON=/path/to/python takes PyTorch from there in place of installing it; OURS=/path/to/steps a program that is built.
set -euo pipefail

here=$(cd "$(dirname "$0")" && pwd)
environment=$here/../target/compare-venv
script=compare.py
if [[ ${1:-} == growth ]]; then
    script=growth.py
    shift
fi

if [[ -z ${PYTHON:-} ]]; then
    PYTHON=$environment/bin/python
    [[ -x $PYTHON ]] || python3 -m venv "$environment"
    if ! "$PYTHON" -c 'import torch' 2>/dev/null; then
        if [[ $(uname -sm) == "Linux x86_64" ]]; then
            "$PYTHON" -m pip install --no-deps -r "$here/peer/requirements.txt"
        else
            "$PYTHON" -m pip install torch
        fi
    fi
    if [[ $script == growth.py ]] && ! "$PYTHON" -c 'import matplotlib' 2>/dev/null; then
        "$PYTHON" -m pip install matplotlib
    fi
fi

if [[ -z ${OURS:-} ]]; then
    (cd "$here/.." && cargo build --release -p burn-gan-benches --bin steps)
    OURS=${CARGO_TARGET_DIR:-$here/../target}/release/steps
fi

exec "$PYTHON" "$here/peer/$script" --ours "$OURS" --python "$PYTHON" "$@"
