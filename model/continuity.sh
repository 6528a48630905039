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

# A drain: the seat moves while its memory is there, and so does the whole of a base that loses one.
run holds one-drain -DS=2 -DRESTARTS=0 -DDRAIN
run breaks drained-seat-counts-twice -DS=2 -DRESTARTS=0 -DDRAIN -DDRAIN_STAYS

# Rows of the ledger.
model=rows.pml
run holds rows-over-a-recover -DRECOVERS
run holds rows-with-a-lease -DRECOVERS -DLEASE=1
run breaks born-at-any-time -DLEASE=1 -DBORN_ANY_TIME
# Either rule would do while no row leaves by time.
run holds born-in-any-era -DWINDOW=4 -DRECOVERS -DBORN_ANY_ERA
run breaks born-in-any-era-from-nothing -DWINDOW=4 -DRECOVERS -DBORN_ANY_ERA -DFROM_NOTHING
run breaks shown-before-it-is-kept -DNO_KEEP
run breaks kept-row-expires -DKEPT_EXPIRES
run breaks memory-forgets-early -DFORGETS_EARLY
run breaks lease-before-the-window -DWINDOW=3 -DLEASE=1 -DLEASE_FIRST
run breaks numbers-without-an-era -DRECOVERS -DNUMBERS_WITHOUT_ERA
run breaks starts-from-what-was-forgotten -DRECOVERS -DLEASE=1 -DFROM_NOTHING
run breaks older-era-revives-an-entry -DRECOVERS -DLEASE=1 -DREVIVES

finish
