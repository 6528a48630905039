/*
 * tests/support/services/registry_world.h - random records of all services for a registry, signed
 * by their keys and such that most of them mean something in what it is now. Of one seed comes one
 * course. Works with whichever implementation of base/crypto.h the program links.
 */
#ifndef ASSAY_TESTS_SUPPORT_REGISTRY_WORLD_H
#define ASSAY_TESTS_SUPPORT_REGISTRY_WORLD_H

#include "services/registry/registry.h"
#include "tests/support/services/task_kit.h"

enum {
    WORLD_MEMBERS = 12,
    WORLD_KEYS = 56,
    WORLD_NAMES = 8, /* of tasks that were opened last */
    WORLD_DOCUMENTS = ASSAY_REGISTRY_DOCUMENTS_MAX,
};

struct registry_world {
    uint64_t seed;
    uint64_t epoch; /* the last that was closed */
    uint8_t chain_id[32];
    struct assay_registry_plan plan;
    struct kit_key key[WORLD_KEYS];
    uint32_t name_count;
    uint8_t name[WORLD_NAMES][32];
    struct assay_registry_member member[WORLD_MEMBERS];
};

struct registry_record {
    uint32_t slot;
    uint8_t node[32];
    enum assay_service_kind kind;
    struct assay_slice payload; /* of bytes */
    uint8_t bytes[ASSAY_SERVICE_PAYLOAD_MAX];
};

struct registry_documents {
    uint32_t count;
    struct assay_slice of[WORLD_DOCUMENTS]; /* of bytes */
    uint8_t *bytes;
};

/* Two groups of three, two clusters of four slots, four tasks. Out: *w, of that seed. */
void registry_world_init(struct registry_world *w, uint64_t seed);
/* Returns: a registry of the genesis, the caller's to free. */
struct assay_registry *registry_world_fresh(const struct registry_world *w);
uint32_t registry_world_below(struct registry_world *w, uint32_t n);
/* The next record, for a registry that is r now. */
void registry_world_record(struct registry_world *w, const struct assay_registry *r,
                           struct registry_record *out);
/* Input of the next close: w->epoch and w->member. */
void registry_world_close(struct registry_world *w);
/* All documents of r; freed by registry_documents_free. */
void registry_documents_of(const struct registry_world *w, const struct assay_registry *r,
                           struct registry_documents *out);
void registry_documents_free(struct registry_documents *documents);
/* Reads each, in the order that `from` begins. Returns: the first status that is not ASSAY_OK */
enum assay_status registry_documents_read(const struct registry_documents *documents, uint32_t from,
                                          struct assay_registry *r);

#endif
