/*
 * sim/checkers/watch_rules.c - CHANGE records of final blocks, verified again: signatures, numbers,
 * dates, absence (docs/protocol.md 9.5 to 9.7).
 */
#include "sim/checkers/watch_rules.h"

#include "base/assert.h"
#include "base/cbor.h"
#include "engine/ledger/records/record.h"

#include <stdlib.h>

enum {
    ABSENCE_SPAN = 1024, /* docs/protocol.md 9.7: in any window of as many epochs */
    ABSENCE_MAX = 64,    /* announced absence, epochs */
};

static const struct assay_genesis_operator *find_operator(const struct assay_watch_rules *c,
                                                          const uint8_t id[static 32])
{
    for (uint32_t i = 0; i < c->operators->operator_count; i++) {
        uint8_t own[32];
        assay_sha256(c->operators->operators[i].public_key, ASSAY_P256_PUBLIC_LEN, own);
        if (assay_bytes_equal(own, id, 32)) return &c->operators->operators[i];
    }
    return NULL;
}

/* Valid signatures of different operators in force. first: id of the first signer. */
static uint32_t count_signatures(const struct assay_watch_rules *c, const struct assay_record *r,
                                 uint8_t first[static 32])
{
    struct assay_cursor at = assay_cursor_over(r->entries.bytes, r->entries.len);
    uint8_t before[32] = { 0 };
    uint8_t digest[32];
    uint32_t good = 0;
    assay_sha256(r->body.bytes, r->body.len, digest);
    for (uint32_t i = 0; i < r->entry_count; i++) {
        uint8_t id[32], signature[ASSAY_P256_SIGNATURE_LEN];
        struct assay_p256 *key = NULL;
        if (assay_cbor_array_exact(&at, 2) != ASSAY_OK ||
            assay_cbor_bytes_exact(&at, id, sizeof id) != ASSAY_OK ||
            assay_cbor_bytes_exact(&at, signature, sizeof signature) != ASSAY_OK)
            return 0;
        if (i == 0) assay_bytes_copy(first, 32, id, 32);
        const struct assay_genesis_operator *o = find_operator(c, id);
        const bool again = i > 0 && assay_bytes_compare(before, id, 32) >= 0;
        assay_bytes_copy(before, 32, id, 32);
        if (o == NULL || again || assay_p256_load(o->public_key, &key) != ASSAY_OK) continue;
        good += assay_p256_verify(key, digest, signature, ASSAY_S_LOW);
        assay_p256_free(&key);
    }
    return good;
}

/* Announced epochs of one member within the window that ends with the newest one. */
static uint64_t count_announced(const struct assay_watch_rules *c, uint32_t slot, uint64_t until)
{
    uint64_t count = 0;
    const uint64_t first = until >= ABSENCE_SPAN ? until - ABSENCE_SPAN + 1 : 0;
    for (uint32_t i = 0; i < c->absence_count[slot]; i++) {
        const struct absence *a = &c->absences[slot][i];
        const uint64_t from = a->from > first ? a->from : first;
        const uint64_t to = a->until < until ? a->until : until;
        if (from <= to) count += to - from + 1;
    }
    return count;
}

/* protocol.md 9.7: by its own operator alone, ahead, and for 1 epoch in 16. */
static void record_absences(const struct assay_watch_epoch *e, const struct assay_record *r,
                            const uint8_t signer[static 32])
{
    struct assay_watch_rules *c = e->watch->rules;
    struct assay_cursor at = assay_cursor_over(r->change.actions.bytes, r->change.actions.len);
    for (uint32_t i = 0; i < r->change.action_count; i++) {
        struct assay_action a;
        if (assay_action_next(&at, &a) != ASSAY_OK) return;
        const uint32_t slot = assay_state_slot_of(e->before, a.node_id);
        if (a.kind != ASSAY_ACTION_MAINTENANCE || slot == e->before->member_count) {
            BROKEN(e, "maintenance is announced for no member");
            return;
        }
        if (!assay_bytes_equal(e->before->members[slot].operator_id, signer, 32))
            BROKEN(e, "node %u: maintenance by another's operator", slot);
        if (c->absence_count[slot] == ABSENCES_MAX) {
            for (uint32_t k = 1; k < ABSENCES_MAX; k++)
                c->absences[slot][k - 1] = c->absences[slot][k];
            c->absence_count[slot]--;
        }
        const uint64_t until = r->change.activation + a.epochs - 1;
        c->absences[slot][c->absence_count[slot]++] =
            (struct absence){ r->change.activation, until };
        if (count_announced(c, slot, until) > ABSENCE_MAX)
            BROKEN(e, "node %u: %llu epochs of maintenance in %u", slot,
                   (unsigned long long)count_announced(c, slot, until), (unsigned)ABSENCE_SPAN);
        else FINE(e);
    }
}

static void add_waiting(struct assay_watch_rules *c, const struct assay_record *r)
{
    if (c->waiting_count == WAITING_MAX) {
        c->blind = true;
        return;
    }
    struct waiting *w = &c->waiting[c->waiting_count++];
    *w = (struct waiting){ .sequence = r->change.sequence,
                           .activation = r->change.activation,
                           .forces = r->change.forces,
                           .len = r->body.len };
    w->body = malloc(r->body.len);
    ASSAY_ASSERT(w->body != NULL);
    assay_bytes_copy(w->body, w->len, r->body.bytes, r->body.len);
}

void assay_watch_on_change(const struct assay_watch_epoch *e, struct assay_slice bytes)
{
    struct assay_watch_rules *c = e->watch->rules;
    struct assay_record r;
    uint8_t signer[32] = { 0 };
    if (assay_record_decode(bytes, &r) != ASSAY_OK || r.kind != ASSAY_RECORD_CHANGE) {
        BROKEN(e, "a CHANGE of a final block is none");
        return;
    }
    const struct assay_change *change = &r.change;
    const uint32_t good = count_signatures(c, &r, signer);
    const uint32_t due = change->sequence == 0 ? 1 : c->operators->threshold;
    const unsigned long long number = change->sequence;
    if (!assay_bytes_equal(change->chain_id, e->before->chain_id, 32) ||
        change->era != e->before->era)
        BROKEN(e, "change %llu is of another chain or era", number);
    if (good < due || good != r.entry_count)
        BROKEN(e, "change %llu has %u good signatures of %u, due are %u", number, good,
               r.entry_count, due);
    if (change->activation < e->closed->epoch + 2)
        BROKEN(e, "change %llu of epoch %llu is to hold from %llu on", number,
               (unsigned long long)e->closed->epoch, (unsigned long long)change->activation);
    if (change->sequence == 0) {
        record_absences(e, &r, signer);
        return;
    }
    if (change->sequence != c->sequence + 1)
        BROKEN(e, "change %llu follows change %llu", number, (unsigned long long)c->sequence);
    if (change->forces != 0 && change->forces != c->forceable)
        BROKEN(e, "change %llu forces %llu, which was not reverted last", number,
               (unsigned long long)change->forces);
    c->sequence = change->sequence;
    add_waiting(c, &r);
    FINE(e);
}
