/*
 * services/registry/registry.h - state of all services on the ledger, as one value
 * (docs/services.md 7): groups of continuity, clusters of shares, accounts and tasks,
 * the group key of identities.
 *
 * A pure fold in the order of the chain, whose parts are group.h, cluster.h and ledger.h of the
 * services. The ledger stores it between epochs as documents of canonical bytes, each short enough
 * for one message, whose digests are in the state. Standings and scores, which each close sets
 * again, are not part of a document.
 *
 * Memory is the caller's, one block; nothing is allocated after init. Not thread-safe.
 */
#ifndef ASSAY_SERVICES_REGISTRY_REGISTRY_H
#define ASSAY_SERVICES_REGISTRY_REGISTRY_H

#include "services/continuity/group.h"
#include "services/identity/ceremony.h"
#include "services/identity/ceremony_holder.h"
#include "services/registry/kind.h"
#include "services/registry/plan.h"
#include "services/shares/cluster.h"
#include "services/shares/holder.h"
#include "services/tasks/ledger.h"

enum {
    ASSAY_REGISTRY_SLOTS_MAX = 128, /* members that may serve; records of others have no effect */
    ASSAY_REGISTRY_ERA_MAX = ASSAY_CONT_ERA_MAX,
    ASSAY_REGISTRY_DOCUMENTS_MAX = 64, /* fewer: a set of them is 64 bits */
    ASSAY_REGISTRY_DOCUMENT_LEN_MAX = 256 * 1024,
};

/* Of a member, at the close of an epoch. */
enum assay_registry_standing {
    ASSAY_REGISTRY_STAND_NONE, /* no member, or drained */
    ASSAY_REGISTRY_STAND_SUSPENDED,
    ASSAY_REGISTRY_STAND_RESTRICTED,
    ASSAY_REGISTRY_STAND_WARNING,
    ASSAY_REGISTRY_STAND_FULL,
};

struct assay_registry_member {
    enum assay_registry_standing standing;
    uint16_t score_bp;
    bool certified;    /* its evidence was certified in the closing epoch */
    bool failed;       /* it failed its integrity check in that epoch */
    bool renewed;      /* another member has the slot now, or it left: its entries are cleared */
    uint8_t operator_; /* the lowest slot of a member of the same operator */
    /* for the group key alone (docs/identity.md 3) */
    bool may_hold, keys_active;
    uint32_t seat_weight; /* 0: no seat */
    uint64_t incarnation;
    uint8_t node_id[32], keys_root[32];
};

/* Facts of one record or one close; of the affected service, in their order. */
struct assay_registry_facts {
    uint32_t group; /* of `continuity` */
    struct assay_cont_facts continuity;
    struct assay_share_facts shares;
    uint32_t task_count;
    struct assay_task_fact task[ASSAY_TASK_TASKS_MAX];
    struct assay_ca_facts identity;
};

struct assay_registry;

/* In: plan, within its limits (asserted). Returns: the bytes that init needs. */
size_t assay_registry_size(const struct assay_registry_plan *plan);
/* Returns: the maximum of that for any plan. */
size_t assay_registry_size_max(void);
/*
 * assay_registry_init - initializes a registry from a plan; no member has a standing.
 * In:      memory: memory_len >= assay_registry_size (asserted), aligned for any object; plan is
 *          copied
 * Out:     *registry: in memory; written only on ASSAY_OK
 * Returns: ASSAY_OK | as assay_registry_plan_check
 */
ASSAY_CHECKED enum assay_status assay_registry_init(void *memory, size_t memory_len,
                                                    const struct assay_registry_plan *plan,
                                                    const uint8_t chain_id[static 32],
                                                    struct assay_registry **registry);
/* In: both of init with the same plan (asserted). */
void assay_registry_copy(struct assay_registry *to, const struct assay_registry *from);

/*
 * assay_registry_check_record - checks whether this payload may be in a block: its encoding, and
 * every signature inside with the keys that it contains. Needs no branch. A service outside the
 * plan is refused as well.
 * In:      kind: any number
 * Returns: ASSAY_OK | ASSAY_E_UNSUPPORTED (kind) | ASSAY_E_RANGE (no such group, too long) |
 *          ASSAY_E_SIGNATURE | as the decoders
 */
ASSAY_CHECKED enum assay_status assay_registry_check_record(const struct assay_registry_plan *plan,
                                                            const uint8_t chain_id[static 32],
                                                            enum assay_service_kind kind,
                                                            struct assay_slice payload);
/*
 * assay_registry_apply - applies a checked record, in the order of the chain.
 * In:      slot and node id of its author; payload: accepted by check_record (asserted); facts:
 *          NULL: not needed
 * Returns: the result as a word: "applied", "same", "key-taken" ... ; never NULL, static
 */
const char *assay_registry_apply(struct assay_registry *r, uint32_t slot,
                                 const uint8_t node_id[static 32], enum assay_service_kind kind,
                                 struct assay_slice payload, struct assay_registry_facts *facts);
/* Returns: whether `after`, a copy of `before` to which records were applied, has a conviction of
 * this member that `before` lacks (docs/identity.md 3.9, 3.17). */
bool assay_registry_convicts(const struct assay_registry *before,
                             const struct assay_registry *after, const uint8_t node_id[static 32]);
/* Sets the era of the records that follow, before each close and each set_standing: it never
 * decreases and is at most ASSAY_REGISTRY_ERA_MAX (asserted). An initialized or decoded registry is
 * in era 0. */
void assay_registry_set_era(struct assay_registry *r, uint64_t era);
/* Sets the weight in the table of voters that none of the members of close_epoch and set_standing
 * has a seat with, before each of these; 0 before the first call. Below 2^63 (asserted). It counts
 * in the weight of all seats (docs/identity.md 3.1). */
void assay_registry_set_other_weight(struct assay_registry *r, uint64_t weight);
/*
 * assay_registry_close_epoch - closes an epoch. Groups take turns: facts of one group at a time are
 * reported: `report` is called for each part that has any; NULL: not needed.
 * In:      epoch: the closing one, above the last and below 2^63 - 1 (asserted); members by slot;
 *          scratch: also without report
 */
typedef void assay_registry_report(void *context, const struct assay_registry_facts *facts);
void assay_registry_close_epoch(struct assay_registry *r, uint64_t epoch,
                                const struct assay_registry_member *member, uint32_t count,
                                struct assay_registry_facts *scratch,
                                assay_registry_report *on_facts, void *context);
/* Sets the standings of the last close in a registry decoded from its documents; nothing is
 * decided, so it continues like the one that encoded them. Renewed and certified members are in the
 * documents already. */
void assay_registry_set_standing(struct assay_registry *r, uint64_t epoch,
                                 const struct assay_registry_member *member, uint32_t count);

/* Documents of a plan: always the same number, in a fixed order. Returns: 0 ..
 * ASSAY_REGISTRY_DOCUMENTS_MAX */
uint32_t assay_registry_documents(const struct assay_registry_plan *plan);
/* The index of a document of `after` among those of `before`, which it extends; before: NULL: none.
 * Returns: its index, ASSAY_REGISTRY_DOCUMENTS_MAX: it belongs to an added service. */
uint32_t assay_registry_document_before(const struct assay_registry_plan *before,
                                        const struct assay_registry_plan *after, uint32_t document);
/* Returns: the kind of the record that a holder submits with this payload. */
enum assay_service_kind assay_registry_kind_of_share(enum assay_share_payload payload);
/* The same for a record of a ceremony. */
enum assay_service_kind assay_registry_kind_of_ceremony(enum assay_ceremony_record record);
/* "group/NAME", "group/NAME/1", "shares/0", "tasks", "identity/0". Out: name, NUL-terminated. */
void assay_registry_document_name(const struct assay_registry_plan *plan, uint32_t document,
                                  char name[static 80]);
/* Between closes and after. Returns: ASSAY_OK | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_registry_encode(const struct assay_registry *r,
                                                      uint32_t document, struct assay_writer *w);
/* Decodes hostile bytes. A registry is usable when each of its documents was decoded, in any order,
 * and its standings were set; the last document is validated against the others as well. From the
 * first on, and after a failure until all were decoded again, no other call is allowed (asserted).
 * Returns: ASSAY_OK | INPUT statuses; *r is undefined then */
ASSAY_CHECKED enum assay_status assay_registry_decode(struct assay_registry *r, uint32_t document,
                                                      struct assay_slice bytes);

/* Replaces decode for every document of an added service, in an initialized registry: that service
 * stays empty (docs/protocol.md 12.7.4). */
void assay_registry_add_document(struct assay_registry *r, uint32_t document);

/* Returns: the plan of init. */
const struct assay_registry_plan *assay_registry_get_plan(const struct assay_registry *r);
/* Parts, for followers and reports. Each Returns: it; NULL where the plan has none. */
const struct assay_cont_group *assay_registry_group(const struct assay_registry *r, uint32_t group);
const struct assay_share_registry *assay_registry_shares(const struct assay_registry *r);
const struct assay_task_ledger *assay_registry_tasks(const struct assay_registry *r);
const struct assay_ca *assay_registry_identity(const struct assay_registry *r);
/* Asserts every invariant of every part, and that no document is missing. */
void assay_registry_check(const struct assay_registry *r);

#endif
