#!/bin/sh
# model/eras.sh - no two eras have different final blocks in any state of the model, and each planted fault makes them.
#
# usage: model/eras.sh [WORK]     WORK: a folder for what spin and the compiler make; default: a fresh one
#
# One line a run: what, states, seconds of processor time, verdict. Exit 0: as it must be; 1: not; 77: no
# spin here.
model=eras.pml table=22
. "$(dirname "$0")/lib.sh"

# The rules, within the bounds of docs/protocol.md 9.14 to 9.16.5.
long=1 run holds certain-recover
long=1 run holds forced-and-the-silent-are-gone -DFORCED
if [ "${ASSAY_DEPTH:-}" != quick ]; then
    long=1 run holds two-blocks-behind-the-boundary -DK=3
    long=1 run holds two-blocks-before-it -DC=2 -DK=3
    long=1 run holds a-lost-store -DLOST=1
    long=1 run holds forced-and-a-lost-store -DFORCED -DLOST=1
fi
# Attacks on eras, without what was built against them: replaced operators against a node that is behind (S1),
# also one whose store is new, a fence of theirs, who passes it on, two RECOVERs of one era (S5), a head that nobody
# can check (S9); and what the first fixes had wrong (rules-next 1).
run breaks operators-alone -DOPERATORS_ALONE
run breaks operators-alone-and-a-lost-store -DOPERATORS_ALONE -DLOST=1
run breaks stored-answers-will-do -DSTORED_ANSWERS
run breaks confirmed-by-few -DCONFIRMED_BY_FEW
run breaks said-by-anybody -DSAID_BY_ANYBODY
run breaks fence-outlives-its-operators -DOUTLIVES
run breaks operators-listed-again -DLISTED_AGAIN
run breaks relayer-is-struck -DSTRIKES_RELAYER
run breaks threshold-of-half -DNO=6 -DNEED=3 -DFAULTY=0
run breaks recover-by-the-threshold -DNEED=4 -DFAULTY=1
run breaks head-unproven -DUNPROVEN
run breaks fence-ends-for-who-answered -DENDS_FOR_ALL
run breaks answers-of-any-fence -DANY_FENCE
run breaks certain-by-a-third -DBY_A_THIRD
if [ "${ASSAY_DEPTH:-}" = quick ]; then finish; exit; fi

# All of the model is reached.
for number in 1 2 3 4 5; do run breaks reached-$number -DREACHES=$number; done

# Beyond the bounds, as the threat model says: no rule helps, and no node undoes what is final to itself.
run breaks votes-of-the-gone-arrive-late -DFORCED -DLATE
run breaks forced-and-the-silent-go-on -DFORCED -DSTAY
run breaks replaced-operators-still-obeyed -DREMAINS
long=1 run holds own-blocks-beyond-the-bounds -DFORCED -DSTAY -DREMAINS -DBEYOND

# Other rules taken away.
run breaks taken-below-the-head -DFORCED -DSTAY -DREMAINS -DBEYOND -DBELOW_THE_HEAD
run breaks old-voters-count -DOLD_VOTERS
run breaks silent-forgotten -DSILENT_FORGOTTEN
run breaks liars-forgotten -DLIARS_FORGOTTEN
run breaks fence-forgotten -DFENCE_FORGOTTEN
run breaks fenced-votes -DFENCED_VOTES

finish
