/*
 * host/services.c - the registry of services behind the functions that the ledger asks.
 */
#include "host/services.h"

#include "base/assert.h"

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
                                                 .renewed = m->renewed };
    }
    return n;
}

static void begin(void *context, void *registry)
{
    const struct assay_host_services *s = context;
    struct assay_registry *r = NULL;
    const enum assay_status status =
        assay_registry_init(registry, s->ledger.registry_len, &s->plan, s->chain_id, &r);
    ASSAY_ASSERT(status == ASSAY_OK && (void *)r == registry); /* the plan was decoded */
}

static void copy(void *context, void *to, const void *from)
{
    (void)context;
    assay_registry_copy(to, from);
}

static enum assay_status check(void *context, uint32_t kind, struct assay_slice payload)
{
    const struct assay_host_services *s = context;
    return assay_registry_check_record(&s->plan, s->chain_id, (enum assay_service_kind)kind,
                                       payload);
}

static void apply(void *context, void *registry, uint32_t slot, const uint8_t node_id[static 32],
                  uint32_t kind, struct assay_slice payload)
{
    struct assay_host_services *s = context;
    const char *became = assay_registry_apply(registry, slot, node_id,
                                              (enum assay_service_kind)kind, payload, &s->facts);
    ASSAY_ASSERT(became != NULL); /* a record that means nothing is no fault */
}

static void close_epoch(void *context, void *registry, uint64_t epoch,
                        const struct assay_service_member *members, uint32_t count)
{
    struct assay_host_services *s = context;
    const uint32_t n = assay_host_services_members(members, count, s->member);
    assay_registry_close(registry, epoch, s->member, n, &s->facts, NULL, NULL);
}

static void stand(void *context, void *registry, uint64_t epoch,
                  const struct assay_service_member *members, uint32_t count)
{
    struct assay_host_services *s = context;
    const uint32_t n = assay_host_services_members(members, count, s->member);
    assay_registry_stand(registry, epoch, s->member, n);
}

static enum assay_status encode(void *context, const void *registry, uint32_t document,
                                struct assay_writer *w)
{
    (void)context;
    return assay_registry_encode(registry, document, w);
}

static enum assay_status decode(void *context, void *registry, uint32_t document,
                                struct assay_slice bytes)
{
    (void)context;
    return assay_registry_decode(registry, document, bytes);
}

enum assay_status assay_host_services_open(struct assay_host_services *services,
                                           const struct assay_genesis *genesis)
{
    ASSAY_ASSERT(genesis->services.len > 0);
    ASSAY_TRY(assay_registry_plan_decode(genesis->services, &services->plan));
    assay_bytes_copy(services->chain_id, 32, genesis->chain_id, 32);
    const uint32_t documents = assay_registry_documents(&services->plan);
    services->ledger = (struct assay_services){
        .context = services,
        .registry_len = assay_registry_size(&services->plan),
        .documents = documents,
        .document_len_max = ASSAY_REGISTRY_DOCUMENT_LEN_MAX,
        .documents_len_max = (size_t)documents * ASSAY_REGISTRY_DOCUMENT_LEN_MAX,
        .begin = begin,
        .copy = copy,
        .check = check,
        .apply = apply,
        .close = close_epoch,
        .stand = stand,
        .encode = encode,
        .decode = decode,
    };
    ASSAY_ASSERT(documents > 0 && documents <= ASSAY_SERVICE_DOCUMENTS_MAX);
    return ASSAY_OK;
}
