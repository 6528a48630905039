/*
 * engine/ledger/fold/fold.c - application of an epoch's blocks to a state
 * (docs/protocol.md 4.3, 4.4, 4.8, 5.8, 5.20).
 */
#include "engine/ledger/fold/fold.h"

#include "base/assert.h"
#include "base/cbor.h"
#include "base/layout.h"
#include "engine/ledger/records/recover.h"
#include "engine/ledger/records/row.h"

/* --- one block */

enum assay_status assay_fold_follows(const struct assay_context *context,
                                     const struct assay_ledger *ledger,
                                     const struct assay_block_header *h, struct assay_fault *fault)
{
    const struct assay_state *state = context->state;
    ASSAY_ASSERT(assay_context_holds(context));
    *fault = (struct assay_fault){ .status = ASSAY_OK };
    if (!assay_bytes_equal(h->chain_id, state->chain_id, 32)) {
        assay_status_ignore(assay_fault_ids(fault, "chain id", state->chain_id, h->chain_id),
                            "another chain has a status of its own");
        return fault->status = ASSAY_E_CHAIN;
    }
    if (h->era != state->era) return assay_fault_numbers(fault, "era", state->era, h->era);
    if (h->epoch != context->epoch)
        return assay_fault_numbers(fault, "epoch", context->epoch, h->epoch);
    if (!assay_bytes_equal(h->parent_id, ledger->tip_id, 32))
        return assay_fault_ids(fault, "parent", ledger->tip_id, h->parent_id);
    if (h->height != ledger->height + 1)
        return assay_fault_numbers(fault, "height", ledger->height + 1, h->height);
    if (h->kind == ASSAY_BLOCK_TAIL)
        return assay_fault_plain(fault, "a tail is no part of the chain", ASSAY_E_INVALID);
    if (h->time_ms <= ledger->time_ms)
        return assay_fault_plain(fault, "time not above the parent's", ASSAY_E_INVALID);
    return ASSAY_OK;
}

/* A ROLL is first in ROLL blocks and nowhere else. */
static bool is_roll_in_place(enum assay_block_kind block, uint64_t index,
                             enum assay_record_kind kind)
{
    return assay_record_row(kind)->in_rolls_only == (block == ASSAY_BLOCK_ROLL && index == 0);
}

/* What a check of vendors' signatures refuses is answered for like a verification in vain, and a
 * proposer that has included several such records is accepted only with others (docs/protocol.md
 * 5.12.1). */
static enum assay_status check_record(const struct assay_context *context, struct assay_record *r,
                                      const struct assay_fold_vet *vet)
{
    const bool costs = assay_record_row(r->kind)->check_costs;
    if (costs && vet->trusted != NULL && !vet->trusted(vet->context)) return ASSAY_E_AGAIN;
    const enum assay_status status = assay_record_check(context, r);
    if (costs && status != ASSAY_OK && vet->refused != NULL) vet->refused(vet->context);
    return status;
}

/* What the block has no place for is not verified: its leader could ask for 64 verifications of one
 * member's evidence otherwise. A record whose verdict is awaited takes its place as if it were
 * good; the ledger is of no use afterwards anyway (ASSAY_E_AGAIN). */
static enum assay_status check_placement(const struct assay_context *context,
                                         struct assay_ledger *ledger, struct assay_record *r,
                                         const struct assay_fold_vet *vet)
{
    enum assay_status status = ASSAY_OK;
    const bool known = vet->known != NULL && vet->known(vet->context, r);
    if (!known) ASSAY_TRY(check_record(context, r, vet));
    ASSAY_TRY(assay_ledger_fits(context, ledger, r));
    if (!known) status = assay_record_judge(context, vet->finding, vet->context, r);
    if (status == ASSAY_E_AGAIN) {
        r->outcome = ASSAY_OUTCOME_FAIL_HARD;
        r->falsehood = ASSAY_FALSE_FAIL;
    } else if (status != ASSAY_OK) {
        if (vet->refused != NULL) vet->refused(vet->context);
        return status;
    }
    ASSAY_ASSERT(r->slot < ledger->members);
    assay_ledger_apply(context, ledger, r);
    return status;
}

/* Says which record is at fault. */
static enum assay_status fail_at_record(struct assay_fault *fault, const char *what, uint64_t index,
                                        enum assay_status status)
{
    if (status == ASSAY_OK) return ASSAY_OK;
    assay_status_ignore(assay_fault_plain(fault, what, status), "told below");
    fault->has_record = true;
    fault->record = index;
    return status;
}

enum assay_status assay_fold_body(const struct assay_context *context, struct assay_ledger *ledger,
                                  const struct assay_block_header *header,
                                  const uint8_t id[static 32], struct assay_slice body,
                                  const struct assay_fold_vet *vet, struct assay_fault *fault)
{
    struct assay_cursor c;
    uint64_t count = 0;
    unsigned reverified = 0, updates = 0;
    bool pending = false;
    ASSAY_ASSERT(ledger->members == context->state->member_count && vet->finding != NULL);
    *fault = (struct assay_fault){ .status = ASSAY_OK };
    if (ledger->closed || header->height != ledger->height + 1)
        return assay_fault_plain(fault, "no place for a block here", ASSAY_E_INVALID);
    if (assay_body_open(body, &c, &count) != ASSAY_OK ||
        (header->kind == ASSAY_BLOCK_ROLL && count == 0))
        return assay_fault_plain(fault, "body cannot be read", ASSAY_E_INVALID);
    if (header->view <= ledger->view)
        return assay_fault_plain(fault, "view not above the parent's", ASSAY_E_INVALID);
    const bool poisoned = header->view - ledger->view - 1 >= ASSAY_POISON_VERIFIED_VIEWS;
    for (uint64_t i = 0; i < count; i++) {
        struct assay_slice bytes;
        struct assay_record r;
        ASSAY_TRY(fail_at_record(fault, "record cannot be read", i, assay_body_next(&c, &bytes)));
        ASSAY_TRY(
            fail_at_record(fault, "record cannot be read", i, assay_record_decode(bytes, &r)));
        if (!is_roll_in_place(header->kind, i, r.kind))
            return fail_at_record(fault, "ROLL not where it belongs", i, ASSAY_E_INVALID);
        /* docs/protocol.md 5.12: as few as its leader may propose, before any is verified. */
        const unsigned cost = assay_record_cost(context, r.kind);
        reverified += cost;
        if (cost > 0 && poisoned)
            return fail_at_record(fault, "re-verification after views in vain", i, ASSAY_E_INVALID);
        if (reverified > ASSAY_REVERIFIED_MAX)
            return fail_at_record(fault, "more re-verifications than a block may request", i,
                                  ASSAY_E_INVALID);
        if (r.kind == ASSAY_RECORD_COLLATERAL && ++updates > ASSAY_UPDATES_EPOCH_MAX)
            return fail_at_record(fault, "more collateral than an epoch takes", i, ASSAY_E_INVALID);
        const enum assay_status placed = check_placement(context, ledger, &r, vet);
        if (placed == ASSAY_E_AGAIN) pending = true; /* continue: request the others too */
        else ASSAY_TRY(fail_at_record(fault, "record is not valid here", i, placed));
        if (!pending && vet->placed != NULL && !assay_record_row(r.kind)->in_rolls_only)
            vet->placed(vet->context, &r, header->view);
    }
    if (assay_cursor_end(&c) != ASSAY_OK)
        return assay_fault_plain(fault, "body cannot be read", ASSAY_E_INVALID);
    if (pending) return ASSAY_E_AGAIN;
    ASSAY_ASSERT(reverified <= ASSAY_REVERIFIED_MAX);
    assay_ledger_advance(ledger, header, id);
    return ASSAY_OK;
}

/* --- without an engine: memory */

static void lay_out_memory(struct assay_fold *f, struct assay_layout *l, uint32_t capacity)
{
    const size_t n = capacity;
    f->ledger_memory = assay_layout_add(l, assay_ledger_memory_len(capacity));
    void *states[3];
    for (size_t i = 0; i < 3; i++)
        states[i] = assay_layout_add(l, assay_state_memory_len(capacity));
    void *close = assay_layout_add(l, assay_close_memory_len(capacity));
    f->voting = assay_layout_add(l, n * sizeof(struct assay_p256 *));
    f->identity = assay_layout_add(l, n * sizeof(struct assay_p256 *));
    f->loaded = assay_layout_add(l, n * sizeof *f->loaded);
    f->named = assay_layout_add(l, n * sizeof *f->named);
    f->weights = assay_layout_add(l, n * sizeof *f->weights);
    f->node_ids = assay_layout_add(l, n * sizeof *f->node_ids);
    f->places = assay_layout_add(l, n * sizeof *f->places);
    f->groups_memory = assay_layout_add(l, assay_groups_memory_len(capacity));
    f->counters = assay_layout_add(l, n * sizeof *f->counters);
    f->own_effective = assay_layout_add(l, sizeof *f->own_effective);
    f->room_in_force.operators = assay_layout_add(l, ASSAY_OPERATORS_LEN_MAX);
    f->room_in_force.policy = assay_layout_add(l, ASSAY_CHANGE_RECORD_LEN_MAX);
    f->room_in_force.endorsements = assay_layout_add(l, ASSAY_SET_LEN_MAX);
    for (size_t i = 0; i < 2; i++)
        f->plan_bytes[i] = assay_layout_add(l, ASSAY_SERVICES_PLAN_LEN_MAX);
    for (size_t i = 0; i < (size_t)2 * ASSAY_PENDING_MAX; i++)
        f->pending_bytes[i % 2][i / 2] = assay_layout_add(l, ASSAY_CHANGE_RECORD_LEN_MAX);
    for (size_t i = 0; i < ASSAY_UPDATES_MAX; i++)
        f->update_cache.bytes[i] = assay_layout_add(l, ASSAY_UPDATE_RECORD_LEN_MAX);
    f->scratch_record = assay_layout_add(l, ASSAY_UPDATE_RECORD_LEN_MAX);
    for (size_t i = 0; i < 2; i++) {
        void *set = assay_layout_add(l, ASSAY_SET_LEN_MAX);
        if (l->base != NULL) f->set[i] = assay_writer_over(set, ASSAY_SET_LEN_MAX);
    }
    f->scratch_len = assay_state_scratch_len(capacity);
    f->scratch = assay_layout_add(l, f->scratch_len);
    if (l->base == NULL) return;
    assay_state_init(&f->state, states[0], capacity);
    assay_state_init(&f->next, states[1], capacity);
    assay_state_init(&f->stage, states[2], capacity);
    assay_close_init(&f->close, close, capacity);
}

size_t assay_fold_memory_len(uint32_t capacity)
{
    struct assay_fold counted = { 0 };
    struct assay_layout l = { 0 };
    ASSAY_ASSERT(capacity > 0 && capacity <= ASSAY_MEMBERS_MAX);
    lay_out_memory(&counted, &l, capacity);
    return l.at;
}

static void lay_out_services(struct assay_fold *f, struct assay_layout *l,
                             const struct assay_service_plans *services, uint32_t capacity)
{
    f->registry = assay_layout_add(l, services->registry_len_max);
    f->room.registry = assay_layout_add(l, services->registry_len_max);
    f->room.members = assay_layout_add(l, capacity * sizeof *f->room.members);
    f->room.document = assay_layout_add(l, services->document_len_max);
    f->log_memory = assay_layout_add(l, assay_services_log_memory_len(capacity, true));
    f->grant_rows = assay_layout_add(l, assay_ledger_grants_len(capacity, ASSAY_GRANTS_MAX));
}

size_t assay_fold_services_len(const struct assay_service_plans *services, uint32_t capacity)
{
    struct assay_fold counted = { 0 };
    struct assay_layout l = { 0 };
    lay_out_services(&counted, &l, services, capacity);
    return l.at;
}

static bool fold_is_valid(const struct assay_fold *f)
{
    return assay_context_holds(&f->context) && f->context.state == &f->state &&
           f->state.member_count == f->members && f->ledger.members == f->members &&
           f->ledger.height >= f->state.head_height;
}

/* --- voters, their weights and their groups: from the state alone */

static enum assay_status load_key(struct assay_p256 **key, uint8_t loaded[static 64],
                                  const uint8_t public_key[static 64])
{
    if (*key != NULL && assay_bytes_equal(loaded, public_key, ASSAY_P256_PUBLIC_LEN))
        return ASSAY_OK;
    assay_p256_free(key);
    ASSAY_TRY(assay_p256_load(public_key, key));
    assay_bytes_copy(loaded, ASSAY_P256_PUBLIC_LEN, public_key, ASSAY_P256_PUBLIC_LEN);
    return ASSAY_OK;
}

/* --- what operators decided */

/* One of those that wait, from the epoch that took it, from before, or from the books. */
static size_t find_change(const struct assay_fold *f, const uint8_t digest[static 32],
                          uint8_t *into)
{
    uint8_t found[32];
    struct assay_slice known[ASSAY_PENDING_MAX + 1];
    for (size_t i = 0; i < ASSAY_PENDING_MAX; i++)
        known[i] = f->pending[i];
    known[ASSAY_PENDING_MAX] = assay_slice_over(f->ledger.change, f->ledger.change_len);
    for (size_t i = 0; i <= ASSAY_PENDING_MAX; i++) {
        if (known[i].len == 0) continue;
        assay_sha256(known[i].bytes, known[i].len, found);
        if (!assay_bytes_equal(found, digest, 32)) continue;
        assay_bytes_copy(into, ASSAY_CHANGE_RECORD_LEN_MAX, known[i].bytes, known[i].len);
        return known[i].len;
    }
    return f->books.change != NULL ? f->books.change(f->books.context, digest, into) : 0;
}

/* The digest of a state may be that of any bytes where no member has signed the state. */
static enum assay_status refuse_state(struct assay_fold *f, const char *unfit)
{
    f->unfit = unfit;
    return ASSAY_E_INVALID;
}

static enum assay_status load_updates(struct assay_fold *f)
{
    struct assay_slice offer;
    assay_update_cache_prune(&f->update_cache, &f->state);
    for (uint32_t i = 0; i < f->ledger.update_count; i++)
        assay_update_cache_put(&f->update_cache,
                               assay_slice_over(f->ledger.updates[i], f->ledger.update_len[i]));
    assay_update_cache_prune(&f->update_cache, &f->state);
    for (uint32_t i = 0; i < f->state.update_count; i++) {
        const uint8_t *digest = f->state.updates[i].digest;
        if (assay_update_cache_find(&f->update_cache, digest).len > 0) continue;
        if (f->books.change == NULL) return ASSAY_E_NOT_FOUND;
        const size_t len = f->books.change(f->books.context, digest, f->scratch_record);
        const struct assay_slice record = assay_slice_over(f->scratch_record, len);
        if (len > 0 && assay_update_offer(record, &offer) != ASSAY_OK)
            return refuse_state(f, "collateral that the state names is no COLLATERAL record");
        assay_update_cache_put(&f->update_cache, record);
        if (assay_update_cache_find(&f->update_cache, digest).len == 0) return ASSAY_E_NOT_FOUND;
    }
    return ASSAY_OK;
}

/* Before the ledger forgets what its epoch took. */
static enum assay_status load_pending(struct assay_fold *f)
{
    struct assay_slice now[ASSAY_PENDING_MAX] = { 0 };
    f->pending_turn ^= 1;
    for (uint32_t i = 0; i < f->state.pending_count; i++) {
        uint8_t *into = f->pending_bytes[f->pending_turn][i];
        const size_t len = find_change(f, f->state.pending[i].digest, into);
        struct assay_change change;
        if (len == 0) return ASSAY_E_NOT_FOUND;
        now[i] = assay_slice_over(into, len);
        if (assay_change_record_read(now[i], &change) != ASSAY_OK ||
            change.sequence != f->state.pending[i].sequence)
            return refuse_state(f, "a change that the state names is not this CHANGE record");
    }
    for (uint32_t i = 0; i < ASSAY_PENDING_MAX; i++)
        f->pending[i] = now[i];
    return ASSAY_OK;
}

static bool load_rules_in_force(const struct assay_fold *f)
{
    const struct assay_genesis *c = f->effective;
    const struct assay_rules_in_force *r = &f->state.rules;
    return c != NULL && assay_bytes_equal(c->policy_digest, r->policy_digest, 32) &&
           assay_bytes_equal(c->endorsements_digest, r->endorsements_digest, 32) &&
           assay_bytes_equal(f->plan_digest, f->state.services.plan, 32) &&
           assay_bytes_equal(c->operators_digest, f->state.operators_digest, 32);
}

/* A set that the last close made is at hand; anything else is in the books. */
static bool find_document(void *context, const uint8_t digest[static 32],
                          struct assay_slice *document)
{
    const struct assay_fold *f = context;
    *document = f->plan;
    if (assay_bytes_equal(f->plan_digest, digest, 32)) return true;
    for (size_t i = 0; i < 2; i++) {
        uint8_t own[32];
        *document = assay_slice_over(f->set[i].bytes, f->set[i].len);
        assay_sha256(document->bytes, document->len, own);
        if (document->len > 0 && assay_bytes_equal(own, digest, 32)) return true;
    }
    return f->books.document != NULL && f->books.document(f->books.context, digest, document);
}

/* --- services */

/* A plan that a change brought, in memory of its own: books forget what they showed. */
static enum assay_status load_plan(struct assay_fold *f, struct assay_slice plan,
                                   const uint8_t digest[static 32])
{
    if (plan.len > ASSAY_SERVICES_PLAN_LEN_MAX) return ASSAY_E_RANGE;
    f->plan_turn ^= 1;
    assay_bytes_copy(f->plan_bytes[f->plan_turn], ASSAY_SERVICES_PLAN_LEN_MAX, plan.bytes,
                     plan.len);
    f->plan = assay_slice_over(f->plan_bytes[f->plan_turn], plan.len);
    assay_bytes_copy(f->plan_digest, 32, digest, 32);
    return ASSAY_OK;
}

/* What records make by the plan in force; NULL where the books know nothing of services. */
static enum assay_status set_services(struct assay_fold *f)
{
    const struct assay_service_plans *known = f->books.services;
    f->services = NULL;
    if (known == NULL || f->plan.len == 0) return ASSAY_OK;
    /* A change's plan was compared with the level when it activated; one that was reverted since
     * leaves the plan in force (docs/protocol.md 12.7.3). */
    const bool is_genesis = assay_bytes_all_zero(f->plan_digest, 32);
    f->services = known->of(known->context, f->plan,
                            is_genesis ? f->genesis->parameters.level : ASSAY_LEVEL_MAX);
    if (f->services == NULL) return ASSAY_E_INVALID;
    ASSAY_ASSERT(f->services->registry_len <= known->registry_len_max &&
                 f->services->document_len_max <= known->document_len_max);
    return ASSAY_OK;
}

/* Who stands how, to a registry whose documents were read. */
static void update_registry_members(struct assay_fold *f, void *registry,
                                    const struct assay_state *state)
{
    assay_services_members(NULL, state, f->room.members);
    f->services->stand(f->services->context, registry, state->era, state->epoch, f->room.members,
                       state->member_count);
}

/* The registry of the state, by the plan before, becomes one by the plan in force: by its
 * documents, as in every store. */
static enum assay_status extend_registry(struct assay_fold *f, const struct assay_services *before,
                                         struct assay_slice plan_before)
{
    const struct assay_services *now = f->services;
    struct assay_service_places places;
    const char *why = "";
    if (f->books.plan_follow == NULL) return ASSAY_E_UNSUPPORTED;
    ASSAY_TRY(f->books.plan_follow(plan_before, f->plan, &places, &why));
    now->begin(now->context, f->room.registry);
    for (uint32_t i = 0; i < places.count; i++) {
        struct assay_writer w = assay_writer_over(f->room.document, now->document_len_max);
        if (places.before[i] == ASSAY_SERVICE_BEGINS) {
            now->added(now->context, f->room.registry, i);
            continue;
        }
        ASSAY_TRY(before->encode(before->context, f->registry, places.before[i], &w));
        ASSAY_TRY(now->decode(now->context, f->room.registry, i, assay_slice_over(w.bytes, w.len)));
    }
    update_registry_members(f, f->room.registry, &f->state);
    now->begin(now->context, f->registry);
    now->copy(now->context, f->registry, f->room.registry);
    return ASSAY_OK;
}

/* The plan that the effective rules have is that of the state. */
static enum assay_status load_added_plan(struct assay_fold *f)
{
    const struct assay_slice plan_before = f->plan;
    const struct assay_services *before = f->services;
    if (!assay_bytes_equal(f->plan_digest, f->state.services.plan, 32)) {
        ASSAY_TRY(load_plan(f, f->own_effective->services, f->state.services.plan));
        ASSAY_TRY(set_services(f));
        if (f->services != NULL) ASSAY_TRY(extend_registry(f, before, plan_before));
    }
    f->own_effective->services = f->plan;
    return ASSAY_OK;
}

/* Books forget a document when others are looked up; the sets of the last closes stay. */
static enum assay_status copy_documents(struct assay_fold *f)
{
    const uint8_t *set = f->own_effective->endorsements.bytes;
    const bool stays = set == f->set[0].bytes || set == f->set[1].bytes;
    return assay_effective_rules_copy(f->own_effective, f->genesis, stays, &f->room_in_force);
}

/* Rules, operators and services after the state: the genesis, or what changes made of it. */
static enum assay_status load_effective_rules(struct assay_fold *f)
{
    if (load_rules_in_force(f)) return ASSAY_OK;
    ASSAY_TRY(assay_effective_rules_of(f->genesis, &f->state, find_document, f, f->own_effective));
    ASSAY_TRY(copy_documents(f));
    ASSAY_TRY(load_added_plan(f));
    f->effective = f->own_effective;
    /* What serves now is left alone: the next set is made in the other place. */
    f->set_turn = f->effective->endorsements.bytes == f->set[0].bytes;
    return ASSAY_OK;
}

static void set_operators(struct assay_fold *f)
{
    if (f->effective->operator_count == 0) return; /* a network without operators */
    f->context.effective = f->effective;
    f->context.operators =
        assay_slice_over(f->room_in_force.operators, f->room_in_force.operators_len);
}

/* The running epoch begins: everything about it comes from the state. */
static enum assay_status open_epoch(struct assay_fold *f)
{
    uint64_t total = 0, seated = 0;
    f->unfit = NULL;
    ASSAY_TRY(load_pending(f));
    ASSAY_TRY(load_updates(f));
    ASSAY_TRY(load_effective_rules(f));
    f->members = f->state.member_count;
    for (uint32_t i = 0; i < f->members; i++) {
        const struct assay_member *m = &f->state.members[i];
        ASSAY_TRY(load_key(&f->voting[i], f->loaded[i], m->lives[0].voting_public));
        ASSAY_TRY(load_key(&f->identity[i], f->named[i], m->identity_public));
        assay_bytes_copy(f->node_ids[i], 32, m->node_id, 32);
        ASSAY_ASSERT(m->seat_weight <= ASSAY_SEAT_WEIGHT_MAX);
        f->weights[i] = m->seat_weight;
        f->counters[i] = f->state.counters[i];
        total += assay_member_row_weight(m);
        seated += m->seat_weight;
    }
    if (seated == 0) {
        f->unfit = "no member of the state has a seat";
        return ASSAY_E_RANGE;
    }
    f->voters = (struct assay_voter_table){ .count = f->members,
                                            .weight = f->weights,
                                            .node_id = (const uint8_t(*)[32])f->node_ids,
                                            .voting_key = f->voting,
                                            .total_weight = total };
    f->context = (struct assay_context){ .state = &f->state,
                                         .epoch = f->state.epoch + 1,
                                         .voting = f->voting,
                                         .identity = f->identity,
                                         .pending = f->pending,
                                         .stage = &f->stage,
                                         .document_check = f->books.check,
                                         .plan_follow = f->books.plan_follow,
                                         .updates = f->books.updates,
                                         .endorsements = f->effective->endorsements,
                                         .update_cache = &f->update_cache,
                                         .set = &f->set[f->set_turn],
                                         .services = f->services,
                                         .registry = f->registry,
                                         .room = &f->room,
                                         .unsigned_ = f->unsigned_ };
    set_operators(f);
    f->view = 0;
    /* Of each epoch: a slot may have another member, and a member other groups. */
    assay_close_groups(&f->state, f->places, f->groups_memory, &f->groups);
    if (f->ledger.members != f->members)
        assay_ledger_init(&f->ledger, f->ledger_memory, f->members);
    if (f->services != NULL &&
        (f->ledger.services.members != f->members || f->ledger.services.services != f->services)) {
        assay_ledger_serve(&f->ledger, f->log_memory, f->services);
        assay_ledger_grant(&f->ledger, f->grant_rows,
                           f->services->grants != NULL ? f->services->grants->count : 0);
    }
    assay_ledger_reset(&f->ledger, &f->state);
    ASSAY_ASSERT(fold_is_valid(f) && total >= seated);
    return ASSAY_OK;
}

enum assay_status assay_fold_init(struct assay_fold *fold, void *memory, uint32_t capacity,
                                  const struct assay_genesis *genesis,
                                  const struct assay_fold_books *books)
{
    struct assay_layout l = { .base = memory };
    ASSAY_ASSERT(memory != NULL && (uintptr_t)memory % 64 == 0);
    assay_bytes_zero(memory, assay_fold_memory_len(capacity));
    *fold = (struct assay_fold){ .capacity = capacity, .genesis = genesis };
    if (books != NULL) fold->books = *books;
    lay_out_memory(fold, &l, capacity);
    if (genesis->member_count > capacity) return ASSAY_E_FULL;
    if (fold->books.services != NULL) {
        struct assay_layout services_layout = { .base = fold->books.services->memory };
        lay_out_services(fold, &services_layout, fold->books.services, capacity);
    }
    fold->plan = genesis->services;
    ASSAY_TRY(set_services(fold));
    fold->rules =
        (struct assay_close_rules){ .groups = &fold->groups, .score = assay_score_rules_default() };
    fold->effective = genesis;
    assay_effective_rules_encode_operators(genesis, &fold->room_in_force);
    fold->state.member_count = genesis->member_count;
    fold->state.capacity = capacity;
    assay_state_genesis(&fold->state, genesis);
    assay_close_groups(&fold->state, fold->places, fold->groups_memory, &fold->groups);
    assay_close_genesis_weights(&fold->rules, &fold->close, &fold->state, &fold->tolerance);
    if (fold->services != NULL)
        assay_services_genesis(fold->services, fold->registry, &fold->room, &fold->state);
    assay_state_root(&fold->state, fold->scratch, fold->scratch_len, fold->state.root);
    return open_epoch(fold);
}

/* Without their functions nothing of a network that has services can be closed. */
static enum assay_status check_services_known(const struct assay_fold *f, struct assay_fault *fault)
{
    if (f->plan.len == 0 || f->services != NULL) return ASSAY_OK;
    return assay_fault_plain(fault, "the network has services, which are not known here",
                             ASSAY_E_UNSUPPORTED);
}

static enum assay_status advance_state(struct assay_fold *fold)
{
    const struct assay_state before = fold->state; /* its arrays serve for the next one */
    fold->state = fold->next;
    fold->next = before;
    return open_epoch(fold);
}

/* The registry that a state names, from the books. */
static enum assay_status read_registry(struct assay_fold *fold)
{
    const struct assay_services *services = fold->services;
    const struct assay_state *state = &fold->next;
    if (services == NULL) return ASSAY_OK; /* nothing will be closed on it */
    if (state->services.count != services->documents) return ASSAY_E_INVALID;
    services->begin(services->context, fold->registry);
    services->begin(services->context, fold->room.registry);
    /* Those of added services first, so that the last one, which is validated against all others,
     * is one that decoding may refuse: the books are hostile. */
    for (uint32_t i = 0; i < state->services.count; i++)
        if (assay_bytes_all_zero(state->services.documents[i], 32))
            services->added(services->context, fold->registry, i);
    for (uint32_t i = 0; i < state->services.count; i++) {
        const uint8_t *digest = state->services.documents[i];
        struct assay_slice document;
        if (assay_bytes_all_zero(digest, 32)) continue;
        if (fold->books.document == NULL ||
            !fold->books.document(fold->books.context, digest, &document))
            return ASSAY_E_NOT_FOUND;
        ASSAY_TRY(services->decode(services->context, fold->registry, i, document));
    }
    update_registry_members(fold, fold->registry, state);
    return ASSAY_OK;
}

/* The plan that a state names, from the books. */
static enum assay_status read_plan(struct assay_fold *fold)
{
    const uint8_t *digest = fold->next.services.plan;
    struct assay_slice plan = { 0 };
    if (assay_bytes_equal(fold->plan_digest, digest, 32)) return ASSAY_OK;
    if (assay_bytes_all_zero(digest, 32)) {
        fold->plan = fold->genesis->services;
        assay_bytes_zero(fold->plan_digest, 32);
    } else {
        if (fold->books.document == NULL ||
            !fold->books.document(fold->books.context, digest, &plan))
            return ASSAY_E_NOT_FOUND;
        ASSAY_TRY(load_plan(fold, plan, digest));
    }
    return set_services(fold);
}

enum assay_status assay_fold_from(struct assay_fold *fold, struct assay_slice snapshot)
{
    assay_bytes_copy(fold->next.chain_id, 32, fold->genesis->chain_id, 32);
    ASSAY_TRY(assay_state_decode(snapshot, &fold->next));
    fold->ledger.change_len = 0; /* of another epoch */
    fold->ledger.update_count = 0;
    ASSAY_TRY(read_plan(fold));
    ASSAY_TRY(read_registry(fold));
    return advance_state(fold);
}

void assay_fold_deinit(struct assay_fold *fold)
{
    for (uint32_t i = 0; i < fold->capacity; i++) {
        assay_p256_free(&fold->voting[i]);
        assay_p256_free(&fold->identity[i]);
    }
}

/* --- without an engine: blocks */

/* Views rise along a chain, so the sequence is walked once (docs/protocol.md 5.8). */
static uint16_t leader_of(struct assay_fold *f, uint64_t view)
{
    ASSAY_ASSERT(view > f->view);
    while (f->view < view) {
        f->leader = assay_leader_next(&f->voters, f->counters);
        f->view++;
    }
    return f->leader;
}

enum { VIEWS_PER_BLOCK_MAX = 1 << 20 }; /* far above what one epoch can nullify */

static enum assay_status check_view(struct assay_fold *f, const struct assay_block_header *h,
                                    struct assay_fault *fault)
{
    if (h->parent_view != f->ledger.view)
        return assay_fault_numbers(fault, "view of the parent", f->ledger.view, h->parent_view);
    if (h->view <= f->ledger.view || h->view - f->ledger.view > VIEWS_PER_BLOCK_MAX)
        return assay_fault_plain(fault, "view not above the parent's", ASSAY_E_INVALID);
    const uint16_t leader = leader_of(f, h->view);
    if (h->leader != leader)
        return assay_fault_numbers(fault, "leader of the view", leader, h->leader);
    return ASSAY_OK;
}

static enum assay_status check_header(struct assay_fold *f, const struct assay_proposal *p,
                                      struct assay_fault *fault)
{
    const struct assay_block_header *h = &p->header;
    ASSAY_TRY(assay_fold_follows(&f->context, &f->ledger, h, fault));
    ASSAY_TRY(check_view(f, h, fault));
    if (!f->unsigned_ && !assay_p256_verify(f->voting[h->leader], p->id, p->signature, ASSAY_S_LOW))
        return assay_fault_plain(fault, "signature of the leader", ASSAY_E_SIGNATURE);
    const enum assay_block_kind kind = assay_ledger_kind(
        &f->ledger, f->state.head_time_ms, f->state.rules.parameters.epoch_ms, h->time_ms);
    if (h->kind != kind) return assay_fault_numbers(fault, "kind of block", kind, h->kind);
    if (h->kind != ASSAY_BLOCK_EPOCH && !assay_bytes_equal(h->state_root, f->state.root, 32))
        return assay_fault_ids(fault, "state root", f->state.root, h->state_root);
    return ASSAY_OK;
}

/* The state after E, compared with what E says. */
static enum assay_status close_epoch(struct assay_fold *f, const struct assay_proposal *p,
                                     struct assay_fault *fault)
{
    assay_close(&f->context, &f->ledger, &f->rules, p->header.view, &f->close, &f->next,
                &f->tolerance);
    assay_state_root(&f->next, f->scratch, f->scratch_len, f->next.root);
    if (!assay_bytes_equal(f->next.root, p->header.state_root, 32))
        return assay_fault_ids(fault, "state root", f->next.root, p->header.state_root);
    assay_bytes_copy(f->next.head_id, 32, p->id, 32);
    f->next.head_height = p->header.height;
    f->next.head_view = p->header.view;
    f->next.head_time_ms = p->header.time_ms;
    return ASSAY_OK;
}

enum assay_status assay_fold_block(struct assay_fold *fold, struct assay_slice payload,
                                   const struct assay_fold_vet *vet, struct assay_fault *fault)
{
    struct assay_proposal p;
    ASSAY_ASSERT(fold_is_valid(fold));
    *fault = (struct assay_fault){ .status = ASSAY_OK };
    ASSAY_TRY(check_services_known(fold, fault));
    if (fold->ledger.closed)
        return assay_fault_plain(fault, "a block after the end of its epoch", ASSAY_E_INVALID);
    const enum assay_status status = assay_proposal_decode(payload, &p);
    if (status == ASSAY_E_INVALID)
        return assay_fault_plain(fault, "records or nullifications are not those of the header",
                                 status);
    if (status != ASSAY_OK) return assay_fault_plain(fault, "block cannot be read", status);
    ASSAY_TRY(check_header(fold, &p, fault));
    ASSAY_TRY(assay_fold_body(&fold->context, &fold->ledger, &p.header, p.id, p.body, vet, fault));
    fold->blocks++;
    fold->records += p.header.record_count;
    return p.header.kind == ASSAY_BLOCK_EPOCH ? close_epoch(fold, &p, fault) : ASSAY_OK;
}

/* What a certificate says without its signatures. */
static enum assay_status verify_finality(const struct assay_fold *f, struct assay_slice proof,
                                         uint8_t final_id[static 32])
{
    uint8_t commitment[32];
    return assay_finality_verify_payload(proof, f->state.chain_id, f->state.era, f->context.epoch,
                                         &f->voters, !f->unsigned_, final_id, commitment);
}

enum assay_status assay_fold_proven(const struct assay_fold *fold, struct assay_slice proof,
                                    struct assay_fault *fault)
{
    uint8_t final_id[32];
    ASSAY_ASSERT(fold_is_valid(fold) && fold->ledger.closed);
    *fault = (struct assay_fault){ .status = ASSAY_OK };
    const enum assay_status status = verify_finality(fold, proof, final_id);
    if (status == ASSAY_E_SIGNATURE)
        return assay_fault_plain(fault, "signature in the finality proof", status);
    if (status == ASSAY_E_STRANGER)
        return assay_fault_plain(fault, "finality proof names one without weight", status);
    if (status == ASSAY_E_INVALID)
        return assay_fault_plain(fault, "finality proof below a quorum, or of no final vote",
                                 status);
    if (status != ASSAY_OK)
        return assay_fault_plain(fault, "finality proof cannot be read", status);
    if (!assay_bytes_equal(final_id, fold->next.head_id, 32))
        return assay_fault_ids(fault, "block that the finality proof names", fold->next.head_id,
                               final_id);
    return ASSAY_OK;
}

/* docs/protocol.md 9.17: grounds that are there verify. A RECOVER on too few answers was accepted
 * manually where it was taken, or is forged: the caller decides what it proves (11.4.3). */
static enum assay_status verify_recover(struct assay_fold *fold, const struct assay_recover *r,
                                        struct assay_fault *fault)
{
    struct assay_recover_table table;
    struct assay_recover_weight weight;
    assay_recover_table_of(&fold->state, &table);
    const enum assay_status good = assay_recover_compute_weight(r, &table, &weight);
    if (good != ASSAY_OK)
        return assay_fault_plain(fault, "an answer that a RECOVER rests on does not verify", good);
    fold->recover_total = weight.total;
    fold->recover_answered = weight.answered;
    fold->recover_grounded = assay_recover_is_grounded(&weight);
    return ASSAY_OK;
}

enum assay_status assay_fold_recover(struct assay_fold *fold, struct assay_slice bytes,
                                     struct assay_fault *fault)
{
    struct assay_recover r;
    ASSAY_ASSERT(fold_is_valid(fold));
    *fault = (struct assay_fault){ .status = ASSAY_OK };
    ASSAY_TRY(check_services_known(fold, fault));
    if (fold->ledger.closed)
        return assay_fault_plain(fault, "a RECOVER after the end of its epoch", ASSAY_E_INVALID);
    const enum assay_status read = assay_recover_decode(bytes, &r);
    if (read != ASSAY_OK) return assay_fault_plain(fault, "RECOVER cannot be read", read);
    ASSAY_TRY(assay_recover_follows(&fold->context, &fold->ledger, &r, fault));
    if (!fold->unsigned_) {
        const enum assay_status good = assay_recover_approved(&r, fold->state.operators_digest);
        if (good != ASSAY_OK)
            return assay_fault_plain(fault, "not signed by the operators in force", good);
        ASSAY_TRY(verify_recover(fold, &r, fault));
    }
    ASSAY_TRY(assay_recover_apply(&fold->context, &fold->ledger, &r, fault));
    assay_close(&fold->context, &fold->ledger, &fold->rules, r.header.view, &fold->close,
                &fold->next, &fold->tolerance);
    fold->ledger.recover = NULL;
    assay_state_root(&fold->next, fold->scratch, fold->scratch_len, fold->next.root);
    if (!assay_bytes_equal(fold->next.root, r.header.state_root, 32))
        return assay_fault_ids(fault, "state root", fold->next.root, r.header.state_root);
    assay_recover_seal(&r, &fold->next);
    assay_ledger_advance(&fold->ledger, &r.header, r.id);
    fold->blocks++;
    return ASSAY_OK;
}

enum assay_status assay_fold_take(struct assay_fold *fold)
{
    const struct assay_services *services = fold->services;
    if (services != NULL) services->copy(services->context, fold->registry, fold->room.registry);
    return advance_state(fold);
}
