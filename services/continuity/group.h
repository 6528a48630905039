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
    ASSAY_CONT_SLOTS_MAX = 128,        /* members that may offer a replica */
    ASSAY_CONT_SESSIONS_EPOCH_MAX = 4, /* of an instance: more in one epoch are clones at play */
    ASSAY_CONT_FACTS_MAX = 2,
    ASSAY_CONT_RELISTS_MAX = 10,     /* 2^10 closes without a seat at most */
    ASSAY_CONT_RELIST_CLOSES = 1024, /* after so many, one of them is forgotten */
    ASSAY_CONT_DRAIN_CLOSES = 64,    /* that a member which drained gets no seat */
    ASSAY_CONT_BIRTH_EPOCHS = 64,    /* a birth is valid so long, and a provisional row stays */
    ASSAY_CONT_CUT_CLOSES = 8,  /* a seat that says it is alive does not move for silence so long */
    ASSAY_CONT_MOVE_CLOSES = 4, /* one seat moves for silence in so many closes, */
    ASSAY_CONT_MOVES_CLOSES = 64, /* n - q in so many, and who moved gets no seat as long */
    ASSAY_CONT_MOVES_MAX = 3,     /* n - q of the largest group */
    ASSAY_CONT_GONE_CLOSES = 64,  /* what is missing for so long is no memory any more */
    ASSAY_CONT_STOOD_CLOSES = 2,  /* that a candidate was listed and FULL */
    ASSAY_CONT_ATTACH_CLOSES = 4, /* of an era, before which no view is decided on an older one */
    ASSAY_CONT_QUOTA_MIN = 4,     /* rows of an author, whatever the size of the table */
    ASSAY_CONT_STALL_CLOSES = 4,  /* that a view may change, before it is decided anew */
    ASSAY_CONT_NOBODY = ASSAY_CONT_SLOTS_MAX, /* sits in a seat whose key no member lists since a
                                                 RECOVER */
};

/* Of a member, at the close of an epoch; what scoring says, in the words that count here. */
enum assay_cont_standing {
    ASSAY_CONT_STAND_NONE,      /* unknown, or below WARNING: it loses its seat */
    ASSAY_CONT_STAND_SUSPENDED, /* the same, and its memory does not count */
    ASSAY_CONT_STAND_WARNING,   /* keeps a seat, gets none */
    ASSAY_CONT_STAND_FULL,      /* may get a seat */
};

struct assay_cont_member {
    enum assay_cont_standing standing;
    uint16_t score;
    uint8_t operator_; /* whose it is: the same number for members of one operator */
    uint32_t relists;  /* keys that it changed while seated; one fewer every 1,024 closes */
    uint64_t until;    /* it gets no seat before this epoch has closed */
    uint64_t alive;    /* epoch of its last ALIVE; 0: none that counts */
    uint32_t stood;    /* closes in a row that left it listed and FULL, ASSAY_CONT_STOOD_CLOSES at
                         most */
    uint8_t heard[2];  /* seats that report others and heard it, in the epoch that runs and in the
                          one before; bits */
    bool listed;       /* has a REPLICA record: the newest is this */
    bool drains;       /* its seat shall move, with its table */
    uint8_t key[ASSAY_P256_PUBLIC_LEN];
    struct assay_cont_contact contact;
};

struct assay_cont_seats {
    struct assay_cont_roster roster;
    uint32_t slot[ASSAY_CONT_SEATS_MAX]; /* or ASSAY_CONT_NOBODY */
};

/* Of a seat of the view that serves. */
struct assay_cont_silence {
    uint8_t by[2]; /* seats that reported it in the epoch that runs, and in the one before; bits */
    uint8_t cut;   /* closes in a row at which it was reported, and said that it is alive */
    uint64_t missing; /* the close at which it was missing first, without ALIVE since; 0: none */
};

struct assay_cont_instance_row {
    uint8_t instance[32]; /* session 0: nobody's, and all is zero */
    struct assay_cont_birth birth;
    uint32_t payer; /* slot that handed the birth in; ASSAY_CONT_SLOTS_MAX: its member is gone */
    bool kept;      /* it has a certified state: the row goes by RETIRE or its lease */
    bool retired;
    uint64_t session;                  /* the last */
    struct assay_cont_contact contact; /* of it */
    uint32_t author;                   /* slot; ASSAY_CONT_SLOTS_MAX: its member is gone */
    uint64_t epoch;                    /* of the last session, and how many in it */
    uint32_t in_epoch;
    uint32_t lease;   /* closes that it stays without a session or a newer state; 0: no end */
    uint64_t shown;   /* the highest index that a KEEP proved, of a row with a lease */
    uint64_t renewed; /* the epoch of that KEEP */
};

/* A view that a RECOVER undid, and that its own record has proven since. */
struct assay_cont_attach {
    struct assay_cont_roster roster; /* count 0: none */
    uint8_t root[32];
    uint32_t entries;
};

/* What the head of a group's documents says of its rows (row.h). */
struct assay_cont_rows {
    uint32_t group, count;
    uint8_t root[32];
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
    uint64_t era;   /* of the epoch that runs (assay_registry_enter) */
    uint64_t epoch; /* the last that was closed */
    enum assay_cont_phase phase;
    struct assay_cont_seats now, next; /* the same unless CHANGING */
    uint8_t root[32]; /* of the table that `now` started from; zero: of view 0, which had none */
    uint32_t entries;
    uint8_t barred;     /* seats of `now` that did not count when `next` was decided; then, too */
    uint64_t changing;  /* the epoch that had closed last when `now` began to change; 0: it stays */
    uint64_t view_last; /* the highest number that was decided */
    uint64_t era_closed; /* the era of the last close, */
    uint32_t era_closes; /* and how many it had, ASSAY_CONT_ATTACH_CLOSES at most */
    struct assay_cont_attach attach;
    struct assay_cont_silence silence[ASSAY_CONT_SEATS_MAX]; /* of `now` */
    uint64_t moved[ASSAY_CONT_MOVES_MAX]; /* closes at which a seat moved for silence, last first */
    struct assay_cont_member member[ASSAY_CONT_SLOTS_MAX];
    /* A row keeps its place as long as it stays (docs/services.md 1.3.1). */
    uint32_t instance_count;
    uint32_t instance_end;                       /* behind the last place that is taken */
    uint32_t instance_free;                      /* the lowest place that is not */
    uint16_t charged[ASSAY_CONT_SLOTS_MAX];      /* rows of a payer, */
    uint16_t provisional[ASSAY_CONT_SLOTS_MAX];  /* and such of them that are not kept */
    uint16_t by_name[ASSAY_CONT_INSTANCES_MAX];  /* [instance_count] places, names ascend */
    uint16_t by_curve[ASSAY_CONT_INSTANCES_MAX]; /* the same by CURVE keys */
    bool was_read;               /* the head, and assay_cont_group_join comes next: */
    struct assay_cont_rows said; /* these are to be the rows of the other documents; else zero */
    struct assay_cont_instance_row *instance;    /* [instances_max] by place, the caller's */
};

struct assay_cont_facts {
    uint32_t count;
    struct assay_cont_fact fact[ASSAY_CONT_FACTS_MAX];
};

/* How a seat of the view that serves stands. */
enum assay_cont_seat_state {
    ASSAY_CONT_SEAT_SERVES,
    ASSAY_CONT_SEAT_DRAINS,  /* it serves until another has taken it over */
    ASSAY_CONT_SEAT_CUT,     /* a quorum of others hears nothing of it, and it says it is alive */
    ASSAY_CONT_SEAT_MISSING, /* the same, and it does not */
    ASSAY_CONT_SEAT_LOST,    /* its member lists another key, or stands too low */
};

/* Why a group cannot go on as it should; each is a bit, and all that hold are told. */
enum assay_cont_alarm {
    ASSAY_CONT_ALARM_FEW = 1,          /* too few memories count while members are suspended */
    ASSAY_CONT_ALARM_NO_CANDIDATE = 2, /* nobody may take a seat over */
    ASSAY_CONT_ALARM_OPERATORS = 4,    /* who may is of operators that have their seats already */
    ASSAY_CONT_ALARM_CUT = 8,
    ASSAY_CONT_ALARM_MISSING = 16,
    ASSAY_CONT_ALARM_CHANGING = 32, /* a view was decided, and does not start */
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
    ASSAY_CONT_QUOTA,     /* its author has as many instances as one may have */
    ASSAY_CONT_GONE_ROW,  /* it has left the table, or was born too long ago to enter it */
    ASSAY_CONT_RETIRED,   /* the instance is over */
    ASSAY_CONT_ATTACHED,  /* a view that a RECOVER undid is proven, and serves some closes later */
};

/*
 * assay_cont_group_init - a group of which nobody has said anything.
 * In:      size: 3, 5 or 7; instances_max: 1 to ASSAY_CONT_INSTANCES_MAX (asserted);
 *          rows[instances_max]: outlive the group
 * Returns: nothing
 */
void assay_cont_group_init(struct assay_cont_group *group, const struct assay_cont_home *home,
                           uint32_t size, uint32_t instances_max,
                           struct assay_cont_instance_row *rows);
/* A branch is folded onto a copy. In: both of init with as many rows (asserted). Returns: nothing.
 */
void assay_cont_group_copy(struct assay_cont_group *to, const struct assay_cont_group *from);
/* REPLICA of the member in a slot; the key that it has listed once more, to drain or not to, is
 * APPLIED, too. Returns: APPLIED | SAME | NOT_HERE | KEY_TAKEN */
enum assay_cont_result assay_cont_group_replica(struct assay_cont_group *group, uint32_t slot,
                                                const struct assay_cont_replica_record *record,
                                                struct assay_cont_facts *facts);
/* SILENT, whoever submits it. Returns: APPLIED | SAME | NOT_HERE (no such seat, no reporter of it)
 * | DEAD (of another era or view) | EXPECTED (of another epoch) */
enum assay_cont_result assay_cont_group_silent(struct assay_cont_group *group,
                                               const struct assay_cont_silent_record *record,
                                               struct assay_cont_facts *facts);
/* ALIVE of the member in a slot. Returns: APPLIED | SAME (nobody asks) | NOT_HERE (it lists another
 * key) | EXPECTED (of another epoch) */
enum assay_cont_result assay_cont_group_alive(struct assay_cont_group *group, uint32_t slot,
                                              const struct assay_cont_alive_record *record,
                                              struct assay_cont_facts *facts);
/* Returns: whether the replica of the member in a slot shall say ALIVE in this epoch: its seat was
 * reported or is missing, or it is a candidate while another's is. */
bool assay_cont_group_wants_alive(const struct assay_cont_group *group, uint32_t slot);
/* Returns: in how many seats of a group of this size members of one operator may sit: n - q, so
 * that without its machines a quorum is left. */
static inline uint32_t assay_cont_operator_seats(uint32_t size)
{
    return size - assay_cont_quorum(size);
}
/*
 * assay_cont_group_close - an epoch ends, and every member has a standing and a score.
 * In:      standing[count], score[count], operators[count] by slot, members of one operator having
 *          the same number; operators NULL: each has its own; count <= ASSAY_CONT_SLOTS_MAX
 *          (asserted)
 * Returns: nothing; assay_cont_group_standing tells which sessions are touched
 */
void assay_cont_group_close(struct assay_cont_group *group, uint64_t epoch,
                            const enum assay_cont_standing *standing, const uint16_t *score,
                            const uint8_t *operators, uint32_t count,
                            struct assay_cont_facts *facts);
/* What the close of an epoch told, to a group that comes from its document (document.h): as close,
 * and nothing is decided. Returns: nothing. */
void assay_cont_group_stand(struct assay_cont_group *group, uint64_t epoch,
                            const enum assay_cont_standing *standing, const uint16_t *score,
                            const uint8_t *operators, uint32_t count);
/* Another member has the slot now, or nobody: its replica is listed no more, what sat there is a
 * memory that is lost, and who had its sessions numbered is gone. Said before the close that tells
 * the new one's standing. Returns: nothing; out of range there is nothing to do. */
void assay_cont_group_renew(struct assay_cont_group *group, uint32_t slot);
/* SESSION, submitted by the member in a slot; an instance without a row is born by it, and is the
 * charge of that member for ever. Returns: APPLIED, and the number is in the fact | NOT_HERE |
 * EXPECTED | KEY_TAKEN | CLONES | NO_ROOM | QUOTA | GONE_ROW | RETIRED */
enum assay_cont_result assay_cont_group_session(struct assay_cont_group *group, uint32_t slot,
                                                const struct assay_cont_session_record *record,
                                                struct assay_cont_facts *facts);
/* KEEP, whoever submits it. It keeps a row, and renews the lease of one that is kept when its state
 * is newer than what was proven before.
 * Returns: APPLIED | SAME | NOT_HERE | DEAD (of another view) | FEW | GONE_ROW */
enum assay_cont_result assay_cont_group_keep(struct assay_cont_group *group,
                                             const struct assay_cont_keep_record *record,
                                             struct assay_cont_facts *facts);
/* RETIRE, whoever submits it. Returns: APPLIED | SAME | NOT_HERE | EXPECTED (another session runs)
 * | GONE_ROW */
enum assay_cont_result assay_cont_group_retire(struct assay_cont_group *group,
                                               const struct assay_cont_retire_record *record,
                                               struct assay_cont_facts *facts);
/* Rows that the member in a slot may have: in all, and such that are not kept yet. Returns: how
 * many in all; *provisional of these. */
uint32_t assay_cont_group_quota(const struct assay_cont_group *group, uint32_t *provisional);
/* Returns: whether half of a row's lease is over: it has to be renewed. */
bool assay_cont_group_lease_is_due(const struct assay_cont_group *group,
                                   const struct assay_cont_instance_row *row);
/* Returns: whether an instance of this birth that has no row may get one. */
bool assay_cont_group_may_be_born(const struct assay_cont_group *group,
                                  const struct assay_cont_birth *birth);
/* Returns: the row of an instance, NULL: it has none. Its place is what it is behind
 * group->instance. */
const struct assay_cont_instance_row *assay_cont_group_row(const struct assay_cont_group *group,
                                                           const uint8_t instance[static 32]);
/* TABLE, whoever submits it: the decided view starts. One of an earlier era, which a RECOVER has
 * undone, is kept, and serves again after ASSAY_CONT_ATTACH_CLOSES closes of the era
 * (docs/services.md 1.9.5: the newest view that its record proves).
 * Returns: APPLIED | ATTACHED | SAME | NOT_HERE | DEAD | FEW */
enum assay_cont_result assay_cont_group_table(struct assay_cont_group *group,
                                              const struct assay_cont_table_record *record,
                                              struct assay_cont_facts *facts);
/*
 * assay_cont_group_tell - what a group amounts to, for whoever comes later than its records: the
 * view that serves, the one that is waited for, whether it is gone, every session.
 * In:      number: from 0 on; sessions by the names of their instances
 * Returns: true and the fact | false: there is none of that number, nor above
 */
bool assay_cont_group_tell(const struct assay_cont_group *group, uint32_t number,
                           struct assay_cont_fact *fact);
/* How instance number i by name stands, and whether its author is suspended; one that is gone is
 * not. The last of them is the fact ROWS: what was not told since the one before is in the table no
 * more. Returns: false behind it. */
bool assay_cont_group_standing(const struct assay_cont_group *group, uint32_t i,
                               struct assay_cont_fact *fact);
/* In: seat < now.roster.count (asserted). Returns: how who sits there in `now` stands. */
enum assay_cont_seat_state assay_cont_group_seat(const struct assay_cont_group *group,
                                                 uint32_t seat);
/* Returns: every alarm that holds after the last close; bits. */
uint32_t assay_cont_group_alarms(const struct assay_cont_group *group);
/* Asserts every invariant. Returns: nothing. */
void assay_cont_group_check(const struct assay_cont_group *group);

#endif
