#!/bin/sh
# The model of the rules against scoring/: all of it, or a part in a quick run (tests/support/depth.h).
#
# usage: run.sh LIBRARY
if [ "${ASSAY_DEPTH:-}" = quick ]; then set -- "$1" 240 120 120; else set -- "$1" 6000 3000 2000; fi
command -v python3 >/dev/null || exit 77
exec python3 "$(dirname "$0")/run.py" "$1" "$2" "$3" "$4"
