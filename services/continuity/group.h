/*
 * services/continuity/group.h - ledger state of a replica group: its members, its view and the
 * sessions of its instances (docs/services.md 1.3, 1.9).
 *
 * A pure fold of service records in the order of the chain. A record without effect changes nothing
 * and has a result with the reason; it never invalidates a block. Changes are returned as facts
 * (replica.h), which hosts pass to replicas and enclaves.
 */
#ifndef ASSAY_SERVICES_CONTINUITY_GROUP_H
#define ASSAY_SERVICES_CONTINUITY_GROUP_H

#include "services/continuity/records.h"
#include "services/continuity/replica.h"

enum {
    ASSAY_CONT_SLOTS_MAX = 128,        /* members that may offer a replica */
    ASSAY_CONT_SESSIONS_EPOCH_MAX = 4, /* of an instance: more in one epoch are clones */
    ASSAY_CONT_FACTS_MAX = 2,
    ASSAY_CONT_RELISTS_MAX = 10,     /* 2^10 closes without a seat at most */
    ASSAY_CONT_RELIST_CLOSES = 1024, /* after that many, one relist is forgotten */
    ASSAY_CONT_DRAIN_CLOSES = 64,    /* that a member which drained gets no seat */
    ASSAY_CONT_BIRTH_EPOCHS = 64,    /* validity of a birth, and lifetime of a provisional row */
    ASSAY_CONT_CUT_CLOSES = 8,  /* a seat that proves it is alive does not move for silence that
                                 * long */
    ASSAY_CONT_MOVE_CLOSES = 4, /* one seat moves for silence in so many closes, */
    ASSAY_CONT_MOVES_CLOSES = 64, /* n - q in that many; a moved member gets no seat as long */
    ASSAY_CONT_MOVES_MAX = 3,     /* n - q of the largest group */
    ASSAY_CONT_GONE_CLOSES = 64,  /* a seat that is missing that long no longer counts as a
                                   * memory */
    ASSAY_CONT_STOOD_CLOSES = 2,  /* that a candidate was listed and FULL */
    ASSAY_CONT_ATTACH_CLOSES = 4, /* of an era, during which no view is decided on one of an earlier
                                   * era */
    ASSAY_CONT_QUOTA_MIN = 4,     /* rows of an author, whatever the size of the table */
    ASSAY_CONT_STALL_CLOSES = 4,  /* of a pending view, before it is decided again */
    ASSAY_CONT_NO_SLOT = ASSAY_CONT_SLOTS_MAX, /* slot of a seat whose key no member lists since a
                                               * RECOVER */
};

/* Of a member at the close of an epoch; derived from its score. */
enum assay_cont_standing {
    ASSAY_CONT_STAND_NONE,      /* unknown, or below WARNING: it loses its seat */
    ASSAY_CONT_STAND_SUSPENDED, /* the same, and its memory does not count */
    ASSAY_CONT_STAND_WARNING,   /* keeps a seat, gets no new one */
    ASSAY_CONT_STAND_FULL,      /* may get a seat */
};

struct assay_cont_member {
    enum assay_cont_standing standing;
    uint16_t score;
    uint8_t operator_; /* the same number for members of one operator */
    uint32_t relists;  /* keys that it changed while seated; one fewer every 1,024 closes */
    uint64_t until;    /* it gets no seat before this epoch closes */
    uint64_t alive;    /* epoch of its last valid ALIVE; 0: none */
    uint32_t stood;    /* consecutive closes at which it was listed and FULL,
                        * ASSAY_CONT_STOOD_CLOSES at most */
    uint8_t
        reachable[2];  /* seats that report others and reached it, in the current epoch and the one
                        * before; bits */
    bool listed;       /* has a REPLICA record, its newest */
    bool drains;       /* its seat moves, with its table */
    uint8_t key[ASSAY_P256_PUBLIC_LEN];
    struct assay_cont_contact contact;
};

struct assay_cont_seats {
    struct assay_cont_roster roster;
    uint32_t slot[ASSAY_CONT_SEATS_MAX]; /* or ASSAY_CONT_NO_SLOT */
};

/* Of a seat of the current view. */
struct assay_cont_silence {
    uint8_t by[2]; /* seats that reported it in the current epoch and the one before; bits */
    uint8_t cut;   /* consecutive closes at which it was reported but proved that it is alive */
    uint64_t missing; /* the close at which it was missing first, without ALIVE since; 0: none */
};

struct assay_cont_instance_row {
    uint8_t instance[32]; /* session 0: free, and all is zero */
    struct assay_cont_birth birth;
    uint32_t payer; /* slot of the member that submitted the birth; ASSAY_CONT_SLOTS_MAX: its member
                     * is gone */
    bool kept;      /* it has a certified state: the row leaves by RETIRE or its lease */
    bool retired;
    uint64_t session;                  /* the last */
    struct assay_cont_contact contact; /* of it */
    uint32_t author;                   /* slot; ASSAY_CONT_SLOTS_MAX: its member is gone */
    uint64_t epoch;                    /* of the last session, and the number of sessions in it */
    uint32_t in_epoch;
    uint32_t lease;   /* closes that it stays without a session or a newer state; 0: unlimited */
    uint64_t shown;   /* the highest index that a KEEP proved, of a row with a lease */
    uint64_t renewed; /* the epoch of that KEEP */
};

/* A view that a RECOVER undid, and that its own record has proven since. */
struct assay_cont_attach {
    struct assay_cont_roster roster; /* count 0: none */
    uint8_t root[32];
    uint32_t entries;
};

/* The row count and root in the head of a group's documents (row.h). */
struct assay_cont_rows {
    uint32_t group, count;
    uint8_t root[32];
};

enum assay_cont_phase {
    ASSAY_CONT_FORMING,  /* too few replicas: no view was ever decided */
    ASSAY_CONT_SERVING,  /* `now` serves */
    ASSAY_CONT_CHANGING, /* `next` is decided on `now` */
    ASSAY_CONT_GONE,     /* fewer than a quorum of memories are left; permanent */
};

struct assay_cont_group {
    struct assay_cont_home home;
    uint32_t size;
    uint32_t instances_max;
    uint64_t era;   /* of the current epoch (assay_registry_set_era) */
    uint64_t epoch; /* the last closed one */
    enum assay_cont_phase phase;
    struct assay_cont_seats now, next; /* the same unless CHANGING */
    uint8_t root[32]; /* of the table that `now` started from; zero: of view 0, which had none */
    uint32_t entries;
    uint8_t barred;     /* seats of `now` that did not count when `next` was decided; nor later */
    uint64_t changing;  /* the last closed epoch when `now` began to change; 0: no change */
    uint64_t view_last; /* the highest number that was decided */
    uint64_t era_closed; /* the era of the last close */
    uint32_t era_closes; /* and its number of closes, ASSAY_CONT_ATTACH_CLOSES at most */
    struct assay_cont_attach attach;
    struct assay_cont_silence silence[ASSAY_CONT_SEATS_MAX]; /* of `now` */
    uint64_t moved[ASSAY_CONT_MOVES_MAX]; /* closes at which a seat moved for silence, last first */
    struct assay_cont_member member[ASSAY_CONT_SLOTS_MAX];
    /* A row has the same place for its lifetime (docs/services.md 1.3.1). */
    uint32_t instance_count;
    uint32_t instance_end;                       /* behind the last place that is taken */
    uint32_t instance_free;                      /* the lowest free place */
    uint16_t charged[ASSAY_CONT_SLOTS_MAX];      /* rows of a payer */
    uint16_t provisional[ASSAY_CONT_SLOTS_MAX];  /* and those of them that are provisional */
    uint16_t by_name[ASSAY_CONT_INSTANCES_MAX];  /* [instance_count] places, names ascend */
    uint16_t by_curve[ASSAY_CONT_INSTANCES_MAX]; /* the same by CURVE keys */
    bool was_read;               /* the head was decoded, and assay_cont_group_join comes next: */
    struct assay_cont_rows said; /* the rows that the other documents must have; else zero */
    struct assay_cont_instance_row *instance;    /* [instances_max] by place, the caller's */
};

struct assay_cont_facts {
    uint32_t count;
    struct assay_cont_fact fact[ASSAY_CONT_FACTS_MAX];
};

/* The state of a seat of the current view. */
enum assay_cont_seat_state {
    ASSAY_CONT_SEAT_SERVES,
    ASSAY_CONT_SEAT_DRAINS,  /* it serves until another has taken it over */
    ASSAY_CONT_SEAT_CUT,     /* a quorum of others cannot reach it, and it proves that it is
                              * alive */
    ASSAY_CONT_SEAT_MISSING, /* the same without proof */
    ASSAY_CONT_SEAT_LOST,    /* its member lists another key, or its standing is too low */
};

/* Reasons why a group needs attention; each is a bit, and all that apply are reported. */
enum assay_cont_alarm {
    ASSAY_CONT_ALARM_FEW = 1,          /* too few memories count while members are suspended */
    ASSAY_CONT_ALARM_NO_CANDIDATE = 2, /* no member is eligible to take a seat over */
    ASSAY_CONT_ALARM_OPERATORS = 4,    /* eligible members belong to operators that have their seats
                                        * already */
    ASSAY_CONT_ALARM_CUT = 8,
    ASSAY_CONT_ALARM_MISSING = 16,
    ASSAY_CONT_ALARM_CHANGING = 32, /* a view was decided, and does not start */
};

enum assay_cont_result {
    ASSAY_CONT_APPLIED,
    ASSAY_CONT_SAME,      /* no change */
    ASSAY_CONT_NOT_HERE,  /* another group, a slot out of range, an insufficient standing */
    ASSAY_CONT_KEY_TAKEN, /* another member listed that key, or the CURVE key is in use */
    ASSAY_CONT_DEAD,      /* a view that is not the one decided last */
    ASSAY_CONT_FEW,       /* fewer than a quorum of its seats have signed */
    ASSAY_CONT_EXPECTED,  /* another session was numbered in the meantime */
    ASSAY_CONT_CLONES,    /* too many sessions in this epoch */
    ASSAY_CONT_NO_ROOM,   /* no room for another instance */
    ASSAY_CONT_QUOTA,     /* its author has the maximum number of instances */
    ASSAY_CONT_GONE_ROW,  /* it has left the table, or its birth has expired */
    ASSAY_CONT_RETIRED,   /* the instance is retired */
    ASSAY_CONT_ATTACHED,  /* a view that a RECOVER undid is proven; it serves some closes later */
};

/*
 * assay_cont_group_init - initializes an empty group.
 * In:      size: 3, 5 or 7; instances_max: 1 to ASSAY_CONT_INSTANCES_MAX (asserted);
 *          rows[instances_max]: outlive the group
 */
void assay_cont_group_init(struct assay_cont_group *group, const struct assay_cont_home *home,
                           uint32_t size, uint32_t instances_max,
                           struct assay_cont_instance_row *rows);
/* Copies a group, as the base of a branch. In: both of init with the same number of rows
 * (asserted). */
void assay_cont_group_copy(struct assay_cont_group *to, const struct assay_cont_group *from);
/* Applies REPLICA of the member in a slot; listing the same key again with another drain flag is
 * APPLIED, too. Returns: APPLIED | SAME | NOT_HERE | KEY_TAKEN */
enum assay_cont_result assay_cont_group_apply_replica(
    struct assay_cont_group *group, uint32_t slot, const struct assay_cont_replica_record *record,
    struct assay_cont_facts *facts);
/* Applies SILENT of any submitter. Returns: APPLIED | SAME | NOT_HERE (no such seat, no reporter of
 * it) | DEAD (of another era or view) | EXPECTED (of another epoch) */
enum assay_cont_result assay_cont_group_apply_silent(struct assay_cont_group *group,
                                                     const struct assay_cont_silent_record *record,
                                                     struct assay_cont_facts *facts);
/* Applies ALIVE of the member in a slot. Returns: APPLIED | SAME (not needed) | NOT_HERE (it lists
 * another key) | EXPECTED (of another epoch) */
enum assay_cont_result assay_cont_group_apply_alive(struct assay_cont_group *group, uint32_t slot,
                                                    const struct assay_cont_alive_record *record,
                                                    struct assay_cont_facts *facts);
/* Returns: whether the replica of the member in a slot must submit ALIVE in this epoch: its seat
 * was reported or is missing, or it is a candidate for another's seat. */
bool assay_cont_group_needs_alive(const struct assay_cont_group *group, uint32_t slot);
/* Returns: the limit of seats of one operator in a group of this size: n - q, so that without its
 * machines a quorum is left. */
static inline uint32_t assay_cont_operator_seats(uint32_t size)
{
    return size - assay_cont_quorum(size);
}
/*
 * assay_cont_group_close_epoch - closes an epoch with the standing and score of every member.
 * In:      standing[count], score[count], operators[count] by slot, members of one operator having
 *          the same number; operators NULL: each has its own; count <= ASSAY_CONT_SLOTS_MAX
 *          (asserted); assay_cont_group_get_standing returns the affected sessions
 */
void assay_cont_group_close_epoch(struct assay_cont_group *group, uint64_t epoch,
                                  const enum assay_cont_standing *standing, const uint16_t *score,
                                  const uint8_t *operators, uint32_t count,
                                  struct assay_cont_facts *facts);
/* Sets the standings of the last close in a group decoded from its document (document.h); nothing
 * is decided. */
void assay_cont_group_set_standing(struct assay_cont_group *group, uint64_t epoch,
                                   const enum assay_cont_standing *standing, const uint16_t *score,
                                   const uint8_t *operators, uint32_t count);
/* Clears a slot that another member has now, or none: its replica is unlisted, its seat is a lost
 * memory, and its sessions have no author. Called before the close with the new member's standing;
 * out of range it does nothing. */
void assay_cont_group_clear_slot(struct assay_cont_group *group, uint32_t slot);
/* Applies SESSION of the member in a slot; the first session of an instance adds its row, which is
 * charged to that member permanently. Returns: APPLIED, and the number is in the fact | NOT_HERE |
 * EXPECTED | KEY_TAKEN | CLONES | NO_ROOM | QUOTA | GONE_ROW | RETIRED */
enum assay_cont_result assay_cont_group_apply_session(
    struct assay_cont_group *group, uint32_t slot, const struct assay_cont_session_record *record,
    struct assay_cont_facts *facts);
/* Applies KEEP of any submitter. It makes a row permanent, and renews the lease of a kept one when
 * its state is newer than the last proven.
 * Returns: APPLIED | SAME | NOT_HERE | DEAD (of another view) | FEW | GONE_ROW */
enum assay_cont_result assay_cont_group_apply_keep(struct assay_cont_group *group,
                                                   const struct assay_cont_keep_record *record,
                                                   struct assay_cont_facts *facts);
/* Applies RETIRE of any submitter. Returns: APPLIED | SAME | NOT_HERE | EXPECTED (another session
 * runs) | GONE_ROW */
enum assay_cont_result assay_cont_group_apply_retire(struct assay_cont_group *group,
                                                     const struct assay_cont_retire_record *record,
                                                     struct assay_cont_facts *facts);
/* The quota of rows of the member in a slot. Returns: the total; *provisional: of these, rows that
 * are not kept yet. */
uint32_t assay_cont_group_quota(const struct assay_cont_group *group, uint32_t *provisional);
/* Returns: whether half of a row's lease is over and it needs renewal. */
bool assay_cont_group_lease_is_due(const struct assay_cont_group *group,
                                   const struct assay_cont_instance_row *row);
/* Returns: whether an instance of this birth that has no row may get one. */
bool assay_cont_group_may_be_born(const struct assay_cont_group *group,
                                  const struct assay_cont_birth *birth);
/* Returns: the row of an instance, NULL: it has none. Its place is its index in group->instance. */
const struct assay_cont_instance_row *assay_cont_group_row(const struct assay_cont_group *group,
                                                           const uint8_t instance[static 32]);
/* Applies TABLE of any submitter: the decided view starts. A record of an earlier era, which a
 * RECOVER has undone, is stored, and its view serves again after ASSAY_CONT_ATTACH_CLOSES closes of
 * the era (docs/services.md 1.9.5: the newest view that its record proves).
 * Returns: APPLIED | ATTACHED | SAME | NOT_HERE | DEAD | FEW */
enum assay_cont_result assay_cont_group_apply_table(struct assay_cont_group *group,
                                                    const struct assay_cont_table_record *record,
                                                    struct assay_cont_facts *facts);
/*
 * assay_cont_group_get_fact - enumerates the state of a group as facts, for a subscriber that
 * starts later than its records: the current view, the pending one, whether it is lost, every
 * session.
 * In:      number: from 0 on; sessions by the names of their instances
 * Returns: true and the fact | false: there is none of that number, nor above
 */
bool assay_cont_group_get_fact(const struct assay_cont_group *group, uint32_t number,
                               struct assay_cont_fact *fact);
/* The standing of instance number i by name, with whether its author is suspended; one without a
 * row is skipped. The last fact is ROWS: rows that were not returned since the previous one have
 * left the table. Returns: false beyond it. */
bool assay_cont_group_get_standing(const struct assay_cont_group *group, uint32_t i,
                                   struct assay_cont_fact *fact);
/* In: seat < now.roster.count (asserted). Returns: the state of that seat of `now`. */
enum assay_cont_seat_state assay_cont_group_seat(const struct assay_cont_group *group,
                                                 uint32_t seat);
/* Returns: every alarm after the last close; bits. */
uint32_t assay_cont_group_alarms(const struct assay_cont_group *group);
/* Asserts every invariant. */
void assay_cont_group_check(const struct assay_cont_group *group);

#endif
