/*
 * engine/ledger/state/services.h - records of services: ordered by the ledger, interpreted by the
 * services (docs/protocol.md 12).
 *
 * The ledger orders opaque records and asks pure functions (struct assay_services) what they make:
 * a registry, whose documents the state names by their digests. A network whose genesis has no
 * services has no such record, and its states are what they were.
 */
#ifndef ASSAY_ENGINE_LEDGER_STATE_SERVICES_H
#define ASSAY_ENGINE_LEDGER_STATE_SERVICES_H

#include "base/writer.h"
#include "engine/ledger/state/grants.h"
#include "engine/ledger/state/state.h"

enum {
    ASSAY_SERVICE_PAYLOAD_LEN_MAX = 8192,
    ASSAY_SERVICE_NUMBERS = 64,               /* records of one author in one epoch */
    ASSAY_SERVICES_AUTHOR_LEN = 64 * 1024,    /* and their payloads' bytes */
    ASSAY_SERVICES_EPOCH_LEN = 1024 * 1024,   /* of all authors in one epoch, with their heads */
    ASSAY_SERVICE_RECORD_LEN_MAX = ASSAY_SERVICE_PAYLOAD_LEN_MAX + 320,
    ASSAY_SERVICE_HEAD_LEN = 6, /* counted for a record besides its payload */
    /* The reserved budget: its parts are equal, and those of slots from here on are empty. */
    ASSAY_SERVICES_RESERVED_SLOTS = 128,
    ASSAY_SERVICES_RESERVED_LEN_MIN = /* of an author: two records of any size */
    2 * (ASSAY_SERVICE_PAYLOAD_LEN_MAX + ASSAY_SERVICE_HEAD_LEN),
};

/* What limits the records of an epoch: each kind counts in one budget (docs/protocol.md 12.2). */
enum assay_service_budget { ASSAY_BUDGET_COMMON = 0, ASSAY_BUDGET_RESERVED = 1, ASSAY_BUDGETS };

/* Where the documents of a plan were in the plan before (docs/protocol.md 12.7). */
enum { ASSAY_SERVICE_BEGINS = UINT8_MAX }; /* nowhere: of a service that is added */
struct assay_service_places {
    uint32_t count; /* 0: the plan stays */
    uint32_t level; /* feature level that the plan needs (docs/protocol.md 12.7.1) */
    uint8_t before[ASSAY_SERVICE_DOCUMENTS_MAX];
};
/* May a network with the plan `before` (len 0: without services) go on with `after`? Any bytes; the
 * same answer on every machine. The caller compares places->level with the level in force. Out:
 * *places on ASSAY_OK; *why: static text for operators otherwise.
 * Returns: ASSAY_OK | INPUT statuses */
typedef enum assay_status assay_plan_follow(struct assay_slice before, struct assay_slice after,
                                            struct assay_service_places *places, const char **why);

/* Of a member, as the epoch that closes leaves it. */
struct assay_service_member {
    bool serves; /* neither at rest nor gone */
    enum assay_standing standing;
    uint16_t score_bp;
    bool certified; /* its evidence of that epoch was certified PASS */
    bool failed;    /* its integrity failed in it */
    bool renewed;   /* the slot is another's now, or nobody's: what stood for it is gone */
    uint8_t operator_id[32];
    /* For the group key (docs/identity.md 3). All of it follows from the state alone. */
    bool keys_active; /* those under keys_root (docs/protocol.md 2.16.6), at WARNING or better */
    uint32_t seat_weight; /* of its votes in the epoch that follows; 0: no seat */
    uint32_t row_weight;  /* that, or of a row without a key (docs/protocol.md 6.7) */
    uint32_t incarnation; /* listed in the epoch that follows */
    uint8_t node_id[32];
    uint8_t keys_root[32]; /* zeros: none is bound */
};

/* What the ledger asks about services. The same bytes give the same answer on every machine, and
 * nothing is allocated. A registry is registry_len bytes, aligned to 64. */
struct assay_services {
    void *context;
    size_t registry_len;
    uint32_t documents;       /* of a registry: 1 .. ASSAY_SERVICE_DOCUMENTS_MAX, in this order */
    size_t document_len_max;  /* of one */
    size_t documents_len_max; /* of all together */
    uint32_t reserved_first, reserved_last; /* kinds of the reserved budget; 0: none */
    const struct assay_grants *grants; /* names that the plan grants; NULL: none (2.17) */
    /* As the genesis says; nobody has a standing. */
    void (*begin)(void *context, void *registry);
    /* Both were begun. */
    void (*copy)(void *context, void *to, const void *from);
    /* Shape of a payload and every signature inside, of no branch. Returns: ASSAY_OK | why not */
    enum assay_status (*check)(void *context, uint32_t kind, struct assay_slice payload);
    /* One that was checked, in the order of the chain. */
    void (*apply)(void *context, void *registry, uint32_t slot, const uint8_t node_id[static 32],
                  uint32_t kind, struct assay_slice payload);
    /* Do the records between these two convict the member? before: as the epoch began; after:
     * its records were applied. The close strikes its integrity (docs/protocol.md 7.4). NULL: no
     * service convicts. */
    bool (*convicts)(void *context, const void *before, const void *after,
                     const uint8_t node_id[static 32]);
    /* The epoch closes; members by slot. era: of the epoch that follows. */
    void (*close)(void *context, void *registry, uint64_t era, uint64_t epoch,
                  const struct assay_service_member *members, uint32_t count);
    /* Reports the results of that close to a registry that was decoded from documents. */
    void (*stand)(void *context, void *registry, uint64_t era, uint64_t epoch,
                  const struct assay_service_member *members, uint32_t count);
    /* Returns: ASSAY_OK | ASSAY_E_FULL */
    enum assay_status (*encode)(void *context, const void *registry, uint32_t document,
                                struct assay_writer *w);
    /* Instead of decode: this document is of a service that is added, as begin made it. */
    void (*added)(void *context, void *registry, uint32_t document);
    /* Any bytes. Returns: ASSAY_OK | INPUT statuses */
    enum assay_status (*decode)(void *context, void *registry, uint32_t document,
                                struct assay_slice bytes);
};

/* The same by whatever plan changes bring, for who folds a chain (fold.h). */
struct assay_service_plans {
    void *context;
    /* Of a plan: those of the last two that were asked for may be used. level: of the genesis
     * that has it; of a change, whose level was compared before: ASSAY_LEVEL_MAX. Returns: NULL: it
     * cannot be read, or needs a higher level. */
    const struct assay_services *(*of)(void *context, struct assay_slice plan, uint32_t level);
    size_t registry_len_max, document_len_max; /* of any plan */
    void *memory; /* assay_fold_services_len, aligned to 64; outlives the fold */
};

/* --- what one branch of an epoch holds of them, in chain order */

struct assay_service_log {
    uint32_t members; /* 0: the network has no services */
    const struct assay_services *services; /* for budgets; NULL where members is 0 */
    uint32_t count;
    uint32_t len;        /* of all records */
    uint32_t common_len; /* of those of the common budget */
    uint32_t capacity;   /* of bytes */
    uint64_t *taken[ASSAY_BUDGETS]; /* [members] numbers of the author's records, a bit each */
    uint32_t *used[ASSAY_BUDGETS];  /* [members] bytes of their payloads */
    uint8_t *bytes;
};

struct assay_service_entry {
    uint32_t slot, kind;
    struct assay_slice payload; /* borrowed from the log */
};

/* Returns: in which budget records of this kind count. */
enum assay_service_budget assay_services_budget(const struct assay_services *services,
                                                uint32_t kind);
/* Returns: bytes of memory for that many members or fewer; reserves: with a reserved budget. */
size_t assay_services_log_memory_len(uint32_t members, bool reserves);
/* memory: aligned to 16. It is empty. In: services: outlives the log */
void assay_services_log_init(struct assay_service_log *log, void *memory, uint32_t members,
                             const struct assay_services *services);
void assay_services_log_reset(struct assay_service_log *log);
/* In: of as many members, or both of none. */
void assay_services_log_copy(struct assay_service_log *to, const struct assay_service_log *from);
/* An author's bytes in each budget: 64 KiB, of more than 16 members their part of 1 MiB. Common:
 * one record in any case, while all have 1 MiB. Reserved: two in any case, of slots below 128.
 * Returns: ASSAY_OK | ASSAY_E_DUPLICATE (the number is taken) | ASSAY_E_FULL | ASSAY_E_UNSUPPORTED
 * (a slot without a part) */
ASSAY_CHECKED enum assay_status assay_services_log_fits(const struct assay_service_log *log,
                                                        uint32_t slot, uint32_t number,
                                                        uint32_t kind, size_t payload_len);
/* It fits (asserted). */
void assay_services_log_add(struct assay_service_log *log, uint32_t slot, uint32_t number,
                            uint32_t kind, struct assay_slice payload);
/* *at: 0 for the first. Returns: false behind the last. */
bool assay_services_log_next(const struct assay_service_log *log, size_t *at,
                             struct assay_service_entry *entry);

/* --- what the state says of them */

/* Memory of a close. */
struct assay_service_room {
    void *registry; /* what it makes; begun once */
    struct assay_service_member *members; /* [as many as the state after it may have] */
    uint8_t *document;                    /* [document_len_max] */
};

/* Members of a state as services see them; before: the state that the close went from, NULL:
 * nobody is new. */
void assay_services_members(const struct assay_state *before, const struct assay_state *state,
                            struct assay_service_member *members);
/* The documents of a registry and the anchor into the state, whose seats are known. */
void assay_services_commit(const struct assay_services *services, const void *registry,
                           const struct assay_service_room *room, struct assay_state *state);
/* The state's documents where the plan that comes into force has them; those that begin are zeros.
 * And the anchor, which a network has that had no services before. */
void assay_services_extend(const struct assay_service_places *places, struct assay_state *state);
/* The registry of a genesis, and what its state says of it. */
void assay_services_genesis(const struct assay_services *services, void *registry,
                            const struct assay_service_room *room, struct assay_state *state);

#endif
