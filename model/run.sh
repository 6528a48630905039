#!/bin/sh
# model/run.sh - the rules of Simplex hold in every state of the model, and each planted fault breaks them.
#
# usage: model/run.sh [WORK]     WORK: a folder for what spin and the compiler make; default: a fresh one
#
# One line a run: what, states, seconds of processor time, verdict. Exit 0: as it must be; 1: not; 77: no
# spin here. Each run takes at most 700 MiB and 300 s.
model=simplex.pml table=22
. "$(dirname "$0")/lib.sh"

weights() { echo "-DW0=$1 -DW1=$2 -DW2=$3 -DW3=$4"; }

# The rules, whoever leads first; weights; crashes; no N after X.
# (A quick run, tests/support/depth.h: the first one alone.)
firsts='0 1 2 3'
[ "${ASSAY_DEPTH:-}" != quick ] || firsts=0
for first in $firsts; do long=1 run holds "three-views-first-$first" -DV=3 -DFIRST=$first; done
run holds weights-2-1-1-traitor-2 -DV=2 $(weights 2 1 1 2)
run holds weights-3-2-2-traitor-3 -DV=2 $(weights 3 2 2 3)
run holds weights-3-3-2-traitor-2 -DV=2 $(weights 3 3 2 2)
run holds two-crashes -DV=2 -DCRASHES=2
run holds no-n-after-x -DV=3 -DFIRST=0 -DDISCIPLINE

# X over a range of views, beside X of one view, and alone.
for first in 0 2 3; do run holds "ranges-beside-first-$first" -DV=2 -DFIRST=$first -DRANGES=1; done
for first in 1 2 3; do run holds "ranges-alone-first-$first" -DV=3 -DFIRST=$first -DRANGES=2 -DNO_SINGLE; done
run holds ranges-weights-3-2-2-traitor-3 -DV=2 $(weights 3 2 2 3) -DRANGES=1
run holds ranges-one-crash -DV=2 -DCRASHES=1 -DRANGES=1

# Each rule taken away.
run breaks range-after-f -DV=3 -DRANGES=2 -DNO_SINGLE -DRANGE_AFTER_F
run breaks f-after-range -DV=3 -DRANGES=2 -DNO_SINGLE -DF_AFTER_RANGE
run breaks range-by-a-third -DV=2 -DRANGES=1 -DRANGE_BY_THIRD
run breaks quorum-one-too-small -DV=3 -DQUORUM_SMALL
run breaks x-after-f -DV=3 -DX_AFTER_F
run breaks f-after-x -DV=3 -DF_AFTER_X
run breaks two-n -DV=3 -DTWO_N
run breaks nullifications-not-needed -DV=3 -DNO_NULLS
run breaks parent-not-notarised -DV=3 -DNO_PARENT
run breaks no-persist-barrier -DV=2 -DCRASHES=1 -DNO_BARRIER
run breaks traitor-of-two-fifths -DV=2 $(weights 3 3 0 4)
run breaks n-after-x-as-a-rule -DV=2 -DN_AFTER_X -DDISCIPLINE
# Not a fault of agreement: N before X is allowed, and who hears both cannot tell in which order.
run holds n-after-x-and-agreement -DV=3 -DFIRST=0 -DN_AFTER_X

finish
