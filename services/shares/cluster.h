/*
 * services/shares/cluster.h - ledger state of shares (docs/services.md 5.5 to 5.9): the seats of
 * clusters, the synced ids, and the reshares in progress.
 *
 * A pure fold of records in the order of the chain. A record without effect changes nothing and has
 * a result with the reason; it never invalidates a block. Changes are returned as facts. Holders
 * also read the state itself (holder.h): facts only name the ids to check, so a crash loses none.
 *
 * Memory is the caller's, passed at init. Members are numbered by their slot in the network; "slot"
 * here is a cluster's.
 */
#ifndef ASSAY_SERVICES_SHARES_CLUSTER_H
#define ASSAY_SERVICES_SHARES_CLUSTER_H

#include "services/shares/public.h"
#include "services/shares/records.h"

enum {
    ASSAY_SHARE_MEMBERS_MAX = 128,
    ASSAY_SHARE_NO_MEMBER = ASSAY_SHARE_MEMBERS_MAX, /* member of a seat whose member is gone */
    ASSAY_SHARE_IDS_MAX = 4096,
    ASSAY_SHARE_RESHARES_MAX = 500,  /* in progress at a time, */
    ASSAY_SHARE_BEGUN_MAX = ASSAY_SHARE_IDS_MAX, /* and started in one epoch */
    ASSAY_SHARE_WAITING_EPOCHS = 4,  /* an id that is not synced by then is dropped */
    ASSAY_SHARE_FORGET_MAX = 256,    /* at one close */
    ASSAY_SHARE_PUT_EPOCHS = 64, /* validity of a SHARE_PUT, and lifetime of a deleted id */
    ASSAY_SHARE_QUOTA_MIN = 16,  /* ids of an owner and of an author, whatever the plan */
    ASSAY_SHARE_QUOTA_PARTS = 4,
    ASSAY_SHARE_FACTS_MAX = 1824,    /* of one call: seats, alarms, reshares, dropped ids */
    ASSAY_SHARE_DIGESTS_MAX = 3,     /* distinct ones that slots of one attempt report */
    ASSAY_SHARE_WHOLE_EPOCHS = 8,    /* longest wait of a slot that lacks a share */
    ASSAY_SHARE_ROUND_IDS_MAX = 64,  /* of one round of public attempts, */
    ASSAY_SHARE_ROUND_LEN = 200 * 1024, /* and the bytes of their dealings */
    ASSAY_SHARE_ROUND_CLOSES = 2,    /* per phase: dealings, then disputes, then SHARE_HAVE */
    /* Limit of one author's records in one epoch: for up to that many members, and of all together
     * (docs/protocol.md 12.2). */
    ASSAY_SHARE_AUTHOR_LEN = 64 * 1024,
    ASSAY_SHARE_EPOCH_LEN = 1024 * 1024,
    ASSAY_SHARE_SILENT_EPOCHS = 64,  /* how long silence is recorded, and a bar or an absence
                                      * lasts */
};

/* Of a member at the close of an epoch; derived from its score. */
enum assay_share_standing {
    ASSAY_SHARE_STAND_NONE,      /* unknown, or below WARNING: it loses its slot */
    ASSAY_SHARE_STAND_SUSPENDED, /* the same */
    ASSAY_SHARE_STAND_WARNING,   /* keeps a slot, gets no new one */
    ASSAY_SHARE_STAND_FULL,      /* may get a slot */
};

/* From the genesis; the same for every cluster, since a slot's share is the same in each. */
struct assay_share_config {
    struct assay_share_home home;
    uint32_t clusters;      /* 1 to ASSAY_SHARE_CLUSTERS_MAX */
    uint32_t slots;         /* k to ASSAY_SHARE_SLOTS_MAX */
    uint32_t k;             /* ASSAY_SHARE_K_MIN to ASSAY_SHARE_K_MAX */
    uint32_t confirmations; /* k to slots: confirmations before an id is synced */
    uint32_t ids_max;       /* 1 to ASSAY_SHARE_IDS_MAX */
};

struct assay_share_member {
    enum assay_share_standing standing;
    uint16_t score;
    bool listed;    /* has a HOLDER record */
    bool convicted; /* proven to have lied as a dealer or giver; permanent */
    uint32_t cluster;
    uint8_t key[ASSAY_P256_PUBLIC_LEN];
    uint8_t node[32];
    uint8_t curve[32]; /* CURVE key of its links, */
    uint8_t address[ASSAY_SHARE_ADDRESS_MAX]; /* and its listening address */
    uint8_t address_len;
    uint64_t away_until;   /* it lost a slot for its silence; no candidate before that epoch */
    uint64_t barred_until; /* it disputed a valid dealing; its disputes are ignored before that
                            * epoch */
    uint64_t silent_epoch; /* in which it was last silent in a public attempt; 0: never */
};

struct assay_share_seat {
    uint32_t member; /* ASSAY_SHARE_NO_MEMBER: its member is gone, and no other member may list the
                      * key */
    uint8_t key[ASSAY_P256_PUBLIC_LEN];
    uint64_t seating; /* serial number of this assignment in the registry, from 1 */
    bool has_next;         /* has a key for dealings in the next round of that era */
    uint64_t next_era;
    uint8_t next[ASSAY_SODIUM_POINT_LEN];
};

struct assay_share_cluster {
    bool seated; /* permanent, once enough members were eligible */
    struct assay_share_seat seat[ASSAY_SHARE_SLOTS_MAX];
    uint32_t ready;       /* slots that have proven that they have every id; bits */
    uint64_t alarm_epoch; /* of the last alarm; 0: never */
    uint32_t alarms; /* its reasons: 1 << why; bits */
    uint64_t rounds; /* public attempts started here */
    uint64_t public_until; /* before that epoch closes, an unfinished reshare becomes public at
                            * once */
};

/* An id, or a deleted one, of which only its charge and the epoch of its deletion are left: for
 * ASSAY_SHARE_PUT_EPOCHS epochs, after which no earlier SHARE_PUT is valid. */
struct assay_share_row {
    uint8_t id[32];
    uint8_t owner[32]; /* account: SHA-256 of the owner's key; the id is charged to it, */
    uint32_t author; /* and to the member that submitted the SHARE_PUT; ASSAY_SHARE_NO_MEMBER */
    bool deleted;
    struct assay_share_birth birth; /* as the SHARE_PUT names it */
    uint32_t version; /* of the last SHARE_READERS; 0: none */
    uint8_t payload[32];
    bool synced;
    uint64_t put_epoch;     /* the last closed epoch when it was put, */
    uint64_t deleted_epoch; /* and when it, or its predecessor, was deleted; 0 */
    uint32_t generation; /* the current one */
    uint64_t attempt;    /* that made it */
    uint8_t digest[32];  /* of its commitments */
    uint32_t origin;     /* the cluster that has all its shares */
    uint32_t have[ASSAY_SHARE_CLUSTERS_MAX]; /* slots that have the current generation; bits */
    uint32_t wanted; /* clusters that reassigned a slot since: a reshare is needed; bits */
    uint32_t gone;   /* slots, of any cluster, reassigned since this generation; bits */
    uint32_t tried;  /* attempts at the next generation, at most 2^16 - 1 */
    uint64_t due_epoch; /* since when the next attempt is public, as others timed out; 0: it is
                         * not */
    uint32_t reshare; /* number in the registry's reshares, counted from 1; 0: none */
    uint32_t reader_count;
    struct assay_share_reader reader[ASSAY_SHARE_READERS_MAX];
};

/* The next generation of an id, in progress. */
struct assay_share_reshare {
    uint32_t row;
    uint32_t cluster;
    uint32_t generation;
    uint64_t attempt;
    uint32_t dealers; /* k slots; bits */
    uint32_t dealt;   /* of these, those whose dealing is on the ledger */
    uint8_t dealing[ASSAY_SHARE_SLOTS_MAX][32]; /* digest of B, by dealer's slot */
    uint32_t have[ASSAY_SHARE_DIGESTS_MAX]; /* slots that have a share of that digest; bits */
    uint8_t digest[ASSAY_SHARE_DIGESTS_MAX][32]; /* in the order of their first report */
    uint32_t other; /* slots that reported yet another digest */
    bool whole;     /* it started at a close: it has the full epoch */
    /* A public attempt: dealers are chosen when disputes are over, 0 before; digest[0] is then that
     * of the sum of their dealings, and no other is stored. */
    bool is_public;
    uint32_t able;  /* slots that may deal; bits */
    uint32_t bad;   /* whose dealing was rejected; bits */
    uint32_t place; /* of its dealings in the round */
};

enum assay_share_phase {
    ASSAY_SHARE_PHASE_NONE,
    ASSAY_SHARE_PHASE_DEALS,
    ASSAY_SHARE_PHASE_DISPUTES,
    ASSAY_SHARE_PHASE_HAVES,
};

/* Public attempts that run together, in one cluster (docs/services.md 5.17). One round at a
 * time. */
struct assay_share_round {
    enum assay_share_phase phase;
    uint32_t cluster;
    uint32_t closes;    /* certified closes of this phase so far */
    uint64_t era;
    uint32_t takers;    /* slots with a key in it; bits */
    uint32_t out;       /* of these, reassigned since; bits */
    uint32_t certified; /* slots whose member was certified at each close of this phase; bits */
    uint8_t key[ASSAY_SHARE_SLOTS_MAX][ASSAY_SODIUM_POINT_LEN];
    uint8_t dealings[ASSAY_SHARE_ROUND_LEN]; /* by place, then dealer: B, R, sealed numbers */
};

struct assay_share_registry {
    struct assay_share_config config;
    uint64_t era;   /* of the chain; statements of another era are invalid */
    uint64_t epoch; /* the last closed one */
    uint32_t members; /* of the network, at that close; not in a document */
    uint32_t begun; /* reshares started in this epoch, whatever their outcome */
    uint32_t begin_at; /* the row after the one started last */
    uint64_t seatings; /* number of slot assignments */
    struct assay_share_member member[ASSAY_SHARE_MEMBERS_MAX];
    struct assay_share_cluster cluster[ASSAY_SHARE_CLUSTERS_MAX];
    uint32_t row_count;
    struct assay_share_row *row;
    uint16_t *order; /* rows ascending by id */
    uint32_t reshare_count;
    struct assay_share_reshare *reshare;
    struct assay_share_round *round;
    uint32_t dealings_read; /* of the round's document, until all are joined */
    bool certified[ASSAY_SHARE_MEMBERS_MAX]; /* of the next close */
    uint32_t synced_count;
    bool root_known;
    uint8_t root[32];
};

enum assay_share_fact_kind {
    ASSAY_SHARE_SEATED,    /* member, with key, has slot of cluster */
    ASSAY_SHARE_WAITING,   /* id was put: its cluster's slots wait for the owner's shares */
    ASSAY_SHARE_SYNCED,    /* generation of id is current; cluster has all its shares */
    ASSAY_SHARE_FORGOTTEN, /* id was not confirmed in time */
    ASSAY_SHARE_BEGUN,     /* attempt at the next generation of id started, by dealers of cluster */
    ASSAY_SHARE_DEALT,     /* all dealings are on the ledger */
    ASSAY_SHARE_READY,     /* slot of cluster may give and deal */
    ASSAY_SHARE_ALARM,     /* cluster cannot continue; see why. Nothing is deleted */
    ASSAY_SHARE_CONVICTED, /* member lied as a dealer or giver, in slot of cluster */
    ASSAY_SHARE_READ,      /* a reader may read id */
    ASSAY_SHARE_SPLIT,     /* slots report different digests in an attempt at id */
    ASSAY_SHARE_DELETED,   /* its owner has deleted id: holders erase their shares */
    ASSAY_SHARE_CHANGED,   /* its owner has changed the readers of id */
    ASSAY_SHARE_KEYED,     /* slot of cluster has a key for the next round */
    ASSAY_SHARE_SHOWN,     /* dealings of a public attempt are complete: they may be disputed */
    ASSAY_SHARE_CHOSEN,    /* the dealings of the next generation of id are chosen: slots take their
                            * shares */
    ASSAY_SHARE_SILENT,    /* member, in slot of cluster, was silent in a public attempt, */
    ASSAY_SHARE_AWAY,      /* and again: it loses that slot. It is not convicted */
    ASSAY_SHARE_BARRED,    /* member disputed a valid dealing */
};

enum assay_share_why {
    ASSAY_SHARE_WHY_NONE,
    ASSAY_SHARE_WHY_FEW,          /* a lost slot is not reassigned: some id would have fewer than k
                                   * shares */
    ASSAY_SHARE_WHY_NO_CANDIDATE, /* a lost slot is not reassigned: there is no candidate */
    ASSAY_SHARE_WHY_NO_DEALERS,   /* ids wait: fewer than k slots of any cluster can deal them */
    ASSAY_SHARE_WHY_OLD_SHARES,   /* k slots or more may have the previous generation */
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
    ASSAY_SHARE_SAME,      /* no change: a duplicate */
    ASSAY_SHARE_NOT_HERE,  /* no such cluster, or it has no members yet; a member out of range */
    ASSAY_SHARE_KEY_TAKEN, /* another member listed that key */
    ASSAY_SHARE_STRANGER,  /* the author does not have that slot */
    ASSAY_SHARE_UNKNOWN,   /* no such id, or no such generation or attempt of it in progress */
    ASSAY_SHARE_MISMATCH,  /* another digest, k or count than the ledger has */
    ASSAY_SHARE_NO_ROOM,   /* no room for another id */
    ASSAY_SHARE_NO_READER, /* it is not among the readers of the id */
    ASSAY_SHARE_HONEST,    /* the disputed share is valid */
    ASSAY_SHARE_NOT_YOURS, /* the author is not the listed member */
    ASSAY_SHARE_LATE, /* of another era, of an ended attempt or generation, or an owner's record
                       * outside of its epochs or of an outdated version */
    ASSAY_SHARE_QUOTA, /* its owner or its author has the maximum number of ids */
};

/* Returns: the bytes that assay_share_registry_init needs. */
size_t assay_share_registry_size(uint32_t ids_max);
/*
 * assay_share_registry_init - initializes an empty registry.
 * In:      memory of at least assay_share_registry_size bytes, aligned for any type; config within
 *          its limits (asserted)
 * Returns: the registry, in that memory
 */
struct assay_share_registry *assay_share_registry_init(void *memory, size_t memory_len,
                                                       const struct assay_share_config *config);

/* Copies a registry, as the base of a branch. In: to, of init with the same ids_max (asserted). */
void assay_share_registry_copy(struct assay_share_registry *to,
                               const struct assay_share_registry *from);

/* --- records, in the order of the chain; each clears the facts first. A member out of range always
 * yields ASSAY_SHARE_NOT_HERE. */
/* Applies HOLDER of a member with a known node id; checked before (records.h). Returns: APPLIED |
 * SAME | NOT_HERE | NOT_YOURS | KEY_TAKEN */
enum assay_share_result assay_share_registry_apply_holder(
    struct assay_share_registry *r, uint32_t member, const uint8_t node[static 32],
    const struct assay_share_holder_record *record, struct assay_share_facts *facts);
/* Applies SHARE_PUT of any submitter: that member is its author, and the id is charged to it as to
 * its owner. Returns: APPLIED | SAME (the id exists, or waits by a record that is as new) |
 * NOT_HERE | MISMATCH | LATE (of another era, too old, of a future epoch, or from before the id was
 * deleted) | QUOTA | NO_ROOM */
enum assay_share_result assay_share_registry_apply_put(struct assay_share_registry *r,
                                                       uint32_t author,
                                                       const struct assay_share_put_record *record,
                                                       struct assay_share_facts *facts);
/* Applies SHARE_DELETE of any submitter. Returns: APPLIED | UNKNOWN (no such id, or it was put
 * again) | LATE (another era, an older version) | MISMATCH (a future version) */
enum assay_share_result assay_share_registry_apply_delete(
    struct assay_share_registry *r, const struct assay_share_delete_record *record,
    struct assay_share_facts *facts);
/* Applies SHARE_READERS of any submitter. Returns: as delete; UNKNOWN also when it is not synced */
enum assay_share_result assay_share_registry_apply_readers(
    struct assay_share_registry *r, const struct assay_share_readers_record *record,
    struct assay_share_facts *facts);
/* Applies SHARE_HAVE and SHARE_DEAL of a member, line by line. Returns: APPLIED when one had an
 * effect, else the result of the last: SAME | LATE (another era) | STRANGER | UNKNOWN | MISMATCH */
enum assay_share_result assay_share_registry_apply_have(
    struct assay_share_registry *r, uint32_t member, const struct assay_share_list_record *record,
    struct assay_share_facts *facts);
enum assay_share_result assay_share_registry_apply_deal(
    struct assay_share_registry *r, uint32_t member, const struct assay_share_list_record *record,
    struct assay_share_facts *facts);
/* Applies SHARE_SUM of any submitter: proves the digest of the sum of the dealings of an attempt in
 * progress, and convicts every slot that reported another. Returns: APPLIED | SAME (no slot
 * reported another) | UNKNOWN | LATE | MISMATCH (another A, another B) */
enum assay_share_result assay_share_registry_apply_sum(struct assay_share_registry *r,
                                                       const struct assay_share_sum_record *record,
                                                       struct assay_share_facts *facts);
/* Applies SHARE_KEY of a member, checked before (public.h). Returns: APPLIED | SAME | LATE (another
 * era, a started round) | STRANGER | MISMATCH (a later round) */
enum assay_share_result assay_share_registry_apply_key(struct assay_share_registry *r,
                                                       uint32_t member,
                                                       const struct assay_share_key_record *record,
                                                       struct assay_share_facts *facts);
/* Applies SHARE_DEALING of a member, checked before except for the proofs of R, line by line.
 * Returns: APPLIED when one was accepted, else the result of the last: SAME (that slot has dealt
 * already) | LATE | STRANGER | UNKNOWN | MISMATCH (another k, no points, no proof) */
enum assay_share_result assay_share_registry_apply_dealing(
    struct assay_share_registry *r, uint32_t member,
    const struct assay_share_dealing_record *record, struct assay_share_facts *facts);
/* Applies SHARE_DISPUTE of a member, checked before except for the opening. Returns: APPLIED, and
 * the dealer is convicted | SAME (that dealing was rejected before) | HONEST (it is valid, or
 * nothing was proven: the member is barred) | LATE (another era, another phase) | STRANGER (also a
 * barred one) | UNKNOWN | MISMATCH (another A) */
enum assay_share_result assay_share_registry_apply_dispute(
    struct assay_share_registry *r, uint32_t member,
    const struct assay_share_dispute_record *record, struct assay_share_facts *facts);
/* Applies SHARE_READY of a member. Returns: APPLIED | SAME | LATE (another era) | STRANGER |
 * MISMATCH (it lacks an id) */
enum assay_share_result assay_share_registry_apply_ready(
    struct assay_share_registry *r, uint32_t member, const struct assay_share_ready_record *record,
    struct assay_share_facts *facts);
/* Applies SHARE_READ of any submitter. Returns: APPLIED | UNKNOWN (not synced) | NO_READER */
enum assay_share_result assay_share_registry_apply_read(
    struct assay_share_registry *r, const struct assay_share_read_record *record,
    struct assay_share_facts *facts);
/* Applies SHARE_LIE of any submitter, checked before (records.h). Returns: APPLIED, and the signer
 * is convicted | STRANGER (no slot of that key and seating, or no dealer) | UNKNOWN | LATE |
 * MISMATCH (another A, other dealers) | HONEST | SAME (convicted before) */
enum assay_share_result assay_share_registry_apply_lie(struct assay_share_registry *r,
                                                       const struct assay_share_lie_record *record,
                                                       struct assay_share_facts *facts);
/* Returns: whether the member in the slot has listed this key for this cluster. */
bool assay_share_registry_has_listed(const struct assay_share_registry *r, uint32_t slot,
                                     uint32_t cluster,
                                     const uint8_t key[static ASSAY_P256_PUBLIC_LEN]);
/* Returns: whether a SHARE_LIE has no effect any more: its signer is convicted or has lost its
 * slot, or the generation or attempt that it proves something about has ended. */
bool assay_share_registry_lie_is_over(const struct assay_share_registry *r,
                                      const struct assay_share_lie_record *record);
/* Sets the members whose evidence was certified in the epoch that closes next: only their silence
 * counts (docs/services.md 5.17.5). Default: none. In: certified[count], by member. */
void assay_share_registry_set_certified(struct assay_share_registry *r, const bool *certified,
                                        uint32_t count);
/*
 * assay_share_registry_close_epoch - closes an epoch with the standing and score of every member.
 * In:      standing[count], score[count] by member; count <= ASSAY_SHARE_MEMBERS_MAX (asserted);
 *          epoch above the last
 */
void assay_share_registry_close_epoch(struct assay_share_registry *r, uint64_t epoch,
                                      const enum assay_share_standing *standing,
                                      const uint16_t *score, uint32_t count,
                                      struct assay_share_facts *facts);
/* Sets the chain's current era; it is in no document, so it is also called after each start. */
void assay_share_registry_set_era(struct assay_share_registry *r, uint64_t era);
/* Sets the standings of the last close in a registry decoded from its documents (document.h);
 * nothing is decided. */
void assay_share_registry_set_standing(struct assay_share_registry *r, uint64_t epoch,
                                       const enum assay_share_standing *standing,
                                       const uint16_t *score, uint32_t count);
/* Clears a member number that another member has now, or none: its listing and conviction are
 * removed, its slot is lost, and ids that it submitted are no longer charged to it. Called before
 * the close with the new member's standing; a number out of range is ignored. */
void assay_share_registry_clear_member(struct assay_share_registry *r, uint32_t member);

/* --- queries */
/* Returns: the row of an id; NULL when there is none, or it was deleted. */
const struct assay_share_row *assay_share_registry_find(const struct assay_share_registry *r,
                                                        const uint8_t id[static 32]);
/* docs/services.md 5.5.2: the quota of ids of an owner, and of an author, waiting and deleted ones
 * included. Returns: at least ASSAY_SHARE_QUOTA_MIN. */
uint32_t assay_share_registry_quota(const struct assay_share_registry *r);
/* Returns: whether it is a reader of the id. */
bool assay_share_row_has_reader(const struct assay_share_row *row,
                                const struct assay_share_reader *reader);
/* Out: *birth: of a SHARE_PUT that is signed now. Returns: whether one for this id is valid: it is
 * not synced, and was neither put nor deleted since the last close. */
bool assay_share_registry_may_put(const struct assay_share_registry *r,
                                  const uint8_t id[static 32], struct assay_share_birth *birth);
/* The first attempt number of an id that is put after that epoch, of its first generation. A
 * repeated put has other numbers, so earlier shares and statements belong to none of its attempts
 * (docs/services.md 5.5).
 * Returns: 1 to 2^63 - 1. */
uint64_t assay_share_put_attempt(uint64_t epoch);
/* Returns: whether attempts of these numbers belong to the same put of an id. */
bool assay_share_is_one_put(uint64_t attempt, uint64_t other);
/* docs/services.md 5.8: the number of slots that must have the next generation, of one digest. k -
 * 1 malicious slots cannot make it, and the others beyond this number, silent or malicious, cannot
 * prevent it. Returns: k to n; above k where n is. */
uint32_t assay_share_needed(const struct assay_share_config *config);
/* Returns: the maximum of ids in one round, in any network. */
uint32_t assay_share_round_ids(const struct assay_share_config *config);
/* The dealing of a slot in a public attempt. Returns: false when there is none. */
bool assay_share_registry_get_dealing(const struct assay_share_registry *r,
                                      const struct assay_share_reshare *reshare, uint32_t dealer,
                                      struct assay_share_public_dealing *dealing);
/* Of a dealing in a round: its label for one taker. */
void assay_share_registry_get_label(const struct assay_share_registry *r,
                                    const struct assay_share_reshare *reshare, uint32_t dealer,
                                    uint32_t taker, uint8_t label[static 32]);
/* Returns: slots of an attempt that reported a digest; bits. */
uint32_t assay_share_reported_slots(const struct assay_share_reshare *reshare);
/* Returns: the reshare of a row in progress; NULL when there is none. */
const struct assay_share_reshare *assay_share_registry_find_reshare(
    const struct assay_share_registry *r, const struct assay_share_row *row);
/* The seat of the holder with a key. Returns: false when it has no slot, or has lost it. */
bool assay_share_registry_find_seat(const struct assay_share_registry *r,
                                    const uint8_t key[static ASSAY_P256_PUBLIC_LEN],
                                    uint32_t *cluster, uint32_t *slot);
/* Returns: true when the seat's holder may no longer act: below WARNING, with another key or in
 * another cluster, convicted, gone. */
bool assay_share_registry_is_lost(const struct assay_share_registry *r, uint32_t cluster,
                                  uint32_t slot);
/* Of all synced ids, ascending, with their generations: RFC 6962 over id | generation (4 bytes,
 * big-endian). */
void assay_share_registry_root(const struct assay_share_registry *r, uint8_t root[static 32]);
/* One leaf of it. */
void assay_share_leaf(const uint8_t id[static 32], uint32_t generation, uint8_t leaf[static 36]);
/* Asserts every invariant. */
void assay_share_registry_check(const struct assay_share_registry *r);

#endif
