/*
 * tests/unit/engine/audit/audit_bench.h - bench of audits: a network with a past, and stores of
 * its nodes in which one row is another.
 */
#ifndef ASSAY_TESTS_UNIT_ENGINE_AUDIT_AUDIT_BENCH_H
#define ASSAY_TESTS_UNIT_ENGINE_AUDIT_AUDIT_BENCH_H

#include "engine/audit/audit.h"
#include "tests/unit/engine/era_bench.h"

enum { EPOCHS = 24, TAMPERED_FROM = 3 };

struct outcome {
    enum assay_status status;
    struct assay_audit_figures figures;
    struct assay_audit_fault fault;
    uint64_t asked;
};

struct wish {
    bool unsigned_;
    uint64_t from_epoch;
    const struct assay_checkpoint *checkpoint;
    bool (*closed)(void *context, const struct assay_state *state);
    void *context;
};

static const struct wish plain = { 0 };

/* A row of a store. */
struct target {
    size_t skip; /* take the next one */
    bool found;
    struct assay_store_key key;
    uint8_t *value;
    size_t len;
};

/* A network with a past: one member fails, is restarted, and is listed again. */
struct assay_sim_world *past(void);
/* The store of a node, for the caller to close. */
struct assay_store *copy_of(struct assay_sim_world *w, uint32_t node);
/* Audits with signatures and all that is stored next to the chain. */
struct outcome audit(struct assay_sim_world *w, struct assay_store *store, const struct wish *wish);
/* The row after `skip` others; its value is the caller's. */
struct target pick(struct assay_store *store, enum assay_store_class class_, size_t skip);
void put_back(struct assay_store *store, enum assay_store_class class_, const struct target *t);
/* The store of node 0 without one row of an epoch, after `skip` others. */
struct assay_store *without(struct assay_sim_world *w, enum assay_store_class class_,
                            uint64_t epoch, size_t skip);

#endif
