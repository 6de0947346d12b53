#!/usr/bin/env bash
# Trains in tasks of Slurm, on one machine or several; docs/scaling.md explains it.
set -euo pipefail

if (($# < 3)); then
    echo "usage: $0 PARTITION JOB_NAME CONFIG [options of tools/train.py]" >&2
    echo "environment: GPUS (8, in all), GPUS_PER_NODE (8, at most GPUS), CPUS_PER_TASK (5), SRUN_ARGS (none), MASTER_PORT (any), PYTHON (python)" >&2
    exit 2
fi
partition=$1 job_name=$2 config=$3
shift 3

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
if [[ -d $root/tsn_plugin ]]; then # a clone, which need not be installed
    export PYTHONPATH=$root${PYTHONPATH:+:$PYTHONPATH}
fi
export MASTER_PORT=${MASTER_PORT:-$((12000 + RANDOM % 20000))} # two jobs may share a machine

gpus=${GPUS:-8}
per_node=${GPUS_PER_NODE:-$((gpus < 8 ? gpus : 8))}
# the other tasks would wait for one that died
options=(--kill-on-bad-exit=1 --partition="$partition" --job-name="$job_name" --gres="gpu:$per_node")
options+=(--ntasks="$gpus" --ntasks-per-node="$per_node" --cpus-per-task="${CPUS_PER_TASK:-5}")
# shellcheck disable=SC2086  # SRUN_ARGS are several words; the last option of a kind counts
exec srun "${options[@]}" ${SRUN_ARGS:-} "${PYTHON:-python}" -u \
    -m tsn_plugin train "$config" --launcher slurm "$@"
