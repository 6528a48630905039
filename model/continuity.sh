#!/bin/sh
# model/continuity.sh - state continuity loses nothing in any state of the model, and each planted fault does.
#
# usage: model/continuity.sh [WORK]     WORK: a folder for what spin and the compiler make; default: a fresh one
#
# One line a run: what, states, seconds of processor time, verdict. Exit 0: as it must be; 1: not; 77: no
# spin here.
model=continuity.pml table=20
. "$(dirname "$0")/lib.sh"

run holds clones-and-reads -DS=2 -DVIEWS=1 -DRESTARTS=0 -DREADS
run holds one-replacement -DS=2 -DRESTARTS=1

# What others do with a replica that comes back.
run breaks naive-maximum-of-peers -DS=2 -DVIEWS=1 -DRESTARTS=1 -DNAIVE
run breaks sealed-and-rolled-back -DS=2 -DVIEWS=1 -DRESTARTS=1 -DSEALED

# Rules taken away. FEW_TABLES and NO_HANDOVER break too, after 523,732 and 155,107 states: the planted faults of
# tests/mutants/services stand for them in the daily run.
run breaks no-promise -DS=2 -DVIEWS=1 -DRESTARTS=0 -DNO_PROMISE
run breaks no-write-back -DS=3 -DVIEWS=1 -DRESTARTS=0 -DNO_WRITE_BACK
run breaks no-confirm -DS=2 -DVIEWS=1 -DRESTARTS=0 -DREADS -DNO_CONFIRM
run breaks views-add-up -DS=2 -DRESTARTS=1 -DMIX_VIEWS
run breaks no-final -DS=2 -DRESTARTS=1 -DNO_FINAL
run breaks enters-again -DS=2 -DRESTARTS=1 -DREENTER

finish
