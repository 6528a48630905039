/*
 * services/continuity/replica.h - one replica of a group: facts of the ledger and frames in,
 * effects out (docs/services.md 1).
 *
 * A replica stores entries in memory and uses no disk, no clock and no socket. Its key is generated
 * at start and never stored, so a restarted process is another replica, and gets its entries from
 * others by a view that the ledger orders. It enters a view once, stops serving it before it signs
 * its last table, and never returns to it.
 *
 * Memory is the caller's and bounded by the instances of the group. Answers are written into the
 * effects; one whose `sign` is set ends in 64 bytes that the host fills with the signature of
 * `statement` before it is sent. A frame to the group goes to the replica itself too.
 */
#ifndef ASSAY_SERVICES_CONTINUITY_REPLICA_H
#define ASSAY_SERVICES_CONTINUITY_REPLICA_H

#include "services/continuity/frame.h"
#include "services/continuity/table.h"

/* What is final on the ledger; group.h derives these from records. */
enum assay_cont_fact_kind {
    ASSAY_CONT_BORN,     /* view 0 starts, empty, only once. roster */
    ASSAY_CONT_DECIDED,  /* roster is to follow base_roster; tables of barred seats do not count */
    ASSAY_CONT_STARTED,  /* roster serves, from the table of root and entries */
    ASSAY_CONT_LOST,     /* fewer than a quorum of memories are left: nothing is served any more */
    ASSAY_CONT_SESSION,  /* the ledger numbered a session of instance */
    ASSAY_CONT_STANDING, /* of an instance that has a row: whether the author of its sessions is
                          * suspended, whether it is retired */
    ASSAY_CONT_ROWS,     /* every row was reported by STANDING since the last of these. era */
    ASSAY_CONT_OVER,     /* instance is retired */
};

struct assay_cont_fact {
    enum assay_cont_fact_kind kind;
    struct assay_cont_roster roster;
    struct assay_cont_contact contact[ASSAY_CONT_SEATS_MAX]; /* of roster, of members that list
                                                                that key still; else empty */
    struct assay_cont_roster base_roster;
    uint8_t barred; /* seats of base_roster */
    uint8_t root[32];
    uint32_t entries;
    uint8_t instance[32];
    uint64_t session;
    uint64_t era; /* the current one */
    bool suspended;
    bool retired;
};

/* Sender of a frame, as the link authenticated it by the CURVE key. */
struct assay_cont_from {
    bool replica;
    uint8_t key[ASSAY_P256_PUBLIC_LEN]; /* of a replica */
    uint8_t instance[32];               /* of an enclave */
    uint64_t session;
};

enum assay_cont_to {
    ASSAY_CONT_TO_SENDER, /* of the frame that is answered */
    ASSAY_CONT_TO_GROUP,  /* every replica of the known rosters, and itself */
    ASSAY_CONT_TO_KEY,    /* the replica of that key, which may be itself */
    ASSAY_CONT_TO_LEDGER, /* the payload of a TABLE record */
    ASSAY_CONT_TO_SESSION, /* the enclave of that instance's session, if it is still its newest */
};

struct assay_cont_send {
    enum assay_cont_to to;
    uint8_t key[ASSAY_P256_PUBLIC_LEN];
    uint8_t instance[32];
    uint64_t session;
    bool sign;
    uint8_t statement[32];
    size_t at; /* in the bytes of the effects */
    size_t len;
};

enum {
    ASSAY_CONT_PING_MS = 1000,      /* interval of keep-alives to seated replicas */
    ASSAY_CONT_REACHABLE_MS = 5000, /* a peer received from within it counts as reachable */
    ASSAY_CONT_SENDS_MAX = 32,
    ASSAY_CONT_EFFECT_BYTES = ASSAY_CONT_FRAME_MAX + 16384, /* a page and small frames */
};

struct assay_cont_effects {
    uint32_t count;
    size_t used;
    uint64_t wake_at_ms; /* time of the next tick; UINT64_MAX: none needed */
    struct assay_cont_send send[ASSAY_CONT_SENDS_MAX];
    uint8_t bytes[ASSAY_CONT_EFFECT_BYTES];
};

struct assay_cont_replica_config {
    struct assay_cont_home home;
    uint8_t key[ASSAY_P256_PUBLIC_LEN];
    uint32_t instances_max; /* 1 to ASSAY_CONT_INSTANCES_MAX */
};

/* For reports and metrics. */
struct assay_cont_status {
    bool serves;
    bool lost;       /* the group's quorum is lost */
    bool leaving;    /* its last table of `view` is signed */
    bool entering;   /* a view started, its table has not arrived yet */
    uint64_t view;   /* current, or the last one served */
    uint64_t pending_view; /* decided and not started; 0: none */
    uint32_t instances;
};

struct assay_cont_replica;

/* Returns: the bytes that assay_cont_replica_init needs. */
size_t assay_cont_replica_size(uint32_t instances_max);
/*
 * assay_cont_replica_init - initializes a replica, which serves nothing before the ledger starts a
 * view.
 * In:      memory of at least assay_cont_replica_size bytes, aligned for any type
 * Returns: the replica, in that memory
 */
struct assay_cont_replica *assay_cont_replica_init(void *memory, size_t memory_len,
                                                   const struct assay_cont_replica_config *config);
/*
 * assay_cont_replica_fact - applies a final fact, in the ledger's order. A fact older than an
 * applied one changes nothing: a host that replays an old ledger gains nothing.
 */
void assay_cont_replica_fact(struct assay_cont_replica *r, const struct assay_cont_fact *fact,
                             uint64_t now_ms, struct assay_cont_effects *effects);
/*
 * assay_cont_replica_table - stores an effective TABLE record, which is submitted again should a
 * RECOVER undo it (docs/services.md 1.9.5).
 * In:      payload: as on the ledger, hostile; before or after its facts
 * Returns: ASSAY_OK | ASSAY_E_STALE (of another group, or of an ended view) | ASSAY_E_SIGNATURE |
 *          as assay_cont_table_record_decode | ASSAY_E_FULL (longer than any)
 */
ASSAY_CHECKED enum assay_status assay_cont_replica_table(struct assay_cont_replica *r,
                                                         struct assay_slice payload);
/*
 * assay_cont_replica_frame - processes a frame received over a link.
 * Returns: ASSAY_OK | as assay_cont_frame_decode | ASSAY_E_CHAIN (another group) | ASSAY_E_LANE
 *          (the sender may not send this) | ASSAY_E_STRANGER (no seat, barred, another session's
 *          name) | ASSAY_E_SIGNATURE | ASSAY_E_STALE (another view's) | ASSAY_E_INVALID (another
 *          digest at an index, another root) | ASSAY_E_NOT_FOUND (a page of no table here) |
 *          ASSAY_E_FULL. On failure nothing has changed and nothing is sent
 */
ASSAY_CHECKED enum assay_status assay_cont_replica_frame(struct assay_cont_replica *r,
                                                         const struct assay_cont_from *from,
                                                         struct assay_slice bytes, uint64_t now_ms,
                                                         struct assay_cont_effects *effects);
/* Resends what may have been lost, and keep-alives. */
void assay_cont_replica_tick(struct assay_cont_replica *r, uint64_t now_ms,
                             struct assay_cont_effects *effects);
/*
 * assay_cont_replica_is_silent - docs/services.md 1.11.1: whether a seat was silent for a time in
 * which the replica received from a quorum throughout.
 * In:      view: of the seat; silent_ms: above ASSAY_CONT_REACHABLE_MS (asserted)
 * Returns: so; false of its own seat, without a seat, and of a view that is not the last started
 *          one
 */
bool assay_cont_replica_is_silent(const struct assay_cont_replica *r, uint64_t view, uint32_t seat,
                                  uint64_t now_ms, uint64_t silent_ms);
/* Returns: whether it has a seat, and has received from the unseated replica of this key within
 * ASSAY_CONT_REACHABLE_MS. */
bool assay_cont_replica_is_reachable(const struct assay_cont_replica *r,
                                     const uint8_t key[static ASSAY_P256_PUBLIC_LEN],
                                     uint64_t now_ms);
/* Returns: the state of the replica. */
struct assay_cont_status assay_cont_replica_status(const struct assay_cont_replica *r);
/* Returns: the entry of an instance, for tests and reports; NULL when it has none. */
const struct assay_cont_entry *assay_cont_replica_entry(const struct assay_cont_replica *r,
                                                        const uint8_t instance[static 32]);
/* Asserts every invariant. */
void assay_cont_replica_check(const struct assay_cont_replica *r);

#endif
