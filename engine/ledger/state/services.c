/*
 * engine/ledger/state/services.c - log of one epoch's service records, and the registry in the
 * state (docs/protocol.md 12.2 to 12.4).
 */
#include "engine/ledger/state/services.h"

#include "base/assert.h"
#include "engine/ledger/state/anchor.h"

enum {
    HEAD_LEN = ASSAY_SERVICE_HEAD_LEN, /* slot, kind, length: two bytes each */
    SHARED_FROM = 16, /* members: from here on their parts are smaller than AUTHOR_LEN */
};

_Static_assert(ASSAY_SERVICES_AUTHOR_LEN * SHARED_FROM == ASSAY_SERVICES_EPOCH_LEN,
               "nobody can take another's part");
_Static_assert(ASSAY_SERVICE_NUMBERS == 64, "a bit each");

enum assay_service_budget assay_services_budget(const struct assay_services *services,
                                                uint32_t kind)
{
    const bool reserved = services->reserved_first > 0 && kind >= services->reserved_first &&
                          kind <= services->reserved_last;
    return reserved ? ASSAY_BUDGET_RESERVED : ASSAY_BUDGET_COMMON;
}

static uint32_t min_u32(uint32_t a, uint32_t b)
{
    return a < b ? a : b;
}

static uint32_t max_u32(uint32_t a, uint32_t b)
{
    return a > b ? a : b;
}

static uint32_t share_of_member(uint32_t members)
{
    return members > SHARED_FROM ? ASSAY_SERVICES_EPOCH_LEN / members : ASSAY_SERVICES_AUTHOR_LEN;
}

/* Parts are not shared, so they all fit at once: no author waits for another. */
static uint32_t reserved_share(uint32_t members)
{
    return max_u32(share_of_member(min_u32(members, ASSAY_SERVICES_RESERVED_SLOTS)),
                   ASSAY_SERVICES_RESERVED_LEN_MIN);
}

/* Of so many members or fewer: a part shrinks by more than the next member adds. */
static uint32_t capacity_of(uint32_t members, bool reserves)
{
    const uint32_t slots = min_u32(members, ASSAY_SERVICES_RESERVED_SLOTS);
    const uint32_t large = min_u32(slots, SHARED_FROM) * ASSAY_SERVICES_AUTHOR_LEN;
    const uint32_t small = slots * ASSAY_SERVICES_RESERVED_LEN_MIN;
    return ASSAY_SERVICES_EPOCH_LEN + (reserves ? max_u32(large, small) : 0);
}

static bool log_is_valid(const struct assay_service_log *log)
{
    if (log->members == 0) return log->count == 0 && log->len == 0;
    return log->len <= log->capacity && log->count <= log->len / HEAD_LEN &&
           log->common_len <= ASSAY_SERVICES_EPOCH_LEN && log->common_len <= log->len;
}

static size_t round_up(size_t len)
{
    return (len + 15) & ~(size_t)15;
}

size_t assay_services_log_memory_len(uint32_t members, bool reserves)
{
    ASSAY_ASSERT(members > 0);
    const size_t numbers = round_up(members * sizeof(uint64_t));
    const size_t lengths = round_up(members * sizeof(uint32_t));
    return ASSAY_BUDGETS * (numbers + lengths) + capacity_of(members, reserves);
}

void assay_services_log_init(struct assay_service_log *log, void *memory, uint32_t members,
                             const struct assay_services *services)
{
    ASSAY_ASSERT(memory != NULL && ((uintptr_t)memory & 15) == 0 && members > 0);
    uint8_t *at = memory;
    *log = (struct assay_service_log){ .members = members, .services = services };
    log->capacity = capacity_of(members, services->reserved_first > 0);
    for (unsigned i = 0; i < ASSAY_BUDGETS; i++) {
        log->taken[i] = (uint64_t *)(void *)at;
        at += round_up(members * sizeof(uint64_t));
        log->used[i] = (uint32_t *)(void *)at;
        at += round_up(members * sizeof(uint32_t));
    }
    log->bytes = at;
    assay_services_log_reset(log);
}

void assay_services_log_reset(struct assay_service_log *log)
{
    log->count = 0;
    log->len = 0;
    log->common_len = 0;
    for (unsigned b = 0; b < ASSAY_BUDGETS; b++) {
        for (uint32_t i = 0; i < log->members; i++) {
            log->taken[b][i] = 0;
            log->used[b][i] = 0;
        }
    }
    ASSAY_ASSERT(log_is_valid(log));
}

void assay_services_log_copy(struct assay_service_log *to, const struct assay_service_log *from)
{
    ASSAY_ASSERT(to->members == from->members && log_is_valid(from));
    ASSAY_ASSERT(from->members == 0 || to->bytes != from->bytes);
    to->count = from->count;
    to->len = from->len;
    to->common_len = from->common_len;
    for (unsigned b = 0; b < ASSAY_BUDGETS; b++) {
        for (uint32_t i = 0; i < from->members; i++) {
            to->taken[b][i] = from->taken[b][i];
            to->used[b][i] = from->used[b][i];
        }
    }
    if (from->len > 0) assay_bytes_copy(to->bytes, to->capacity, from->bytes, from->len);
}

enum assay_status assay_services_log_fits(const struct assay_service_log *log, uint32_t slot,
                                          uint32_t number, uint32_t kind, size_t payload_len)
{
    ASSAY_ASSERT(log_is_valid(log) && slot < log->members && number < ASSAY_SERVICE_NUMBERS);
    ASSAY_ASSERT(payload_len > 0 && payload_len <= ASSAY_SERVICE_PAYLOAD_LEN_MAX);
    const enum assay_service_budget budget = assay_services_budget(log->services, kind);
    const size_t len = HEAD_LEN + payload_len, with = log->used[budget][slot] + len;
    if ((log->taken[budget][slot] >> number & 1) != 0) return ASSAY_E_DUPLICATE;
    if (budget == ASSAY_BUDGET_RESERVED) {
        if (slot >= ASSAY_SERVICES_RESERVED_SLOTS) return ASSAY_E_UNSUPPORTED;
        return with <= reserved_share(log->members) ? ASSAY_OK : ASSAY_E_FULL;
    }
    if (log->taken[budget][slot] != 0 && with > share_of_member(log->members)) return ASSAY_E_FULL;
    return log->common_len + len <= ASSAY_SERVICES_EPOCH_LEN ? ASSAY_OK : ASSAY_E_FULL;
}

static void put_u16(uint8_t *at, uint32_t value)
{
    ASSAY_ASSERT(value <= UINT16_MAX);
    at[0] = (uint8_t)(value >> 8);
    at[1] = (uint8_t)value;
}

static uint32_t get_u16(const uint8_t *at)
{
    return (uint32_t)at[0] << 8 | at[1];
}

void assay_services_log_add(struct assay_service_log *log, uint32_t slot, uint32_t number,
                            uint32_t kind, struct assay_slice payload)
{
    ASSAY_ASSERT(assay_services_log_fits(log, slot, number, kind, payload.len) == ASSAY_OK);
    const enum assay_service_budget budget = assay_services_budget(log->services, kind);
    const uint32_t len = HEAD_LEN + (uint32_t)payload.len;
    uint8_t *at = log->bytes + log->len;
    put_u16(at, slot);
    put_u16(at + 2, kind);
    put_u16(at + 4, (uint32_t)payload.len);
    assay_bytes_copy(at + HEAD_LEN, log->capacity - log->len - HEAD_LEN, payload.bytes,
                     payload.len);
    log->taken[budget][slot] |= (uint64_t)1 << number;
    log->used[budget][slot] += len;
    log->len += len;
    if (budget == ASSAY_BUDGET_COMMON) log->common_len += len;
    log->count++;
    ASSAY_ASSERT(log_is_valid(log));
}

bool assay_services_log_next(const struct assay_service_log *log, size_t *at,
                             struct assay_service_entry *entry)
{
    ASSAY_ASSERT(log_is_valid(log) && *at <= log->len);
    if (*at == log->len) return false;
    const uint8_t *head = log->bytes + *at;
    *entry = (struct assay_service_entry){ .slot = get_u16(head), .kind = get_u16(head + 2) };
    entry->payload = assay_slice_over(head + HEAD_LEN, get_u16(head + 4));
    *at += HEAD_LEN + entry->payload.len;
    ASSAY_ASSERT(*at <= log->len);
    return true;
}

/* --- the state */

void assay_services_members(const struct assay_state *before, const struct assay_state *state,
                            struct assay_service_member *members)
{
    for (uint32_t i = 0; i < state->member_count; i++) {
        const struct assay_member *m = &state->members[i];
        const bool new = before != NULL &&
                         (i >= before->member_count ||
                          !assay_bytes_equal(m->node_id, before->members[i].node_id, 32));
        members[i] = (struct assay_service_member){
            .serves = assay_member_serves(m),
            .standing = m->trust.score.standing,
            .score_bp = assay_trust_score_bp(&m->trust),
            .certified = state->certified && m->found.certified_pass && !new,
            .failed = m->failure_epoch == state->epoch && state->epoch > 0,
            .renewed = new || m->stage == ASSAY_STAGE_LEFT,
            .keys_active = assay_member_keys_state(m, state->epoch, ASSAY_STANDING_WARNING) ==
                           ASSAY_KEYS_ACTIVE,
            .seat_weight = m->seat_weight,
            .row_weight = assay_member_row_weight(m),
            .incarnation = m->lives[0].incarnation,
        };
        assay_bytes_copy(members[i].operator_id, 32, m->operator_id, 32);
        assay_bytes_copy(members[i].node_id, 32, m->node_id, 32);
        assay_bytes_copy(members[i].keys_root, 32, m->declaration.keys_root, 32);
    }
}

void assay_services_commit(const struct assay_services *services, const void *registry,
                           const struct assay_service_room *room, struct assay_state *state)
{
    struct assay_service_state *s = &state->services;
    ASSAY_ASSERT(services->documents > 0 && services->documents <= ASSAY_SERVICE_DOCUMENTS_MAX);
    s->count = services->documents;
    for (uint32_t i = 0; i < s->count; i++) {
        struct assay_writer w = assay_writer_over(room->document, services->document_len_max);
        const enum assay_status status =
            services->encode(services->context, registry, i, &w);
        ASSAY_ASSERT(status == ASSAY_OK && w.len > 0);
        assay_sha256(room->document, w.len, s->documents[i]);
    }
    assay_anchor_root(state, s->anchor);
}

void assay_services_extend(const struct assay_service_places *places, struct assay_state *state)
{
    struct assay_service_state *s = &state->services;
    const struct assay_service_state before = *s;
    if (places->count == 0) return;
    ASSAY_ASSERT(places->count <= ASSAY_SERVICE_DOCUMENTS_MAX && places->count >= before.count);
    s->count = places->count;
    for (uint32_t i = 0; i < s->count; i++) {
        assay_bytes_zero(s->documents[i], 32);
        if (places->before[i] == ASSAY_SERVICE_BEGINS) continue;
        ASSAY_ASSERT(places->before[i] < before.count);
        assay_bytes_copy(s->documents[i], 32, before.documents[places->before[i]], 32);
    }
    assay_anchor_root(state, s->anchor);
}

void assay_services_genesis(const struct assay_services *services, void *registry,
                            const struct assay_service_room *room, struct assay_state *state)
{
    services->begin(services->context, registry);
    services->begin(services->context, room->registry);
    assay_services_members(NULL, state, room->members);
    services->stand(services->context, registry, state->era, state->epoch, room->members,
                    state->member_count);
    assay_services_commit(services, registry, room, state);
}
