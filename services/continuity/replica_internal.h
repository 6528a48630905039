/*
 * services/continuity/replica_internal.h - interface between the files of a replica: replica.c
 * serves enclaves, replica_receipts.c signs receipts, replica_view.c changes views.
 */
#ifndef ASSAY_SERVICES_CONTINUITY_REPLICA_INTERNAL_H
#define ASSAY_SERVICES_CONTINUITY_REPLICA_INTERNAL_H

#include "services/continuity/replica.h"

enum {
    ASSAY_CONT_RECEIPTS_MAX = 4,  /* pending, of one instance */
    ASSAY_CONT_SPARES_MAX = 128,  /* replicas without a seat that are tracked as reachable */
    ASSAY_CONT_HANDOVERS_MAX = 4, /* newest views whose record is stored */
};

enum mode {
    MODE_OUT,    /* serves no view: not started, or its view has ended */
    MODE_ACTIVE, /* serves `view` */
    MODE_FINAL,  /* has signed its last table of `view` */
};

/* The last table of a seat of the base view. */
struct fin {
    bool known; /* root and entries are signed */
    bool whole; /* the complete table with that root is here */
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

/* The maximum of the tables of `mask`, and the seats of the pending view that vouch for it. */
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
    uint64_t session; /* the last final one */
    bool suspended;
    bool retired;
    bool reported;       /* since the last ROWS */
    uint32_t receipts;   /* that wait */
    uint64_t receipt_ms; /* when its rate limit is used up */
};

/* A pending receipt. */
/* A replica that does not sit. */
struct spare {
    uint8_t key[ASSAY_P256_PUBLIC_LEN];
    uint64_t received_ms;
};

struct receipt_request {
    struct assay_cont_entry entry; /* as of the arrival of the request */
    uint64_t session;              /* that asked */
    uint8_t nonce[32];
};

struct assay_cont_replica {
    struct assay_cont_home home;
    uint8_t key[ASSAY_P256_PUBLIC_LEN];
    enum mode mode;
    bool born; /* some view was seen: view 0 cannot start any more */
    bool lost;
    uint64_t era; /* the current one, as far as the ledger was seen */
    uint64_t view;
    struct assay_cont_table table; /* written while ACTIVE, unchanged while FINAL */
    uint8_t final_root[32];

    uint64_t decided; /* the last decided view; 0: none yet */
    bool pending;     /* it has not started */
    struct assay_cont_roster next, base;
    struct assay_cont_contact next_contact[ASSAY_CONT_SEATS_MAX];
    uint8_t barred;
    struct fin fin[ASSAY_CONT_SEATS_MAX];
    struct offer offer[ASSAY_CONT_SEATS_MAX]; /* each member makes one */
    bool offered;

    uint64_t ledger_view; /* the current view by the last ledger state */
    uint32_t handover_count;
    struct handover handover[ASSAY_CONT_HANDOVERS_MAX]; /* ascending by view */

    struct assay_cont_roster started; /* the last view that started; view 0: born */
    struct assay_cont_contact started_contact[ASSAY_CONT_SEATS_MAX];
    bool entering;
    bool entered_whole; /* `entered` is the table that `started` began with */
    uint8_t started_root[32];
    uint32_t started_entries;
    struct assay_cont_table entered;
    uint32_t ask; /* seat to request it from next */

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

    bool calls;            /* a view was seen: sends keep-alives to seated replicas */
    bool watches;          /* it has a seat in `started`, and tracks the others */
    uint64_t watched_view; /* whose seats these are */
    uint64_t received_ms[ASSAY_CONT_SEATS_MAX];
    uint64_t within_ms; /* it has received from a quorum continuously since then, itself included */
    uint64_t ping_at_ms, ticked_ms;
    uint32_t spare_count;
    struct spare spare[ASSAY_CONT_SPARES_MAX]; /* that it received while it had a seat */
};

/* docs/services.md 1.9.5: whether the ledger has undone a view that started, and its record is
 * here. */
bool assay_cont_replica_is_undone(const struct assay_cont_replica *r);
/* A session or view of the ledger, or of a table, has this number: its era is the current one, or
 * over. */
void assay_cont_replica_set_era(struct assay_cont_replica *r, uint64_t number);
/* docs/services.md 1.9.8: the hand-over from this view to the next. Returns: ASSAY_OK, borrowed
 * from bytes | ASSAY_E_NOT_FOUND (none followed, or its record is not here) */
ASSAY_CHECKED enum assay_status assay_cont_replica_handover(const struct assay_cont_replica *r,
                                                            uint64_t base, uint8_t *bytes,
                                                            size_t capacity,
                                                            struct assay_slice *out);
/* Encodes a frame into the effects. Returns: the send, of which the caller sets `to` and `sign`. */
struct assay_cont_send *assay_cont_replica_add_send(struct assay_cont_replica *r,
                                                    struct assay_cont_frame *frame,
                                                    struct assay_cont_effects *effects);
/* Facts and frames of views. Status: as assay_cont_replica_frame. */
void assay_cont_replica_on_decided(struct assay_cont_replica *r, const struct assay_cont_fact *fact,
                                   struct assay_cont_effects *effects);
void assay_cont_replica_on_started(struct assay_cont_replica *r, const struct assay_cont_fact *fact,
                                   struct assay_cont_effects *effects);
ASSAY_CHECKED enum assay_status assay_cont_replica_on_peer_frame(
    struct assay_cont_replica *r, const struct assay_cont_from *from,
    const struct assay_cont_frame *f, struct assay_cont_effects *effects);
/* Returns: the final session state of an instance; NULL: none. */
struct known_session *assay_cont_replica_find_session(const struct assay_cont_replica *r,
                                                      const uint8_t instance[static 32]);
/* A request for a receipt over the entry. Returns: ASSAY_OK | ASSAY_E_FULL (more than it may have)
 */
ASSAY_CHECKED enum assay_status assay_cont_replica_add_receipt(struct assay_cont_replica *r,
                                                               struct known_session *known,
                                                               const struct assay_cont_frame *f,
                                                               const struct assay_cont_entry *entry,
                                                               uint64_t now_ms);
/* The signature of the tree, from itself. Returns: ASSAY_OK | ASSAY_E_STRANGER | ASSAY_E_STALE */
ASSAY_CHECKED enum assay_status assay_cont_replica_on_root(struct assay_cont_replica *r,
                                                           const struct assay_cont_from *from,
                                                           const struct assay_cont_frame *f,
                                                           struct assay_cont_effects *effects);
/* Signs pending receipts, or sends signed ones. */
void assay_cont_replica_receipts_tick(struct assay_cont_replica *r, uint64_t now_ms,
                                      struct assay_cont_effects *effects);
/* Returns: the time of their next tick; UINT64_MAX: none is pending. */
uint64_t assay_cont_replica_receipts_due(const struct assay_cont_replica *r);
/* Drops receipts requested in an ended view. */
void assay_cont_replica_receipts_drop(struct assay_cont_replica *r);
/* --- replica_watch.c: liveness of peers. A fact was applied; a frame of a replica arrived; time
 * has passed. */
void assay_cont_replica_watch_fact(struct assay_cont_replica *r, uint64_t now_ms);
void assay_cont_replica_mark_reachable(struct assay_cont_replica *r,
                                       const struct assay_cont_from *from, uint64_t now_ms);
void assay_cont_replica_watch_tick(struct assay_cont_replica *r, uint64_t now_ms,
                                   struct assay_cont_effects *effects);
void assay_cont_replica_resend(struct assay_cont_replica *r, struct assay_cont_effects *effects);

#endif
