/*
 * engine/store/store_memory.h - a store in memory, for tests and the simulator.
 *
 * It keeps the promises of store.h exactly as far as a process lives, can be told to break them,
 * and can play a power cut: what was not committed is gone.
 */
#ifndef ASSAY_ENGINE_STORE_STORE_MEMORY_H
#define ASSAY_ENGINE_STORE_STORE_MEMORY_H

#include "engine/store/store.h"

/* What can be made to fail. */
enum assay_store_fault {
    ASSAY_STORE_FAULT_PUT,
    ASSAY_STORE_FAULT_PRUNE,
    ASSAY_STORE_FAULT_COMMIT,     /* nothing of the batch is kept */
    ASSAY_STORE_FAULT_COMMIT_ACK, /* the batch is durable, but reported to the caller as failed */
    ASSAY_STORE_FAULT_READ,       /* get, find and scan */
};

enum { ASSAY_STORE_FAULT_COUNT = 5 };

/* Returns: ASSAY_OK | ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status assay_store_memory_create(struct assay_store **out);
/*
 * Make the k-th call from now fail (k counts from 1; 0 takes the plan back), once or from then on.
 */
void assay_store_memory_fail(struct assay_store *store, enum assay_store_fault fault, uint64_t k,
                             bool for_ever);
/* A power cut: the open batch is gone and the plans of failures too. */
void assay_store_memory_crash(struct assay_store *store);
/* From now on the last durable batch can be taken back. */
void assay_store_memory_remember(struct assay_store *store);
/* Returns: how many puts and deletions the last durable batch had, as far as it was not taken
 * back. */
size_t assay_store_memory_last(const struct assay_store *store);
/*
 * A disk that lies: the last `count` (<= assay_store_memory_last) puts and deletions of the batch
 * that was acknowledged last are undone; all of them: a lost write, some: a torn one. No batch is
 * open (asserted).
 */
void assay_store_memory_lose(struct assay_store *store, size_t count);
/* A second store holding what is committed in this one (a disk image; plans are not copied).
 * Returns: ASSAY_OK | ASSAY_E_MEMORY */
ASSAY_CHECKED enum assay_status assay_store_memory_snapshot(const struct assay_store *store,
                                                            struct assay_store **out);
/* Put the disk image back: everything of store is replaced, an open batch forgotten.
 * Returns: ASSAY_OK | ASSAY_E_MEMORY (store untouched) */
ASSAY_CHECKED enum assay_status assay_store_memory_restore(struct assay_store *store,
                                                           const struct assay_store *image);
/* Returns: how many values a class holds, those of the open batch included. */
size_t assay_store_memory_count(const struct assay_store *store, enum assay_store_class class_);
/* Returns: how many bytes all values have together. */
uint64_t assay_store_memory_bytes(const struct assay_store *store);
/* Returns: how often commit made an open batch durable. */
uint64_t assay_store_memory_commits(const struct assay_store *store);

#endif
