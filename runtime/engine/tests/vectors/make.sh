#!/bin/sh
# Writes ledger.jsonl anew: sh make.sh PATH_TO_DESIGN/budgets
set -eu
cd "$(dirname "$0")"
python3 -B ../ledger/generate.py "$1" 0 80 30 | awk '{ n += length($0) + 1; if (n <= 290000) print }' > ledger.jsonl
