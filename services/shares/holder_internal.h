/*
 * services/shares/holder_internal.h - a holder's parts: holder.c keeps what the ledger says,
 * holder_talk.c speaks with others, holder_take.c takes what they give, holder_gather.c makes the
 * next generation of what dealers give, holder_give.c gives, holder_public.c deals and takes in
 * public.
 */
#ifndef ASSAY_SERVICES_SHARES_HOLDER_INTERNAL_H
#define ASSAY_SERVICES_SHARES_HOLDER_INTERNAL_H

#include "base/merkle.h"
#include "services/shares/holder.h"

enum {
    ASSAY_SHARE_PAUSE_MS = 2000, /* after a round of failures, doubled up to the longest */
    ASSAY_SHARE_PAUSE_MS_MAX = 60000,
    ASSAY_SHARE_QUEUE_MAX = ASSAY_SHARE_FACTS_MAX, /* ids to be looked at; more is a crawl */
    ASSAY_SHARE_TALKS = ASSAY_SHARE_TAKING_MAX + ASSAY_SHARE_GIVING_MAX,
};

/* docs/services.md 5.8: the one dealing, of an id, that a seed was drawn for. A seed is of use for
 * equal labels alone. */
struct assay_share_deal_label {
    uint64_t era;
    uint32_t generation;
    uint64_t attempt;
    uint32_t dealers;   /* slots; bits */
    uint8_t digest[32]; /* of A: the share that is dealt on is of it */
};

/* What is kept of an id. Secret. */
struct assay_share_holding {
    uint8_t id[32];
    bool has, has_next;
    struct assay_share_piece current, next;
    /* As a dealer: what its polynomial is made of, and for which dealing. attempt 0: none. */
    struct assay_share_deal_label deal;
    struct assay_secret32 deal_seed;
    struct assay_share_commitments dealt; /* what it makes; k 0: to be made. Not stored */
    /* Not stored. */
    bool missing; /* it is synced, and its current generation is not here */
    bool asked;   /* in an exchange that is under way */
    uint32_t tries;
    uint64_t due_ms;
    uint32_t gather; /* number of what collects its next generation, from 1; 0: none */
    uint32_t disputed; /* dealers that it was said of in said_dispute; bits */
    /* Generation and attempt that were submitted last. */
    uint64_t said_dispute[2], said_have[2], said_deal[2];
};

/* By what a piece can be shown to everybody: where it stands in what its giver signed. */
struct assay_share_proof {
    struct assay_share_given given;
    uint32_t dealers;
    uint8_t key[ASSAY_P256_PUBLIC_LEN];
    uint8_t root[32];
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
    uint32_t count, index, path_len;
    uint8_t path[ASSAY_SHARE_PATH_MAX][32];
};

/* Sub-shares of one attempt, and their commitments until it is over. Secret. */
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

/* To which a slot is dealt in one round of public attempts. Secret. */
struct assay_share_own_key {
    bool set;
    uint8_t point[ASSAY_SODIUM_POINT_LEN];
    struct assay_secret32 secret;
};

/* What it has dealt in public, as it was handed in. line.attempt 0: free. */
struct assay_share_own_public {
    uint64_t era, seating;
    uint8_t digest[32]; /* of A */
    struct assay_share_dealing_line line;
};

/* How a dealer is asked. */
struct assay_share_pace {
    bool busy;
    uint32_t fails;
    uint64_t due_ms;
};

/* One exchange and whom it is with. */
struct assay_share_talk {
    uint64_t serial; /* 0: free */
    bool progress;   /* something of it was taken, */
    bool refused;    /* and something was not */
    bool measured;
    uint8_t measurement[32];
    struct assay_share_reader reader; /* LET: for whom */
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
    bool lost; /* may not act; its shares stay until the slot moves */
    uint32_t cluster, slot;
    uint64_t seating; /* when it was given: what it says of its slot names it */
    uint64_t era;     /* of the last call */

    uint32_t count;
    struct assay_share_holding *holding;
    uint16_t *order; /* holdings ascending by id */
    uint32_t missing;
    uint32_t gather_count; /* of those that are used */
    struct assay_share_gather gather[ASSAY_SHARE_RESHARES_MAX];
    struct assay_share_pace pace[ASSAY_SHARE_SLOTS_MAX];

    struct assay_share_own_key key_now, key_next; /* of the round that runs, of the next */
    uint64_t key_said_seating, key_said_era, key_said_round; /* key_next was handed in for these */
    /* In the disputes that run: dealers that it accused, bits, and of which id each; and those of
     * whom such an id was deleted meanwhile, so that everything that they dealt is disputed. */
    uint32_t accused, insists;
    uint8_t accused_of[ASSAY_SHARE_SLOTS_MAX][32];
    uint32_t disputes; /* said in this call */
    struct assay_share_own_public own[ASSAY_SHARE_ROUND_IDS_MAX];

    uint64_t serial;
    struct assay_share_talk talk[ASSAY_SHARE_TALKS]; /* taking first, then giving */
    uint32_t read_count, read_at;
    struct assay_share_known_read read[ASSAY_SHARE_READS_MAX];

    /* What is to be looked at: ids of facts, own holdings and rows of the ledger downwards. */
    uint32_t queue_count;
    uint8_t queue[ASSAY_SHARE_QUEUE_MAX][32];
    uint32_t own_left, rows_left;
    bool ready_due; /* whether everything is here is to be found out */
    uint32_t ready_count;
    uint8_t ready_root[32]; /* that was submitted last */
    bool ready_said;
    uint64_t asked, late, refused;

    /* Lines that leave at the end of a call. */
    struct assay_share_list_record have, deal;
    struct assay_share_dealing_record dealings;
    bool lie_shown; /* in this call: one is enough */
    uint64_t sum_due_ms; /* when it may hand in a SHARE_SUM again */
    /* What its share is multiplied by before it is dealt on, by dealers; 0: none yet. */
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

/* What one call works with. */
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
/* Returns: an effect of zeros and this act. */
struct assay_share_effect *assay_share_effect_add(const struct assay_share_call *call,
                                                  enum assay_share_act act);
/* A record for the ledger: bytes, borrowed from the effects' own room. Returns: nothing. */
void assay_share_submit(const struct assay_share_call *call, enum assay_share_payload payload,
                        struct assay_slice bytes);
/* Returns: what is left of the bytes of the effects, at least `need` (asserted). */
uint8_t *assay_share_effect_room(const struct assay_share_call *call, size_t need);
void assay_share_persist(const struct assay_share_call *call,
                         const struct assay_share_holding *holding);
/* Looks at an id now: makes what is kept what the ledger says. Returns: nothing. */
void assay_share_look(const struct assay_share_call *call, const uint8_t id[static 32]);
/* Returns: true when the piece is the current generation of the row. */
bool assay_share_piece_is(const struct assay_share_piece *piece, const struct assay_share_row *row);
/* Takes over the current generation of an id, verified before. Returns: nothing. */
void assay_share_keep(const struct assay_share_call *call, struct assay_share_holding *holding,
                      const struct assay_share_row *row, const struct assay_share_piece *piece);
/* Takes over its next generation. Returns: nothing. */
void assay_share_keep_next(const struct assay_share_call *call, struct assay_share_holding *holding,
                           const struct assay_share_piece *piece);
/* Says that a piece is kept, once. Returns: nothing. */
void assay_share_say_have(const struct assay_share_call *call, struct assay_share_holding *holding,
                          const struct assay_share_piece *piece);
/* Returns: true the first time for these numbers. */
bool assay_share_say_once(uint64_t said[2], uint32_t generation, uint64_t attempt);
/* Makes room for an id. Returns: NULL when there is none. */
struct assay_share_holding *assay_share_holding_need(struct assay_share_holder *h,
                                                     const uint8_t id[static 32]);
/* The reshare of a row, if it is this cluster's. Returns: NULL when there is none. */
const struct assay_share_reshare *assay_share_own_reshare(const struct assay_share_call *call,
                                                          const struct assay_share_row *row);
/* Returns: true when this slot may deal: it is ready on the ledger and not lost. */
bool assay_share_may_deal(const struct assay_share_call *call);

/* --- holder_talk.c */
/* Ends what took too long, asks what is due. Returns: when to be called again. */
uint64_t assay_share_talks_go_on(const struct assay_share_call *call);
/* Ends every exchange. Returns: nothing. */
void assay_share_talks_wipe(struct assay_share_holder *h);
/* Ends one. Returns: nothing. */
void assay_share_talk_end(const struct assay_share_call *call, struct assay_share_talk *talk);
/* Returns: a free place, with a serial number; NULL when there is none. */
struct assay_share_talk *assay_share_talk_new(struct assay_share_holder *h, bool gives,
                                              const struct assay_share_from *peer);
/* Begins to take ids[32 * count]. Returns: ASSAY_OK | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_share_talk_ask(const struct assay_share_call *call,
                                                     const struct assay_share_from *peer,
                                                     enum assay_share_purpose purpose,
                                                     const struct assay_share_side *giver,
                                                     const uint8_t *ids, uint32_t count);
/* Does what an exchange wants. Returns: ASSAY_OK | what giving says */
ASSAY_CHECKED enum assay_status assay_share_talk_do(const struct assay_share_call *call,
                                                    struct assay_share_talk *talk,
                                                    const struct assay_share_want *want);
/* This slot, or that of another holder, as a side of an exchange. They Return: the side. */
struct assay_share_side assay_share_own_side(const struct assay_share_call *call);
struct assay_share_side assay_share_side_of(const struct assay_share_call *call, uint32_t cluster,
                                            uint32_t slot);

/* --- holder_gather.c */
/* Collects sub-shares of an attempt. Returns: nothing. */
void assay_share_gather_begin(const struct assay_share_call *call,
                              struct assay_share_holding *holding,
                              const struct assay_share_row *row,
                              const struct assay_share_reshare *reshare);
void assay_share_gather_end(struct assay_share_holder *h, struct assay_share_holding *holding);
/* Slots came to different digests: shows what the dealings add up to, if it has all of them.
 * Returns: nothing. */
void assay_share_gather_show(const struct assay_share_call *call,
                             const struct assay_share_holding *holding,
                             const struct assay_share_reshare *reshare);
/* A piece of a dealer, with what it was dealt from. Returns: ASSAY_OK | ASSAY_E_STALE (of no
 * attempt that is under way, or not asked for) | ASSAY_E_INVALID (its giver lies, or A is not the
 * ledger's) */
ASSAY_CHECKED enum assay_status assay_share_gather_take(
    const struct assay_share_call *call, const struct assay_share_talk *talk,
    const struct assay_share_piece *piece, const struct assay_share_commitments *current,
    const struct assay_share_proof *proof);

/* --- holder_take.c */
/* Returns: true when the exchange asked for the id. */
bool assay_share_was_asked(const struct assay_share_talk *talk, const uint8_t id[static 32]);
/* Hands in a SHARE_LIE, once in a call: what a giver signed does not stand. Returns: nothing. */
void assay_share_show_lie(const struct assay_share_call *call,
                          const struct assay_share_piece *piece,
                          const struct assay_share_commitments *current,
                          const struct assay_share_proof *proof);
/* Asks for what is missing and for sub-shares, as far as it is due. Returns: when more is. */
uint64_t assay_share_take_due(const struct assay_share_call *call);
/* A GIVE. Returns: ASSAY_OK | what _open and the pieces say */
ASSAY_CHECKED enum assay_status assay_share_take(const struct assay_share_call *call,
                                                 struct assay_share_talk *talk,
                                                 const struct assay_share_message *m);
/* After a failure: the next source, or a pause after each round. Returns: nothing. */
void assay_share_take_failed(const struct assay_share_call *call,
                             struct assay_share_holding *holding);
/* Returns: so many fails' pause. */
uint64_t assay_share_pause(uint32_t round);

/* --- holder_give.c */
/* An ASK. Returns: as assay_share_holder_message. */
ASSAY_CHECKED enum assay_status assay_share_give_answer(const struct assay_share_call *call,
                                                        const struct assay_share_from *from,
                                                        const struct assay_share_message *ask);
/* The other side has proved itself. Returns: ASSAY_OK | ASSAY_E_STRANGER, ASSAY_E_AGAIN,
 * ASSAY_E_KEY, ASSAY_E_STALE */
ASSAY_CHECKED enum assay_status assay_share_give(const struct assay_share_call *call,
                                                 struct assay_share_talk *talk);
/* What this slot deals on by holding->deal and its seed; its commitments are holding->dealt then.
 * Returns: ASSAY_OK | ASSAY_E_RANGE (a zero was drawn; it is no dealer) */
ASSAY_CHECKED enum assay_status assay_share_own_dealing(
    struct assay_share_holder *h, struct assay_share_holding *holding,
    struct assay_share_polynomial *polynomial);
/* Returns: true when the seed of a holding was drawn for this very dealing of its current share. */
bool assay_share_deals(const struct assay_share_call *call,
                       const struct assay_share_holding *holding,
                       const struct assay_share_row *row,
                       const struct assay_share_reshare *reshare);

/* --- holder_public.c */
/* Takes over, lists and destroys keys, as rounds come and go. Returns: nothing. */
void assay_share_public_keys(const struct assay_share_call *call);
/* What a public attempt of an id wants of this slot. Returns: whether something is to be stored. */
bool assay_share_public_look(const struct assay_share_call *call,
                             struct assay_share_holding *holding,
                             const struct assay_share_row *row,
                             const struct assay_share_reshare *reshare);
/* Forgets what was dealt in an attempt that is over. Returns: whether something was. */
bool assay_share_public_settle(const struct assay_share_call *call, const uint8_t id[static 32],
                               const struct assay_share_row *row,
                               const struct assay_share_reshare *reshare);
/* The same of an id that is erased; dealers that were accused of it are accused of others. Returns:
 * nothing. */
void assay_share_public_forget(const struct assay_share_call *call, const uint8_t id[static 32]);
/* Hands in what is dealt. Returns: nothing. */
void assay_share_public_leave(const struct assay_share_call *call);
/* Returns: what is stored of what it dealt; NULL: nothing. */
const struct assay_share_own_public *assay_share_public_own(const struct assay_share_holder *h,
                                                            const uint8_t id[static 32]);

#endif
