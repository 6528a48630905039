/*
 * services/continuity/client.h - client of a replica group in an enclave: open, adopt, update,
 * confirm (docs/services.md 1.4 to 1.8).
 *
 * The host does the input and output: it persists sealed blobs before it calls update, retains the
 * certified one, and releases no output of a state before that state is certified and no read
 * before it is confirmed. This module has the rules: which state a session may start from, which
 * state is certified, and when the process must end because a newer one runs.
 *
 * Memory is the caller's, in the struct. Frames are returned as effects: they are borrowed from the
 * client and the effects until the next call.
 */
#ifndef ASSAY_SERVICES_CONTINUITY_CLIENT_H
#define ASSAY_SERVICES_CONTINUITY_CLIENT_H

#include "services/continuity/document.h"
#include "services/continuity/frame.h"
#include "services/continuity/receipt.h"
#include "services/continuity/replica.h"

enum assay_cont_client_phase {
    ASSAY_CONT_OPENING,  /* queries a quorum for the certified state */
    ASSAY_CONT_FOUND,    /* found it; waits for the state itself (adopt) */
    ASSAY_CONT_ADOPTING, /* writes it again under this session */
    ASSAY_CONT_RUNNING,  /* state `certified` may be shown */
    ASSAY_CONT_ENDED,    /* fenced, or rolled back: wipe and end */
};

enum assay_cont_end {
    ASSAY_CONT_END_NONE,
    ASSAY_CONT_END_FENCED,
    ASSAY_CONT_END_ROLLBACK,
    ASSAY_CONT_END_RETIRED, /* the instance is retired: its key signed that */
    ASSAY_CONT_END_FORGOTTEN, /* its entries are lost: the row had left the table before a
                               * RECOVER */
};

/* Events of a step. Bits. */
enum {
    ASSAY_CONT_EVENT_FOUND = 1 << 0,
    ASSAY_CONT_EVENT_ADOPTED = 1 << 1,
    ASSAY_CONT_EVENT_CERTIFIED = 1 << 2, /* `certified` rose */
    ASSAY_CONT_EVENT_CONFIRMED = 1 << 3,
    ASSAY_CONT_EVENT_RECEIPT = 1 << 4,
    ASSAY_CONT_EVENT_FENCED = 1 << 5,
    ASSAY_CONT_EVENT_VIEW = 1 << 6, /* it follows a later view: the roster and contact[] are new */
};

struct assay_cont_out {
    uint8_t seats; /* the destinations, as seats of the client's roster */
    struct assay_slice frame;
};

enum { ASSAY_CONT_OUTPUTS_MAX = 8 };

struct assay_cont_outputs {
    uint32_t count;
    struct assay_cont_out out[ASSAY_CONT_OUTPUTS_MAX];
    uint32_t events;
    uint64_t wake_at_ms; /* UINT64_MAX: nothing is in flight */
    size_t used;
    uint8_t bytes[1024]; /* small frames; updates stay in the client */
};

struct assay_cont_client_config {
    struct assay_cont_home home;
    uint8_t instance[32];
    uint64_t session;               /* as numbered by the ledger */
    uint64_t birth_era;
    struct assay_cont_roster roster; /* of the current view */
};

struct assay_cont_question {
    bool asked;      /* it waits for answers */
    bool has_quorum; /* the newest one has been answered by a quorum */
    uint8_t nonce[32];
    uint8_t seats; /* that answered */
};

struct assay_cont_client {
    struct assay_cont_client_config config;
    enum assay_cont_client_phase phase;
    enum assay_cont_end end;
    bool lost;      /* the group's quorum is lost: stop serving, retain the blob */
    bool suspended; /* a replica reports that the author is suspended */
    uint64_t view_hint; /* the highest view that a replica named; beyond the roster's: no hand-over
                         * reaches it, and it must come from the ledger */
    uint8_t asked_handover; /* seats, since the last pause */
    /* Of the roster, as a hand-over named them; address_len 0: use the ledger's. */
    struct assay_cont_contact contact[ASSAY_CONT_SEATS_MAX];

    uint8_t nonce[32]; /* of OPEN */
    uint8_t answered;  /* seats that answered OPEN, in this view */
    uint8_t forgot;    /* of an era after the birth: seats that had no entry */
    struct assay_cont_entry found;

    uint64_t certified;
    uint8_t certified_digest[32];
    uint64_t last; /* queued, sealed by the host */
    uint8_t last_digest[32];
    uint8_t queue[ASSAY_CONT_QUEUE_MAX][32]; /* digest of state i at i % QUEUE_MAX */

    uint64_t flight_last; /* last index of the frame in flight; 0: none */
    size_t flight_len;
    uint8_t flight[ASSAY_CONT_FRAME_MAX]; /* the same bytes again, never another digest */
    uint64_t acked[ASSAY_CONT_SEATS_MAX];
    uint8_t adopted; /* seats that acknowledged the first state of this session */

    struct assay_cont_question confirm, ask_receipt;
    struct assay_cont_receipt receipt;

    uint64_t resend_at_ms;
    uint64_t receipt_at_ms; /* when the receipt is requested again */
    uint64_t sent_at_ms; /* of the frame in flight; start of the doubt timeout */
};

/* In: config: copied. */
void assay_cont_client_init(struct assay_cont_client *c,
                            const struct assay_cont_client_config *config);
/* Queries the certified state. In: nonce, 32 random bytes. */
void assay_cont_client_open(struct assay_cont_client *c, const uint8_t nonce[static 32],
                            uint64_t now_ms, struct assay_cont_outputs *outs);
/*
 * assay_cont_client_adopt - starts from the state that the host has unsealed, or from none at a
 * first start.
 * In:      index, prev: as sealed with it; blob_hash: SHA-256 of the blob. Index 0: no state yet
 * Returns: ASSAY_OK, and it is being written | ASSAY_E_STALE (rolled back: c->found is the
 *          certified entry; the client has ended) | ASSAY_E_INVALID (not now)
 */
ASSAY_CHECKED enum assay_status assay_cont_client_adopt(struct assay_cont_client *c, uint64_t index,
                                                        const uint8_t prev[static 32],
                                                        const uint8_t blob_hash[static 32],
                                                        uint64_t now_ms,
                                                        struct assay_cont_outputs *outs);
/*
 * assay_cont_client_update - appends the next state, whose blob is already durable.
 * Returns: ASSAY_OK, *index and the digest c->last_digest, to be sealed with the next |
 *          ASSAY_E_FULL (ASSAY_CONT_QUEUE_MAX wait) | ASSAY_E_INVALID (not running)
 */
ASSAY_CHECKED enum assay_status assay_cont_client_update(struct assay_cont_client *c,
                                                         const uint8_t blob_hash[static 32],
                                                         uint64_t now_ms, uint64_t *index,
                                                         struct assay_cont_outputs *outs);
/* Requests confirmation before a read is released. A pending request is abandoned: its answers may
 * be older than this read. Returns: ASSAY_OK | ASSAY_E_INVALID (not running) */
ASSAY_CHECKED enum assay_status assay_cont_client_confirm(struct assay_cont_client *c,
                                                          const uint8_t nonce[static 32],
                                                          uint64_t now_ms,
                                                          struct assay_cont_outputs *outs);
/* Requests a quorum's signatures over the entry; then c->receipt is complete. Returns: as
 * confirm | ASSAY_E_AGAIN (one is pending) */
ASSAY_CHECKED enum assay_status assay_cont_client_receipt(struct assay_cont_client *c,
                                                          const uint8_t nonce[static 32],
                                                          uint64_t now_ms,
                                                          struct assay_cont_outputs *outs);
/*
 * assay_cont_client_row - applies the ledger's row of this instance, proven without the rest of the
 * table (docs/services.md 1.3.6): a newer session fences this process, a retired instance ends it.
 * In:      head: of the group, of a digest that the caller trusts; proof: hostile (row.h)
 * Out:     *proven on ASSAY_OK
 * Returns: ASSAY_OK | ASSAY_E_STALE (a row of before this session was numbered: it has no effect) |
 *          as assay_cont_rows_read and assay_cont_row_verify; then nothing has changed
 */
ASSAY_CHECKED enum assay_status assay_cont_client_row(struct assay_cont_client *c,
                                                      struct assay_slice head,
                                                      struct assay_slice proof,
                                                      struct assay_cont_row_proven *proven,
                                                      struct assay_cont_outputs *outs);
/* Applies STARTED and LOST; other facts are ignored. */
void assay_cont_client_fact(struct assay_cont_client *c, const struct assay_cont_fact *fact,
                            uint64_t now_ms, struct assay_cont_outputs *outs);
/* A frame of the replica in a seat. Returns: ASSAY_OK | as assay_cont_frame_decode | ASSAY_E_LANE |
 * ASSAY_E_STRANGER (another instance's, session's, no seat) | ASSAY_E_STALE (of another view, or
 * unsolicited) | ASSAY_E_INVALID (another digest) | ASSAY_E_SIGNATURE | of a HANDOVER as
 * assay_cont_handover_decode and _check */
ASSAY_CHECKED enum assay_status assay_cont_client_frame(struct assay_cont_client *c, uint32_t seat,
                                                        struct assay_slice bytes, uint64_t now_ms,
                                                        struct assay_cont_outputs *outs);
/* Resends what may have been lost. */
void assay_cont_client_tick(struct assay_cont_client *c, uint64_t now_ms,
                            struct assay_cont_outputs *outs);
/* Returns: true when the frame in flight took longer than 1 s: it is in doubt and may still become
 * certified. */
bool assay_cont_client_is_in_doubt(const struct assay_cont_client *c, uint64_t now_ms);
/* Asserts every invariant. */
void assay_cont_client_check(const struct assay_cont_client *c);

#endif
