/*
 * services/registry/registry.h - everything that the records of services have made, as one value
 * (docs/services.md 7): groups of continuity, clusters of shares, accounts and tasks.
 *
 * A pure fold in the order of the chain, whose parts are group.h, cluster.h and ledger.h of the
 * services. What the ledger keeps of it from epoch to epoch are documents of canonical bytes, each
 * short enough to travel in one message, and their digests stand in the state. Standings and scores
 * are the close's to tell: they are no part of a document.
 *
 * Memory is the caller's, one block; nothing is allocated after init. Not shared between threads.
 */
#ifndef ASSAY_SERVICES_REGISTRY_REGISTRY_H
#define ASSAY_SERVICES_REGISTRY_REGISTRY_H

#include "services/continuity/group.h"
#include "services/registry/kind.h"
#include "services/registry/plan.h"
#include "services/shares/cluster.h"
#include "services/tasks/ledger.h"

enum {
    ASSAY_REGISTRY_SLOTS_MAX = 128, /* members that may serve; the others' records mean nothing */
    ASSAY_REGISTRY_ERA_MAX = ASSAY_CONT_ERA_MAX,
    ASSAY_REGISTRY_DOCUMENTS_MAX = 64, /* fewer: they are bits of 64 */
    ASSAY_REGISTRY_DOCUMENT_LEN_MAX = 256 * 1024,
};

/* Of a member, when an epoch closes. */
enum assay_registry_standing {
    ASSAY_REGISTRY_STAND_NONE, /* no member, or at rest */
    ASSAY_REGISTRY_STAND_SUSPENDED,
    ASSAY_REGISTRY_STAND_RESTRICTED,
    ASSAY_REGISTRY_STAND_WARNING,
    ASSAY_REGISTRY_STAND_FULL,
};

struct assay_registry_member {
    enum assay_registry_standing standing;
    uint16_t score_bp;
    bool certified; /* its evidence of the epoch that closed was found good */
    bool failed;    /* its integrity fell in it */
    bool renewed;   /* another member has the slot now, or it left: what stood there is gone */
    uint8_t operator_; /* whose it is: the lowest slot of a member of the same operator */
};

/* What one record or one close told; facts of the service that it concerned, in their order. */
struct assay_registry_facts {
    uint32_t group; /* of `continuity` */
    struct assay_cont_facts continuity;
    struct assay_share_facts shares;
    uint32_t task_count;
    struct assay_task_fact task[ASSAY_TASK_TASKS_MAX];
};

struct assay_registry;

/* In: plan, within its limits (asserted). Returns: bytes that init needs. */
size_t assay_registry_size(const struct assay_registry_plan *plan);
/* Returns: the same for whatever plan. */
size_t assay_registry_size_max(void);
/*
 * assay_registry_init - as the genesis says; nobody has a standing.
 * In:      memory: memory_len >= assay_registry_size (asserted), aligned for any object; plan is
 *          copied
 * Out:     *registry: in memory; written only on ASSAY_OK
 * Returns: ASSAY_OK | what assay_registry_plan_check says
 */
ASSAY_CHECKED enum assay_status assay_registry_init(void *memory, size_t memory_len,
                                                    const struct assay_registry_plan *plan,
                                                    const uint8_t chain_id[static 32],
                                                    struct assay_registry **registry);
/* In: both of init with the same plan (asserted). Returns: nothing. */
void assay_registry_copy(struct assay_registry *to, const struct assay_registry *from);

/*
 * assay_registry_check_record - may this payload stand in a block: its shape, and every signature
 * inside with the keys that stand beside it. Of no branch. A service that the plan does not have is
 * refused as well.
 * In:      kind: any number
 * Returns: ASSAY_OK | ASSAY_E_UNSUPPORTED (kind) | ASSAY_E_RANGE (no such group, too long) |
 *          ASSAY_E_SIGNATURE | as the decoders
 */
ASSAY_CHECKED enum assay_status assay_registry_check_record(const struct assay_registry_plan *plan,
                                                            const uint8_t chain_id[static 32],
                                                            enum assay_service_kind kind,
                                                            struct assay_slice payload);
/*
 * assay_registry_apply - a record that was checked, in the order of the chain.
 * In:      slot and node id of its author; payload: of a shape that check_record takes (asserted);
 *          facts: NULL: nobody wants them
 * Returns: what became of it, as a word: "applied", "same", "key-taken" ... ; never NULL, static
 */
const char *assay_registry_apply(struct assay_registry *r, uint32_t slot,
                                 const uint8_t node_id[static 32], enum assay_service_kind kind,
                                 struct assay_slice payload, struct assay_registry_facts *facts);
/* The era of the records that follow, before each close and each stand: it never falls and is at
 * most ASSAY_REGISTRY_ERA_MAX (asserted). A registry that was begun or is read from documents is in
 * era 0. Returns: nothing. */
void assay_registry_enter(struct assay_registry *r, uint64_t era);
/*
 * assay_registry_close - an epoch ends. Of several groups each has its turn, facts of one group at
 * a time are told: `told` is called for each part that has any; NULL: nobody wants them.
 * In:      epoch: the one that closes, above the last and below 2^63 - 1 (asserted); members by
 *          slot; scratch: also when nobody wants them
 */
typedef void assay_registry_told(void *context, const struct assay_registry_facts *facts);
void assay_registry_close(struct assay_registry *r, uint64_t epoch,
                          const struct assay_registry_member *member, uint32_t count,
                          struct assay_registry_facts *scratch, assay_registry_told *told,
                          void *context);
/* What that close told, to a registry that was read from its documents; nothing is decided, so it
 * goes on as the one that wrote them. Who was renewed or certified stands there already. Returns:
 * nothing. */
void assay_registry_stand(struct assay_registry *r, uint64_t epoch,
                          const struct assay_registry_member *member, uint32_t count);

/* Documents of a plan: always the same number, in a fixed order. Returns: 0 ..
 * ASSAY_REGISTRY_DOCUMENTS_MAX */
uint32_t assay_registry_documents(const struct assay_registry_plan *plan);
/* Where a document of `after` stands among those of `before`, which it extends; before: NULL: none.
 * Returns: its place, ASSAY_REGISTRY_DOCUMENTS_MAX: it is of a service that is added. */
uint32_t assay_registry_document_before(const struct assay_registry_plan *before,
                                        const struct assay_registry_plan *after,
                                        uint32_t document);
/* "group/NAME", "group/NAME/1", "shares/0", "tasks". Out: name, NUL-terminated. Returns: nothing.
 */
void assay_registry_document_name(const struct assay_registry_plan *plan, uint32_t document,
                                  char name[static 80]);
/* Between closes and after. Returns: ASSAY_OK | ASSAY_E_FULL */
ASSAY_CHECKED enum assay_status assay_registry_encode(const struct assay_registry *r,
                                                      uint32_t document, struct assay_writer *w);
/* Hostile bytes. A registry is of use when each of its documents was read, in any order, and it was
 * told standings; the last of them is held against the others as well. From the first on, and after
 * one that was refused until all were read again, it takes nothing else (asserted). Returns:
 * ASSAY_OK | INPUT statuses; *r is undefined then */
ASSAY_CHECKED enum assay_status assay_registry_decode(struct assay_registry *r, uint32_t document,
                                                      struct assay_slice bytes);

/* Instead of decode, of every document of a service that is added to those that there are, on a
 * registry that was begun: it stays as init made it (docs/protocol.md 12.7.4). Returns: nothing. */
void assay_registry_added(struct assay_registry *r, uint32_t document);

/* Returns: the plan that it was begun with. */
const struct assay_registry_plan *assay_registry_plan_of(const struct assay_registry *r);
/* Parts, for who follows or shows them. Each Returns: it; NULL where the plan has none. */
const struct assay_cont_group *assay_registry_group(const struct assay_registry *r, uint32_t group);
const struct assay_share_registry *assay_registry_shares(const struct assay_registry *r);
const struct assay_task_ledger *assay_registry_tasks(const struct assay_registry *r);
/* Asserts every invariant of every part, and that no document is missing. Returns: nothing. */
void assay_registry_check(const struct assay_registry *r);

#endif
