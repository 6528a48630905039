/*
 * engine/audit/audit_internal.h - the state of one audit, shared by audit.c and audit_items.c.
 */
#ifndef ASSAY_ENGINE_AUDIT_AUDIT_INTERNAL_H
#define ASSAY_ENGINE_AUDIT_AUDIT_INTERNAL_H

#include "engine/audit/audit.h"
#include "engine/audit/audit_books.h"
#include "engine/sync/boundary_chain.h"

struct audit {
    const struct assay_audit_config *config;
    struct assay_fold fold;
    struct assay_audit_figures *figures;
    struct assay_audit_fault *at;
    uint8_t *value; /* one stored value */
    size_t value_len_max;
    struct assay_roster_row *rows; /* [capacity] scratch */
    struct assay_audit_books books;
    struct assay_boundary_chain *chain;                 /* over epochs whose blocks are not kept */
    bool met;                                           /* the checkpoint was compared */
    uint64_t unproven_from, unproven_to;                /* as of figures, before the last gap */
    uint8_t policy_digest[32], endorsements_digest[32]; /* what `ruled` was given last, */
    uint8_t before_digest[2][32]; /* and of the rules before those on trial; zeros: none are */
    enum assay_store_class class_;                      /* that is visited */
    enum assay_status status;                           /* of a visit */
    bool stop;
};

/* The fault is set; this adds its place. Returns: ASSAY_E_INVALID. */
enum assay_status assay_audit_blame(struct audit *a, enum assay_store_class class_,
                                    const struct assay_store_key *key);
/* Returns: ASSAY_E_INVALID. */
enum assay_status assay_audit_blame_plain(struct audit *a, enum assay_store_class class_,
                                          const struct assay_store_key *key, const char *what,
                                          enum assay_status status);
/* Of a->class_. Returns: ASSAY_OK where both are equal | ASSAY_E_INVALID. */
ASSAY_CHECKED enum assay_status assay_audit_blame_ids(struct audit *a,
                                                      const struct assay_store_key *key,
                                                      const char *what,
                                                      const uint8_t expected[static 32],
                                                      const uint8_t found[static 32]);
/* The first and the last key of an epoch. */
struct assay_store_key assay_audit_first(uint32_t era, uint64_t epoch);
struct assay_store_key assay_audit_last(uint32_t era, uint64_t epoch);
/* Visit the running epoch; everything of a class. Each Returns: ASSAY_E_STORE | a->status. */
ASSAY_CHECKED enum assay_status assay_audit_scan_epoch(struct audit *a,
                                                       enum assay_store_class class_,
                                                       assay_store_visit *visit);
ASSAY_CHECKED enum assay_status assay_audit_scan_all(struct audit *a, enum assay_store_class class_,
                                                     assay_store_visit *visit);

/* Verify what was signed in the running epoch; what is named by its own bytes. Each Returns:
 * ASSAY_OK | ASSAY_E_INVALID with *a->at | ASSAY_E_STORE. */
ASSAY_CHECKED enum assay_status assay_audit_signed(struct audit *a);
ASSAY_CHECKED enum assay_status assay_audit_named(struct audit *a);

#endif
