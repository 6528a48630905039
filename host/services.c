/*
 * host/services.c - service registry behind the ledger's callbacks.
 */
#include "host/services.h"

#include "base/assert.h"
#include "engine/ledger/records/change.h"
#include "engine/ledger/state/declaration.h"

_Static_assert((int)ASSAY_SHARE_AUTHOR_LEN == (int)ASSAY_SERVICES_AUTHOR_LEN &&
                   (int)ASSAY_SHARE_EPOCH_LEN == (int)ASSAY_SERVICES_EPOCH_LEN,
               "rounds of shares count with other limits of records than the ledger has");

_Static_assert((int)ASSAY_CA_AUTHOR_LEN == (int)ASSAY_SERVICES_AUTHOR_LEN &&
                   (int)ASSAY_CA_EPOCH_LEN == (int)ASSAY_SERVICES_EPOCH_LEN &&
                   (int)ASSAY_CA_AUTHOR_LEN_MIN == (int)ASSAY_SERVICES_RESERVED_LEN_MIN &&
                   (int)ASSAY_CA_SLOTS_MAX == (int)ASSAY_SERVICES_RESERVED_SLOTS,
               "turns of dealers count with other limits of records than the ledger has");

_Static_assert((int)ASSAY_PLAN_GRANTS_MAX == (int)ASSAY_GRANTS_MAX &&
                   (int)ASSAY_PLAN_GRANTS_MAX == (int)ASSAY_DECLARED_GRANTS_MAX &&
                   (int)ASSAY_PLAN_REFERENCES_MAX == (int)ASSAY_GRANT_REFERENCES_MAX &&
                   (int)ASSAY_PLAN_REFERENCE_LEN == (int)ASSAY_MEASUREMENT_MAX,
               "names of a plan do not fit what ballots evaluate");

static enum assay_registry_standing standing_of(const struct assay_service_member *m)
{
    if (!m->serves) return ASSAY_REGISTRY_STAND_NONE;
    switch (m->standing) {
    case ASSAY_STANDING_FULL: return ASSAY_REGISTRY_STAND_FULL;
    case ASSAY_STANDING_WARNING: return ASSAY_REGISTRY_STAND_WARNING;
    case ASSAY_STANDING_RESTRICTED: return ASSAY_REGISTRY_STAND_RESTRICTED;
    case ASSAY_STANDING_SUSPENDED: return ASSAY_REGISTRY_STAND_SUSPENDED;
    }
    ASSAY_UNREACHABLE("a standing");
}

/* Operators have no stable number: services only compare them. */
static uint8_t operator_of(const struct assay_service_member *members, uint32_t slot)
{
    uint32_t i = 0;
    while (i < slot && !assay_bytes_equal(members[i].operator_id, members[slot].operator_id, 32))
        i++;
    return (uint8_t)i;
}

uint32_t assay_host_services_members(const struct assay_service_member *members, uint32_t count,
                                     struct assay_registry_member *out)
{
    const uint32_t n = count < ASSAY_REGISTRY_SLOTS_MAX ? count : ASSAY_REGISTRY_SLOTS_MAX;
    for (uint32_t i = 0; i < n; i++) {
        const struct assay_service_member *m = &members[i];
        out[i] = (struct assay_registry_member){ .standing = standing_of(m),
                                                 .score_bp = m->score_bp,
                                                 .certified = m->certified,
                                                 .failed = m->failed,
                                                 .renewed = m->renewed,
                                                 .operator_ = operator_of(members, i),
                                                 .may_hold = m->serves,
                                                 .keys_active = m->keys_active,
                                                 .seat_weight = m->seat_weight,
                                                 .incarnation = m->incarnation };
        assay_bytes_copy(out[i].node_id, 32, m->node_id, 32);
        assay_bytes_copy(out[i].keys_root, 32, m->keys_root, 32);
    }
    return n;
}

uint64_t assay_host_services_other_weight(const struct assay_service_member *members,
                                          uint32_t count)
{
    uint64_t weight = 0;
    for (uint32_t i = 0; i < count; i++)
        weight +=
            members[i].row_weight - (i < ASSAY_REGISTRY_SLOTS_MAX ? members[i].seat_weight : 0);
    return weight;
}

static void services_begin(void *context, void *registry)
{
    const struct assay_host_services *s = context;
    struct assay_registry *r = NULL;
    const enum assay_status status =
        assay_registry_init(registry, s->ledger.registry_len, &s->plan, s->chain_id, &r);
    ASSAY_ASSERT(status == ASSAY_OK && (void *)r == registry); /* the plan was decoded */
}

static void services_copy(void *context, void *to, const void *from)
{
    (void)context;
    assay_registry_copy(to, from);
}

static enum assay_status services_check(void *context, uint32_t kind, struct assay_slice payload)
{
    const struct assay_host_services *s = context;
    return assay_registry_check_record(&s->plan, s->chain_id, (enum assay_service_kind)kind,
                                       payload);
}

static void services_apply(void *context, void *registry, uint32_t slot,
                           const uint8_t node_id[static 32], uint32_t kind,
                           struct assay_slice payload)
{
    struct assay_host_services *s = context;
    const char *became = assay_registry_apply(registry, slot, node_id,
                                              (enum assay_service_kind)kind, payload, &s->facts);
    ASSAY_ASSERT(became != NULL); /* a record that means nothing is no fault */
}

static bool services_convict(void *context, const void *before, const void *after,
                             const uint8_t node_id[static 32])
{
    (void)context;
    return assay_registry_convicts(before, after, node_id);
}

static void services_close_epoch(void *context, void *registry, uint64_t era, uint64_t epoch,
                                 const struct assay_service_member *members, uint32_t count)
{
    struct assay_host_services *s = context;
    assay_registry_set_era(registry, era);
    const uint32_t n = assay_host_services_members(members, count, s->member);
    assay_registry_set_other_weight(registry, assay_host_services_other_weight(members, count));
    assay_registry_close_epoch(registry, epoch, s->member, n, &s->facts, NULL, NULL);
}

static void services_set_standing(void *context, void *registry, uint64_t era, uint64_t epoch,
                                  const struct assay_service_member *members, uint32_t count)
{
    struct assay_host_services *s = context;
    assay_registry_set_era(registry, era);
    const uint32_t n = assay_host_services_members(members, count, s->member);
    assay_registry_set_other_weight(registry, assay_host_services_other_weight(members, count));
    assay_registry_set_standing(registry, epoch, s->member, n);
}

static enum assay_status services_encode(void *context, const void *registry, uint32_t document,
                                         struct assay_writer *w)
{
    (void)context;
    return assay_registry_encode(registry, document, w);
}

static enum assay_status services_decode(void *context, void *registry, uint32_t document,
                                         struct assay_slice bytes)
{
    (void)context;
    return assay_registry_decode(registry, document, bytes);
}

static void services_added(void *context, void *registry, uint32_t document)
{
    (void)context;
    assay_registry_add_document(registry, document);
}

/* The names of the plan as ballots evaluate them (docs/protocol.md 2.17). */
static void open_grants(const struct assay_registry_plan *plan, struct assay_grants *grants)
{
    *grants = (struct assay_grants){ .count = plan->has_identity ? plan->identity.grant_count : 0 };
    if (grants->count == 0) return;
    assay_registry_plan_names_digest(plan, grants->digest);
    for (uint32_t k = 0; k < grants->count; k++) {
        const struct assay_plan_grant *from = &plan->identity.grant[k];
        assay_registry_plan_name_digest(from, grants->name[k].digest);
        assay_bytes_copy(grants->name[k].text, sizeof grants->name[k].text, from->name,
                         sizeof from->name);
        grants->name[k].min_standing =
            from->needs_full ? ASSAY_STANDING_FULL : ASSAY_STANDING_WARNING;
        grants->name[k].reference_count = from->reference_count;
        for (uint32_t i = 0; i < from->reference_count; i++) {
            struct assay_grant_reference *to = &grants->name[k].reference[i];
            to->field = from->reference[i].field;
            to->value_len = from->reference[i].value_len;
            assay_bytes_copy(to->value, sizeof to->value, from->reference[i].value,
                             from->reference[i].value_len);
        }
    }
}

/* A genesis has any services without a group key at every level. */
static uint32_t level_of_plan(const struct assay_registry_plan *plan)
{
    return plan->has_identity ? ASSAY_LEVEL_GROUP_KEY : 0;
}

enum assay_status assay_host_services_open(struct assay_host_services *services,
                                           const uint8_t chain_id[static 32],
                                           struct assay_slice plan, uint32_t level)
{
    ASSAY_TRY(assay_registry_plan_decode(plan, &services->plan));
    if (level < level_of_plan(&services->plan)) return ASSAY_E_EARLY;
    assay_bytes_copy(services->chain_id, 32, chain_id, 32);
    const uint32_t documents = assay_registry_documents(&services->plan);
    open_grants(&services->plan, &services->grants);
    services->ledger = (struct assay_services){
        .context = services,
        .registry_len = assay_registry_size(&services->plan),
        .documents = documents,
        .document_len_max = ASSAY_REGISTRY_DOCUMENT_LEN_MAX,
        .documents_len_max = (size_t)documents * ASSAY_REGISTRY_DOCUMENT_LEN_MAX,
        .reserved_first = services->plan.has_identity ? ASSAY_SERVICE_CA_OFFER : 0,
        .reserved_last = ASSAY_SERVICE_CA_LIE,
        .grants = services->grants.count > 0 ? &services->grants : NULL,
        .begin = services_begin,
        .copy = services_copy,
        .check = services_check,
        .apply = services_apply,
        .convicts = services_convict,
        .close = services_close_epoch,
        .stand = services_set_standing,
        .encode = services_encode,
        .added = services_added,
        .decode = services_decode,
    };
    ASSAY_ASSERT(documents > 0 && documents <= ASSAY_SERVICE_DOCUMENTS_MAX);
    return ASSAY_OK;
}

/* --- plans that follow one another */

static enum assay_status read_plan(struct assay_slice bytes, struct assay_registry_plan *plan,
                                   const char **why)
{
    const enum assay_status status = assay_registry_plan_decode(bytes, plan);
    if (status != ASSAY_OK) *why = "the new plan of services is none: it cannot be read";
    return status;
}

enum assay_status assay_host_services_follow(struct assay_slice before, struct assay_slice after,
                                             struct assay_service_places *places, const char **why)
{
    struct assay_registry_plan now, next;
    const bool any = before.len > 0;
    if (any) ASSAY_TRY(read_plan(before, &now, why));
    ASSAY_TRY(read_plan(after, &next, why));
    ASSAY_TRY(assay_registry_plan_extends(any ? &now : NULL, &next, why));
    const uint32_t level = level_of_plan(&next);
    places->level = level > ASSAY_LEVEL_SERVICES ? level : ASSAY_LEVEL_SERVICES;
    places->count = assay_registry_documents(&next);
    ASSAY_ASSERT(places->count <= ASSAY_SERVICE_DOCUMENTS_MAX);
    for (uint32_t i = 0; i < places->count; i++) {
        const uint32_t at = assay_registry_document_before(any ? &now : NULL, &next, i);
        places->before[i] =
            at < ASSAY_REGISTRY_DOCUMENTS_MAX ? (uint8_t)at : (uint8_t)ASSAY_SERVICE_BEGINS;
    }
    return ASSAY_OK;
}

static const struct assay_services *services_of(void *context, struct assay_slice plan,
                                                uint32_t level)
{
    struct assay_host_plans *plans = context;
    plans->turn ^= 1;
    struct assay_host_services *one = &plans->plan[plans->turn];
    if (assay_host_services_open(one, plans->chain_id, plan, level) != ASSAY_OK) return NULL;
    return &one->ledger;
}

void assay_host_plans_open(struct assay_host_plans *plans, const uint8_t chain_id[static 32])
{
    assay_bytes_copy(plans->chain_id, 32, chain_id, 32);
    plans->turn = 0;
    plans->fold = (struct assay_service_plans){
        .context = plans,
        .of = services_of,
        .registry_len_max = assay_registry_size_max(),
        .document_len_max = ASSAY_REGISTRY_DOCUMENT_LEN_MAX,
    };
}
