/*
 * tests/unit/services/registry_pair.h - two registries under the same records, one of which is read
 * from documents now and then.
 */
#ifndef ASSAY_TESTS_UNIT_SERVICES_REGISTRY_PAIR_H
#define ASSAY_TESTS_UNIT_SERVICES_REGISTRY_PAIR_H

#include "tests/support/services/registry_world.h"

/* Everything that was told, in its order. */
struct received {
    uint32_t count;
    uint8_t digest[32];
};

struct pair {
    struct registry_world world;
    struct registry_record record;
    struct assay_registry *live, *read; /* read: from documents, now and then */
    struct assay_registry_facts *facts;
    struct received received[2];
};

/* What is told is folded into one digest; context: struct received. */
void pair_told(void *context, const struct assay_registry_facts *facts);
/* Both as the genesis of that seed says. Returns: for pair_free. */
struct pair *pair_of(uint64_t seed);
void pair_free(struct pair *p);
/* Tells a registry who stands how. */
void pair_stand(const struct registry_world *w, struct assay_registry *r);
/* Both write the same bytes. */
void pair_expect_same_documents(struct pair *p);
/* The one that is read is made anew from the documents of the other. */
void pair_read_again(struct pair *p);
/* The next random record, to both. Returns: what became of it. */
const char *pair_apply(struct pair *p);
/* One registry closes the epoch. */
void pair_close_one(struct pair *p, struct assay_registry *r, struct received *received);
/* Both close the next epoch. */
void pair_close_epoch(struct pair *p);
/* Both told the same. */
void pair_expect_same_facts(const struct pair *p);

#endif
