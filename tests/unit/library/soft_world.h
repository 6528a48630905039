/*
 * tests/unit/library/soft_world.h - SOFT vendor and its platforms for plain programs.
 */
#ifndef ASSAY_TESTS_UNIT_LIBRARY_SOFT_WORLD_H
#define ASSAY_TESTS_UNIT_LIBRARY_SOFT_WORLD_H

#include "quote/accept/policy.h"
#include "quote/source/soft/soft.h"
#include "tests/unit/library/verify_bytes.h"

enum { WORLD_NODES = 3, WORLD_TIME = 1800000000 };

struct soft_world {
    struct assay_soft_ca ca;
    struct assay_soft_bundle bundle;
    struct assay_soft_node nodes[WORLD_NODES];
    uint8_t quotes[WORLD_NODES][ASSAY_SOFT_QUOTE_MAX];
    size_t quote_lens[WORLD_NODES];
    uint8_t root[128]; /* SubjectPublicKeyInfo */
    size_t root_len;
    size_t file_count;
    struct assay_bytes files[ASSAY_PARTS];
};

/* Ends the program when it does not hold. */
void must(bool ok, const char *what);
/* The policy under which the world's quotes are affirming. */
extern const char soft_world_policy[];
/* In memory of the caller. */
void soft_world_make(struct soft_world *w);
void soft_world_end(struct soft_world *w);

#endif
