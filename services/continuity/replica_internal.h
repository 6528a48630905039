/*
 * services/continuity/replica_internal.h - a replica's parts: replica.c serves enclaves,
 * replica_view.c changes views.
 */
#ifndef ASSAY_SERVICES_CONTINUITY_REPLICA_INTERNAL_H
#define ASSAY_SERVICES_CONTINUITY_REPLICA_INTERNAL_H

#include "services/continuity/replica.h"

enum mode {
    MODE_OUT,    /* serves no view: fresh, or its view is over */
    MODE_ACTIVE, /* serves `view` */
    MODE_FINAL,  /* has signed its last table of `view` */
};

/* The last table of a seat of the base view. */
struct fin {
    bool known; /* root and entries are signed */
    bool whole; /* the table is here and has that root */
    uint8_t root[32];
    uint32_t entries;
    struct assay_cont_table table;
};

/* The maximum of the tables of `mask`, and which seats of the pending view vouch for it. */
struct offer {
    uint8_t mask; /* 0: free */
    uint8_t root[32];
    uint32_t entries;
    bool mine; /* computed here as well, and signed */
    uint8_t by;
    uint8_t signature[ASSAY_CONT_SEATS_MAX][ASSAY_P256_SIGNATURE_LEN];
};

struct known_session {
    uint8_t instance[32];
    uint64_t session; /* the last that is final */
    bool suspended;
};

struct assay_cont_replica {
    struct assay_cont_home home;
    uint8_t key[ASSAY_P256_PUBLIC_LEN];
    enum mode mode;
    bool born; /* some view was seen: view 0 cannot begin any more */
    bool lost;
    uint64_t view;
    struct assay_cont_table table; /* live while ACTIVE, unchanged while FINAL */
    uint8_t final_root[32];

    uint64_t decided; /* the last decided view; 0: none yet */
    bool pending;     /* it has not started */
    struct assay_cont_roster next, base;
    uint8_t barred;
    struct fin fin[ASSAY_CONT_SEATS_MAX];
    struct offer offer[ASSAY_CONT_SEATS_MAX]; /* each member makes one */
    bool offered;

    struct assay_cont_roster started; /* the last view that started; view 0: born */
    bool entering;
    bool entered_whole; /* `entered` is the table that `started` began with */
    uint8_t started_root[32];
    uint32_t started_entries;
    struct assay_cont_table entered;
    uint32_t ask; /* whom to ask next for it */

    struct assay_cont_table scratch;
    struct known_session *sessions;
    uint32_t session_count;
    uint32_t instances_max;
    uint64_t resend_at_ms;
    uint64_t pause_ms;
};

/* Writes a frame into the effects. Returns: the send, of which the caller sets `to` and `sign`. */
struct assay_cont_send *assay_cont_replica_put(struct assay_cont_replica *r,
                                               struct assay_cont_frame *frame,
                                               struct assay_cont_effects *effects);
/* Facts and frames of views. They Return: nothing, and what assay_cont_replica_frame says. */
void assay_cont_replica_decided(struct assay_cont_replica *r, const struct assay_cont_fact *fact,
                                struct assay_cont_effects *effects);
void assay_cont_replica_started(struct assay_cont_replica *r, const struct assay_cont_fact *fact,
                                struct assay_cont_effects *effects);
ASSAY_CHECKED enum assay_status assay_cont_replica_peer(struct assay_cont_replica *r,
                                                        const struct assay_cont_from *from,
                                                        const struct assay_cont_frame *f,
                                                        struct assay_cont_effects *effects);
void assay_cont_replica_again(struct assay_cont_replica *r, struct assay_cont_effects *effects);

#endif
