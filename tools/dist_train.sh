#!/usr/bin/env bash
# Trains in several processes of this machine, and with NNODES > 1 of others too; docs/scaling.md explains it.
set -euo pipefail

if (($# < 2)); then
    echo "usage: $0 CONFIG GPUS [options of tools/train.py]" >&2
    echo "environment: NNODES (1), NODE_RANK (0), MASTER_ADDR (127.0.0.1), PORT (a free one; 29500 if NNODES > 1), PYTHON (python)" >&2
    exit 2
fi
config=$1 gpus=$2
shift 2

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
if [[ -d $root/tsn_plugin ]]; then # a clone, which need not be installed
    export PYTHONPATH=$root${PYTHONPATH:+:$PYTHONPATH}
fi
if ((${NNODES:-1} == 1)) && [[ -z ${PORT:-} ]]; then
    meeting=(--standalone --local-addr 127.0.0.1)
else
    meeting=(--nnodes "${NNODES:-1}" --node-rank "${NODE_RANK:-0}")
    meeting+=(--master-addr "${MASTER_ADDR:-127.0.0.1}" --master-port "${PORT:-29500}")
fi
exec "${PYTHON:-python}" -m torch.distributed.run "${meeting[@]}" --nproc-per-node "$gpus" \
    -m tsn_plugin train "$config" --launcher pytorch "$@"
