/*
 * tests/support/planted_quorum.h - a planted fault: a quorum that is one too small, put in front of
 * every file of one test program (tests/unit/engine/CMakeLists.txt).
 */
#ifndef ASSAY_TESTS_SUPPORT_PLANTED_QUORUM_H
#define ASSAY_TESTS_SUPPORT_PLANTED_QUORUM_H

#include "engine/consensus/vote.h"

static inline bool planted_quorum(uint64_t weight, uint64_t total_weight)
{
    return 3 * (weight + 1) > 2 * total_weight;
}

#define assay_quorum(weight, total_weight) planted_quorum(weight, total_weight)

#endif
