/*
 * engine/ledger/ledger.c - taking the records of one branch in chain order (docs/protocol.md 4.3
 * to 4.8, 7.5).
 */
#include "engine/ledger/ledger.h"

#include "base/assert.h"
#include "base/cbor.h"

/* Arrays one after the other, each rounded up to 16 bytes. */
static void *take(uint8_t **at, size_t len)
{
    void *here = *at;
    *at += (len + 15) & ~(size_t)15;
    return here;
}

static size_t place(struct assay_ledger *l, uint8_t *base, uint32_t members)
{
    uint8_t *at = base;
    const size_t n = members;
    l->members = members;
    l->row_len = assay_row_len(members);
    l->roll = take(&at, n * 32);
    l->roll_present = take(&at, n * sizeof(bool));
    l->balloted = take(&at, n * sizeof(bool));
    l->counted = take(&at, n * sizeof(bool));
    l->rows = take(&at, n * l->row_len);
    l->fail = take(&at, n);
    l->struck = take(&at, n * sizeof(uint32_t));
    l->false_fails = take(&at, n);
    l->false_pass = take(&at, n * sizeof(bool));
    l->incarnated = take(&at, n * sizeof(bool));
    l->voting = take(&at, n * ASSAY_P256_PUBLIC_LEN);
    l->transport = take(&at, n * 32);
    return (size_t)(at - base);
}

static size_t arrays_len(uint32_t members)
{
    const size_t n = members;
    const size_t row_len = assay_row_len(members);
    const size_t each[] = { n * 32, n, n, n, n * row_len, n, n * 4, n, n, n, n * 64, n * 32 };
    size_t len = 0;
    for (size_t i = 0; i < sizeof each / sizeof each[0]; i++)
        len += (each[i] + 15) & ~(size_t)15;
    return len;
}

size_t assay_ledger_memory_len(uint32_t members)
{
    _Static_assert(sizeof(bool) == 1, "arrays of bool are counted in bytes");
    return arrays_len(members);
}

void assay_ledger_place(struct assay_ledger *ledger, void *memory, uint32_t members)
{
    ASSAY_ASSERT(memory != NULL && members > 0);
    *ledger = (struct assay_ledger){ 0 };
    const size_t used = place(ledger, memory, members);
    ASSAY_ASSERT(used == arrays_len(members));
    assay_bytes_zero(memory, used);
}

void assay_ledger_reset(struct assay_ledger *ledger, const struct assay_state *state)
{
    ASSAY_ASSERT(ledger->members == state->member_count);
    const uint32_t n = ledger->members;
    void *memory = ledger->roll;
    *ledger = (struct assay_ledger){ 0 };
    (void)place(ledger, memory, n);
    /* All arrays but the rows, which nobody reads before `counted` says so: they are most of it. */
    uint8_t *rows_end = ledger->fail; /* the next array: place() */
    assay_bytes_zero(memory, (size_t)(ledger->rows - (uint8_t *)memory));
    assay_bytes_zero(rows_end, (size_t)((uint8_t *)memory + arrays_len(n) - rows_end));
    assay_bytes_copy(ledger->tip_id, 32, state->head_id, 32);
    ledger->height = state->head_height;
    ledger->time_ms = state->head_time_ms;
}

void assay_ledger_copy(struct assay_ledger *to, const struct assay_ledger *from)
{
    ASSAY_ASSERT(to->members == from->members);
    void *memory = to->roll;
    const size_t len = arrays_len(from->members);
    *to = *from;
    assay_bytes_copy(memory, len, from->roll, len); /* every array, they are one piece */
    (void)place(to, memory, from->members);
}

/* --- fits and apply, one pair a kind */

/* Ballots close with E (docs/protocol.md 4.3: included after the ROLL, up to and including E). */
static enum assay_status ballot_fits(const struct assay_context *context,
                                     const struct assay_ledger *l, const struct assay_record *r)
{
    if (r->epoch != context->epoch) return ASSAY_E_STALE;
    if (!l->has_roll) return ASSAY_E_EARLY;
    return l->balloted[r->slot] ? ASSAY_E_DUPLICATE : ASSAY_OK;
}

/* Over other digests: another electorate, excluded and never punished. */
static bool ballot_counts(const struct assay_context *context, const struct assay_ledger *l,
                          const struct assay_ballot *b)
{
    const struct assay_state *state = context->state;
    if (!assay_bytes_equal(b->roll_root, l->roll_root, 32)) return false;
    if (!assay_bytes_equal(b->policy_digest, state->policy_digest, 32)) return false;
    if (!assay_bytes_equal(b->endorsements_digest, state->endorsements_digest, 32)) return false;
    return assay_bytes_all_zero(state->verifier_digest, 32) ||
           assay_bytes_equal(b->verifier_digest, state->verifier_digest, 32);
}

static void ballot_apply(const struct assay_context *context, struct assay_ledger *l,
                         const struct assay_record *r)
{
    l->balloted[r->slot] = true;
    l->counted[r->slot] = ballot_counts(context, l, &r->ballot);
    if (!l->counted[r->slot]) return;
    assay_bytes_copy(l->rows + r->slot * l->row_len, l->row_len, r->ballot.row.bytes,
                     r->ballot.row.len);
}

static enum assay_status contradiction_fits(const struct assay_context *context,
                                            const struct assay_ledger *l,
                                            const struct assay_record *r)
{
    const struct assay_member *m = &context->state->members[r->slot];
    if (r->epoch == context->epoch) {
        if (!l->has_roll) return ASSAY_E_EARLY;
        if (!assay_bytes_equal(r->ballot.roll_root, l->roll_root, 32)) return ASSAY_E_INVALID;
    } else {
        /* bit k of ballots_struck: the ballot of state->epoch - k */
        const uint64_t age = context->state->epoch - r->epoch;
        ASSAY_ASSERT(r->epoch <= context->state->epoch);
        if (age >= ASSAY_PAST_EPOCHS) return ASSAY_E_STALE;
        if ((m->ballots_struck >> age & 1u) != 0) return ASSAY_E_DUPLICATE;
    }
    for (uint32_t i = 0; i < l->contradiction_count; i++) {
        const struct assay_contradiction *c = &l->contradictions[i];
        if (c->slot == r->slot && c->subject == r->subject && c->epoch == r->epoch)
            return ASSAY_E_DUPLICATE;
    }
    return l->contradiction_count < ASSAY_CONTRADICTIONS_MAX ? ASSAY_OK : ASSAY_E_FULL;
}

static void contradiction_apply(struct assay_ledger *l, const struct assay_record *r)
{
    ASSAY_ASSERT(l->contradiction_count < ASSAY_CONTRADICTIONS_MAX);
    l->contradictions[l->contradiction_count++] =
        (struct assay_contradiction){ r->slot, r->subject, r->epoch };
    ASSAY_ASSERT(r->falsehood != ASSAY_FALSE_NONE);
    if (r->falsehood == ASSAY_FALSE_PASS) l->false_pass[r->slot] = true;
    else if (l->false_fails[r->slot] < UINT8_MAX) l->false_fails[r->slot]++;
}

/* A proof strikes an incarnation once (docs/protocol.md 7.5). */
static enum assay_status offence_fits(const struct assay_context *context,
                                      const struct assay_ledger *l, const struct assay_record *r)
{
    const uint32_t before = context->state->members[r->slot].equivocation_struck;
    if (r->incarnation <= before) return ASSAY_E_DUPLICATE;
    return r->incarnation <= l->struck[r->slot] ? ASSAY_E_DUPLICATE : ASSAY_OK;
}

static void roll_apply(struct assay_ledger *l, const struct assay_record *r)
{
    struct assay_cursor c = assay_cursor_over(r->entries.bytes, r->entries.len);
    struct assay_merkle tree;
    uint8_t hash[32];
    ASSAY_ASSERT(r->entry_count == l->members);
    assay_merkle_init(&tree);
    for (uint32_t i = 0; i < l->members; i++) {
        const enum assay_status status = assay_roll_next(&c, &l->roll_present[i], l->roll[i]);
        ASSAY_ASSERT(status == ASSAY_OK); /* decoded before */
        assay_roll_leaf(l->roll_present[i], l->roll[i], hash);
        assay_merkle_add_hash(&tree, hash);
    }
    assay_merkle_root(&tree, l->roll_root);
    l->has_roll = true;
}

enum assay_status assay_ledger_fits(const struct assay_context *context,
                                    const struct assay_ledger *ledger,
                                    const struct assay_record *record)
{
    ASSAY_ASSERT(!ledger->closed);
    switch (record->kind) {
    case ASSAY_RECORD_ROLL: return ledger->has_roll ? ASSAY_E_DUPLICATE : ASSAY_OK;
    case ASSAY_RECORD_BALLOT: return ballot_fits(context, ledger, record);
    case ASSAY_RECORD_FAIL:
        return ledger->fail[record->slot] != ASSAY_OUTCOME_NONE ? ASSAY_E_DUPLICATE : ASSAY_OK;
    case ASSAY_RECORD_INCARNATE:
        /* Of two, the first in chain order (docs/protocol.md 9.4). */
        return ledger->incarnated[record->slot] ? ASSAY_E_DUPLICATE : ASSAY_OK;
    case ASSAY_RECORD_OFFENCE: return offence_fits(context, ledger, record);
    case ASSAY_RECORD_CONTRADICTION: return contradiction_fits(context, ledger, record);
    }
    ASSAY_UNREACHABLE("a decoded record has a kind of the table");
}

void assay_ledger_apply(const struct assay_context *context, struct assay_ledger *ledger,
                        const struct assay_record *record)
{
    ASSAY_ASSERT(record->kind == ASSAY_RECORD_ROLL || record->slot < ledger->members);
    switch (record->kind) {
    case ASSAY_RECORD_ROLL: roll_apply(ledger, record); return;
    case ASSAY_RECORD_BALLOT: ballot_apply(context, ledger, record); return;
    case ASSAY_RECORD_FAIL: ledger->fail[record->slot] = (uint8_t)record->outcome; return;
    case ASSAY_RECORD_INCARNATE:
        ledger->incarnated[record->slot] = true;
        assay_bytes_copy(ledger->voting[record->slot], ASSAY_P256_PUBLIC_LEN,
                         record->incarnate.voting_public, ASSAY_P256_PUBLIC_LEN);
        assay_bytes_copy(ledger->transport[record->slot], 32, record->incarnate.transport_public,
                         32);
        return;
    case ASSAY_RECORD_OFFENCE: ledger->struck[record->slot] = record->incarnation; return;
    case ASSAY_RECORD_CONTRADICTION: contradiction_apply(ledger, record); return;
    }
    ASSAY_UNREACHABLE("a decoded record has a kind of the table");
}

void assay_ledger_advance(struct assay_ledger *ledger, const struct assay_block_header *header,
                          const uint8_t id[static 32])
{
    ASSAY_ASSERT(!ledger->closed);
    ASSAY_ASSERT(header->height == ledger->height + 1);
    assay_bytes_copy(ledger->tip_id, 32, id, 32);
    ledger->height = header->height;
    ledger->view = header->view;
    ledger->time_ms = header->time_ms;
    ledger->closed = header->kind == ASSAY_BLOCK_EPOCH;
}

enum assay_block_kind assay_ledger_kind(const struct assay_ledger *ledger, uint64_t t0_ms,
                                        uint64_t epoch_ms, uint64_t time_ms)
{
    if (time_ms >= t0_ms + epoch_ms) return ASSAY_BLOCK_EPOCH;
    if (time_ms >= t0_ms + epoch_ms / 4 && !ledger->has_roll) return ASSAY_BLOCK_ROLL;
    return ASSAY_BLOCK_NORMAL;
}

void assay_ledger_roll_hashes(const struct assay_ledger *ledger, uint8_t (*hashes)[32])
{
    ASSAY_ASSERT(ledger->has_roll);
    for (uint32_t i = 0; i < ledger->members; i++)
        assay_roll_leaf(ledger->roll_present[i], ledger->roll[i], hashes[i]);
}

void assay_ledger_check(const struct assay_ledger *ledger)
{
    ASSAY_ASSERT(ledger->contradiction_count <= ASSAY_CONTRADICTIONS_MAX);
    for (uint32_t i = 0; i < ledger->members; i++) {
        if (ledger->counted[i]) ASSAY_ASSERT(ledger->balloted[i]);
        if (ledger->balloted[i]) ASSAY_ASSERT(ledger->has_roll);
        ASSAY_ASSERT(ledger->fail[i] == ASSAY_OUTCOME_NONE ||
                     assay_outcome_is_fail((enum assay_outcome)ledger->fail[i]));
    }
}
