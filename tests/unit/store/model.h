/*
 * tests/unit/store/model.h - the store as one would write it on a napkin: two unsorted lists.
 *
 * Random programs run on a store and on the model; whatever can be seen must be the same.
 */
#ifndef ASSAY_TESTS_UNIT_STORE_MODEL_H
#define ASSAY_TESTS_UNIT_STORE_MODEL_H

#include "engine/store/store.h"

enum { MODEL_ITEMS_MAX = 1024, MODEL_VALUE_MAX = 64 };

struct model_item {
    enum assay_store_class class_;
    struct assay_store_key key;
    size_t len;
    uint8_t value[MODEL_VALUE_MAX];
};

struct model_list {
    size_t count;
    struct model_item items[MODEL_ITEMS_MAX];
};

struct model {
    struct model_list committed, working;
};

/* A small generator with a seed: the same program every time. Returns: the next number. */
uint64_t model_random(uint64_t *seed);

void model_put(struct model *model, enum assay_store_class class_,
               const struct assay_store_key *key, const uint8_t *value, size_t len);
void model_prune(struct model *model, enum assay_store_class class_, uint32_t era, uint64_t epoch);
void model_commit(struct model *model);
void model_rollback(struct model *model);

/* Does the store show exactly the items of a list, by get, find and scan in both directions?
 * Returns: NULL when it does, else what differs. */
const char *model_compare(const struct model_list *list, struct assay_store *store);

/* The n-th batch of a program that any process can repeat: some puts, now and then a prune; the
 * same is done to the model when it is not NULL. commit is the caller's.
 * Returns: the first failure of the store, ASSAY_OK where store is NULL */
enum assay_status model_batch(uint64_t seed, uint32_t n, struct assay_store *store,
                              struct model *model);

#endif
