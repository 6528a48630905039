/*
 * engine/node/services.c - registry of services at the head (docs/protocol.md 12).
 *
 * The results of records are stored as documents by their digests, so a node that restarts or joins
 * late needs those of one state and nothing before. Until it has them it cannot close an epoch: it
 * stalls and requests them.
 */
#include "engine/parts/engine_internal.h"

#include "engine/evidence/pool.h"
#include "engine/ledger/records/record.h"
#include "engine/sync/registry_page.h"

enum {
    ASK_PARTS = 8,   /* time-out of an answer, as a part of T */
};

static bool registry_is_valid(const struct assay_engine *e)
{
    const struct assay_services_state *s = e->service_state;
    if (e->services == NULL) return s->registry == NULL && s->missing == 0;
    for (unsigned i = 0; i < ASSAY_BUDGETS; i++)
        if (s->own[i].submitted_count > ASSAY_SERVICE_NUMBERS) return false;
    return s->registry != NULL && s->room.registry != NULL && s->registry != s->room.registry;
}

void assay_services_init(struct assay_engine *e, struct assay_state *genesis)
{
    struct assay_services_state *s = &e->parts->service_state;
    ASSAY_ASSERT(registry_is_valid(e));
    if (e->services == NULL) return;
    if (genesis != NULL) {
        assay_services_genesis(e->services, s->registry, &s->room, genesis);
        return;
    }
    e->services->begin(e->services->context, s->room.registry);
    assay_services_on_new_head(e);
}

bool assay_services_has_missing(const struct assay_engine *e)
{
    return e->service_state->missing != 0;
}

/* All documents of the head are here: standings follow from the state. */
static void on_registry_complete(struct assay_engine *e)
{
    struct assay_services_state *s = &e->parts->service_state;
    const struct assay_state *state = &e->head->state;
    assay_services_members(NULL, state, s->room.members);
    e->services->stand(e->services->context, s->registry, state->era, state->epoch,
                       s->room.members, state->member_count);
    /* Records submitted in the running epoch may be in its blocks. */
    assay_services_on_epoch(e);
}

/* Documents of added services start as the plan defines (docs/protocol.md 12.7.4). */
static void init_added_services(struct assay_engine *e)
{
    struct assay_services_state *s = &e->parts->service_state;
    const struct assay_service_state *named = &e->head->state.services;
    s->missing = 0;
    for (uint32_t i = 0; i < named->count; i++) {
        if (!assay_bytes_all_zero(named->documents[i], 32)) s->missing |= (uint64_t)1 << i;
        else e->services->added(e->services->context, s->registry, i);
    }
}

void assay_services_on_new_head(struct assay_engine *e)
{
    struct assay_services_state *s = &e->parts->service_state;
    if (e->services == NULL) return;
    ASSAY_ASSERT(e->head->state.services.count == e->services->documents);
    e->services->begin(e->services->context, s->registry);
    init_added_services(e);
    s->asked_ms = 0;
    if (s->missing == 0) on_registry_complete(e);
}

/* Returns: whether the head names it, and it was missing. */
static bool store_document(struct assay_engine *e, const uint8_t digest[static 32],
                           struct assay_slice document)
{
    struct assay_services_state *s = &e->parts->service_state;
    const struct assay_service_state *named = &e->head->state.services;
    bool taken = false;
    for (uint32_t i = 0; i < named->count; i++) {
        if ((s->missing >> i & 1) == 0 || !assay_bytes_equal(named->documents[i], digest, 32))
            continue;
        /* A document under a digest that a quorum made final decodes. */
        if (e->services->decode(e->services->context, s->registry, i, document) != ASSAY_OK)
            continue;
        s->missing &= ~((uint64_t)1 << i);
        taken = true;
    }
    if (taken && s->missing == 0) on_registry_complete(e);
    return taken;
}

void assay_services_restore(struct assay_engine *e, struct assay_slice document)
{
    uint8_t digest[32];
    if (e->service_state->missing == 0) return;
    assay_sha256(document.bytes, document.len, digest);
    (void)store_document(e, digest, document);
}

void assay_services_restore_record(struct assay_engine *e, const struct assay_service_body *service)
{
    struct assay_services_state *s = &e->parts->service_state;
    if (service->epoch == e->head->context.epoch)
        s->own[assay_services_budget(e->services, service->kind)].numbers |=
            (uint64_t)1 << service->number;
}

size_t assay_services_len_max(const struct assay_engine *e)
{
    const struct assay_services *s = e->services;
    return s == NULL ? 0 : s->documents_len_max + (size_t)s->documents * 16;
}

size_t assay_services_effects(const struct assay_engine *e)
{
    return e->services == NULL ? 0 : 2 * (size_t)e->services->documents + 8; /* and prunings */
}

void assay_services_persist(struct assay_engine *e, const struct assay_store_key *key, bool all)
{
    const struct assay_services_state *s = e->service_state;
    const struct assay_service_state *before = &e->head->state.services;
    const struct assay_service_state *after = &e->head->next.services;
    /* Where a plan comes into force, documents have other places in the state that follows. */
    const bool moved = !assay_bytes_equal(before->plan, after->plan, 32);
    /* No earlier close has stored the documents of the genesis. */
    const bool again =
        moved || e->head->state.epoch == 0 || key->epoch % ASSAY_SERVICE_KEPT_EPOCHS == 0;
    if (e->services == NULL) return;
    for (uint32_t i = 0; i < e->services->documents; i++) {
        struct assay_store_key own = *key;
        if (!again && !all && assay_bytes_equal(before->documents[i], after->documents[i], 32))
            continue;
        uint8_t *bytes = assay_eng_alloc(e, e->services->document_len_max);
        ASSAY_ASSERT(bytes != NULL); /* assay_services_len_max */
        struct assay_writer w = assay_writer_over(bytes, e->services->document_len_max);
        const enum assay_status status =
            e->services->encode(e->services->context, s->room.registry, i, &w);
        ASSAY_ASSERT(status == ASSAY_OK);
        own.number = i;
        if (moved) assay_sha256(bytes, w.len, own.id);
        else assay_bytes_copy(own.id, 32, after->documents[i], 32);
        assay_eng_persist(e, ASSAY_STORE_SERVICE, &own, assay_slice_over(bytes, w.len));
        if (all)
            assay_eng_persist(e, ASSAY_STORE_SERVICE_ANCHOR, &own, assay_slice_over(bytes, w.len));
    }
}

void assay_services_advance(struct assay_engine *e, const struct assay_ledger *ledger)
{
    struct assay_services_state *s = &e->parts->service_state;
    ASSAY_ASSERT(registry_is_valid(e) && s->missing == 0);
    if (e->services == NULL) return;
    assay_services_log_copy(&s->closed, &ledger->services);
    e->services->copy(e->services->context, s->registry, s->room.registry);
}

void assay_services_on_epoch(struct assay_engine *e)
{
    for (unsigned i = 0; i < ASSAY_BUDGETS; i++) {
        e->parts->service_state.own[i].numbers = 0;
        e->parts->service_state.own[i].submitted_count = 0;
    }
}

/* --- requests */

static uint64_t request_timeout_ms(const struct assay_engine *e)
{
    return assay_max_u64(assay_eng_epoch_ms(e) / ASK_PARTS, 50);
}

static void request_document(struct assay_engine *e)
{
    struct assay_services_state *s = &e->parts->service_state;
    struct assay_registry_page page = { 0 };
    const uint16_t peer = assay_eng_find_peer(e, s->turn);
    uint32_t first = 0;
    ASSAY_ASSERT(s->missing != 0);
    if (peer == ASSAY_SLOT_ALL) return;
    while ((s->missing >> first & 1) == 0)
        first++;
    uint8_t *bytes = assay_eng_alloc(e, ASSAY_REGISTRY_REQUEST_LEN_MAX);
    if (bytes == NULL) return;
    assay_bytes_copy(page.chain_id, 32, e->head->state.chain_id, 32);
    assay_bytes_copy(page.digest, 32, e->head->state.services.documents[first], 32);
    struct assay_writer w = assay_writer_over(bytes, ASSAY_REGISTRY_REQUEST_LEN_MAX);
    const enum assay_status status = assay_sync_registry_request_encode(&page, &w);
    ASSAY_ASSERT(status == ASSAY_OK);
    s->asked_ms = assay_max_u64(e->now_ms, 1);
    assay_eng_send(e, peer, ASSAY_SLOT_ALL, ASSAY_MESSAGE_SYNC_ASK, assay_slice_over(bytes, w.len));
}

void assay_services_tick(struct assay_engine *e)
{
    struct assay_services_state *s = &e->parts->service_state;
    if (s->missing == 0 || e->newcomer) return;
    if (s->asked_ms != 0 && e->now_ms < s->asked_ms + request_timeout_ms(e)) return;
    if (s->asked_ms != 0) s->turn++; /* it did not answer */
    request_document(e);
}

uint64_t assay_services_wake(const struct assay_engine *e)
{
    const struct assay_services_state *s = e->service_state;
    if (s->missing == 0 || e->newcomer) return UINT64_MAX;
    return s->asked_ms == 0 ? e->now_ms : s->asked_ms + request_timeout_ms(e);
}

enum assay_status assay_services_receive_document(struct assay_engine *e, uint16_t from,
                                                  struct assay_slice payload)
{
    struct assay_services_state *s = &e->parts->service_state;
    struct assay_registry_page page;
    uint8_t digest[32];
    if (s->missing == 0 || from != assay_eng_find_peer(e, s->turn)) return ASSAY_E_STALE;
    ASSAY_TRY(assay_sync_registry_page_decode(payload, &page));
    if (!assay_bytes_equal(page.chain_id, e->head->state.chain_id, 32)) return ASSAY_E_CHAIN;
    if (page.document.len == 0) {
        s->turn++;
        s->asked_ms = 0;
        return ASSAY_E_STALE; /* the peer may be younger, or have pruned it: not its fault */
    }
    assay_sha256(page.document.bytes, page.document.len, digest);
    if (!assay_bytes_equal(digest, page.digest, 32)) {
        s->turn++;
        s->asked_ms = 0;
        return ASSAY_E_INVALID;
    }
    if (!assay_eng_has_room(e, 4)) return ASSAY_E_AGAIN;
    const struct assay_slice kept = assay_eng_copy(e, page.document);
    if (kept.len == 0) return ASSAY_E_AGAIN;
    if (!store_document(e, digest, kept)) return ASSAY_E_STALE;
    struct assay_store_key key = { .era = e->head->state.era, .epoch = e->head->state.epoch };
    assay_bytes_copy(key.id, 32, digest, 32);
    assay_eng_persist(e, ASSAY_STORE_SERVICE, &key, kept);
    assay_eng_persist(e, ASSAY_STORE_SERVICE_ANCHOR, &key, kept); /* a leap's state is one */
    s->asked_ms = 0;
    if (s->missing > 0) return ASSAY_OK;
    assay_eng_note(e, ASSAY_NOTE_SERVICES_FETCHED, ASSAY_SLOT_ALL, e->head->state.epoch,
                   e->head->state.services.count);
    assay_finalize_resume(e);
    return ASSAY_OK;
}

/* --- own records */

static void submission_digest(uint32_t kind, struct assay_slice payload, uint8_t digest[static 32])
{
    const uint8_t head[2] = { (uint8_t)(kind >> 8), (uint8_t)kind };
    const struct assay_slice pieces[2] = { assay_slice_over(head, sizeof head), payload };
    assay_sha256_pieces(pieces, 2, digest);
}

static bool was_submitted(const struct assay_own_services *s, const uint8_t digest[static 32])
{
    for (uint32_t i = 0; i < s->submitted_count; i++)
        if (assay_bytes_equal(s->submitted[i], digest, 32)) return true;
    return false;
}

/* Returns: a number that no final or pending record of ours has; ASSAY_SERVICE_NUMBERS: none is
 * left. */
static uint32_t find_free_number(const struct assay_engine *e, enum assay_service_budget budget)
{
    const uint64_t taken = e->chain->ledger.services.taken[budget][e->self] |
                           e->service_state->own[budget].numbers;
    uint32_t number = 0;
    while (number < ASSAY_SERVICE_NUMBERS && (taken >> number & 1) != 0)
        number++;
    return number;
}

static enum assay_status check_submission(const struct assay_engine *e, uint32_t kind,
                                          struct assay_slice payload)
{
    if (e->services == NULL || kind > UINT16_MAX) return ASSAY_E_UNSUPPORTED;
    if (payload.len == 0 || payload.len > ASSAY_SERVICE_PAYLOAD_LEN_MAX) return ASSAY_E_RANGE;
    if (!e->start_state->started || e->newcomer || !assay_eng_may_sign(e)) return ASSAY_E_AGAIN;
    if (e->head->state.members[e->self].trust.integrity.standing == ASSAY_STANDING_SUSPENDED)
        return ASSAY_E_STRANGER;
    if (e->self >= ASSAY_SERVICES_RESERVED_SLOTS &&
        assay_services_budget(e->services, kind) == ASSAY_BUDGET_RESERVED)
        return ASSAY_E_UNSUPPORTED;
    return e->services->check(e->services->context, kind, payload);
}

static void sign_service_record(struct assay_effect *effect, uint8_t *bytes,
                                const struct assay_service_body *service)
{
    struct assay_writer w = assay_writer_over(bytes, ASSAY_SERVICE_RECORD_LEN_MAX);
    uint8_t digest[32];
    struct assay_signing signing = { .key = ASSAY_KEY_VOTING,
                                     .digest = digest,
                                     .message = ASSAY_MESSAGE_RECORD,
                                     .class_ = ASSAY_STORE_RECORD,
                                     .store_key = { .era = service->era,
                                                    .epoch = service->epoch } };
    const enum assay_status status =
        assay_record_put_service(&w, service, digest, &signing.signature_at);
    ASSAY_ASSERT(status == ASSAY_OK);
    signing.payload = assay_slice_over(bytes, w.len);
    assay_bytes_copy(signing.store_key.id, 32, digest, 32);
    assay_effect_sign(effect, &signing);
}

enum assay_status assay_services_submit(struct assay_engine *e, uint32_t kind,
                                        struct assay_slice payload)
{
    const struct assay_life *life = &e->head->state.members[e->self].lives[0];
    uint8_t submitted[32];
    ASSAY_TRY(check_submission(e, kind, payload));
    const enum assay_service_budget budget = assay_services_budget(e->services, kind);
    struct assay_own_services *s = &e->parts->service_state.own[budget];
    submission_digest(kind, payload, submitted);
    if (was_submitted(s, submitted)) return ASSAY_E_DUPLICATE;
    struct assay_service_body service = { .era = e->head->state.era,
                                          .epoch = e->head->context.epoch,
                                          .incarnation = life->incarnation,
                                          .number = find_free_number(e, budget),
                                          .kind = kind,
                                          .payload = payload };
    if (service.number == ASSAY_SERVICE_NUMBERS || s->submitted_count == ASSAY_SERVICE_NUMBERS ||
        assay_pool_is_full_of(e->pool, ASSAY_RECORD_SERVICE, budget, e->self, service.epoch))
        return ASSAY_E_FULL;
    assay_bytes_copy(service.chain_id, 32, e->head->state.chain_id, 32);
    assay_bytes_copy(service.node_id, 32, e->head->state.members[e->self].node_id, 32);
    uint8_t *bytes = assay_eng_alloc(e, ASSAY_SERVICE_RECORD_LEN_MAX);
    struct assay_effect *effect = bytes != NULL ? assay_eng_add_effect(e, ASSAY_EFFECT_SIGN) : NULL;
    if (effect == NULL) return ASSAY_E_AGAIN;
    sign_service_record(effect, bytes, &service);
    s->numbers |= (uint64_t)1 << service.number;
    assay_bytes_copy(s->submitted[s->submitted_count++], 32, submitted, 32);
    ASSAY_ASSERT(registry_is_valid(e));
    return ASSAY_OK;
}
