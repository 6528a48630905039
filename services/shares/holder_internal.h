/*
 * services/shares/holder_internal.h - interface between the files of a holder: holder.c reconciles
 * with the ledger, holder_talk.c runs exchanges, holder_take.c takes shares, holder_gather.c
 * collects sub-shares of the next generation, holder_give.c gives shares, holder_public.c runs
 * public attempts.
 */
#ifndef ASSAY_SERVICES_SHARES_HOLDER_INTERNAL_H
#define ASSAY_SERVICES_SHARES_HOLDER_INTERNAL_H

#include "base/merkle.h"
#include "services/shares/holder.h"

enum {
    ASSAY_SHARE_PAUSE_MS = 2000, /* after a round of failures, doubled up to the longest */
    ASSAY_SHARE_PAUSE_MS_MAX = 60000,
    ASSAY_SHARE_QUEUE_MAX = ASSAY_SHARE_FACTS_MAX, /* ids to be checked; more is a crawl */
    ASSAY_SHARE_TALKS = ASSAY_SHARE_TAKING_MAX + ASSAY_SHARE_GIVING_MAX,
};

/* docs/services.md 5.8: the one dealing, of an id, for which a seed was drawn. A seed may be used
 * for equal labels only. */
struct assay_share_deal_label {
    uint64_t era;
    uint32_t generation;
    uint64_t attempt;
    uint32_t dealers;   /* slots; bits */
    uint8_t digest[32]; /* of A: the dealt share belongs to it */
};

/* Stored state of an id. Secret. */
struct assay_share_holding {
    uint8_t id[32];
    bool has, has_next;
    struct assay_share_piece current, next;
    /* Digest of the dealings that made `next`: a RECOVER gives the numbers of an undone attempt
     * once more, to other dealings. Not of a public attempt, whose sum is on the ledger. */
    bool next_bound;
    uint8_t next_of[32];
    /* As a dealer: the seed of its polynomial, and its dealing. attempt 0: none. */
    struct assay_share_deal_label deal;
    struct assay_secret32 deal_seed;
    struct assay_share_commitments dealt; /* derived from it; k 0: not computed yet. Not stored */
    /* Not stored. */
    bool missing; /* it is synced, and its current generation is not here */
    bool asked;   /* in an exchange in progress */
    uint32_t tries;
    uint64_t due_ms;
    uint32_t gather; /* index of its collection, from 1; 0: none */
    uint32_t disputed; /* dealers for which said_dispute was submitted; bits */
    /* Generation and attempt of the last submission. */
    uint64_t said_dispute[2], said_have[2], said_deal[2];
};

/* Proof of a single piece: its position in the tree that its giver signed. */
struct assay_share_proof {
    struct assay_share_given given;
    uint32_t dealers;
    uint8_t key[ASSAY_P256_PUBLIC_LEN];
    uint8_t root[32];
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
    uint32_t count, index, path_len;
    uint8_t path[ASSAY_SHARE_PATH_MAX][32];
};

/* Sub-shares of one attempt, and their commitments until it ends. Secret. */
struct assay_share_gather {
    uint8_t id[32]; /* of a used one; `generation` 0: free */
    uint32_t generation;
    uint64_t attempt;
    uint32_t got; /* dealers; bits */
    uint32_t count;
    struct assay_share_commitments current;
    struct assay_share_dealing dealing[ASSAY_SHARE_K_MAX];
    struct assay_share_proof proof[ASSAY_SHARE_K_MAX]; /* of each, but of its own */
};

/* Key of a slot for dealings in one round of public attempts. Secret. */
struct assay_share_own_key {
    bool set;
    uint8_t point[ASSAY_SODIUM_POINT_LEN];
    struct assay_secret32 secret;
};

/* Its public dealing, as submitted. line.attempt 0: free. */
struct assay_share_own_public {
    uint64_t era, seating;
    uint8_t digest[32]; /* of A */
    struct assay_share_dealing_line line;
};

/* Pacing of requests to a dealer. */
struct assay_share_pace {
    bool busy;
    uint32_t fails;
    uint64_t due_ms;
};

/* One exchange and its peer. */
struct assay_share_talk {
    uint64_t serial; /* 0: free */
    bool progress;   /* part of it was accepted, */
    bool refused;    /* and part rejected */
    bool measured;
    uint8_t measurement[32];
    struct assay_share_reader reader; /* LET: the reader */
    struct assay_share_from peer;
    struct assay_share_exchange x;
};

struct assay_share_known_read {
    uint8_t id[32], nonce[32], box[32];
    struct assay_share_reader reader;
};

struct assay_share_holder {
    struct assay_share_holder_config config;
    bool seated;
    bool lost; /* may not act; its shares are retained until the slot moves */
    uint32_t cluster, slot;
    uint64_t seating; /* serial of the assignment: its statements contain it */
    uint64_t era;     /* of the last call */

    uint32_t count;
    struct assay_share_holding *holding;
    uint16_t *order; /* holdings ascending by id */
    uint32_t missing;
    uint32_t gather_count; /* of those that are used */
    struct assay_share_gather gather[ASSAY_SHARE_RESHARES_MAX];
    struct assay_share_pace pace[ASSAY_SHARE_SLOTS_MAX];

    struct assay_share_own_key key_now, key_next; /* of the current round, of the next */
    uint64_t key_said_seating, key_said_era, key_said_round; /* key_next was submitted for these */
    /* In the running disputes: dealers that it accused, bits, and the id of each; and dealers of
     * whose accusations such an id was deleted meanwhile, so that each of their dealings is
     * disputed. */
    uint32_t accused, insists;
    uint8_t accused_of[ASSAY_SHARE_SLOTS_MAX][32];
    uint32_t disputes; /* submitted in this call */
    struct assay_share_own_public own[ASSAY_SHARE_ROUND_IDS_MAX];

    uint64_t serial;
    struct assay_share_talk talk[ASSAY_SHARE_TALKS]; /* taking first, then giving */
    uint32_t read_count, read_at;
    struct assay_share_known_read read[ASSAY_SHARE_READS_MAX];

    /* Ids to check: those of facts, own holdings and rows of the ledger downwards. */
    uint32_t queue_count;
    uint8_t queue[ASSAY_SHARE_QUEUE_MAX][32];
    uint32_t own_left, rows_left;
    bool ready_due; /* readiness must be checked */
    uint32_t ready_count;
    uint8_t ready_root[32]; /* of the last submission */
    bool ready_said;
    uint64_t asked, late, refused;

    /* Lines submitted at the end of a call. */
    struct assay_share_list_record have, deal;
    struct assay_share_dealing_record dealings;
    bool lie_shown; /* in this call: limit 1 */
    uint64_t sum_due_ms; /* when it may submit a SHARE_SUM again */
    /* Factor of its share for dealing, by dealers; 0: not computed. */
    uint32_t lambda_dealers;
    struct assay_secret32 lambda;
    /* Scratch. */
    uint32_t batch_count[ASSAY_SHARE_SLOTS_MAX];
    uint8_t batch[ASSAY_SHARE_SLOTS_MAX][ASSAY_SHARE_GIVE_MAX * 32];
    uint8_t node[ASSAY_MERKLE_NODES(ASSAY_SHARE_GIVE_MAX)][32]; /* of a gift's tree */
    uint8_t room[ASSAY_SHARE_MESSAGE_MAX];
    uint8_t gift[ASSAY_SHARE_GIFT_MAX];
    struct assay_share_lie_record lie;
    struct assay_share_sum_record sum;
};

/* Arguments of one call. */
struct assay_share_call {
    struct assay_share_holder *h;
    const struct assay_share_registry *r;
    const struct assay_share_epoch *epoch;
    uint64_t now_ms;
    struct assay_share_effects *out;
};

/* --- holder.c */
/* Returns: the holding of an id; NULL when there is none. */
struct assay_share_holding *assay_share_holding_find(const struct assay_share_holder *h,
                                                     const uint8_t id[static 32]);
/* Returns: an effect with this act, its other fields zero. */
struct assay_share_effect *assay_share_effect_add(const struct assay_share_call *call,
                                                  enum assay_share_act act);
/* A record for the ledger: bytes, borrowed from the effects' own room. */
void assay_share_submit(const struct assay_share_call *call, enum assay_share_payload payload,
                        struct assay_slice bytes);
/* Returns: what is left of the bytes of the effects, at least `need` (asserted). */
uint8_t *assay_share_effect_room(const struct assay_share_call *call, size_t need);
void assay_share_persist(const struct assay_share_call *call,
                         const struct assay_share_holding *holding);
/* Checks an id now: reconciles its stored state with the ledger. */
void assay_share_check_id(const struct assay_share_call *call, const uint8_t id[static 32]);
/* Returns: true when the piece is the current generation of the row. */
bool assay_share_piece_is(const struct assay_share_piece *piece, const struct assay_share_row *row);
/* Stores the current generation of an id, verified before. */
void assay_share_store_current(const struct assay_share_call *call,
                               struct assay_share_holding *holding,
                               const struct assay_share_row *row,
                               const struct assay_share_piece *piece);
/* Stores its next generation. */
void assay_share_store_next(const struct assay_share_call *call,
                            struct assay_share_holding *holding,
                            const struct assay_share_piece *piece);
/* Confirms a stored piece, once. */
void assay_share_submit_have(const struct assay_share_call *call,
                             struct assay_share_holding *holding,
                             const struct assay_share_piece *piece);
/* Returns: true the first time for these numbers. */
bool assay_share_mark_submitted(uint64_t said[2], uint32_t generation, uint64_t attempt);
/* Adds a holding for an id. Returns: NULL when there is no room. */
struct assay_share_holding *assay_share_holding_add(struct assay_share_holder *h,
                                                    const uint8_t id[static 32]);
/* The reshare of a row, if it is this cluster's. Returns: NULL when there is none. */
const struct assay_share_reshare *assay_share_own_reshare(const struct assay_share_call *call,
                                                          const struct assay_share_row *row);
/* Returns: true when this slot may deal: it is ready on the ledger and not lost. */
bool assay_share_may_deal(const struct assay_share_call *call);

/* --- holder_talk.c */
/* Expires exchanges, and requests what is due. Returns: when to be called again. */
uint64_t assay_share_talks_poll(const struct assay_share_call *call);
/* Ends every exchange. */
void assay_share_talks_wipe(struct assay_share_holder *h);
/* Ends one. */
void assay_share_talk_end(const struct assay_share_call *call, struct assay_share_talk *talk);
/* Returns: a free place, with a serial number; NULL when there is none. */
struct assay_share_talk *assay_share_talk_add(struct assay_share_holder *h, bool gives,
                                              const struct assay_share_from *peer);
/* Starts an exchange to take ids[32 * count]. Returns: ASSAY_OK | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_share_talk_start(const struct assay_share_call *call,
                                                       const struct assay_share_from *peer,
                                                       enum assay_share_purpose purpose,
                                                       const struct assay_share_side *giver,
                                                       const uint8_t *ids, uint32_t count);
/* Executes the next action of an exchange. Returns: ASSAY_OK | an error of giving */
ASSAY_CHECKED enum assay_status assay_share_talk_execute(const struct assay_share_call *call,
                                                         struct assay_share_talk *talk,
                                                         const struct assay_share_want *want);
/* This slot, or that of another holder, as a side of an exchange. */
struct assay_share_side assay_share_own_side(const struct assay_share_call *call);
struct assay_share_side assay_share_side_of(const struct assay_share_call *call, uint32_t cluster,
                                            uint32_t slot);

/* --- holder_gather.c */
/* Collects sub-shares of an attempt. */
void assay_share_gather_start(const struct assay_share_call *call,
                              struct assay_share_holding *holding,
                              const struct assay_share_row *row,
                              const struct assay_share_reshare *reshare);
void assay_share_gather_end(struct assay_share_holder *h, struct assay_share_holding *holding);
/* Slots report different digests: submits the sum of the dealings, if it has all of them. */
void assay_share_gather_submit_sum(const struct assay_share_call *call,
                                   const struct assay_share_holding *holding,
                                   const struct assay_share_reshare *reshare);
/* Digest of the dealings of a private attempt that are on the ledger: type, dealers and each B's
 * digest, by slot. */
void assay_share_dealings_digest(const struct assay_share_reshare *reshare,
                                 uint8_t digest[static 32]);
/* Adds a piece of a dealer with the commitments it was dealt from. Returns: ASSAY_OK |
 * ASSAY_E_STALE (of no attempt in progress, or not requested) | ASSAY_E_INVALID (false, or A is not
 * the ledger's) */
ASSAY_CHECKED enum assay_status assay_share_gather_add(
    const struct assay_share_call *call, const struct assay_share_talk *talk,
    const struct assay_share_piece *piece, const struct assay_share_commitments *current,
    const struct assay_share_proof *proof);

/* --- holder_take.c */
/* Returns: true when the exchange requested the id. */
bool assay_share_talk_has_id(const struct assay_share_talk *talk, const uint8_t id[static 32]);
/* Submits a SHARE_LIE, once in a call: a giver signed an invalid piece. */
void assay_share_submit_lie(const struct assay_share_call *call,
                            const struct assay_share_piece *piece,
                            const struct assay_share_commitments *current,
                            const struct assay_share_proof *proof);
/* Requests missing shares and sub-shares that are due. Returns: when more is due. */
uint64_t assay_share_request_due(const struct assay_share_call *call);
/* A GIVE. Returns: ASSAY_OK | an error of _open or of the pieces */
ASSAY_CHECKED enum assay_status assay_share_on_gift(const struct assay_share_call *call,
                                                    struct assay_share_talk *talk,
                                                    const struct assay_share_message *m);
/* After a failure: the next source, or a pause after each round. */
void assay_share_on_take_failed(const struct assay_share_call *call,
                                struct assay_share_holding *holding);
/* Returns: the pause after that many failures. */
uint64_t assay_share_pause(uint32_t round);

/* --- holder_give.c */
/* An ASK. Returns: as assay_share_holder_on_message. */
ASSAY_CHECKED enum assay_status assay_share_on_ask(const struct assay_share_call *call,
                                                   const struct assay_share_from *from,
                                                   const struct assay_share_message *ask);
/* The other side is verified. Returns: ASSAY_OK | ASSAY_E_STRANGER, ASSAY_E_AGAIN, ASSAY_E_KEY,
 * ASSAY_E_STALE */
ASSAY_CHECKED enum assay_status assay_share_give(const struct assay_share_call *call,
                                                 struct assay_share_talk *talk);
/* Computes this slot's dealing from holding->deal and its seed; its commitments are holding->dealt
 * then.
 * Returns: ASSAY_OK | ASSAY_E_RANGE (a zero was drawn; it is no dealer) */
ASSAY_CHECKED enum assay_status assay_share_own_dealing(
    struct assay_share_holder *h, struct assay_share_holding *holding,
    struct assay_share_polynomial *polynomial);
/* Returns: true when the seed of a holding was drawn for this dealing of its current share. */
bool assay_share_deals(const struct assay_share_call *call,
                       const struct assay_share_holding *holding,
                       const struct assay_share_row *row,
                       const struct assay_share_reshare *reshare);

/* --- holder_public.c */
/* Rotates, lists and destroys keys, as rounds start and end. */
void assay_share_public_keys(const struct assay_share_call *call);
/* Handles a public attempt of an id. Returns: whether the stored state changed. */
bool assay_share_public_check_id(const struct assay_share_call *call,
                                 struct assay_share_holding *holding,
                                 const struct assay_share_row *row,
                                 const struct assay_share_reshare *reshare);
/* Drops the dealing of an ended attempt. Returns: whether there was one. */
bool assay_share_public_settle(const struct assay_share_call *call, const uint8_t id[static 32],
                               const struct assay_share_row *row,
                               const struct assay_share_reshare *reshare);
/* The same for an erased id; dealers that were accused with it are accused with other ids. */
void assay_share_public_remove(const struct assay_share_call *call, const uint8_t id[static 32]);
/* Submits its dealings. */
void assay_share_public_submit(const struct assay_share_call *call);
/* Returns: its stored dealing; NULL: none. */
const struct assay_share_own_public *assay_share_public_find_own(const struct assay_share_holder *h,
                                                                 const uint8_t id[static 32]);

#endif
