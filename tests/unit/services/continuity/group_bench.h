/*
 * tests/unit/services/continuity/group_bench.h - five members and one group of three: what the
 * tests of the group's fold start from.
 */
#ifndef ASSAY_TESTS_UNIT_SERVICES_GROUP_BENCH_H
#define ASSAY_TESTS_UNIT_SERVICES_GROUP_BENCH_H

#include "services/continuity/group.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { GROUP = 2, MEMBERS = 5, ROWS = 32 };

struct bench {
    struct assay_cont_group group;
    struct assay_cont_instance_row rows[ROWS];
    struct assay_cont_facts facts;
    enum assay_cont_standing standing[MEMBERS];
    uint16_t score[MEMBERS];
    const uint8_t *operators; /* NULL: each member has its own */
    uint64_t epoch;
};

static inline void close_epoch(struct bench *b)
{
    assay_cont_group_close_epoch(&b->group, ++b->epoch, b->standing, b->score, b->operators,
                                 MEMBERS, &b->facts);
    assay_cont_group_check(&b->group);
}

static inline enum assay_cont_result list(struct bench *b, uint32_t slot, uint8_t key)
{
    const struct assay_cont_replica_record record = { .group = GROUP,
                                                      .key = { key },
                                                      .contact = { .curve = { key } } };
    const enum assay_cont_result result =
        assay_cont_group_apply_replica(&b->group, slot, &record, &b->facts);
    assay_cont_group_check(&b->group);
    return result;
}

static inline struct bench *empty(const uint8_t *operators)
{
    struct bench *b = calloc(1, sizeof *b);
    const struct assay_cont_home home = { .group = GROUP };
    cr_assert_not_null(b);
    assay_cont_group_init(&b->group, &home, 3, 4, b->rows);
    for (uint32_t i = 0; i < MEMBERS; i++) {
        b->standing[i] = ASSAY_CONT_STAND_FULL;
        b->score[i] = 100;
    }
    b->operators = operators;
    close_epoch(b);
    return b;
}

/* Three replicas of five members: keys 10, 11, 12. */
static inline struct bench *serving(void)
{
    struct bench *b = empty(NULL);
    cr_assert_eq(list(b, 0, 10), ASSAY_CONT_APPLIED);
    cr_assert_eq(list(b, 1, 11), ASSAY_CONT_APPLIED);
    cr_assert_eq(b->facts.count, 0, "two do not make a group of three");
    cr_assert_eq(list(b, 2, 12), ASSAY_CONT_APPLIED);
    cr_assert_eq(b->facts.fact[0].kind, ASSAY_CONT_BORN);
    return b;
}

static inline struct assay_cont_table_record table(const struct bench *b, uint64_t view)
{
    struct assay_cont_table_record record = { .group = GROUP,
                                              .base = b->group.now.roster.view,
                                              .roster = b->group.next.roster,
                                              .last_count = 2,
                                              .count = 2 };
    record.roster.view = view;
    for (uint32_t i = 0; i < 2; i++) {
        assay_bytes_copy(record.last[i].key, 64, b->group.now.roster.key[i], 64);
        assay_bytes_copy(record.key[i], 64, b->group.next.roster.key[i], 64);
    }
    return record;
}

#endif
