/*
 * tests/support/services/shares_world_internal.h - the parts of a schedule of shares:
 * shares_world.c has the ledger, holders and steps, shares_world_hosts.c what executes the effects
 * of holders, shares_world_owners.c the owners.
 */
#ifndef ASSAY_TESTS_SUPPORT_SHARES_WORLD_INTERNAL_H
#define ASSAY_TESTS_SUPPORT_SHARES_WORLD_INTERNAL_H

#include "services/shares/cluster_internal.h"
#include "services/shares/holder_effects.h"
#include "services/shares/holder_internal.h"
#include "tests/support/services/share_accuser.h"
#include "tests/support/services/shares_dealings.h"
#include "tests/support/services/shares_record.h"
#include "tests/support/services/shares_world.h"

enum {
    SLOTS = 5,
    K = 3,
    CONFIRMATIONS = 4,
    MACHINES = 18,
    IDS = 6,
    MESSAGES = 160,
    POOL = 96,
    LOG = 4096,
    EVIDENCE = 96,
    HEAL_ROUNDS = 4000,
    SIGNED = 64,
    HANDED = 1024,
    DAY_ROUNDS = 48,
    DUE_MAX = 8, ROUND_MAX = 6, /* closes */
    OWNER = 9, /* of all ids */
};

struct kept {
    uint8_t id[32];
    size_t len; /* 0: nothing */
    uint8_t bytes[ASSAY_SHARE_STORED_MAX];
};

struct machine {
    struct assay_share_holder *holder;
    struct assay_share_registry *registry; /* what its ledger shows */
    uint32_t seen;
    uint32_t cluster; /* for which it lists itself */
    uint8_t secret[32], key[ASSAY_P256_PUBLIC_LEN];
    struct kept disk[IDS], keys;
    bool lies, shows;
    bool spoils, forges, mute;
};

enum message_kind { TO_HOLDER, TO_OWNER, QUOTE, VERIFY };

struct message {
    enum message_kind kind;
    uint8_t key[ASSAY_P256_PUBLIC_LEN]; /* of the holder that it is for, or from */
    struct assay_share_from from;
    uint64_t serial;
    bool good;
    size_t len;
    uint8_t *bytes;
};

/* An owner deals one id, and hands it to one slot after the other. */
struct owner {
    uint8_t id[32];
    struct assay_share_polynomial polynomial;
    struct assay_share_commitments commitments;
    struct assay_share_exchange with[SLOTS];
    bool deleted; /* and not put again */
    uint32_t version, lists; /* of its readers, as it is final; lists that were signed */
    uint8_t list[SIGNED];    /* by version: what names the reader */
};

/* A line of SHARE_DEALING of an honest slot. */
struct handed {
    uint32_t member, generation;
    uint64_t attempt;
    uint64_t era, seating;
    uint8_t id[32], dealt[32];
};

struct world {
    const struct shares_plan *plan;
    struct shares_result *result;
    uint64_t random, now_ms, epoch;
    struct assay_share_config config;
    struct assay_share_registry *head;
    uint32_t machine_count;
    struct machine machine[MACHINES];
    enum assay_share_standing standing[MACHINES];
    struct owner owner[IDS];
    uint32_t log_count;
    struct shares_record log[LOG];
    uint32_t pool_count;
    struct shares_record pool[POOL];
    uint32_t message_count;
    struct message message[MESSAGES];
    uint32_t signed_count;
    struct shares_record signed_[SIGNED]; /* orders that owners signed, for replays */
    uint32_t suspensions, crashes, rekeys, keys, eras;
    struct share_accuser accuser;
    struct shares_dealings dealings;
    bool healing;
    bool in_days;
    uint32_t handed_count; /* what honest slots dealt in public, */
    struct handed handed[HANDED];
    uint32_t due[IDS], due_max[IDS]; /* closes that an id is due, at this generation */
    bool thin[IDS]; /* the current generation was made by fewer than all slots */
    uint32_t generation[IDS];
    struct assay_share_facts facts;
    struct assay_share_effects effects;
    uint8_t room[2 * ASSAY_SHARE_MESSAGE_MAX];
};

/* --- shares_world.c */
uint64_t shares_draw(struct world *w, uint64_t below);
void shares_draw_bytes(void *context, uint8_t *bytes, size_t len);
void *shares_copy_of(const uint8_t *bytes, size_t len);
/* Appends a record to the chain, and checks its facts. */
void shares_make_final(struct world *w, const struct shares_record *record);
struct message *shares_message_add(struct world *w, const uint8_t *bytes, size_t len);
struct machine *shares_machine_of(struct world *w, const uint8_t key[static 64]);
struct assay_share_epoch shares_epoch_of(const struct machine *m);
uint32_t shares_number_of(const struct world *w, const struct machine *m);
/* In: id: of one that an owner deals */
uint32_t shares_id_number(const struct world *w, const uint8_t id[static 32]);
/* A holder starts from what is on the machine's disk. */
void shares_start(struct world *w, struct machine *m);

/* A record waits until it is final. */
void shares_hand_in(struct world *w, enum shares_record_kind kind, const struct machine *m,
                    struct assay_slice bytes);

/* What must hold does not. */
void shares_violated(struct world *w, const char *what, uint32_t id, uint32_t who);

/* --- shares_world_hosts.c */
/* Executes the effects of the holder's last call in order; the host may crash in the middle. */
void shares_host_does(struct world *w, struct machine *m);
void shares_host_loses_disk(struct world *w, struct machine *m);

/* --- shares_world_public.c */
/* After a dealing was accepted: no two accepted ones have the same R. */
void shares_check_dealings(struct world *w);
/* Records of an honest slot: one dealing per attempt, also across crashes. */
void shares_check_handed(struct world *w, const struct shares_record *record);
/* A hostile member submits a record of the running round. */
void shares_forge(struct world *w, struct machine *m);

/* --- shares_world_owners.c */
/* Deals an id, and puts it. */
void shares_owner_make(struct world *w, uint32_t number);
/* Deletes an id, names other readers of it, or puts one again that it deleted. */
void shares_owner_changes(struct world *w, uint32_t number);
/* A replay of a signed order of an owner. */
void shares_replay(struct world *w);
void shares_owner_hands(struct world *w, uint32_t number, uint32_t slot);
void shares_owner_answers(struct world *w, const struct message *in);

#endif
