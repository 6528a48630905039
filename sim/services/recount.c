/*
 * sim/services/recount.c - the registry, recomputed: folded from final blocks, closed by the
 * state's standings of members, and compared with the digests that a quorum has agreed on
 * (docs/protocol.md 12).
 */
#include "sim/services/internal.h"

#include <stdlib.h>
#include <string.h>

void recount_open(struct assay_sim_services *s, const struct assay_registry_plan *plan)
{
    const size_t len = (assay_registry_size(plan) + 63) / 64 * 64;
    s->recount.memory = aligned_alloc(64, len);
    ASSAY_ASSERT(s->recount.memory != NULL);
    const enum assay_status status =
        assay_registry_init(s->recount.memory, len, plan, s->chain_id, &s->recount.registry);
    ASSAY_ASSERT(status == ASSAY_OK);
}

void recount_free(struct assay_sim_services *s)
{
    free(s->recount.memory);
}

static bool may_submit(const struct assay_member *m)
{
    return m->stage == ASSAY_STAGE_MEMBER &&
           m->trust.integrity.standing != ASSAY_STANDING_SUSPENDED;
}

/* Records of ceremonies have numbers of their own (docs/protocol.md 12.2.1). */
static bool is_of_ceremony(const struct assay_service_body *record)
{
    return assay_registry_kind_family(record->kind) == ASSAY_FAMILY_IDENTITY;
}

/* Invariant of a record in a final block. Returns: NULL, or the fault. */
static const char *fault_of(struct assay_sim_services *s, const struct assay_state *before,
                            const struct assay_service_body *record, uint32_t slot)
{
    if (slot >= before->member_count) return "is by no member";
    const struct assay_member *m = &before->members[slot];
    if (!may_submit(m)) return "is by a member that has no word";
    if (m->lives[0].incarnation != record->incarnation) return "is by a life that is not listed";
    if (record->epoch != before->epoch + 1) return "is of another epoch";
    if (!assay_bytes_equal(record->chain_id, s->chain_id, 32)) return "is of another chain";
    if (record->number >= ASSAY_SERVICE_NUMBERS) return "has no such number";
    if ((s->recount.taken[is_of_ceremony(record)][slot] >> record->number & 1) != 0)
        return "has a number twice";
    if (s->recount.registry == NULL) return "is of a network without services";
    const struct assay_registry_plan *plan = assay_registry_get_plan(s->recount.registry);
    if (assay_registry_check_record(plan, s->chain_id, (enum assay_service_kind)record->kind,
                                    record->payload) != ASSAY_OK)
        return "is none of its service";
    return NULL;
}

static enum assay_registry_standing standing_of(const struct assay_member *m)
{
    static const enum assay_registry_standing words[] = {
        [ASSAY_STANDING_SUSPENDED] = ASSAY_REGISTRY_STAND_SUSPENDED,
        [ASSAY_STANDING_RESTRICTED] = ASSAY_REGISTRY_STAND_RESTRICTED,
        [ASSAY_STANDING_WARNING] = ASSAY_REGISTRY_STAND_WARNING,
        [ASSAY_STANDING_FULL] = ASSAY_REGISTRY_STAND_FULL,
    };
    if (m->stage != ASSAY_STAGE_MEMBER) return ASSAY_REGISTRY_STAND_NONE;
    return words[m->trust.score.standing];
}

static uint32_t members_of(const struct assay_state *before, const struct assay_state *after,
                           struct assay_registry_member out[static ASSAY_REGISTRY_SLOTS_MAX])
{
    for (uint32_t i = 0; i < after->member_count; i++) {
        const struct assay_member *m = &after->members[i];
        const bool same = i < before->member_count &&
                          assay_bytes_equal(before->members[i].node_id, m->node_id, 32);
        out[i] = (struct assay_registry_member){
            .standing = standing_of(m),
            .operator_ = (uint8_t)i,
            .score_bp = assay_trust_score_bp(&m->trust),
            .certified = same && after->certified && m->pass_epoch == after->epoch,
            .failed = m->failure_epoch == after->epoch,
            .renewed = !same || m->stage == ASSAY_STAGE_LEFT,
            .may_hold = m->stage == ASSAY_STAGE_MEMBER,
            .keys_active = assay_member_keys_state(m, after->epoch, ASSAY_STANDING_WARNING) ==
                           ASSAY_KEYS_ACTIVE,
            .seat_weight = m->seat_weight,
            .incarnation = m->lives[0].incarnation,
        };
        assay_bytes_copy(out[i].node_id, 32, m->node_id, 32);
        assay_bytes_copy(out[i].keys_root, 32, m->declaration.keys_root, 32);
        for (uint32_t k = 0; k < i; k++)
            if (assay_bytes_equal(after->members[k].operator_id, m->operator_id, 32))
                out[i].operator_ = out[k].operator_;
    }
    return after->member_count;
}

/* Weight of the table of voters without a seat: rows without a key (docs/identity.md 3.1). All
 * members have slots of the registry here. */
static uint64_t weight_without_seats(const struct assay_state *state)
{
    uint64_t weight = 0;
    for (uint32_t i = 0; i < state->member_count; i++)
        weight += assay_member_row_weight(&state->members[i]) - state->members[i].seat_weight;
    return weight;
}

/* The genesis gives standings before any block is final. */
static void set_standings(struct assay_sim_services *s, const struct assay_state *genesis)
{
    struct assay_registry_member member[ASSAY_REGISTRY_SLOTS_MAX];
    if (s->recount.stood || s->recount.registry == NULL) return;
    const uint32_t count = members_of(genesis, genesis, member);
    assay_registry_set_era(s->recount.registry, genesis->era);
    assay_registry_set_other_weight(s->recount.registry, weight_without_seats(genesis));
    assay_registry_set_standing(s->recount.registry, genesis->epoch, member, count);
    quota_abuse_on_standings(s, member, count);
    views_on_standings(s, member, count);
    s->recount.stood = true;
    s->recount.epoch = genesis->epoch + 1;
}

void assay_sim_services_record(struct assay_sim_services *services,
                               const struct assay_state *before,
                               const struct assay_service_body *record)
{
    struct assay_sim_services *s = services;
    const uint32_t slot = assay_state_slot_of(before, record->node_id);
    const char *fault = fault_of(s, before, record, slot);
    services_report_check(s, ASSAY_SIM_CHECKER_SERVICES, NULL);
    set_standings(s, before);
    s->count.records++;
    s->recount.fresh = false;
    if (fault != NULL) {
        services_report_check(s, ASSAY_SIM_CHECKER_SERVICES, "a record of slot %u in epoch %llu %s",
                              slot, (unsigned long long)record->epoch, fault);
        s->recount.sound = false;
        return;
    }
    s->recount.taken[is_of_ceremony(record)][slot] |= (uint64_t)1 << record->number;
    const char *became = assay_registry_apply(s->recount.registry, slot, record->node_id,
                                              (enum assay_service_kind)record->kind,
                                              record->payload, &s->recount.facts);
    const bool applied = strcmp(became, "applied") == 0;
    if (applied)
        views_record(s, slot, (enum assay_service_kind)record->kind, record->payload,
                     &s->recount.facts);
    tasks_record(s, slot, (enum assay_service_kind)record->kind, record->payload, applied,
                 &s->recount.facts);
    shares_record(s, &s->recount.facts);
    group_key_facts(s, &s->recount.facts);
    quota_abuse_record(s, slot, (enum assay_service_kind)record->kind, record->payload, became,
                       &s->recount.facts);
}

/* Index of the document of that name. Returns: the count of documents when there is none. */
static uint32_t find_document(const struct assay_registry_plan *plan, const char *name)
{
    const uint32_t documents = assay_registry_documents(plan);
    char own[80];
    for (uint32_t i = 0; i < documents; i++) {
        assay_registry_document_name(plan, i, own);
        if (strcmp(own, name) == 0) return i;
    }
    return documents;
}

static struct assay_slice write_document(struct assay_sim_services *s,
                                         const struct assay_registry *registry, uint32_t document)
{
    struct assay_writer w = assay_writer_over(s->recount.document, sizeof s->recount.document);
    const enum assay_status status = assay_registry_encode(registry, document, &w);
    ASSAY_ASSERT(status == ASSAY_OK);
    return assay_slice_over(w.bytes, w.len);
}

/* A document of a service that starts with the next epoch has no name yet. */
static void check_documents(struct assay_sim_services *s, const struct assay_registry *registry,
                            const struct assay_registry_plan *before,
                            const struct assay_state *state, const char *owner, uint32_t node)
{
    uint8_t digest[32];
    const struct assay_registry_plan *plan = assay_registry_get_plan(registry);
    const uint32_t documents = assay_registry_documents(plan);
    services_report_check(s, ASSAY_SIM_CHECKER_SERVICES, NULL);
    if (state->services.count != documents) {
        services_report_check(s, ASSAY_SIM_CHECKER_SERVICES, "epoch %llu names %u documents of %u",
                              (unsigned long long)state->epoch, state->services.count, documents);
        return;
    }
    for (uint32_t i = 0; i < documents; i++) {
        char name[80];
        const struct assay_slice bytes = write_document(s, registry, i);
        assay_registry_document_name(plan, i, name);
        const bool begins =
            before != NULL && find_document(before, name) == assay_registry_documents(before);
        if (begins) assay_bytes_zero(digest, sizeof digest);
        else assay_sha256(bytes.bytes, bytes.len, digest);
        if (assay_bytes_equal(digest, state->services.documents[i], 32)) continue;
        services_report_check(s, ASSAY_SIM_CHECKER_SERVICES,
                              "epoch %llu: %.40s %s of node %u is not what its state names",
                              (unsigned long long)state->epoch, name, owner, node);
    }
}

static void on_facts(void *context, const struct assay_registry_facts *facts)
{
    shares_record(context, facts);
    group_key_facts(context, facts);
    views_on_facts(context, facts);
}

/* Services are added at this boundary: existing ones continue, by their documents and names. */
static void add_services(struct assay_sim_services *s, const struct assay_state *state)
{
    static const struct assay_registry_plan none;
    struct assay_registry_member member[ASSAY_REGISTRY_SLOTS_MAX];
    struct assay_registry *const old = s->recount.registry;
    void *const memory = s->recount.memory;
    const struct assay_registry_plan *before = old != NULL ? assay_registry_get_plan(old) : &none;
    recount_open(s, &s->plan);
    for (uint32_t i = 0; i < assay_registry_documents(&s->plan); i++) {
        char name[80];
        assay_registry_document_name(&s->plan, i, name);
        const uint32_t at = find_document(before, name);
        enum assay_status status = ASSAY_OK;
        if (at == assay_registry_documents(before))
            assay_registry_add_document(s->recount.registry, i);
        else status = assay_registry_decode(s->recount.registry, i, write_document(s, old, at));
        ASSAY_ASSERT(status == ASSAY_OK);
    }
    const uint32_t count = members_of(state, state, member);
    assay_registry_set_era(s->recount.registry, state->era);
    assay_registry_set_other_weight(s->recount.registry, weight_without_seats(state));
    assay_registry_set_standing(s->recount.registry, state->epoch, member, count);
    quota_abuse_on_standings(s, member, count);
    s->recount.stood = true;
    check_documents(s, s->recount.registry, before, state, "as the blocks", 0);
    views_adopt(s);
    free(memory);
}

void assay_sim_services_closed(struct assay_sim_services *services,
                               const struct assay_state *before, const struct assay_state *after)
{
    struct assay_sim_services *s = services;
    struct assay_registry_member member[ASSAY_REGISTRY_SLOTS_MAX];
    const bool extends = !assay_bytes_equal(before->services.plan, after->services.plan, 32);
    assay_bytes_zero(s->recount.taken, sizeof s->recount.taken);
    set_standings(s, before);
    s->recount.fresh = true;
    if (!assay_sim_follows(before, after)) s->recount.sound = false;
    if (!s->recount.sound) return;
    if (s->recount.registry != NULL) {
        const uint32_t count = members_of(before, after, member);
        views_on_standings(s, member, count);
        quota_abuse_on_standings(s, member, count);
        s->recount.epoch = after->epoch + 1;
        assay_registry_set_era(s->recount.registry, after->era);
        assay_registry_set_other_weight(s->recount.registry, weight_without_seats(after));
        assay_registry_close_epoch(s->recount.registry, after->epoch, member, count,
                                   &s->recount.facts, on_facts, s);
        assay_registry_check(s->recount.registry);
        tasks_closed(s, after, member, count);
        shares_closed(s);
        group_key_closed(s, after->certified);
        views_closed(s);
    }
    if (extends) add_services(s, after);
    else if (s->recount.registry != NULL)
        check_documents(s, s->recount.registry, NULL, after, "as the blocks", 0);
}

/* After unobserved epochs, and boundaries that operators decided. */
static void adopt_registry(struct assay_sim_services *s, const struct assay_registry *registry)
{
    const struct assay_registry_plan *plan = assay_registry_get_plan(registry);
    const bool same = s->recount.registry != NULL &&
                      assay_registry_documents(assay_registry_get_plan(s->recount.registry)) ==
                          assay_registry_documents(plan);
    if (!same) {
        free(s->recount.memory);
        recount_open(s, plan);
    }
    assay_registry_copy(s->recount.registry, registry);
    s->recount.stood = true;
    s->recount.sound = true;
    quota_abuse_forget_standings(s);
    views_adopt(s);
    tasks_adopt(s);
    group_key_adopt(s);
}

static bool names_all(const struct assay_state *state)
{
    for (uint32_t i = 0; i < state->services.count; i++)
        if (assay_bytes_all_zero(state->services.documents[i], 32)) return false;
    return true;
}

void assay_sim_services_node_closed(struct assay_sim_services *services, uint32_t node,
                                    const struct assay_state *state)
{
    struct assay_sim_services *s = services;
    struct assay_services_snapshot now;
    assay_engine_services(s->world.engine(s->world.context, node), &now);
    if (now.registry == NULL || now.epoch != state->epoch + 1) return;
    if (names_all(state)) check_documents(s, now.registry, NULL, state, "as the engine", node);
    if (!s->recount.sound && s->recount.fresh) adopt_registry(s, now.registry);
}

void assay_sim_services_era(struct assay_sim_services *services, bool undone)
{
    services->recount.sound = false;
    if (!undone) return;
    services->undone = true;
    enclaves_on_undone(services);
}
