/*
 * services/identity/ceremony.h - the ledger's side of a network's group key: ceremonies,
 * generations, holders and convictions (docs/identity.md 3).
 *
 * A pure fold of checked records and of closes, in the order of the chain; the ledger and each
 * holder's program run the same code. It makes group operations for proofs of knowledge and for
 * accusations alone: tables are compared by the digest for which holders of enough indices vouch.
 * Fixed size, no pointers, nothing is allocated.
 *
 * Time is counted in closes of certified epochs. A ceremony: OFFER (one), DEAL (as many as the
 * dealings need within their budget), DISPUTE (two), HAVE (at most eight), then the next generation
 * is in force, or the ceremony ends and another begins 16 epochs after this one began.
 *
 * A CA number is NEXT, ACTIVE, OLD, then GONE (docs/identity.md 3.15). Fields of struct assay_ca
 * are of the active number, `next` is of the next one, which signs its own certificate alone, and
 * `old` has those that relying parties still trust. How long each lasts is counted in epochs.
 */
#ifndef ASSAY_SERVICES_IDENTITY_CEREMONY_H
#define ASSAY_SERVICES_IDENTITY_CEREMONY_H

#include "services/identity/ceremony_records.h"
#include "services/identity/indices.h"

enum {
    ASSAY_CA_SLOTS_MAX = 128,
    ASSAY_CA_CONVICTED_MAX = 128,      /* node ids that the ledger remembers */
    ASSAY_CA_FACTS_MAX = 256,          /* of one record or close */
    ASSAY_CA_DEAL_BUDGET = 256 * 1024, /* bytes of dealings of an epoch */
    /* Budget of an author's records of ceremonies in an epoch, with 6 bytes for each
     * (docs/protocol.md 12.2.1): its part of EPOCH_LEN, within these limits. */
    ASSAY_CA_EPOCH_LEN = 1024 * 1024,
    ASSAY_CA_AUTHOR_LEN = 64 * 1024,
    ASSAY_CA_AUTHOR_LEN_MIN = 2 * (8192 + 6),
    ASSAY_CA_DISPUTE_EPOCHS = 2,
    ASSAY_CA_HAVE_EPOCHS = 8,
    ASSAY_CA_HAVE_WAIT = 2,        /* certified epochs for those who have not said HAVE */
    ASSAY_CA_BEGIN_EPOCHS = 16,    /* between two begins */
    ASSAY_CA_FIRST_EPOCHS = 8,     /* that the first begin waits for members without keys */
    ASSAY_CA_BAR_EPOCHS = 64,      /* for a wrong accusation, and for lost shares */
    ASSAY_CA_INACTIVE_EPOCHS = 4,  /* such closes without an active key: away */
    ASSAY_CA_BEHIND_EPOCHS = 2,    /* certified closes that an entry outlives its list */
    ASSAY_CA_FEW_EPOCHS = 8,       /* certified closes with too few live indices lose the key */
    ASSAY_CA_ACCUSATIONS_MAX = 64, /* of an epoch that reach a point: its close applies them */
    ASSAY_CA_REFRESH_MAX = 1 << 20,
    ASSAY_CA_REFRESH = 1440, /* default */
    ASSAY_CA_OLD_MAX = 2,    /* numbers that are OLD at once */
    ASSAY_CA_PUBLISHED_MAX = 2 + ASSAY_CA_OLD_MAX,
    ASSAY_CA_OVERLAP_MIN = 64,      /* epochs that a number is NEXT, or OLD, at least */
    ASSAY_CA_OVERLAP_MAX = 1 << 26, /* and at most */
    ASSAY_CA_OVERLAP = 64,          /* default */
    ASSAY_CA_ROLLOVER_MIN = 256,    /* epochs of an active number until the next is dealt */
    ASSAY_CA_ROLLOVER_MAX = 1 << 26,
    ASSAY_CA_ROLLOVER = 525600,     /* default: a year of epochs of a minute */
    ASSAY_CA_ORDERED_MAX = 1 << 20, /* CA number that operators may have replaced or retired */
    /* Numbers that are dealt in era e are above e times this: what a RECOVER undid had others. */
    ASSAY_CA_ERA_NUMBERS = 1 << 10,
};

/* Of the plan. */
struct assay_ca_config {
    uint32_t refresh;       /* epochs of a generation, 64 or more */
    bool replaces_lost_key; /* a lost key is replaced by the next CA number; else operators do */
    uint32_t rollover;      /* epochs of an active number until the next is dealt; 0: never */
    uint32_t next_epochs;   /* that a number is NEXT */
    uint32_t old_epochs;    /* that a number is OLD */
    uint32_t replaced;      /* numbers up to it are replaced, with an overlap; 0: none */
    uint32_t retired;       /* numbers up to it are GONE at once; 0: none */
    uint8_t terms[32]; /* digest of all that the plan says of the key (docs/identity.md 3.21) */
};

/* A member at a close. Slots without one: zeros. */
struct assay_ca_member {
    bool is_full, is_warning; /* standing FULL; WARNING or better */
    bool may_hold;            /* a reference value that the plan allows */
    bool keys_active;         /* the list under keys_root is active (docs/protocol.md 2.16) */
    bool renewed;             /* another member has the slot now, or it left */
    uint32_t weight;          /* of its seat; 0: none */
    uint64_t incarnation;
    uint8_t node_id[32];
    uint8_t keys_root[32];
};

/* Encoded, hence never reused. */
enum assay_ca_phase {
    ASSAY_CA_IDLE = 0,
    ASSAY_CA_OFFERS = 1,
    ASSAY_CA_DEALS = 2,
    ASSAY_CA_DISPUTES = 3,
    ASSAY_CA_HAVES = 4,
};

/* A holder of a generation, or of one that is being made; ascending by slot. Indices of one holder
 * follow one another: first .. first + indices - 1. */
struct assay_ca_holder {
    uint32_t slot, first, indices;
    uint64_t incarnation;
    uint8_t node_id[32];
    uint8_t key[32];       /* Ed25519, the entry's */
    uint8_t keys_root[32]; /* of the list in which the entry was shown last */
    uint8_t link_key[32];
    uint8_t encryption[32]; /* E of the ceremony that made the generation */
    uint8_t address[ASSAY_CA_ADDRESS_MAX];
    uint8_t address_len;
    bool has;           /* said HAVE for the table of the generation */
    bool lost;          /* for ever in this generation */
    uint8_t inactive;   /* certified closes without an active key, at which t indices lived;
                         * ASSAY_CA_INACTIVE_EPOCHS: so many or more */
    uint8_t behind;     /* the same with another list certified than that under keys_root; above
                         * ASSAY_CA_BEHIND_EPOCHS: too many, or the member's keys ended meanwhile */
    uint8_t digest[32]; /* while HAVES: what it said; zeros: nothing */
};

/* One generation. */
struct assay_ca_sharing {
    uint64_t generation;       /* 0: none */
    uint64_t attempt, era;     /* of the ceremony that makes it */
    uint32_t threshold, count; /* t; T */
    uint32_t holders;
    struct assay_ca_holder holder[ASSAY_FROST_HOLDERS_MAX];
    uint8_t table[32]; /* its digest, when enough vouched for it and its bytes are here: */
    uint8_t public_share[ASSAY_FROST_INDICES_MAX][32]; /* of index i + 1 */
};

/* What a CA number is (docs/identity.md 3.15). */
enum assay_ca_state {
    ASSAY_CA_GONE = 0, /* not published: retired, replaced long ago, or not made yet */
    ASSAY_CA_NEXT,     /* published; signs its own certificate alone */
    ASSAY_CA_ACTIVE,   /* published; signs products, unless its key is lost */
    ASSAY_CA_OLD,      /* published; signs nothing */
};

/* The number that becomes active after this one. */
struct assay_ca_next {
    uint32_t number; /* 0: none */
    uint8_t key[32];
    uint64_t made;       /* epoch of the close that made it */
    uint64_t since;      /* epoch of the close that put its generation into force */
    uint32_t few_closes; /* certified closes in a row with fewer than t live indices */
    struct assay_ca_sharing force;
};

struct assay_ca_old {
    uint32_t number;
    uint8_t key[32];
    uint64_t until; /* epoch of the close at which it is GONE */
};

/* A number that relying parties trust. */
struct assay_ca_published {
    enum assay_ca_state state;
    uint32_t number;
    uint8_t key[32];
    uint64_t since; /* NEXT, ACTIVE: as struct assay_ca; OLD: 0 */
    uint64_t until; /* OLD: the epoch at which it is GONE; NEXT: at which it may become active */
};

enum assay_ca_dealing_state {
    ASSAY_CA_DEALING_NONE = 0,
    ASSAY_CA_DEALING_VALID = 1,
    ASSAY_CA_DEALING_VOID = 2, /* its dealer is convicted */
    ASSAY_CA_DEALING_USED = 3, /* counts in the sum: since the end of DISPUTE */
};

/* By dealer - 1: in a reshare its old index, else its place among the offered holders. */
struct assay_ca_dealing {
    enum assay_ca_dealing_state state;
    uint8_t digest[32]; /* SHA-256 of the record's payload */
};

struct assay_ca_ceremony {
    enum assay_ca_phase phase;
    bool is_reshare;
    uint32_t ca_number;   /* of the key that is made or reshared */
    uint64_t began;       /* epoch of the close that began it */
    uint32_t closes;      /* certified, in this phase */
    uint32_t deal_epochs; /* that DEAL lasts */
    uint32_t dealers;     /* T of the old generation, or the holders of the new one */
    struct assay_ca_sharing next;
    struct assay_ca_dealing dealing[ASSAY_FROST_INDICES_MAX];
    bool has_table;
    uint8_t key[32]; /* A'_0 of the table */
};

enum assay_ca_reason {
    ASSAY_CA_DEALT_WRONGLY = 1,
    ASSAY_CA_ACCUSED_WRONGLY = 2, /* of a value that its own opening shows to be right */
    ASSAY_CA_SIGNED_WRONGLY = 3,
};

struct assay_ca_conviction {
    uint8_t node_id[32];
    enum assay_ca_reason reason;
    uint64_t epoch; /* in which it was found: the last closed one */
};

enum assay_ca_fact_kind {
    ASSAY_CA_FACT_BEGAN = 1,   /* number: the attempt */
    ASSAY_CA_FACT_PHASE,       /* number: enum assay_ca_phase, the new one */
    ASSAY_CA_FACT_DEALT,       /* slot; number: dealer */
    ASSAY_CA_FACT_CONVICTED,   /* slot; number: enum assay_ca_reason */
    ASSAY_CA_FACT_BARRED,      /* slot */
    ASSAY_CA_FACT_LOST,        /* slot: its holder is */
    ASSAY_CA_FACT_GENERATION,  /* number: in force now */
    ASSAY_CA_FACT_FAILED,      /* the ceremony ended; number: the phase */
    ASSAY_CA_FACT_FEW_HOLDERS, /* no table is safe; number: weight of those who offered */
    ASSAY_CA_FACT_FEW_INDICES, /* number: live indices, fewer than t + h / 2 */
    ASSAY_CA_FACT_KEY_LOST,    /* number: the CA number */
    ASSAY_CA_FACT_NEXT,        /* number: the CA number that is published now */
    ASSAY_CA_FACT_ACTIVE,      /* number: the CA number that signs now */
    ASSAY_CA_FACT_GONE,        /* number: the CA number that is not published any more */
};

struct assay_ca_fact {
    enum assay_ca_fact_kind kind;
    uint32_t slot;
    uint64_t number;
};

struct assay_ca_facts {
    uint32_t count;
    struct assay_ca_fact fact[ASSAY_CA_FACTS_MAX];
};

/* The fold. Fields are for reading. */
struct assay_ca {
    uint8_t chain_id[32];
    struct assay_ca_config config;
    uint64_t era, epoch;   /* of records that follow; the last closed one */
    uint32_t ca_number;    /* active; 0: none */
    uint8_t key[32];       /* Y */
    uint64_t active_since; /* epoch of the close that made the number active */
    uint64_t since;        /* epoch of the close that put the generation into force */
    uint32_t few_closes;   /* certified closes in a row with fewer than t live indices */
    bool key_lost;         /* fewer than t indices for ASSAY_CA_FEW_EPOCHS, and since then */
    uint64_t attempts;     /* begun */
    uint8_t terms[32];     /* config.terms of the last close */
    uint64_t last_began;   /* before the first: epoch since which it could begin */
    uint32_t numbers;     /* the highest number that was made or retired */
    uint64_t generations; /* the highest generation that was in force */
    uint64_t changed;     /* epoch of the last close that made a number active or GONE */
    struct assay_ca_sharing force;
    struct assay_ca_next next;
    uint32_t olds;
    struct assay_ca_old old[ASSAY_CA_OLD_MAX]; /* ascending */
    struct assay_ca_ceremony ceremony;
    uint64_t barred_until[ASSAY_CA_SLOTS_MAX]; /* epoch; accusations are refused up to it */
    uint64_t lost_until[ASSAY_CA_SLOTS_MAX];   /* epoch; offers are refused up to it */
    uint32_t convicted;                        /* the oldest is forgotten */
    struct assay_ca_conviction conviction[ASSAY_CA_CONVICTED_MAX];
    /* Not encoded: set by each close and set_members. */
    uint64_t total_weight;
    uint32_t slots;       /* of members, up to ASSAY_CA_SLOTS_MAX */
    uint32_t accusations; /* that reached a point since the last close */
    struct assay_ca_member member[ASSAY_CA_SLOTS_MAX];
};

/* Results of records; only APPLIED and those named changes something. */
enum assay_ca_result {
    ASSAY_CA_APPLIED,
    ASSAY_CA_SAME,       /* known already */
    ASSAY_CA_NOT_HERE,   /* no member that may do so now */
    ASSAY_CA_NOT_YOURS,  /* the record names another node than its author */
    ASSAY_CA_WRONG_TIME, /* another phase, era, attempt, or not the turn of this dealer */
    ASSAY_CA_STRANGER,   /* no holder, or another key than the holder's */
    ASSAY_CA_MISMATCH,   /* counts, a constant commitment or a digest that is not the ledger's */
    ASSAY_CA_UNPROVEN,   /* a proof of knowledge does not verify, or an entry is not in the list */
    ASSAY_CA_BARRED,     /* its author may not accuse */
    ASSAY_CA_BUSY,       /* enough accusations in this epoch: submit it again */
    ASSAY_CA_HONEST,     /* the accusation does not stand; its author is barred */
    ASSAY_CA_EARLY,      /* no t' indices vouch for this table yet */
};

/* In: config: refresh, next_epochs and old_epochs of 64 or more (asserted). */
void assay_ca_init(struct assay_ca *ca, const uint8_t chain_id[static 32],
                   const struct assay_ca_config *config);
/* Sets the era of records that follow; it never decreases (asserted). A new one ends the
 * ceremony. */
void assay_ca_set_era(struct assay_ca *ca, uint64_t era);

/* Records that were decoded and checked (assay_ca_*_check). In: slot, node_id: of the member whose
 * record it is; payload: the bytes it was decoded from; facts: NULL: not needed; those of the
 * record replace what is there. Each Returns: its result, which says whether anything changed */
enum assay_ca_result assay_ca_apply_offer(struct assay_ca *ca, uint32_t slot,
                                          const uint8_t node_id[static 32],
                                          const struct assay_ca_offer_record *record,
                                          struct assay_ca_facts *facts);
enum assay_ca_result assay_ca_apply_deal(struct assay_ca *ca, uint32_t slot,
                                         const uint8_t node_id[static 32],
                                         const struct assay_ca_deal_record *record,
                                         struct assay_slice payload, struct assay_ca_facts *facts);
enum assay_ca_result assay_ca_apply_dispute(struct assay_ca *ca, uint32_t slot,
                                            const uint8_t node_id[static 32],
                                            const struct assay_ca_dispute_record *record,
                                            struct assay_ca_facts *facts);
enum assay_ca_result assay_ca_apply_have(struct assay_ca *ca, uint32_t slot,
                                         const uint8_t node_id[static 32],
                                         const struct assay_ca_have_record *record,
                                         struct assay_ca_facts *facts);
enum assay_ca_result assay_ca_apply_table(struct assay_ca *ca, uint32_t slot,
                                          const uint8_t node_id[static 32],
                                          const struct assay_ca_table_record *record,
                                          struct assay_ca_facts *facts);
enum assay_ca_result assay_ca_apply_lie(struct assay_ca *ca, uint32_t slot,
                                        const uint8_t node_id[static 32],
                                        const struct assay_ca_lie_record *record,
                                        struct assay_ca_facts *facts);
/* "applied", "same" .. */
const char *assay_ca_result_word(enum assay_ca_result result);

/*
 * assay_ca_close_epoch - closes an epoch: holders that are lost, phases, generations, begins.
 * In:      epoch: above the last (asserted); certified: the epoch is; member[count] by slot, those
 *          above ASSAY_CA_SLOTS_MAX are ignored; total_weight: of all seats
 */
void assay_ca_close_epoch(struct assay_ca *ca, uint64_t epoch, bool certified,
                          const struct assay_ca_member *member, uint32_t count,
                          uint64_t total_weight, struct assay_ca_facts *facts);
/* Sets what the last close was given, in a fold that was decoded. */
void assay_ca_set_members(struct assay_ca *ca, uint64_t epoch, const struct assay_ca_member *member,
                          uint32_t count, uint64_t total_weight);

/* --- for programs of holders */
/* What a record of this member in the running ceremony names. In: key: its holder key.
 * Returns: false: no ceremony runs; then *scope is for an OFFER outside of one */
/* A CA_HAVE of a generation in force counts later, too; its scope names the attempt that made it:
 * assay_ca_force_scope. In: number: the active or the next one (asserted) */
bool assay_ca_current_scope(const struct assay_ca *ca, const uint8_t node_id[static 32],
                            const uint8_t key[static 32], struct assay_ca_scope *scope);
void assay_ca_force_scope(const struct assay_ca *ca, uint32_t number,
                          const uint8_t node_id[static 32], const uint8_t key[static 32],
                          struct assay_ca_scope *scope);
/* Returns: what this number is. */
enum assay_ca_state assay_ca_state_of(const struct assay_ca *ca, uint32_t number);
/* The numbers that relying parties trust, ascending. Returns: how many */
uint32_t assay_ca_published(const struct assay_ca *ca,
                            struct assay_ca_published out[static ASSAY_CA_PUBLISHED_MAX]);
/* The generation in force of the active or the next number. Returns: NULL: of another one */
const struct assay_ca_sharing *assay_ca_sharing_of(const struct assay_ca *ca, uint32_t number);
/* In a reshare: the generation that is dealt from, and its key. */
const struct assay_ca_sharing *assay_ca_reshared(const struct assay_ca *ca);
const uint8_t *assay_ca_reshared_key(const struct assay_ca *ca);
/* Whose holders deal in the running ceremony: assay_ca_holder_of_dealer is a place in it. */
const struct assay_ca_sharing *assay_ca_dealers(const struct assay_ca *ca);
/* Returns: the place among the holders of a sharing; UINT32_MAX: none of this node id. */
uint32_t assay_ca_holder_of_node(const struct assay_ca_sharing *s,
                                 const uint8_t node_id[static 32]);
/* Returns: the place of the holder of an index of 1 .. s->count. */
uint32_t assay_ca_holder_of_index(const struct assay_ca_sharing *s, uint32_t index);
/* Returns: the place of the holder that deals as `dealer` (1 .. ceremony.dealers) in the running
 * ceremony, among assay_ca_dealers. */
uint32_t assay_ca_holder_of_dealer(const struct assay_ca *ca, uint32_t dealer);
/* Returns: true in the epoch in which this dealer's record counts: DEALS, and its turn. */
bool assay_ca_is_turn(const struct assay_ca *ca, uint32_t dealer);
/* The dealings that are added (since the end of DISPUTE), and their factors. Out: dealer[count],
 * ascending. Returns: count; 0: not decided yet */
uint32_t assay_ca_used(const struct assay_ca *ca, uint32_t dealer[static ASSAY_FROST_INDICES_MAX]);
/* The factor of used[at] in the sum. Returns: false: 1 (key generation) */
bool assay_ca_factor(const struct assay_ca *ca, const uint32_t *used, uint32_t count, uint32_t at,
                     struct assay_secret32 *factor);
/* Returns: how many indices of the active number's generation live: their holder said HAVE, is not
 * lost, and its entry is active (3.4.1). */
uint32_t assay_ca_live(const struct assay_ca *ca);
/* Returns: whether this index of the active number's generation lives. */
bool assay_ca_index_lives(const struct assay_ca *ca, uint32_t index);
/* The same of a sharing in force. */
uint32_t assay_ca_live_of(const struct assay_ca *ca, const struct assay_ca_sharing *s);
bool assay_ca_lives_in(const struct assay_ca *ca, const struct assay_ca_sharing *s, uint32_t index);
/* Returns: whether the ledger remembers a conviction of this member. */
bool assay_ca_is_convicted(const struct assay_ca *ca, const uint8_t node_id[static 32]);
/* The generation in force, as signing sessions have it. Returns: ASSAY_OK | ASSAY_E_NOT_FOUND (none
 * yet) | ASSAY_E_KEY (its points are none) */
ASSAY_CHECKED enum assay_status assay_ca_group(const struct assay_ca *ca,
                                               struct assay_signing_group *group);
/* The same of the active or the next number. Returns: also ASSAY_E_NOT_FOUND (another one) */
ASSAY_CHECKED enum assay_status assay_ca_group_of(const struct assay_ca *ca, uint32_t number,
                                                  struct assay_signing_group *group);
/* Asserts every invariant. */
void assay_ca_check(const struct assay_ca *ca);

#endif
