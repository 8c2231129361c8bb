#!/bin/sh
# Writes ledger.jsonl anew: sh make.sh PATH_TO_DESIGN/budgets
# First the histories that alone tell certain faults (what is unknown of a pull, who used what first, whose room a replacement
# takes, authority inside one envelope), then as many others as fit.
set -eu
cd "$(dirname "$0")"
{
    for seed in 3000368 3000513 3002876 3000023; do python3 -B ../ledger/generate.py "$1" $seed 1 direct; done
    python3 -B ../ledger/generate.py "$1" 0 80 30
} | awk '{ n += length($0) + 1; if (n <= 290000) print }' > ledger.jsonl
