/*
 * engine/ledger/records/ledger.c - application of the records of one branch in chain order
 * (docs/protocol.md 4.3 to 4.8, 7.5).
 */
#include "engine/ledger/records/row.h"

#include "base/assert.h"
#include "base/cbor.h"

static bool ledger_is_valid(const struct assay_ledger *l)
{
    if (l->members == 0 || l->row_len != assay_votes_row_len(l->members)) return false;
    if (l->contradiction_count > ASSAY_CONTRADICTIONS_MAX) return false;
    if (l->update_count > ASSAY_UPDATES_EPOCH_MAX) return false;
    if (l->review_count > ASSAY_REVIEWS_EPOCH_MAX) return false;
    if (l->declared_len > ASSAY_KEYS_EPOCH_LEN_MAX) return false;
    if (l->declared_again_len > ASSAY_KEYS_AGAIN_LEN_MAX) return false;
    if (l->declared_in_block > ASSAY_KEYS_BLOCK_MAX) return false;
    if (l->services.members != 0 && l->services.members != l->members) return false;
    if ((l->grants.names > 0) != (l->grants.rows != NULL)) return false;
    return (uint8_t *)l->roll < l->rows && l->rows < l->fail; /* as place() laid them */
}

/* Arrays one after the other, each rounded up to 16 bytes. */
static void *layout_alloc(uint8_t **at, size_t len)
{
    ASSAY_ASSERT(((uintptr_t)*at & 15) == 0);
    void *here = *at;
    *at += (len + 15) & ~(size_t)15;
    return here;
}

static size_t place_arrays(struct assay_ledger *l, uint8_t *base, uint32_t members)
{
    uint8_t *at = base;
    const size_t n = members;
    l->members = members;
    l->row_len = assay_votes_row_len(members);
    l->roll = layout_alloc(&at, n * 32);
    l->roll_present = layout_alloc(&at, n * sizeof(bool));
    l->balloted = layout_alloc(&at, n * sizeof(bool));
    l->counted = layout_alloc(&at, n * sizeof(bool));
    l->rows = layout_alloc(&at, n * l->row_len);
    l->fail = layout_alloc(&at, n);
    l->felled = layout_alloc(&at, n * sizeof(bool));
    l->struck = layout_alloc(&at, n * sizeof(uint32_t));
    l->false_fails = layout_alloc(&at, n);
    l->false_pass = layout_alloc(&at, n * sizeof(bool));
    l->incarnated = layout_alloc(&at, n * sizeof(bool));
    l->voting = layout_alloc(&at, n * ASSAY_P256_PUBLIC_LEN);
    l->transport = layout_alloc(&at, n * 32);
    l->maintenance = layout_alloc(&at, n * sizeof *l->maintenance);
    l->levels = layout_alloc(&at, n * sizeof *l->levels);
    l->declares = layout_alloc(&at, n * sizeof(bool));
    l->declared = layout_alloc(&at, n * 32);
    l->change = at; /* behind the arrays: copied as far as it is used, like those behind it */
    for (size_t i = 0; i < ASSAY_UPDATES_EPOCH_MAX; i++)
        l->updates[i] = at + ASSAY_CHANGE_RECORD_LEN_MAX + i * ASSAY_UPDATE_RECORD_LEN_MAX;
    ASSAY_ASSERT(ledger_is_valid(l));
    return (size_t)(at - base);
}

static size_t arrays_len(uint32_t members)
{
    const size_t n = members;
    const size_t row_len = assay_votes_row_len(members);
    const size_t each[] = {
        n * 32, n, n,     n, n * row_len, n,      n,
        n * 4,  n, n,     n, n * 64,      n * 32, n * sizeof(struct assay_maintenance),
        n * 4,  n, n * 32
    };
    size_t len = 0;
    for (size_t i = 0; i < sizeof each / sizeof each[0]; i++)
        len += (each[i] + 15) & ~(size_t)15;
    return len;
}

size_t assay_ledger_memory_len(uint32_t members)
{
    ASSAY_ASSERT(members > 0);
    _Static_assert(sizeof(bool) == 1, "arrays of bool are counted in bytes");
    return arrays_len(members) + ASSAY_CHANGE_RECORD_LEN_MAX +
           (size_t)ASSAY_UPDATES_EPOCH_MAX * ASSAY_UPDATE_RECORD_LEN_MAX;
}

void assay_ledger_init(struct assay_ledger *ledger, void *memory, uint32_t members)
{
    ASSAY_ASSERT(memory != NULL && members > 0);
    *ledger = (struct assay_ledger){ 0 };
    const size_t used = place_arrays(ledger, memory, members);
    ASSAY_ASSERT(used == arrays_len(members));
    assay_bytes_zero(memory, used);
}

void assay_ledger_serve(struct assay_ledger *ledger, void *memory,
                        const struct assay_services *services)
{
    assay_services_log_init(&ledger->services, memory, ledger->members, services);
    ASSAY_ASSERT(ledger_is_valid(ledger));
}

size_t assay_ledger_grants_len(uint32_t members, uint32_t names)
{
    return members * assay_grants_row_len(members, names);
}

void assay_ledger_grant(struct assay_ledger *ledger, void *memory, uint32_t names)
{
    ASSAY_ASSERT(names <= ASSAY_GRANTS_MAX);
    ledger->grants.names = names;
    ledger->grants.rows = names > 0 ? memory : NULL;
    ASSAY_ASSERT(ledger_is_valid(ledger));
}

void assay_ledger_reset(struct assay_ledger *ledger, const struct assay_state *state)
{
    ASSAY_ASSERT(ledger_is_valid(ledger) && assay_state_holds(state));
    ASSAY_ASSERT(ledger->members == state->member_count);
    const uint32_t n = ledger->members;
    void *memory = ledger->roll;
    *ledger = (struct assay_ledger){ .services = ledger->services, .grants = ledger->grants };
    assay_services_log_reset(&ledger->services);
    (void)place_arrays(ledger, memory, n);
    /* All arrays but the rows, which nobody reads before `counted` says so: they are most of it. */
    uint8_t *rows_end = ledger->fail; /* the next array: place() */
    assay_bytes_zero(memory, (size_t)(ledger->rows - (uint8_t *)memory));
    assay_bytes_zero(rows_end, (size_t)((uint8_t *)memory + arrays_len(n) - rows_end));
    assay_bytes_copy(ledger->tip_id, 32, state->head_id, 32);
    ledger->height = state->head_height;
    ledger->time_ms = state->head_time_ms;
    ASSAY_ASSERT(ledger_is_valid(ledger) && !ledger->has_roll && !ledger->closed);
}

void assay_ledger_copy(struct assay_ledger *to, const struct assay_ledger *from)
{
    ASSAY_ASSERT(ledger_is_valid(from) && to->roll != from->roll);
    ASSAY_ASSERT(to->members == from->members);
    void *memory = to->roll;
    const size_t len = arrays_len(from->members);
    struct assay_service_log services = to->services;
    uint8_t *grant_rows = to->grants.rows;
    ASSAY_ASSERT(to->grants.names == from->grants.names);
    assay_services_log_copy(&services, &from->services);
    *to = *from;
    to->services = services;
    to->grants.rows = grant_rows;
    assay_bytes_copy(memory, len, from->roll, len); /* every array, they are one piece */
    (void)place_arrays(to, memory, from->members);
    const size_t grants_len = assay_ledger_grants_len(from->members, from->grants.names);
    if (grants_len > 0) assay_bytes_copy(grant_rows, grants_len, from->grants.rows, grants_len);
    if (from->change_len > 0)
        assay_bytes_copy(to->change, ASSAY_CHANGE_RECORD_LEN_MAX, from->change, from->change_len);
    for (uint32_t i = 0; i < from->update_count; i++)
        assay_bytes_copy(to->updates[i], ASSAY_UPDATE_RECORD_LEN_MAX, from->updates[i],
                         from->update_len[i]);
    ASSAY_ASSERT(ledger_is_valid(to));
}

bool assay_record_is_spent(const struct assay_context *context, const struct assay_ledger *ledger,
                           const struct assay_record *record)
{
    ASSAY_ASSERT(ledger->members == context->state->member_count);
    const struct assay_record_row *row = assay_record_row(record->kind);
    return row->spent != NULL && row->spent(context, ledger, record);
}

enum assay_status assay_ledger_fits(const struct assay_context *context,
                                    const struct assay_ledger *ledger,
                                    const struct assay_record *record)
{
    ASSAY_ASSERT(ledger_is_valid(ledger));
    ASSAY_ASSERT(!ledger->closed && ledger->members == context->state->member_count);
    ASSAY_ASSERT(record->slot < ledger->members);
    return assay_record_row(record->kind)->fits(context, ledger, record);
}

void assay_ledger_apply(const struct assay_context *context, struct assay_ledger *ledger,
                        const struct assay_record *record)
{
    ASSAY_ASSERT(ledger_is_valid(ledger));
    ASSAY_ASSERT(!ledger->closed && record->slot < ledger->members);
    ASSAY_ASSERT(record->epoch <= context->epoch);
    assay_record_row(record->kind)->apply(context, ledger, record);
    ASSAY_ASSERT(ledger_is_valid(ledger));
}

void assay_ledger_advance(struct assay_ledger *ledger, const struct assay_block_header *header,
                          const uint8_t id[static 32])
{
    ASSAY_ASSERT(ledger_is_valid(ledger));
    ASSAY_ASSERT(!ledger->closed);
    ASSAY_ASSERT(header->height == ledger->height + 1);
    assay_bytes_copy(ledger->tip_id, 32, id, 32);
    ledger->height = header->height;
    ledger->view = header->view;
    ledger->time_ms = header->time_ms;
    ledger->closed = header->kind == ASSAY_BLOCK_EPOCH;
    ledger->declared_in_block = 0;
}

enum assay_block_kind assay_ledger_kind(const struct assay_ledger *ledger, uint64_t t0_ms,
                                        uint64_t epoch_ms, uint64_t time_ms)
{
    ASSAY_ASSERT(epoch_ms > 0 && t0_ms <= UINT64_MAX - epoch_ms);
    if (time_ms >= t0_ms + epoch_ms) return ASSAY_BLOCK_EPOCH;
    if (time_ms >= t0_ms + epoch_ms / 4 && !ledger->has_roll) return ASSAY_BLOCK_ROLL;
    return ASSAY_BLOCK_NORMAL;
}

uint64_t assay_ledger_phase(const struct assay_ledger *ledger, uint64_t t0_ms, uint64_t epoch_ms)
{
    ASSAY_ASSERT(epoch_ms > 0);
    return t0_ms + (ledger->has_roll ? epoch_ms : epoch_ms / 4);
}

void assay_ledger_roll_hashes(const struct assay_ledger *ledger, uint8_t (*hashes)[32])
{
    ASSAY_ASSERT(ledger_is_valid(ledger));
    ASSAY_ASSERT(ledger->has_roll);
    for (uint32_t i = 0; i < ledger->members; i++)
        assay_roll_leaf(ledger->roll_present[i], ledger->roll[i], hashes[i]);
}

void assay_ledger_check(const struct assay_ledger *ledger)
{
    ASSAY_ASSERT(ledger_is_valid(ledger));
    ASSAY_ASSERT(ledger->contradiction_count <= ASSAY_CONTRADICTIONS_MAX);
    for (uint32_t i = 0; i < ledger->members; i++) {
        if (ledger->counted[i]) ASSAY_ASSERT(ledger->balloted[i]);
        if (ledger->balloted[i]) ASSAY_ASSERT(ledger->has_roll);
        ASSAY_ASSERT(ledger->fail[i] == ASSAY_OUTCOME_NONE ||
                     assay_outcome_is_fail((enum assay_outcome)ledger->fail[i]));
    }
}
