/*
 * tests/unit/engine/ledger/review_bench.h - REVIEW records of the operators of a change bench.
 */
#ifndef ASSAY_TESTS_UNIT_ENGINE_LEDGER_REVIEW_BENCH_H
#define ASSAY_TESTS_UNIT_ENGINE_LEDGER_REVIEW_BENCH_H

#include "tests/unit/engine/change_bench.h"

enum { REVIEW_EXPIRES = 40, REVIEW_ACTIVATION = 60 };

/* A change of this number and policy as a body. */
struct review_change {
    uint8_t bytes[2048];
    struct assay_slice body;
    uint8_t digest[32];
    uint64_t sequence;
};

struct review_made {
    uint8_t bytes[ASSAY_CHANGE_RECORD_LEN_MAX];
    struct assay_record record;
};

/* Level 2 is in force. */
struct change_bench *review_make_bench(void);
void review_make_change(const struct change_bench *b, uint64_t sequence, const char *policy,
                        struct review_change *change);
/* What this operator states, complete but for its signatures. */
struct assay_review review_of(const struct change_bench *b, uint32_t operator_,
                              enum assay_review_act act, const struct review_change *change);
/* Signed by the key of `signer`. The caller frees it. */
struct review_made *review_sign(const struct change_bench *b, struct assay_review *review,
                                uint32_t signer);
/* Into the block that is being made. Returns: what refuses it. */
enum assay_status review_offer(struct change_bench *b, struct review_made *m);

#endif
