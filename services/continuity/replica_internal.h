/*
 * services/continuity/replica_internal.h - a replica's parts: replica.c serves enclaves,
 * replica_receipts.c signs receipts, replica_view.c changes views.
 */
#ifndef ASSAY_SERVICES_CONTINUITY_REPLICA_INTERNAL_H
#define ASSAY_SERVICES_CONTINUITY_REPLICA_INTERNAL_H

#include "services/continuity/replica.h"

enum {
    ASSAY_CONT_RECEIPTS_MAX = 4,        /* that wait, of one instance */
    ASSAY_CONT_SPARES_MAX = 128,        /* replicas without a seat that are remembered as heard */
    ASSAY_CONT_HANDOVERS_MAX = 4,       /* newest views of which the record is kept */
};

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
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
    struct assay_cont_table table;
};

/* The TABLE record of a view: for a ledger that has undone it, and for enclaves that know its
 * base. */
struct handover {
    uint64_t view, base;
    size_t len; /* 0: no record yet */
    uint8_t bytes[ASSAY_CONT_TABLE_LEN_MAX];
    struct assay_cont_contact contact[ASSAY_CONT_SEATS_MAX];
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
    bool retired;
    bool told;           /* since the last ROWS */
    uint32_t receipts;   /* that wait */
    uint64_t receipt_ms; /* when what it may have in the long run is used up */
};

/* A receipt that waits to be signed. */
/* A replica that does not sit. */
struct spare {
    uint8_t key[ASSAY_P256_PUBLIC_LEN];
    uint64_t heard_ms;
};

struct receipt_request {
    struct assay_cont_entry entry; /* as it was when the request arrived */
    uint64_t session;              /* that asked */
    uint8_t nonce[32];
};

struct assay_cont_replica {
    struct assay_cont_home home;
    uint8_t key[ASSAY_P256_PUBLIC_LEN];
    enum mode mode;
    bool born; /* some view was seen: view 0 cannot begin any more */
    bool lost;
    uint64_t era; /* that runs, as far as the ledger was seen */
    uint64_t view;
    struct assay_cont_table table; /* live while ACTIVE, unchanged while FINAL */
    uint8_t final_root[32];

    uint64_t decided; /* the last decided view; 0: none yet */
    bool pending;     /* it has not started */
    struct assay_cont_roster next, base;
    struct assay_cont_contact next_contact[ASSAY_CONT_SEATS_MAX];
    uint8_t barred;
    struct fin fin[ASSAY_CONT_SEATS_MAX];
    struct offer offer[ASSAY_CONT_SEATS_MAX]; /* each member makes one */
    bool offered;

    uint64_t ledger_view; /* that the ledger showed last as the one that serves */
    uint32_t handover_count;
    struct handover handover[ASSAY_CONT_HANDOVERS_MAX]; /* ascending by view */

    struct assay_cont_roster started; /* the last view that started; view 0: born */
    struct assay_cont_contact started_contact[ASSAY_CONT_SEATS_MAX];
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
    struct receipt_request *request; /* [ASSAY_CONT_RECEIPTS_MAX * instances_max] */
    uint32_t request_count;
    uint32_t tree_count; /* of the first of them under one root; 0: no tree */
    uint32_t tree_given;
    bool tree_signed;
    uint64_t tree_at_ms; /* no other signature before */
    uint8_t tree_leaf[ASSAY_CONT_TREE_MAX][32];
    uint8_t tree_root[32], tree_signature[ASSAY_P256_SIGNATURE_LEN];

    uint64_t resend_at_ms;
    uint64_t pause_ms;

    bool calls;            /* a view was seen: it says to those that sit that it is there */
    bool watches;          /* it sits in `started`, and hears the others */
    uint64_t watched_view; /* whose seats these are */
    uint64_t heard_ms[ASSAY_CONT_SEATS_MAX];
    uint64_t within_ms; /* since then it has heard a quorum all the time, itself included */
    uint64_t ping_at_ms, ticked_ms;
    uint32_t spare_count;
    struct spare spare[ASSAY_CONT_SPARES_MAX]; /* that it heard while it sat */
};

/* docs/services.md 1.9.5: has the ledger undone a view that started? Returns: whether so, and its
 * record is here. */
bool assay_cont_replica_is_undone(const struct assay_cont_replica *r);
/* A session or a view of the ledger, or of a table, has this number: its era runs, or is over.
 * Returns: nothing. */
void assay_cont_replica_era(struct assay_cont_replica *r, uint64_t number);
/* docs/services.md 1.9.8: what an enclave that knows this view is given of the one after. Returns:
 * ASSAY_OK, borrowed from bytes | ASSAY_E_NOT_FOUND (none followed, or its record is not here) */
ASSAY_CHECKED enum assay_status assay_cont_replica_handover(const struct assay_cont_replica *r,
                                                            uint64_t base, uint8_t *bytes,
                                                            size_t capacity,
                                                            struct assay_slice *out);
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
/* Returns: what is final of an instance's sessions; NULL: nothing. */
struct known_session *assay_cont_replica_session(const struct assay_cont_replica *r,
                                                 const uint8_t instance[static 32]);
/* A request for a receipt over the entry. Returns: ASSAY_OK | ASSAY_E_FULL (more than it may have)
 */
ASSAY_CHECKED enum assay_status assay_cont_replica_receipt(struct assay_cont_replica *r,
                                                           struct known_session *known,
                                                           const struct assay_cont_frame *f,
                                                           const struct assay_cont_entry *entry,
                                                           uint64_t now_ms);
/* The signature of the tree, from itself. Returns: ASSAY_OK | ASSAY_E_STRANGER | ASSAY_E_STALE */
ASSAY_CHECKED enum assay_status assay_cont_replica_root(struct assay_cont_replica *r,
                                                        const struct assay_cont_from *from,
                                                        const struct assay_cont_frame *f,
                                                        struct assay_cont_effects *effects);
/* Signs what waits, or sends what is signed. Returns: nothing. */
void assay_cont_replica_receipts_tick(struct assay_cont_replica *r, uint64_t now_ms,
                                      struct assay_cont_effects *effects);
/* Returns: when to call tick for them; UINT64_MAX: none waits. */
uint64_t assay_cont_replica_receipts_due(const struct assay_cont_replica *r);
/* The view in which they were requested is over. Returns: nothing. */
void assay_cont_replica_receipts_drop(struct assay_cont_replica *r);
/* --- replica_watch.c: who is heard. A fact was taken; a frame of a replica came; time has passed.
 * Each Returns: nothing. */
void assay_cont_replica_watch(struct assay_cont_replica *r, uint64_t now_ms);
void assay_cont_replica_heard(struct assay_cont_replica *r, const struct assay_cont_from *from,
                              uint64_t now_ms);
void assay_cont_replica_watch_tick(struct assay_cont_replica *r, uint64_t now_ms,
                                   struct assay_cont_effects *effects);
void assay_cont_replica_again(struct assay_cont_replica *r, struct assay_cont_effects *effects);

#endif
