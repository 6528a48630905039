/*
 * services/continuity/client.h - an enclave's session: open, adopt, update, wait, confirm
 * (docs/services.md 1.4 to 1.8).
 *
 * The host does what touches the world: it seals blobs durably before it calls update, keeps the
 * certified one, lets no output of a state leave before that state is certified and no read before
 * it is confirmed. Here stand the rules: which state may be started from, which is certified, and
 * when this process has to end because a newer one lives.
 *
 * Memory is the caller's, in the struct. Frames leave in effects: they are borrowed from the client
 * and the effects until the next call.
 */
#ifndef ASSAY_SERVICES_CONTINUITY_CLIENT_H
#define ASSAY_SERVICES_CONTINUITY_CLIENT_H

#include "services/continuity/document.h"
#include "services/continuity/frame.h"
#include "services/continuity/receipt.h"
#include "services/continuity/replica.h"

enum assay_cont_client_phase {
    ASSAY_CONT_OPENING,  /* asks a quorum what was certified */
    ASSAY_CONT_FOUND,    /* knows; waits for the state itself (adopt) */
    ASSAY_CONT_ADOPTING, /* writes it back under this session */
    ASSAY_CONT_RUNNING,  /* state `certified` may be shown */
    ASSAY_CONT_ENDED,    /* fenced, or rolled back: wipe and end */
};

enum assay_cont_end {
    ASSAY_CONT_END_NONE,
    ASSAY_CONT_END_FENCED,
    ASSAY_CONT_END_ROLLBACK,
    ASSAY_CONT_END_RETIRED, /* the instance is over: its key has said so */
    ASSAY_CONT_END_FORGOTTEN, /* its memory is gone: the row had left the table before a RECOVER */
};

/* What the caller is told after a step. Bits. */
enum {
    ASSAY_CONT_TOLD_FOUND = 1 << 0,
    ASSAY_CONT_TOLD_ADOPTED = 1 << 1,
    ASSAY_CONT_TOLD_CERTIFIED = 1 << 2, /* `certified` rose */
    ASSAY_CONT_TOLD_CONFIRMED = 1 << 3,
    ASSAY_CONT_TOLD_RECEIPT = 1 << 4,
    ASSAY_CONT_TOLD_FENCED = 1 << 5,
    ASSAY_CONT_TOLD_VIEW = 1 << 6, /* it follows a later view: the roster and contact[] are new */
};

struct assay_cont_out {
    uint8_t seats; /* whom to send it to, by seat of the client's roster */
    struct assay_slice frame;
};

enum { ASSAY_CONT_OUTS_MAX = 8 };

struct assay_cont_outs {
    uint32_t count;
    struct assay_cont_out out[ASSAY_CONT_OUTS_MAX];
    uint32_t told;
    uint64_t wake_at_ms; /* UINT64_MAX: nothing is under way */
    size_t used;
    uint8_t bytes[1024]; /* small frames; updates stay in the client */
};

struct assay_cont_client_config {
    struct assay_cont_home home;
    uint8_t instance[32];
    uint64_t session;               /* as the ledger numbered it */
    uint64_t birth_era;
    struct assay_cont_roster roster; /* of the view that serves */
};

struct assay_cont_question {
    bool asked;
    uint8_t nonce[32];
    uint8_t seats; /* that answered */
};

struct assay_cont_client {
    struct assay_cont_client_config config;
    enum assay_cont_client_phase phase;
    enum assay_cont_end end;
    bool lost;      /* the group's quorum is gone: stop serving, keep the blob */
    bool suspended; /* a replica says that our author stands so */
    uint64_t view_hint; /* the highest view that a replica named; beyond the roster's: no hand-over
                           has led there, and the ledger has to show it */
    uint8_t asked_handover; /* seats, since the last pause */
    /* Of the roster, as a hand-over named them; address_len 0: the ledger knows. */
    struct assay_cont_contact contact[ASSAY_CONT_SEATS_MAX];

    uint8_t nonce[32]; /* of OPEN */
    uint8_t answered;  /* seats that opened, in this view */
    uint8_t forgot;    /* of an era after the birth: seats that had no entry */
    struct assay_cont_entry found;

    uint64_t certified;
    uint8_t certified_digest[32];
    uint64_t last; /* queued, sealed by the host */
    uint8_t last_digest[32];
    uint8_t queue[ASSAY_CONT_QUEUE_MAX][32]; /* digest of state i at i % QUEUE_MAX */

    uint64_t flight_last; /* last index of the frame under way; 0: none */
    size_t flight_len;
    uint8_t flight[ASSAY_CONT_FRAME_MAX]; /* the same bytes again, never another digest */
    uint64_t acked[ASSAY_CONT_SEATS_MAX];
    uint8_t adopted; /* seats that acknowledged the state of this session's start */

    struct assay_cont_question confirm, ask_receipt;
    struct assay_cont_receipt receipt;

    uint64_t resend_at_ms;
    uint64_t receipt_at_ms; /* the receipt is asked for again */
    uint64_t sent_at_ms; /* of what is under way first; doubt is counted from it */
};

/* Returns: nothing. */
void assay_cont_client_init(struct assay_cont_client *c,
                            const struct assay_cont_client_config *config);
/* Asks. In: nonce, 32 random bytes. Returns: nothing. */
void assay_cont_client_open(struct assay_cont_client *c, const uint8_t nonce[static 32],
                            uint64_t now_ms, struct assay_cont_outs *outs);
/*
 * assay_cont_client_adopt - the state that the host has unsealed, or none at a first start.
 * In:      index, prev: as sealed with it; blob_hash: SHA-256 of the blob. Index 0: no state yet
 * Returns: ASSAY_OK, and it is being written back | ASSAY_E_STALE (rolled back: c->found says what
 *          was certified; the client has ended) | ASSAY_E_INVALID (not now)
 */
ASSAY_CHECKED enum assay_status assay_cont_client_adopt(struct assay_cont_client *c,
                                                        uint64_t index,
                                                        const uint8_t prev[static 32],
                                                        const uint8_t blob_hash[static 32],
                                                        uint64_t now_ms,
                                                        struct assay_cont_outs *outs);
/*
 * assay_cont_client_update - the next state, whose blob is durable already.
 * Returns: ASSAY_OK, *index and the digest c->last_digest, to be sealed beside the next |
 *          ASSAY_E_FULL (ASSAY_CONT_QUEUE_MAX wait) | ASSAY_E_INVALID (not running)
 */
ASSAY_CHECKED enum assay_status assay_cont_client_update(struct assay_cont_client *c,
                                                         const uint8_t blob_hash[static 32],
                                                         uint64_t now_ms, uint64_t *index,
                                                         struct assay_cont_outs *outs);
/* A read is about to leave. Returns: ASSAY_OK | ASSAY_E_AGAIN (one is asked already) |
 * ASSAY_E_INVALID (not running) */
ASSAY_CHECKED enum assay_status assay_cont_client_confirm(struct assay_cont_client *c,
                                                          const uint8_t nonce[static 32],
                                                          uint64_t now_ms,
                                                          struct assay_cont_outs *outs);
/* Signatures of a quorum for the entry; then c->receipt is whole. Returns: as confirm. */
ASSAY_CHECKED enum assay_status assay_cont_client_receipt(struct assay_cont_client *c,
                                                          const uint8_t nonce[static 32],
                                                          uint64_t now_ms,
                                                          struct assay_cont_outs *outs);
/*
 * assay_cont_client_row - what the ledger has of this instance, of its whole table one row
 * (docs/services.md 1.3.6): a newer session fences this process, a retired instance ends it.
 * In:      head: of the group, of a digest that the caller trusts; proof: hostile (row.h)
 * Out:     *proven on ASSAY_OK
 * Returns: ASSAY_OK | ASSAY_E_STALE (a row of before this session was numbered: nothing follows
 *          from it) | what assay_cont_rows_read and assay_cont_row_verify say; then nothing has
 *          changed
 */
ASSAY_CHECKED enum assay_status assay_cont_client_row(struct assay_cont_client *c,
                                                      struct assay_slice head,
                                                      struct assay_slice proof,
                                                      struct assay_cont_row_proven *proven,
                                                      struct assay_cont_outs *outs);
/* STARTED and LOST; others mean nothing to an enclave. Returns: nothing. */
void assay_cont_client_fact(struct assay_cont_client *c, const struct assay_cont_fact *fact,
                            uint64_t now_ms, struct assay_cont_outs *outs);
/* A frame of the replica in a seat. Returns: ASSAY_OK | what assay_cont_frame_decode says |
 * ASSAY_E_LANE | ASSAY_E_STRANGER (another instance's, session's, no seat) | ASSAY_E_STALE (of
 * another view, answers nothing that is asked) | ASSAY_E_INVALID (another digest) |
 * ASSAY_E_SIGNATURE | of a HANDOVER what assay_cont_handover_decode and _check say */
ASSAY_CHECKED enum assay_status assay_cont_client_frame(struct assay_cont_client *c, uint32_t seat,
                                                        struct assay_slice bytes, uint64_t now_ms,
                                                        struct assay_cont_outs *outs);
/* Says again what may have been lost. Returns: nothing. */
void assay_cont_client_tick(struct assay_cont_client *c, uint64_t now_ms,
                            struct assay_cont_outs *outs);
/* Returns: true when what is under way took longer than anybody should believe (1 s): in doubt, it
 * may still become certified. */
bool assay_cont_client_doubts(const struct assay_cont_client *c, uint64_t now_ms);
/* Asserts every invariant. Returns: nothing. */
void assay_cont_client_check(const struct assay_cont_client *c);

#endif
