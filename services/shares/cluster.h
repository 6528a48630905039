/*
 * services/shares/cluster.h - what the ledger makes of records of shares (docs/services.md 5.5 to
 * 5.9): who sits in which slot, which ids are synced, which are being dealt anew.
 *
 * A pure fold in the order of the chain. A record that means nothing changes nothing and has a
 * result that says why; it never makes a block invalid. What changes is told as facts. Holders read
 * the fold itself as well (holder.h): facts tell them where to look, so none is missed by a crash.
 *
 * Memory is the caller's, handed in once. Members are numbered by their slot in the network; the
 * word slot is a cluster's here.
 */
#ifndef ASSAY_SERVICES_SHARES_CLUSTER_H
#define ASSAY_SERVICES_SHARES_CLUSTER_H

#include "services/shares/public.h"
#include "services/shares/records.h"

enum {
    ASSAY_SHARE_MEMBERS_MAX = 128,
    ASSAY_SHARE_NOBODY = ASSAY_SHARE_MEMBERS_MAX, /* who sits where the member is gone */
    ASSAY_SHARE_IDS_MAX = 4096,
    ASSAY_SHARE_RESHARES_MAX = 500,  /* under way at a time, */
    ASSAY_SHARE_BEGUN_MAX = ASSAY_SHARE_IDS_MAX, /* and begun in one epoch */
    ASSAY_SHARE_WAITING_EPOCHS = 4,  /* what is not synced by then is forgotten */
    ASSAY_SHARE_FORGET_MAX = 256,    /* at one close */
    ASSAY_SHARE_PUT_EPOCHS = 64, /* a SHARE_PUT is valid so long; so is a deleted id remembered */
    ASSAY_SHARE_QUOTA_MIN = 16,  /* ids of an owner and of an author, whatever the plan */
    ASSAY_SHARE_QUOTA_PARTS = 4,
    ASSAY_SHARE_FACTS_MAX = 1824,    /* of one call: seats, alarms, reshares, what is forgotten */
    ASSAY_SHARE_DIGESTS_MAX = 3,     /* that slots of one attempt came to, told apart */
    ASSAY_SHARE_WHOLE_EPOCHS = 8,    /* a slot that lacks a share waits so long at most */
    ASSAY_SHARE_ROUND_IDS_MAX = 64,  /* of one round of public attempts, */
    ASSAY_SHARE_ROUND_LEN = 200 * 1024, /* and the bytes of their dealings */
    ASSAY_SHARE_ROUND_CLOSES = 2,    /* for dealings, then for disputes, then for SHARE_HAVE */
    /* What one author may hand in in an epoch: the limit for up to so many members, and of all
     * together (docs/protocol.md 12.2). */
    ASSAY_SHARE_AUTHOR_LEN = 64 * 1024,
    ASSAY_SHARE_EPOCH_LEN = 1024 * 1024,
    ASSAY_SHARE_SILENT_EPOCHS = 64,  /* so long silence is remembered; a bar, an absence last */
};

/* Of a member, at the close of an epoch; what scoring says, in the words that count here. */
enum assay_share_standing {
    ASSAY_SHARE_STAND_NONE,      /* unknown, or below WARNING: it loses its slot */
    ASSAY_SHARE_STAND_SUSPENDED, /* the same */
    ASSAY_SHARE_STAND_WARNING,   /* keeps a slot, gets none */
    ASSAY_SHARE_STAND_FULL,      /* may get a slot */
};

/* As the genesis says; the same for every cluster, since a slot's share is the same in each. */
struct assay_share_config {
    struct assay_share_home home;
    uint32_t clusters;      /* 1 to ASSAY_SHARE_CLUSTERS_MAX */
    uint32_t slots;         /* k to ASSAY_SHARE_SLOTS_MAX */
    uint32_t k;             /* ASSAY_SHARE_K_MIN to ASSAY_SHARE_K_MAX */
    uint32_t confirmations; /* k to slots: so many slots keep a share before an id is synced */
    uint32_t ids_max;       /* 1 to ASSAY_SHARE_IDS_MAX */
};

struct assay_share_member {
    enum assay_share_standing standing;
    uint16_t score;
    bool listed;    /* has a HOLDER record */
    bool convicted; /* was shown to have lied as a dealer or giver; for ever */
    uint32_t cluster;
    uint8_t key[ASSAY_P256_PUBLIC_LEN];
    uint8_t node[32];
    uint8_t curve[32]; /* of its links, */
    uint8_t address[ASSAY_SHARE_ADDRESS_MAX]; /* and where it listens */
    uint8_t address_len;
    uint64_t away_until;   /* it lost a slot for its silence; no candidate before */
    uint64_t barred_until; /* it disputed what stood; its disputes are not looked at before */
    uint64_t silent_epoch; /* in which it was silent last in a public attempt; 0: never */
};

struct assay_share_seat {
    uint32_t member; /* ASSAY_SHARE_NOBODY: its member is gone, and nobody else may list the key */
    uint8_t key[ASSAY_P256_PUBLIC_LEN];
    uint64_t seating; /* the how-manieth that was given in this registry, from 1 */
    bool has_next;         /* to which key it is dealt in the next round of that era */
    uint64_t next_era;
    uint8_t next[ASSAY_SODIUM_POINT_LEN];
};

struct assay_share_cluster {
    bool seated; /* once for ever, when enough members stood */
    struct assay_share_seat seat[ASSAY_SHARE_SLOTS_MAX];
    uint32_t ready;       /* slots that have shown that they have everything; bits */
    uint64_t alarm_epoch; /* in which it was said last that it cannot go on; 0: never */
    uint32_t alarms; /* what was said then: 1 << why; bits */
    uint64_t rounds; /* of public attempts that have begun here */
    uint64_t public_until; /* before that epoch closes, what was not done is public at once */
};

/* An id, or a deleted one, of which only whose charge it is and when it was deleted are left: for
 * ASSAY_SHARE_PUT_EPOCHS epochs, after which no SHARE_PUT of before is valid. */
struct assay_share_row {
    uint8_t id[32];
    uint8_t owner[32]; /* account: SHA-256 of the owner's key; it is charged with the id, */
    uint32_t author; /* and so is the member that handed in the SHARE_PUT; ASSAY_SHARE_NOBODY */
    bool deleted;
    struct assay_share_birth birth; /* as the SHARE_PUT names it */
    uint32_t version; /* of the last SHARE_READERS; 0: none yet */
    uint8_t payload[32];
    bool synced;
    uint64_t put_epoch;     /* the last epoch closed when it was put, */
    uint64_t deleted_epoch; /* and when it, or the one that was put before it, was deleted; 0 */
    uint32_t generation; /* the current one */
    uint64_t attempt;    /* that made it */
    uint8_t digest[32];  /* of its commitments */
    uint32_t origin;     /* the cluster that has it whole */
    uint32_t have[ASSAY_SHARE_CLUSTERS_MAX]; /* slots that keep the current generation; bits */
    uint32_t wanted; /* clusters that gave a slot away since: it is to be dealt anew; bits */
    uint32_t gone;   /* slots, of any cluster, that were given away since this generation; bits */
    uint32_t tried;  /* attempts at the next generation, at most 2^16 - 1 */
    uint64_t due_epoch; /* since when the next attempt is public: there was time; 0: it is not */
    uint32_t reshare; /* number in the registry's reshares, counted from 1; 0: none */
    uint32_t reader_count;
    struct assay_share_reader reader[ASSAY_SHARE_READERS_MAX];
};

/* The next generation of an id, under way. */
struct assay_share_reshare {
    uint32_t row;
    uint32_t cluster;
    uint32_t generation;
    uint64_t attempt;
    uint32_t dealers; /* k slots; bits */
    uint32_t dealt;   /* of them, who said what they deal */
    uint8_t dealing[ASSAY_SHARE_SLOTS_MAX][32]; /* digest of B, by dealer's slot */
    uint32_t have[ASSAY_SHARE_DIGESTS_MAX]; /* slots that keep a share of that digest; bits */
    uint8_t digest[ASSAY_SHARE_DIGESTS_MAX][32]; /* in the order in which they were said first */
    uint32_t other; /* slots that came to yet another digest */
    bool whole;     /* it began at a close: it has the whole epoch */
    /* A public attempt: dealers are chosen when disputes are over, 0 before; digest[0] is then that
     * of what their dealings add up to, and nobody else's is kept. */
    bool is_public;
    uint32_t able;  /* slots that may deal; bits */
    uint32_t bad;   /* whose dealing fell; bits */
    uint32_t place; /* of its dealings in the round */
};

enum assay_share_phase {
    ASSAY_SHARE_PHASE_NONE,
    ASSAY_SHARE_PHASE_DEALS,
    ASSAY_SHARE_PHASE_DISPUTES,
    ASSAY_SHARE_PHASE_HAVES,
};

/* Public attempts that run together, in one cluster (docs/services.md 5.17). One at a time. */
struct assay_share_round {
    enum assay_share_phase phase;
    uint32_t cluster;
    uint32_t closes;    /* certified ones of this phase that are over */
    uint64_t era;
    uint32_t takers;    /* slots with a key in it; bits */
    uint32_t out;       /* of them, given away since; bits */
    uint32_t certified; /* slots whose member was certified at each close of this phase; bits */
    uint8_t key[ASSAY_SHARE_SLOTS_MAX][ASSAY_SODIUM_POINT_LEN];
    uint8_t dealings[ASSAY_SHARE_ROUND_LEN]; /* by place, then dealer: B, R, sealed numbers */
};

struct assay_share_registry {
    struct assay_share_config config;
    uint64_t era;   /* of the chain; statements of another era mean nothing */
    uint64_t epoch; /* the last that was closed */
    uint32_t members; /* of the network, at that close; in no document */
    uint32_t begun; /* reshares in this epoch, whatever became of them */
    uint32_t begin_at; /* the row after the one that was begun last */
    uint64_t seatings; /* how often a slot was given */
    struct assay_share_member member[ASSAY_SHARE_MEMBERS_MAX];
    struct assay_share_cluster cluster[ASSAY_SHARE_CLUSTERS_MAX];
    uint32_t row_count;
    struct assay_share_row *row;
    uint16_t *order; /* rows ascending by id */
    uint32_t reshare_count;
    struct assay_share_reshare *reshare;
    struct assay_share_round *round;
    uint32_t dealings_read; /* of the round's document, until all are joined */
    bool certified[ASSAY_SHARE_MEMBERS_MAX]; /* of the close that comes */
    uint32_t synced_count;
    bool root_known;
    uint8_t root[32];
};

enum assay_share_fact_kind {
    ASSAY_SHARE_SEATED,    /* member, with key, has slot of cluster now */
    ASSAY_SHARE_WAITING,   /* id was put: its cluster's slots wait for the owner */
    ASSAY_SHARE_SYNCED,    /* generation of id is current; cluster has it whole */
    ASSAY_SHARE_FORGOTTEN, /* id was not confirmed in time */
    ASSAY_SHARE_BEGUN,     /* attempt at the next generation of id, by dealers of cluster */
    ASSAY_SHARE_DEALT,     /* all dealers have said what they deal */
    ASSAY_SHARE_READY,     /* slot of cluster gives and deals */
    ASSAY_SHARE_ALARM,     /* cluster cannot go on; see why. Nothing is dropped */
    ASSAY_SHARE_CONVICTED, /* member lied as a dealer or giver, in slot of cluster */
    ASSAY_SHARE_READ,      /* somebody may read id */
    ASSAY_SHARE_SPLIT,     /* slots came to different digests in an attempt at id */
    ASSAY_SHARE_DELETED,   /* its owner has deleted id: what is kept of it is erased */
    ASSAY_SHARE_CHANGED,   /* its owner has named other readers of id */
    ASSAY_SHARE_KEYED,     /* slot of cluster has a key for the next round */
    ASSAY_SHARE_SHOWN,     /* dealings of a public attempt are in: they may be disputed */
    ASSAY_SHARE_CHOSEN,    /* which of them make the next generation of id: slots take theirs */
    ASSAY_SHARE_SILENT,    /* member, in slot of cluster, said nothing in a public attempt, */
    ASSAY_SHARE_AWAY,      /* and again: it loses that slot. It is not convicted */
    ASSAY_SHARE_BARRED,    /* member disputed a dealing that stands */
};

enum assay_share_why {
    ASSAY_SHARE_WHY_NONE,
    ASSAY_SHARE_WHY_FEW,          /* a lost slot stays: some id would have fewer than k shares */
    ASSAY_SHARE_WHY_NO_CANDIDATE, /* a lost slot stays: nobody else may sit */
    ASSAY_SHARE_WHY_NO_DEALERS,   /* ids wait: fewer than k slots of any cluster can deal them */
    ASSAY_SHARE_WHY_OLD_SHARES,   /* k slots or more may keep the generation before */
};

struct assay_share_fact {
    enum assay_share_fact_kind kind;
    enum assay_share_why why;
    uint32_t cluster, slot, member;
    uint32_t generation;
    uint64_t attempt;
    uint32_t dealers; /* slots; bits */
    bool is_public;   /* of an attempt */
    uint8_t id[32];
    uint8_t digest[32];
    uint8_t key[ASSAY_P256_PUBLIC_LEN];
    struct assay_share_reader reader;
    uint8_t nonce[32], box[32]; /* of a read */
};

struct assay_share_facts {
    uint32_t count;
    struct assay_share_fact fact[ASSAY_SHARE_FACTS_MAX];
};

enum assay_share_result {
    ASSAY_SHARE_APPLIED,
    ASSAY_SHARE_SAME,      /* it stood already: a duplicate */
    ASSAY_SHARE_NOT_HERE,  /* no such cluster, or it has no members yet; a member out of range */
    ASSAY_SHARE_KEY_TAKEN, /* another member listed that key */
    ASSAY_SHARE_STRANGER,  /* the author has no slot there, or has lost it */
    ASSAY_SHARE_UNKNOWN,   /* no such id, or no such generation or attempt of it under way */
    ASSAY_SHARE_MISMATCH,  /* another digest, k or count than the ledger has */
    ASSAY_SHARE_NO_ROOM,   /* no room for another id */
    ASSAY_SHARE_NO_READER, /* it is not among the readers of the id */
    ASSAY_SHARE_HONEST,    /* what was shown as a lie stands */
    ASSAY_SHARE_NOT_YOURS, /* another member than its author lists itself */
    ASSAY_SHARE_LATE, /* of another era, of an attempt or generation that is over, or an owner's
                       * record outside of its epochs or of a version that is over */
    ASSAY_SHARE_QUOTA, /* its owner or its author has as many ids as one may have */
};

/* Returns: the bytes that assay_share_registry_init wants. */
size_t assay_share_registry_size(uint32_t ids_max);
/*
 * assay_share_registry_init - an empty ledger.
 * In:      memory of at least assay_share_registry_size bytes, aligned for any type; config within
 *          its limits (asserted)
 * Returns: the registry, in that memory
 */
struct assay_share_registry *assay_share_registry_init(void *memory, size_t memory_len,
                                                       const struct assay_share_config *config);

/* A branch is folded onto a copy. In: to, of init with the same ids_max (asserted). Returns:
 * nothing. */
void assay_share_registry_copy(struct assay_share_registry *to,
                               const struct assay_share_registry *from);

/* --- records, in the order of the chain; each clears the facts first. A member out of range is
 * ASSAY_SHARE_NOT_HERE everywhere. */
/* HOLDER of a member, whose node id the network knows; checked before (records.h). Returns: APPLIED
 * | SAME | NOT_HERE | NOT_YOURS | KEY_TAKEN */
enum assay_share_result assay_share_registry_holder(struct assay_share_registry *r, uint32_t member,
                                                    const uint8_t node[static 32],
                                                    const struct assay_share_holder_record *record,
                                                    struct assay_share_facts *facts);
/* SHARE_PUT, whoever submits it: that member is its author, and is charged with the id as its owner
 * is. Returns: APPLIED | SAME (the id is taken, or waits by a record
 * that is as new) | NOT_HERE | MISMATCH | LATE (of another era, too
 * old, of an epoch to come, or from before the id was deleted) | QUOTA | NO_ROOM */
enum assay_share_result assay_share_registry_put(struct assay_share_registry *r, uint32_t author,
                                                 const struct assay_share_put_record *record,
                                                 struct assay_share_facts *facts);
/* SHARE_DELETE, whoever submits it. Returns: APPLIED | UNKNOWN (no such id, or it was put again) |
 * LATE (another era, an older version) | MISMATCH (a version to come) */
enum assay_share_result assay_share_registry_delete(struct assay_share_registry *r,
                                                    const struct assay_share_delete_record *record,
                                                    struct assay_share_facts *facts);
/* SHARE_READERS, whoever submits it. Returns: as delete; UNKNOWN also when it is not synced */
enum assay_share_result assay_share_registry_readers(
    struct assay_share_registry *r, const struct assay_share_readers_record *record,
    struct assay_share_facts *facts);
/* SHARE_HAVE and SHARE_DEAL of a member. Lines stand alone. Returns: APPLIED when one changed
 * something, else why the last did not: SAME | LATE (another era) | STRANGER | UNKNOWN | MISMATCH
 */
enum assay_share_result assay_share_registry_have(struct assay_share_registry *r, uint32_t member,
                                                  const struct assay_share_list_record *record,
                                                  struct assay_share_facts *facts);
enum assay_share_result assay_share_registry_deal(struct assay_share_registry *r, uint32_t member,
                                                  const struct assay_share_list_record *record,
                                                  struct assay_share_facts *facts);
/* SHARE_SUM, whoever submits it: which digest the dealings of an attempt under way add up to, and
 * every slot that said another one is convicted. Returns: APPLIED | SAME (nobody said another) |
 * UNKNOWN | LATE | MISMATCH (another A, another B) */
enum assay_share_result assay_share_registry_sum(struct assay_share_registry *r,
                                                 const struct assay_share_sum_record *record,
                                                 struct assay_share_facts *facts);
/* SHARE_KEY of a member, checked before (public.h). Returns: APPLIED | SAME | LATE (another era, a
 * round that has begun) | STRANGER | MISMATCH (a round to come) */
enum assay_share_result assay_share_registry_key(struct assay_share_registry *r, uint32_t member,
                                                 const struct assay_share_key_record *record,
                                                 struct assay_share_facts *facts);
/* SHARE_DEALING of a member, checked before but for the proofs of R. Lines stand alone. Returns:
 * APPLIED when one was taken, else why the last was not: SAME (that slot has dealt, this or
 * something else) | LATE | STRANGER | UNKNOWN | MISMATCH (another k, no points, no proof) */
enum assay_share_result assay_share_registry_dealing(
    struct assay_share_registry *r, uint32_t member,
    const struct assay_share_dealing_record *record, struct assay_share_facts *facts);
/* SHARE_DISPUTE of a member, checked before but for the opening. Returns: APPLIED, and the dealer
 * is convicted | SAME (that dealing fell before) | HONEST (it stands, or nothing was shown: the
 * member is barred) | LATE (another era, not the time) | STRANGER (also one that is barred) |
 * UNKNOWN | MISMATCH (another A) */
enum assay_share_result assay_share_registry_dispute(
    struct assay_share_registry *r, uint32_t member,
    const struct assay_share_dispute_record *record, struct assay_share_facts *facts);
/* SHARE_READY of a member. Returns: APPLIED | SAME | LATE (another era) | STRANGER | MISMATCH (not
 * everything) */
enum assay_share_result assay_share_registry_ready(struct assay_share_registry *r, uint32_t member,
                                                   const struct assay_share_ready_record *record,
                                                   struct assay_share_facts *facts);
/* SHARE_READ, whoever submits it. Returns: APPLIED | UNKNOWN (not synced) | NO_READER */
enum assay_share_result assay_share_registry_read(struct assay_share_registry *r,
                                                  const struct assay_share_read_record *record,
                                                  struct assay_share_facts *facts);
/* SHARE_LIE, whoever submits it, checked before (records.h). Returns: APPLIED, and who signed is
 * convicted | STRANGER (no slot of that key and seating, or no dealer) | UNKNOWN | LATE | MISMATCH
 * (another A, other dealers) | HONEST | SAME (convicted before) */
enum assay_share_result assay_share_registry_lie(struct assay_share_registry *r,
                                                 const struct assay_share_lie_record *record,
                                                 struct assay_share_facts *facts);
/* Whose evidence of the epoch that closes next was certified: the silence of others is nothing
 * (docs/services.md 5.17.5). Nobody's is, unless it is said. In: certified[count], by member.
 * Returns: nothing. */
void assay_share_registry_certify(struct assay_share_registry *r, const bool *certified,
                                  uint32_t count);
/*
 * assay_share_registry_close - an epoch ends, and every member has a standing and a score.
 * In:      standing[count], score[count] by member; count <= ASSAY_SHARE_MEMBERS_MAX (asserted);
 *          epoch above the last
 * Returns: nothing
 */
void assay_share_registry_close(struct assay_share_registry *r, uint64_t epoch,
                                const enum assay_share_standing *standing, const uint16_t *score,
                                uint32_t count, struct assay_share_facts *facts);
/* The era of the chain from now on; in no document, hence told after each start as well. Returns:
 * nothing. */
void assay_share_registry_enter(struct assay_share_registry *r, uint64_t era);
/* What the last close told, to a registry that was read from its documents (document.h): as close,
 * and nothing is decided. Returns: nothing. */
void assay_share_registry_stand(struct assay_share_registry *r, uint64_t epoch,
                                const enum assay_share_standing *standing, const uint16_t *score,
                                uint32_t count);
/* Another member has the number now, or nobody: what it listed is gone, what it was convicted of as
 * well, its slot is lost, and ids that it handed in are its charge no more. Said before the close
 * that tells the new one's standing. Returns: nothing; no member is nothing to do. */
void assay_share_registry_renew(struct assay_share_registry *r, uint32_t member);

/* --- questions */
/* Returns: the row of an id; NULL when there is none, or it was deleted. */
const struct assay_share_row *assay_share_registry_find(const struct assay_share_registry *r,
                                                        const uint8_t id[static 32]);
/* docs/services.md 5.5.2: ids that an owner may have, and that an author may, waiting and deleted
 * ones included. Returns: at least ASSAY_SHARE_QUOTA_MIN. */
uint32_t assay_share_registry_quota(const struct assay_share_registry *r);
/* Returns: whether the owner named it as a reader of the id. */
bool assay_share_row_names(const struct assay_share_row *row,
                           const struct assay_share_reader *reader);
/* Out: *birth: what a SHARE_PUT that is signed now names. Returns: whether one for this id is
 * valid: it is not synced, and was neither put nor deleted since the last close. */
bool assay_share_registry_may_put(const struct assay_share_registry *r,
                                  const uint8_t id[static 32], struct assay_share_birth *birth);
/* The first number of attempts of what was put after that epoch, and that of its first generation.
 * An id that is put again has others, so nobody counts with what it kept before, and what was
 * signed or said of another put is of no attempt of this one (docs/services.md 5.5).
 * Returns: 1 to 2^63 - 1. */
uint64_t assay_share_put_attempt(uint64_t epoch);
/* Returns: whether attempts of these numbers are of one put of an id. */
bool assay_share_is_one_put(uint64_t attempt, uint64_t other);
/* docs/services.md 5.8: how many slots have to keep the next generation, of one digest. k - 1 that
 * lie cannot make it, and n less it that are silent or lie cannot prevent it. Returns: k to n;
 * above k where n is. */
uint32_t assay_share_needed(const struct assay_share_config *config);
/* Returns: how many ids one round has at most, in any network. */
uint32_t assay_share_round_ids(const struct assay_share_config *config);
/* What a slot has dealt in a public attempt. Returns: false when it has not. */
bool assay_share_registry_dealt(const struct assay_share_registry *r,
                                const struct assay_share_reshare *reshare, uint32_t dealer,
                                struct assay_share_public_dealing *dealing);
/* Of a dealing in a round: its label for one taker. Returns: nothing. */
void assay_share_registry_label(const struct assay_share_registry *r,
                                const struct assay_share_reshare *reshare, uint32_t dealer,
                                uint32_t taker, uint8_t label[static 32]);
/* Returns: slots of an attempt that said what they came to; bits. */
uint32_t assay_share_said(const struct assay_share_reshare *reshare);
/* Returns: what is under way for a row; NULL when nothing is. */
const struct assay_share_reshare *assay_share_registry_reshare(
    const struct assay_share_registry *r, const struct assay_share_row *row);
/* Where the holder of a key sits. Returns: false when it has no slot, or has lost it. */
bool assay_share_registry_seat(const struct assay_share_registry *r,
                               const uint8_t key[static ASSAY_P256_PUBLIC_LEN], uint32_t *cluster,
                               uint32_t *slot);
/* Returns: true when whoever sits there may not act any more: below WARNING, with another key or in
 * another cluster, convicted, gone. */
bool assay_share_registry_is_lost(const struct assay_share_registry *r, uint32_t cluster,
                                  uint32_t slot);
/* Of all synced ids, ascending, with their generations: RFC 6962 over id | generation (4 bytes,
 * big-endian). Returns: nothing. */
void assay_share_registry_root(const struct assay_share_registry *r, uint8_t root[static 32]);
/* One leaf of it. Returns: nothing. */
void assay_share_leaf(const uint8_t id[static 32], uint32_t generation, uint8_t leaf[static 36]);
/* Asserts every invariant. Returns: nothing. */
void assay_share_registry_check(const struct assay_share_registry *r);

#endif
