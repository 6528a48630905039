/*
 * services/continuity/group.h - what the ledger makes of records of continuity (docs/services.md
 * 1.3, 1.9): which replicas serve a group, in which view, and which sessions there are.
 *
 * A pure fold in the order of the chain. A record that means nothing changes nothing and has a
 * result that says why; it never makes a block invalid. What changes is told as facts (replica.h),
 * which hosts hand to replicas and enclaves.
 */
#ifndef ASSAY_SERVICES_CONTINUITY_GROUP_H
#define ASSAY_SERVICES_CONTINUITY_GROUP_H

#include "services/continuity/records.h"
#include "services/continuity/replica.h"

enum {
    ASSAY_CONT_SLOTS_MAX = 128,      /* members that may offer a replica */
    ASSAY_CONT_SESSIONS_EPOCH_MAX = 4, /* of an instance: more in one epoch are clones at play */
    ASSAY_CONT_FACTS_MAX = 2,
};

/* Of a member, at the close of an epoch; what scoring says, in the words that count here. */
enum assay_cont_standing {
    ASSAY_CONT_STAND_NONE, /* unknown, or below WARNING: it loses its seat */
    ASSAY_CONT_STAND_SUSPENDED, /* the same, and its memory does not count */
    ASSAY_CONT_STAND_WARNING,   /* keeps a seat, gets none */
    ASSAY_CONT_STAND_FULL,      /* may get a seat */
};

struct assay_cont_member {
    enum assay_cont_standing standing;
    uint16_t score;
    bool listed; /* has a REPLICA record: the newest is this */
    uint8_t key[ASSAY_P256_PUBLIC_LEN];
    struct assay_cont_contact contact;
};

struct assay_cont_seats {
    struct assay_cont_roster roster;
    uint32_t slot[ASSAY_CONT_SEATS_MAX];
};

struct assay_cont_instance_row {
    uint8_t instance[32];
    uint64_t session; /* the last */
    struct assay_cont_contact contact; /* of it */
    uint32_t author;                   /* slot; ASSAY_CONT_SLOTS_MAX: its member is gone */
    uint64_t epoch;   /* of the last session, and how many in it */
    uint32_t in_epoch;
};

enum assay_cont_phase {
    ASSAY_CONT_FORMING,  /* too few replicas stand: no view was ever decided */
    ASSAY_CONT_SERVING,  /* `now` serves */
    ASSAY_CONT_CHANGING, /* `next` is decided on `now` */
    ASSAY_CONT_GONE,     /* fewer than a quorum of memories are left; for ever */
};

struct assay_cont_group {
    struct assay_cont_home home;
    uint32_t size;
    uint32_t instances_max;
    uint64_t epoch;
    enum assay_cont_phase phase;
    struct assay_cont_seats now, next; /* the same unless CHANGING */
    uint8_t root[32];    /* of the table that `now` started from; zero: of view 0, which had none */
    uint32_t entries;
    uint8_t barred;      /* seats of `now` that did not count when `next` was decided; then, too */
    uint64_t view_last;  /* the highest number that was decided */
    struct assay_cont_member member[ASSAY_CONT_SLOTS_MAX];
    uint32_t instance_count;
    struct assay_cont_instance_row instance[ASSAY_CONT_INSTANCES_MAX];
};

struct assay_cont_facts {
    uint32_t count;
    struct assay_cont_fact fact[ASSAY_CONT_FACTS_MAX];
};

enum assay_cont_result {
    ASSAY_CONT_APPLIED,
    ASSAY_CONT_SAME,      /* it stood already */
    ASSAY_CONT_NOT_HERE,  /* another group, a slot out of range, a standing that may not */
    ASSAY_CONT_KEY_TAKEN, /* another member listed that key, or somebody has that CURVE key */
    ASSAY_CONT_DEAD,      /* a view that is not the one decided last */
    ASSAY_CONT_FEW,       /* fewer than a quorum of its seats have signed */
    ASSAY_CONT_EXPECTED,  /* another session was numbered meanwhile */
    ASSAY_CONT_CLONES,    /* too many sessions in this epoch */
    ASSAY_CONT_NO_ROOM,   /* no room for another instance */
};

/* size is 3, 5 or 7; instances_max at most ASSAY_CONT_INSTANCES_MAX (asserted). Returns: nothing.
 * */
void assay_cont_group_init(struct assay_cont_group *group, const struct assay_cont_home *home,
                           uint32_t size, uint32_t instances_max);
/* A branch is folded onto a copy. Returns: nothing. */
void assay_cont_group_copy(struct assay_cont_group *to, const struct assay_cont_group *from);
/* REPLICA of the member in a slot. Returns: APPLIED | SAME | NOT_HERE | KEY_TAKEN */
enum assay_cont_result assay_cont_group_replica(struct assay_cont_group *group, uint32_t slot,
                                                const struct assay_cont_replica_record *record,
                                                struct assay_cont_facts *facts);
/*
 * assay_cont_group_close - an epoch ends, and every member has a standing and a score.
 * In:      standing[count], score[count] by slot; count <= ASSAY_CONT_SLOTS_MAX (asserted)
 * Returns: nothing; assay_cont_group_standing tells which sessions are touched
 */
void assay_cont_group_close(struct assay_cont_group *group, uint64_t epoch,
                            const enum assay_cont_standing *standing, const uint16_t *score,
                            uint32_t count, struct assay_cont_facts *facts);
/* What the close of an epoch told, to a group that comes from its document (document.h): as close,
 * and nothing is decided. Returns: nothing. */
void assay_cont_group_stand(struct assay_cont_group *group, uint64_t epoch,
                            const enum assay_cont_standing *standing, const uint16_t *score,
                            uint32_t count);
/* Another member has the slot now, or nobody: its replica is listed no more, what sat there is a
 * memory that is lost, and who had its sessions numbered is gone. Said before the close that tells
 * the new one's standing. Returns: nothing; out of range there is nothing to do. */
void assay_cont_group_renew(struct assay_cont_group *group, uint32_t slot);
/* SESSION, submitted by the member in a slot. Returns: APPLIED, and the number is in the fact |
 * NOT_HERE | EXPECTED | KEY_TAKEN | CLONES | NO_ROOM */
enum assay_cont_result assay_cont_group_session(struct assay_cont_group *group, uint32_t slot,
                                                const struct assay_cont_session_record *record,
                                                struct assay_cont_facts *facts);
/* TABLE, whoever submits it. Returns: APPLIED | NOT_HERE | DEAD | FEW */
enum assay_cont_result assay_cont_group_table(struct assay_cont_group *group,
                                              const struct assay_cont_table_record *record,
                                              struct assay_cont_facts *facts);
/*
 * assay_cont_group_tell - what a group amounts to, for whoever comes later than its records: the
 * view that serves, the one that is waited for, whether it is gone, every session.
 * In:      number: from 0 on
 * Returns: true and the fact | false: there is none of that number, nor above
 */
bool assay_cont_group_tell(const struct assay_cont_group *group, uint32_t number,
                           struct assay_cont_fact *fact);
/* Whether the author of instance number i stands suspended now; one that is gone does not. Returns:
 * false when i is none. */
bool assay_cont_group_standing(const struct assay_cont_group *group, uint32_t i,
                               struct assay_cont_fact *fact);
/* Whether who sits there in `now` serves no more: it lists another key, or stands too low.
 * In: seat < now.roster.count (asserted). Returns: so. */
bool assay_cont_group_is_lost(const struct assay_cont_group *group, uint32_t seat);
/* Asserts every invariant. Returns: nothing. */
void assay_cont_group_check(const struct assay_cont_group *group);

#endif
