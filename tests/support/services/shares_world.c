/*
 * tests/support/services/shares_world.c - see the header.
 */
#include "tests/support/services/shares_world_internal.h"

#include "base/crypto/model.h"

#include <stdio.h>
#include <stdlib.h>

uint64_t shares_draw(struct world *w, uint64_t below)
{
    uint64_t x = w->random += 0x9e3779b97f4a7c15ULL;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9ULL;
    x = (x ^ x >> 27) * 0x94d049bb133111ebULL;
    return (x ^ x >> 31) % below;
}

void shares_draw_bytes(void *context, uint8_t *bytes, size_t len)
{
    struct world *w = context;
    for (size_t i = 0; i < len; i++)
        bytes[i] = (uint8_t)shares_draw(w, 256);
}

void shares_violated(struct world *w, const char *what, uint32_t id, uint32_t who)
{
    if (w->result->violation != NULL) return;
    w->result->violation = what;
    (void)snprintf(w->result->story, sizeof w->result->story, "seed %llu step %u: id %u, %u",
                   (unsigned long long)w->plan->seed, w->result->steps, id, who);
}

void *shares_copy_of(const uint8_t *bytes, size_t len)
{
    uint8_t *copy = malloc(len + 1);
    ASSAY_ASSERT(copy != NULL);
    assay_bytes_copy(copy, len, bytes, len);
    return copy;
}

/* --- what must hold */

/* What a machine would come back with of a row's current generation, which it may still keep as the
 * next one. Returns: false when it has none. */
static bool disk_piece(const struct machine *m, uint32_t id, const struct assay_share_row *row,
                       struct assay_share_piece *current)
{
    const struct kept *kept = &m->disk[id];
    struct assay_cursor in = assay_cursor_over(kept->bytes, kept->len);
    uint8_t head[4 + 32];
    if (kept->len == 0) return false;
    ASSAY_ASSERT(assay_cursor_copy(&in, head, sizeof head) == ASSAY_OK);
    for (uint32_t flag = 1; flag <= 2; flag++) { /* the current piece, the next one */
        struct assay_share_piece piece;
        if (!(head[1] & flag)) continue;
        ASSAY_ASSERT(assay_share_piece_decode(&in, &piece) == ASSAY_OK);
        if (!assay_share_piece_is(&piece, row)) continue;
        *current = piece;
        return true;
    }
    return false;
}

static void check_id(struct world *w, uint32_t id)
{
    const struct owner *o = &w->owner[id];
    const struct assay_share_row *row = assay_share_registry_find(w->head, o->id);
    uint32_t slots = 0, kept = 0;
    if (row != NULL && o->deleted) shares_violated(w, "BACK", id, 0);
    if (row != NULL && (row->version != o->version ||
                        (o->version > 0 && row->reader[0].name[0] != o->list[o->version])))
        shares_violated(w, "READERS", id, row->version);
    if (row == NULL || !row->synced) return;
    for (uint32_t i = 0; i < w->machine_count; i++) {
        struct assay_share_piece piece;
        const struct machine *m = &w->machine[i];
        if (!m->holder->seated || m->spoils || !disk_piece(m, id, row, &piece)) continue;
        if (assay_share_verify(&piece.commitments, m->holder->slot, &piece.share) != ASSAY_OK)
            shares_violated(w, "FALSE", id, i);
        slots |= 1u << m->holder->slot;
        kept++;
    }
    if (assay_share_count_bits(slots) < K) shares_violated(w, "LOST", id, kept);
}

static bool keeps(struct world *w, uint32_t member, uint32_t id)
{
    struct assay_share_piece piece;
    const struct assay_share_row *row = assay_share_registry_find(w->head, w->owner[id].id);
    return disk_piece(&w->machine[member], id, row, &piece);
}

uint32_t shares_id_number(const struct world *w, const uint8_t id[static 32])
{
    for (uint32_t i = 0; i < w->plan->ids; i++)
        if (assay_bytes_equal(w->owner[i].id, id, 32)) return i;
    ASSAY_UNREACHABLE("an id of nobody");
}

/* A share is durable before any holder depends on it. */
static void check_fact(struct world *w, const struct assay_share_fact *fact)
{
    if (fact->kind == ASSAY_SHARE_CONVICTED) {
        w->result->convicted++;
        if (!w->machine[fact->member].lies) shares_violated(w, "FRAMED", 0, fact->member);
    }
    if (fact->kind == ASSAY_SHARE_DELETED) {
        w->owner[shares_id_number(w, fact->id)].deleted = true;
        w->result->deleted++;
    }
    if (fact->kind == ASSAY_SHARE_SEATED) w->result->moved++;
    if (fact->kind == ASSAY_SHARE_SILENT) w->result->silent++;
    if (fact->kind == ASSAY_SHARE_AWAY) w->result->away++;
    if (fact->kind == ASSAY_SHARE_BARRED) {
        w->result->barred++;
        if (!w->machine[fact->member].lies) shares_violated(w, "FRAMED", 0, fact->member);
    }
    if (w->in_days && (fact->kind == ASSAY_SHARE_SILENT || fact->kind == ASSAY_SHARE_AWAY) &&
        !w->machine[fact->member].lies)
        shares_violated(w, "SILENCED", fact->slot, fact->member);
    if (fact->kind == ASSAY_SHARE_ALARM) w->result->alarms++;
    if (fact->kind == ASSAY_SHARE_SYNCED) {
        const uint32_t id = shares_id_number(w, fact->id);
        const uint32_t need = fact->generation == 1 ? CONFIRMATIONS : K;
        uint32_t count = 0;
        for (uint32_t slot = 0; slot < SLOTS; slot++) {
            const uint32_t member = w->head->cluster[fact->cluster].seat[slot].member;
            if (keeps(w, member, id) || w->machine[member].lies) count++;
        }
        const struct assay_share_row *row = assay_share_registry_find(w->head, fact->id);
        w->thin[id] = assay_share_count_bits(row->have[fact->cluster]) < SLOTS;
        count += w->plan->rekeys - w->rekeys; /* a disk that is gone had it, perhaps */
        if (fact->generation == 1) w->result->synced++;
        else w->result->renewed++;
        if (count < need) shares_violated(w, "EARLY", id, count);
    }
    if (fact->kind == ASSAY_SHARE_READY)
        for (uint32_t i = 0; i < w->plan->ids; i++) {
            const struct assay_share_row *row =
                assay_share_registry_find(w->head, w->owner[i].id);
            const uint32_t member = w->head->cluster[fact->cluster].seat[fact->slot].member;
            if (row != NULL && row->synced && !keeps(w, member, i))
                shares_violated(w, "EARLY", i, member);
        }
}

/* --- the ledger */

void shares_make_final(struct world *w, const struct shares_record *record)
{
    if (w->log_count == LOG) return; /* the chain of a schedule is long enough */
    w->log[w->log_count] = *record;
    w->log[w->log_count].bytes = shares_copy_of(record->bytes, record->len);
    const uint32_t phase = w->head->round->phase;
    shares_record_apply(w->head, &w->log[w->log_count++], &w->facts);
    assay_share_registry_check(w->head);
    if (record->kind == SHARES_DEALING) shares_check_dealings(w);
    w->result->rounds += phase == ASSAY_SHARE_PHASE_NONE &&
                         w->head->round->phase != ASSAY_SHARE_PHASE_NONE;
    for (uint32_t i = 0; i < w->facts.count; i++)
        w->result->in_public += w->facts.fact[i].kind == ASSAY_SHARE_SYNCED &&
                                phase == ASSAY_SHARE_PHASE_HAVES;
    for (uint32_t i = 0; i < w->facts.count; i++)
        check_fact(w, &w->facts.fact[i]);
}

static void pool_drop(struct world *w, uint32_t at)
{
    free(w->pool[at].bytes);
    w->pool[at] = w->pool[--w->pool_count];
}

static void pool_add(struct world *w, enum shares_record_kind kind, uint32_t member,
                     struct assay_slice bytes)
{
    if (w->pool_count == POOL) { /* what is final soonest is not lost */
        shares_make_final(w, &w->pool[0]);
        pool_drop(w, 0);
    }
    struct shares_record *record = &w->pool[w->pool_count++];
    *record = (struct shares_record){ .kind = kind, .member = member, .len = bytes.len };
    record->bytes = shares_copy_of(bytes.bytes, bytes.len);
    assay_bytes_copy(record->key, 64, w->machine[member].key, 64);
    shares_check_handed(w, record);
}

void shares_hand_in(struct world *w, enum shares_record_kind kind, const struct machine *m,
                    struct assay_slice bytes)
{
    pool_add(w, kind, shares_number_of(w, m), bytes);
}

static void finalize(struct world *w, uint32_t at)
{
    shares_make_final(w, &w->pool[at]);
    if (w->healing || shares_draw(w, 8) > 0) pool_drop(w, at); /* or it is final once more */
}

/* Of a generation that fewer than all slots made, one that lies is counted for a share, and one
 * more that goes is one too many (docs/services.md 5, what shares do not promise). */
static bool may_suspend(const struct world *w)
{
    for (uint32_t i = 0; i < w->plan->ids; i++)
        if (w->plan->liar && (w->thin[i] || w->head->reshare_count > 0)) return false;
    return w->suspensions > 0;
}

static void close_epoch(struct world *w)
{
    uint8_t standing[MACHINES];
    for (uint32_t i = 0; i < w->machine_count; i++) {
        if (w->in_days) {
            standing[i] = (uint8_t)w->standing[i];
            if (w->standing[i] >= ASSAY_SHARE_STAND_WARNING) standing[i] |= SHARES_CERTIFIED;
            continue;
        }
        if (!w->healing && w->standing[i] != ASSAY_SHARE_STAND_FULL && shares_draw(w, 2) == 0)
            w->standing[i] = ASSAY_SHARE_STAND_FULL;
        else if (!w->healing && may_suspend(w) && shares_draw(w, 8) == 0) {
            w->suspensions--;
            w->standing[i] = (enum assay_share_standing)shares_draw(w, 3);
        }
        if (w->healing) w->standing[i] = ASSAY_SHARE_STAND_FULL;
        standing[i] = (uint8_t)w->standing[i];
        if (w->standing[i] >= ASSAY_SHARE_STAND_WARNING) standing[i] |= SHARES_CERTIFIED;
    }
    const struct shares_record record = { .kind = SHARES_CLOSE, .len = w->machine_count,
                                          .bytes = standing };
    shares_make_final(w, &record);
}

/* --- holders */

/* The context of a host is its machine; randomness is that of the world. */
struct own_host {
    struct world *w;
    struct machine *m;
};

static struct own_host hosts[MACHINES];

static void own_random(void *context, uint8_t *bytes, size_t len)
{
    const struct own_host *own = context;
    shares_draw_bytes(own->w, bytes, len);
}

static void own_sign(void *context, const uint8_t digest[static 32],
                     uint8_t signature[static ASSAY_P256_SIGNATURE_LEN])
{
    const struct own_host *own = context;
    assay_model_sign(own->m->secret, digest, signature);
}

struct assay_share_epoch shares_epoch_of(const struct machine *m)
{
    return (struct assay_share_epoch){ .era = m->registry->era,
                                       .epoch = m->registry->epoch,
                                       .beacon = { (uint8_t)m->registry->epoch } };
}

uint32_t shares_number_of(const struct world *w, const struct machine *m)
{
    return (uint32_t)(m - w->machine);
}

struct message *shares_message_add(struct world *w, const uint8_t *bytes, size_t len)
{
    if (w->message_count == MESSAGES) {
        const uint32_t at = (uint32_t)shares_draw(w, MESSAGES);
        free(w->message[at].bytes);
        w->message[at] = w->message[--w->message_count];
    }
    struct message *m = &w->message[w->message_count++];
    *m = (struct message){ .len = len, .bytes = shares_copy_of(bytes, len) };
    return m;
}

void shares_start(struct world *w, struct machine *m)
{
    struct assay_share_holder_config config = { .ids_max = IDS };
    const uint32_t number = shares_number_of(w, m);
    const size_t len = assay_share_holder_size(IDS);
    hosts[number] = (struct own_host){ w, m };
    config.host = (struct assay_share_host){ &hosts[number], own_random, own_sign };
    assay_bytes_copy(config.key, 64, m->key, 64);
    if (m->holder == NULL) m->holder = malloc(len);
    m->holder = assay_share_holder_init(m->holder, len, &config);
    if (m->keys.len > 0)
        ASSAY_ASSERT(assay_share_holder_load(m->holder, assay_slice_over(m->keys.bytes,
                                                                         m->keys.len)) ==
                     ASSAY_OK);
    for (uint32_t i = 0; i < IDS; i++)
        if (m->disk[i].len > 0)
            ASSAY_ASSERT(assay_share_holder_load(m->holder,
                                                 assay_slice_over(m->disk[i].bytes,
                                                                  m->disk[i].len)) == ASSAY_OK);
}

static void new_key(struct world *w, struct machine *m)
{
    shares_draw_bytes(w, m->secret, sizeof m->secret);
    m->secret[31] = (uint8_t)++w->keys;
    assay_model_public(m->secret, m->key);
}

static void list_itself(struct world *w, struct machine *m)
{
    struct assay_share_holder_record record = { .cluster = m->cluster,
                                                .node = { (uint8_t)shares_number_of(w, m) } };
    uint8_t bytes[512];
    struct assay_slice out;
    assay_bytes_copy(record.key, 64, m->key, 64);
    assay_bytes_copy(record.link, 32, m->key, 32);
    ASSAY_ASSERT(assay_share_holder_record_encode(&record, bytes, sizeof bytes, &out) == ASSAY_OK);
    pool_add(w, SHARES_HOLDER, shares_number_of(w, m), out);
}

struct machine *shares_machine_of(struct world *w, const uint8_t key[static 64])
{
    for (uint32_t i = 0; i < w->machine_count; i++)
        if (assay_bytes_equal(w->machine[i].key, key, 64)) return &w->machine[i];
    return NULL;
}

/* The one that lies keeps a number that is no share, and deals and gives that. */
static void spoil(struct machine *m)
{
    for (uint32_t i = 0; i < m->holder->count && m->spoils; i++) {
        struct assay_share_piece *piece = &m->holder->holding[i].current;
        if (m->holder->holding[i].has &&
            assay_share_verify(&piece->commitments, m->holder->slot, &piece->share) == ASSAY_OK)
            piece->share.bytes[0] ^= 1;
    }
}

static void see(struct world *w, struct machine *m)
{
    if (m->seen == w->log_count) return;
    shares_record_apply(m->registry, &w->log[m->seen++], &w->facts);
    const struct assay_share_epoch epoch = shares_epoch_of(m);
    spoil(m);
    assay_share_holder_on_facts(m->holder, m->registry, &epoch, &w->facts, w->now_ms, &w->effects);
    shares_host_does(w, m);
}

static void tick(struct world *w, struct machine *m)
{
    const struct assay_share_epoch epoch = shares_epoch_of(m);
    assay_share_holder_tick(m->holder, m->registry, &epoch, w->now_ms, &w->effects);
    shares_host_does(w, m);
}

/* --- members that publish what they received */

static void show_some(struct world *w)
{
    uint8_t bytes[ASSAY_SHARE_RECORD_MAX];
    struct assay_slice out;
    const uint32_t kept = w->accuser.count < SHARES_SHOWN ? w->accuser.count : SHARES_SHOWN;
    for (uint32_t i = 0; i < (w->healing ? 1 : 6) && kept > 0; i++) {
        const struct assay_share_lie_record *lie = &w->accuser.kept[shares_draw(w, kept)];
        if (!assay_share_lie_record_check(&w->head->config.home, lie)) continue;
        ASSAY_ASSERT(assay_share_lie_record_encode(lie, bytes, sizeof bytes, &out) == ASSAY_OK);
        const struct shares_record record = { .kind = SHARES_LIE, .len = out.len, .bytes = bytes };
        shares_make_final(w, &record);
        w->result->shown++;
    }
}

static void enter_era(struct world *w)
{
    if (w->eras == 0) return;
    w->eras--;
    w->result->eras++;
    shares_make_final(w, &(const struct shares_record){ .kind = SHARES_ERA });
}

/* --- steps */

/* What the network does not carry between holders. */
static bool is_cut(const struct world *w, const struct message *in, const struct machine *to)
{
    const struct machine *last = &w->machine[w->machine_count - 1], *first = &w->machine[0];
    if (in->kind != TO_HOLDER || !in->from.holder) return false;
    if (w->plan->alone) return true;
    const bool from_first = assay_bytes_equal(in->from.key, first->key, 64);
    const bool from_last = assay_bytes_equal(in->from.key, last->key, 64);
    return w->plan->starves && ((from_first && to == last) || (from_last && to == first));
}

static void deliver(struct world *w, uint32_t at)
{
    /* Taken out first: what it leads to may need its place. */
    const struct message in = w->message[at];
    w->message[at] = w->message[--w->message_count];
    if (!w->healing && shares_draw(w, 12) == 0) { /* and once more, later */
        struct message *again = shares_message_add(w, in.bytes, in.len);
        uint8_t *bytes = again->bytes;
        *again = in;
        again->bytes = bytes;
    }
    struct machine *m = shares_machine_of(w, in.key);
    const struct assay_slice bytes = assay_slice_over(in.bytes, in.len);
    if (m == NULL) {
        free(in.bytes);
        return;
    }
    if (is_cut(w, &in, m)) {
        free(in.bytes);
        return;
    }
    const struct assay_share_epoch epoch = shares_epoch_of(m);
    const uint32_t kept = assay_share_holder_status(m->holder).kept;
    spoil(m);
    switch (in.kind) {
    case TO_HOLDER:
        if (m->shows && in.from.holder)
            share_accuser_peek(&w->accuser, m->holder, in.from.key, bytes, w->room);
        if (assay_share_holder_on_message(m->holder, m->registry, &epoch, &in.from, bytes,
                                          w->now_ms, &w->effects) != ASSAY_OK)
            w->result->refused++;
        if (in.from.holder && assay_share_holder_status(m->holder).kept > kept)
            w->result->fetched++;
        break;
    case TO_OWNER:
        w->effects.count = 0;
        shares_owner_answers(w, &in);
        break;
    case QUOTE:
        assay_share_holder_on_quote(m->holder, m->registry, &epoch, in.serial, bytes, w->now_ms,
                                    &w->effects);
        break;
    case VERIFY:
        assay_share_holder_on_verified(m->holder, m->registry, &epoch, in.serial, in.good,
                                       w->now_ms, &w->effects);
        break;
    }
    shares_host_does(w, m);
    free(in.bytes);
}

static void message_drop(struct world *w, uint32_t at)
{
    free(w->message[at].bytes);
    w->message[at] = w->message[--w->message_count];
}

/* Disk and key are lost: the member lists itself again, and has no slot at first. */
static void rekey(struct world *w, struct machine *m)
{
    if (w->rekeys == 0) return;
    w->rekeys--;
    shares_host_loses_disk(w, m);
    new_key(w, m);
    shares_start(w, m);
    list_itself(w, m);
}

static void step(struct world *w)
{
    struct machine *m = &w->machine[shares_draw(w, w->machine_count)];
    const uint64_t what = shares_draw(w, 100);
    if (what < 40) {
        if (w->message_count > 0) deliver(w, (uint32_t)shares_draw(w, w->message_count));
    } else if (what < 43) {
        if (w->message_count > 0) message_drop(w, (uint32_t)shares_draw(w, w->message_count));
    } else if (what < 55) {
        if (w->pool_count > 0) finalize(w, (uint32_t)shares_draw(w, w->pool_count));
    } else if (what < 75) {
        for (uint64_t i = shares_draw(w, 4); i < 4; i++)
            see(w, m);
    } else if (what < 83) {
        w->now_ms += shares_draw(w, 200);
        tick(w, m);
    } else if (what < 85) {
        if (shares_draw(w, w->plan->clusters > 1 ? 12 : 6) == 0) close_epoch(w);
    } else if (what < 86) {
        if (shares_draw(w, 10) == 0) rekey(w, m);
        if (shares_draw(w, 6) == 0) enter_era(w);
        if (w->plan->changes && shares_draw(w, 2) == 0) shares_replay(w);
        else if (w->plan->changes) shares_owner_changes(w, (uint32_t)shares_draw(w, w->plan->ids));
        show_some(w);
    } else {
        const uint32_t number = (uint32_t)shares_draw(w, w->plan->ids);
        shares_owner_hands(w, number, (uint32_t)shares_draw(w, SLOTS));
    }
}

static void check(struct world *w)
{
    for (uint32_t i = 0; i < w->plan->ids; i++)
        check_id(w, i);
}

/* Every slot keeps what is synced, of the current generation and nothing else. */
static bool is_settled(struct world *w)
{
    if (w->pool_count > 0 || w->head->reshare_count > 0) return false;
    for (uint32_t c = 0; c < w->plan->clusters; c++)
        for (uint32_t slot = 0; slot < SLOTS; slot++) {
            const struct machine *m = &w->machine[w->head->cluster[c].seat[slot].member];
            if (!w->head->cluster[c].seated || m->seen < w->log_count) return false;
            if (m->lies) continue;
            for (uint32_t i = 0; i < w->plan->ids; i++) {
                const struct assay_share_row *row =
                    assay_share_registry_find(w->head, w->owner[i].id);
                if (row == NULL) { /* forgotten or deleted: no holder has shares of it */
                    if (m->disk[i].len > 0) return false;
                    continue;
                }
                if (!row->synced || row->wanted != 0) return false;
                if (!keeps(w, shares_number_of(w, m), i)) return false;
                if (assay_share_holder_piece(m->holder, row->id, true) != NULL) return false;
            }
        }
    return true;
}

static void heal(struct world *w)
{
    w->healing = true;
    for (uint32_t round = 0; round < HEAL_ROUNDS && w->result->violation == NULL; round++) {
        w->now_ms += 100;
        if (round % 200 == 0) close_epoch(w);
        if (round % 20 == 5)
            for (uint32_t i = 0; i < w->plan->ids; i++)
                shares_owner_hands(w, i, round / 20 % SLOTS);
        if (w->pool_count > 0) finalize(w, 0);
        if (round % 8 == 3) show_some(w);
        for (uint32_t i = 0; i < w->machine_count; i++) {
            while (w->machine[i].seen < w->log_count)
                see(w, &w->machine[i]);
            tick(w, &w->machine[i]);
        }
        for (uint32_t i = w->message_count; i > 0 && w->message_count > 0; i--)
            deliver(w, 0);
        if (round % 8 == 0) check(w);
        if (round % 8 == 0 && is_settled(w)) {
            w->result->settled = true;
            return;
        }
    }
}

/* docs/services.md 5.17: so long a reshare takes at most. */
static void check_due(struct world *w)
{
    for (uint32_t i = 0; i < w->plan->ids; i++) {
        const struct assay_share_row *row = assay_share_registry_find(w->head, w->owner[i].id);
        const uint32_t generation = row == NULL ? 0 : row->generation;
        const bool due = row != NULL && row->synced && row->wanted != 0;
        w->due[i] = due && generation == w->generation[i] ? w->due[i] + 1 : 0;
        w->generation[i] = generation;
        if (w->due[i] <= 1) /* it waits for the round that runs, if one does */
            w->due_max[i] =
                DUE_MAX + (w->head->round->phase != ASSAY_SHARE_PHASE_NONE ? ROUND_MAX : 0);
        if (w->due[i] > w->due_max[i]) shares_violated(w, "OVERDUE", i, w->due[i]);
    }
}

/* One that sits, and is neither the first nor the last, is suspended for an epoch. */
static void suspend_one(struct world *w)
{
    const uint32_t slot = (uint32_t)shares_draw(w, SLOTS);
    const uint32_t member = w->head->cluster[0].seat[slot].member;
    if (!w->head->cluster[0].seated || member == 0 || w->machine[member].lies) return;
    /* n - r is one, and one is silent already: what another one leaves may be too few. */
    if (w->plan->mute && w->head->reshare_count > 0) return;
    w->standing[member] = ASSAY_SHARE_STAND_SUSPENDED;
}

static void day(struct world *w)
{
    w->crashes = w->plan->crashes;
    for (uint32_t round = 0; round < DAY_ROUNDS && w->result->violation == NULL; round++) {
        w->now_ms += 100;
        if (round % 12 == 5)
            for (uint32_t i = 0; i < w->plan->ids; i++)
                shares_owner_hands(w, i, round / 12 % SLOTS);
        for (uint32_t i = 0; i < w->machine_count; i++)
            if (w->machine[i].forges) shares_forge(w, &w->machine[i]);
        for (uint32_t i = 0; i < 4 && w->pool_count > 0; i++)
            finalize(w, (uint32_t)shares_draw(w, w->pool_count));
        for (uint32_t i = 0; i < w->machine_count; i++) {
            while (w->machine[i].seen < w->log_count)
                see(w, &w->machine[i]);
            tick(w, &w->machine[i]);
        }
        for (uint32_t i = w->message_count; i > 0 && w->message_count > 0; i--)
            deliver(w, 0);
        check(w);
    }
    for (uint32_t i = 0; i < w->machine_count && w->head->round->phase == ASSAY_SHARE_PHASE_NONE;
         i++)
        if (w->machine[i].seen == w->log_count && w->machine[i].holder->key_now.set)
            shares_violated(w, "KEYS", 0, i);
}

static void days(struct world *w)
{
    w->in_days = true;
    for (uint32_t i = 0; i < w->plan->days && w->result->violation == NULL; i++) {
        day(w);
        for (uint32_t m = 0; m < w->machine_count; m++)
            w->standing[m] = ASSAY_SHARE_STAND_FULL;
        if (i % 12 == 3) suspend_one(w);
        close_epoch(w);
        check_due(w);
    }
    w->in_days = false;
}

static void make(struct world *w)
{
    const size_t len = assay_share_registry_size(IDS);
    w->config = (struct assay_share_config){ .clusters = w->plan->clusters, .slots = SLOTS, .k = K,
                                             .confirmations = CONFIRMATIONS, .ids_max = IDS };
    w->head = assay_share_registry_init(malloc(len), len, &w->config);
    w->machine_count = w->plan->clusters * (SLOTS + w->plan->spare);
    ASSAY_ASSERT(w->machine_count <= MACHINES && w->plan->ids <= IDS);
    for (uint32_t i = 0; i < w->machine_count; i++) {
        struct machine *m = &w->machine[i];
        m->cluster = i % w->plan->clusters;
        const bool last = i == w->machine_count - 1; /* the best: it sits at once */
        m->spoils = w->plan->liar && last;
        m->forges = w->plan->forges && last;
        m->mute = w->plan->mute && last;
        m->lies = last && (w->plan->liar || w->plan->forges || w->plan->starves || w->plan->mute);
        m->shows = w->plan->accuser && i == 0;
        m->registry = assay_share_registry_init(malloc(len), len, &w->config);
        w->standing[i] = ASSAY_SHARE_STAND_FULL;
        new_key(w, m);
        shares_start(w, m);
    }
    close_epoch(w);
    for (uint32_t i = 0; i < w->machine_count; i++) {
        list_itself(w, &w->machine[i]);
        finalize(w, 0);
        while (w->pool_count > 0)
            finalize(w, 0);
    }
    for (uint32_t i = 0; i < w->plan->ids; i++)
        shares_owner_make(w, i);
}

static void unmake(struct world *w)
{
    while (w->message_count > 0)
        message_drop(w, 0);
    while (w->pool_count > 0)
        pool_drop(w, 0);
    for (uint32_t i = 0; i < w->signed_count; i++)
        free(w->signed_[i].bytes);
    for (uint32_t i = 0; i < w->log_count; i++)
        free(w->log[i].bytes);
    for (uint32_t i = 0; i < w->machine_count; i++) {
        free(w->machine[i].holder);
        free(w->machine[i].registry);
    }
    free(w->head);
}

struct shares_result shares_world_run(const struct shares_plan *plan)
{
    struct shares_result result = { 0 };
    struct world *w = calloc(1, sizeof *w);
    ASSAY_ASSERT(w != NULL);
    w->plan = plan;
    w->result = &result;
    w->random = plan->seed;
    w->crashes = plan->crashes;
    w->rekeys = plan->rekeys;
    w->eras = plan->eras;
    w->suspensions = 0;
    make(w);
    w->suspensions = plan->suspensions;
    for (; result.steps < plan->steps && result.violation == NULL; result.steps++) {
        step(w);
        check(w);
    }
    if (plan->days > 0) days(w);
    if (result.violation == NULL && plan->days == 0) heal(w);
    if (plan->days > 0) result.settled = result.violation == NULL;
    unmake(w);
    free(w);
    return result;
}
