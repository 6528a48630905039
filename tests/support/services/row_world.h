/*
 * tests/support/services/row_world.h - a few rows that are always the same: what a kept proof of
 * one of them (tests/fuzz/corpus/services_row) is about.
 */
#ifndef ASSAY_TESTS_SUPPORT_ROW_WORLD_H
#define ASSAY_TESTS_SUPPORT_ROW_WORLD_H

#include "base/assert.h"
#include "services/continuity/document.h"

enum { ROW_WORLD_GROUP = 7, ROW_WORLD_ROWS = 8 };

/* In: count at most ROW_WORLD_ROWS; rows[ROW_WORLD_ROWS]. */
static inline void row_world_make(struct assay_cont_group *group,
                                  struct assay_cont_instance_row *rows, uint32_t count)
{
    const struct assay_cont_home home = { .group = ROW_WORLD_GROUP };
    const struct assay_cont_birth birth = { .epoch = 1 };
    assay_cont_group_init(group, &home, 3, ROW_WORLD_ROWS, rows);
    for (uint32_t i = 0; i < count; i++) {
        const uint8_t key[ASSAY_P256_PUBLIC_LEN] = { (uint8_t)i };
        rows[i] = (struct assay_cont_instance_row){ .birth = birth,
                                                    .payer = ASSAY_CONT_SLOTS_MAX,
                                                    .session = 1 + i,
                                                    .epoch = 1,
                                                    .in_epoch = 1,
                                                    .contact = { .curve = { (uint8_t)i, 1 },
                                                                 .address = "host:7100",
                                                                 .address_len = 9 } };
        assay_cont_instance(&home, &birth, key, rows[i].instance);
    }
    const enum assay_status joined = assay_cont_group_join(group);
    ASSAY_ASSERT(joined == ASSAY_OK);
}

#endif
