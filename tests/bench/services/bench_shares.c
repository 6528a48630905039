/*
 * tests/bench/services/bench_shares.c - benchmark of secret shares.
 *
 * What shares cost a processor: the primitives, the ledger's fold, and resharing.
 *
 * One process, one core, no network, 3 of 5, best of seven rounds. Resharing is the whole protocol
 * of five holders together with everything that all of them compute: dealing, exchanges with sealed
 * boxes and signatures, checks on arrival, renewal, and one fold of the ledger. Evidence is not
 * made and not verified here, and nothing is written to a disk. On real machines each holder has a
 * processor of its own.
 */
#include "base/assert.h"
#include "services/shares/holder.h"
#include "tests/support/stopwatch.h"

#include <stdlib.h>

enum { SLOTS = 5, K = 3, HOLDERS = SLOTS + 1, IDS_MAX = 1000, QUEUE = 4096 };

static uint32_t ids = IDS_MAX;

struct machine {
    struct world *w;
    struct assay_p256_signer *signer;
    uint8_t key[ASSAY_P256_PUBLIC_LEN];
    struct assay_share_holder *h;
};

enum task_kind { MESSAGE, QUOTE, VERIFY, FINAL };

struct task {
    enum task_kind kind;
    uint32_t from, to;
    uint64_t serial;
    struct assay_slice bytes;
};

struct world {
    struct assay_share_registry *r;
    struct machine machine[HOLDERS];
    struct assay_share_facts facts, events;
    struct assay_share_effects out;
    struct assay_share_epoch epoch;
    struct assay_share_polynomial polynomial;
    struct assay_share_commitments commitments;
    struct assay_share_dealing dealing[K];
    struct assay_secret32 share, secret;
    struct task queue[QUEUE];
    uint32_t head, tail;
    uint64_t random;
    uint8_t id[32], message[1024], sealed[2048], public_key[32];
    struct assay_share_list_record line;
    uint32_t number;
};

static void must(enum assay_status status)
{
    ASSAY_ASSERT(status == ASSAY_OK);
}

static void own_random(void *context, uint8_t *bytes, size_t len)
{
    struct machine *m = context;
    for (size_t i = 0; i < len; i++) {
        m->w->random = m->w->random * 6364136223846793005ULL + 1442695040888963407ULL;
        bytes[i] = (uint8_t)(m->w->random >> 56);
    }
}

static void own_sign(void *context, const uint8_t digest[static 32],
                     uint8_t signature[static ASSAY_P256_SIGNATURE_LEN])
{
    const struct machine *m = context;
    must(assay_p256_sign(m->signer, digest, signature));
}

/* --- a ledger and its holders */

static void close_epoch(struct world *w, uint32_t suspended)
{
    enum assay_share_standing standing[HOLDERS];
    uint16_t score[HOLDERS] = { 0 };
    for (uint32_t i = 0; i < HOLDERS; i++)
        standing[i] = i == suspended ? ASSAY_SHARE_STAND_SUSPENDED : ASSAY_SHARE_STAND_FULL;
    w->epoch.epoch++;
    assay_share_registry_close_epoch(w->r, w->epoch.epoch, standing, score, HOLDERS, &w->facts);
}

static void id_of(uint32_t number, struct assay_share_put_record *put)
{
    const uint32_t owner = number / ASSAY_SHARE_QUOTA_MIN; /* none has more than its quota */
    *put = (struct assay_share_put_record){ .k = K };
    assay_bytes_copy(put->owner, sizeof put->owner, &owner, sizeof owner);
    assay_bytes_copy(put->name, 32, &number, sizeof number);
}

static void make_ledger(struct world *w)
{
    const struct assay_share_config config = { .clusters = 1, .slots = SLOTS, .k = K,
                                               .confirmations = SLOTS,
                                               .ids_max = ASSAY_SHARE_IDS_MAX };
    const size_t len = assay_share_registry_size(config.ids_max);
    w->r = assay_share_registry_init(malloc(len), len, &config);
    close_epoch(w, HOLDERS);
    for (uint32_t i = 0; i < HOLDERS; i++) {
        struct assay_share_holder_record record = { .node = { (uint8_t)i } };
        struct assay_secret32 secret;
        const uint8_t node[32] = { (uint8_t)i };
        struct machine *m = &w->machine[i];
        must(assay_p256_generate(&secret, m->key));
        must(assay_p256_signer_load(&secret, &m->signer));
        assay_bytes_copy(record.key, 64, m->key, 64);
        (void)assay_share_registry_apply_holder(w->r, i, node, &record, &w->facts);
    }
    for (uint32_t i = 0; i < SLOTS; i++) {
        struct assay_share_ready_record ready = { .slot = i,
                                                  .seating = w->r->cluster[0].seat[i].seating };
        assay_share_registry_root(w->r, ready.digest);
        (void)assay_share_registry_apply_ready(w->r, i, &ready, &w->facts);
    }
}

/* All ids are of one polynomial and synced; each holder has its share of all of them. */
static void make_holders(struct world *w)
{
    struct assay_share_put_record put;
    for (uint32_t i = 0; i < HOLDERS; i++) {
        struct machine *m = &w->machine[i];
        struct assay_share_holder_config config = { .host = { m, own_random, own_sign },
                                                    .ids_max = ids };
        const size_t len = assay_share_holder_size(ids);
        m->w = w;
        assay_bytes_copy(config.key, 64, m->key, 64);
        m->h = assay_share_holder_init(malloc(len), len, &config);
    }
    for (uint32_t number = 0; number < ids; number++) {
        const uint64_t attempt = assay_share_put_attempt(w->r->epoch);
        struct assay_share_piece piece = { .generation = 1,
                                           .attempt = attempt,
                                           .commitments = w->commitments };
        id_of(number, &put);
        assay_share_id(put.owner, put.name, piece.id);
        assay_share_commitments_digest(&w->commitments, put.digest);
        (void)assay_share_registry_apply_put(w->r, number % ASSAY_SHARE_MEMBERS_MAX, &put,
                                             &w->facts);
        w->line.count = 1;
        w->line.line[0] = (struct assay_share_line){ .generation = 1, .attempt = attempt };
        assay_bytes_copy(w->line.line[0].id, 32, piece.id, 32);
        assay_bytes_copy(w->line.line[0].digest, 32, put.digest, 32);
        for (uint32_t slot = 0; slot < SLOTS; slot++) {
            uint8_t stored[ASSAY_SHARE_STORED_MAX];
            struct assay_writer out = assay_writer_over(stored, sizeof stored);
            assay_writer_u8(&out, 4); /* as assay_share_holder_stored has it */
            assay_writer_u8(&out, 1);
            assay_writer_u8(&out, 0);
            assay_writer_u8(&out, (uint8_t)slot);
            assay_writer_put(&out, piece.id, 32);
            must(assay_share_of(&w->polynomial, slot, &piece.share));
            assay_share_piece_encode(&out, &piece);
            must(assay_share_holder_load(w->machine[slot].h, assay_slice_over(stored, out.len)));
            w->line.seating = w->r->cluster[0].seat[slot].seating;
            (void)assay_share_registry_apply_have(w->r, slot, &w->line, &w->facts);
        }
    }
    ASSAY_ASSERT(w->r->synced_count == ids);
}

/* --- delivery of all messages, until none is left */

static void task_add(struct world *w, enum task_kind kind, uint32_t from, uint32_t to,
                     uint64_t serial, struct assay_slice bytes)
{
    uint8_t *copy = malloc(bytes.len + 1);
    ASSAY_ASSERT(copy != NULL && w->tail - w->head < QUEUE);
    assay_bytes_copy(copy, bytes.len, bytes.bytes, bytes.len);
    w->queue[w->tail++ % QUEUE] =
        (struct task){ kind, from, to, serial, assay_slice_over(copy, bytes.len) };
}

static void does(struct world *w, uint32_t from);

static void tell(struct world *w)
{
    w->events = w->facts;
    for (uint32_t i = 0; i < HOLDERS && w->events.count > 0; i++) {
        assay_share_holder_on_facts(w->machine[i].h, w->r, &w->epoch, &w->events, 0, &w->out);
        does(w, i);
    }
}

static void final_record(struct world *w, uint32_t from, const struct assay_share_effect *effect)
{
    struct assay_share_ready_record ready;
    if (effect->payload == ASSAY_SHARE_PAYLOAD_READY) {
        must(assay_share_ready_record_decode(effect->bytes, &ready));
        (void)assay_share_registry_apply_ready(w->r, from, &ready, &w->facts);
        return;
    }
    if (effect->payload == ASSAY_SHARE_PAYLOAD_KEY) { /* for public attempts: none come */
        struct assay_share_key_record key;
        must(assay_share_key_record_decode(effect->bytes, &key));
        (void)assay_share_registry_apply_key(w->r, from, &key, &w->facts);
        return;
    }
    ASSAY_ASSERT(effect->payload == ASSAY_SHARE_PAYLOAD_HAVE ||
                 effect->payload == ASSAY_SHARE_PAYLOAD_DEAL);
    must(assay_share_list_record_decode(effect->bytes, &w->line));
    if (effect->payload == ASSAY_SHARE_PAYLOAD_HAVE)
        (void)assay_share_registry_apply_have(w->r, from, &w->line, &w->facts);
    else (void)assay_share_registry_apply_deal(w->r, from, &w->line, &w->facts);
}

/* Submitted records become final in order: the facts of one record are delivered before the
 * next. */
static void does(struct world *w, uint32_t from)
{
    for (uint32_t i = 0; i < w->out.count; i++) {
        const struct assay_share_effect *effect = &w->out.effect[i];
        if (effect->act == ASSAY_SHARE_ACT_QUOTE)
            task_add(w, QUOTE, from, from, effect->serial, assay_slice_over("evidence", 8));
        if (effect->act == ASSAY_SHARE_ACT_VERIFY)
            task_add(w, VERIFY, from, from, effect->serial, assay_slice_over(NULL, 0));
        if (effect->act == ASSAY_SHARE_ACT_SEND)
            for (uint32_t to = 0; to < HOLDERS; to++)
                if (assay_bytes_equal(w->machine[to].key, effect->key, 64))
                    task_add(w, MESSAGE, from, to, 0, effect->bytes);
        if (effect->act == ASSAY_SHARE_ACT_SUBMIT)
            task_add(w, FINAL, from, from, (uint64_t)effect->payload, effect->bytes);
    }
}

static void become_final(struct world *w, const struct task *task)
{
    const struct assay_share_effect effect = { .payload = (enum assay_share_payload)task->serial,
                                               .bytes = task->bytes };
    w->facts.count = 0;
    final_record(w, task->from, &effect);
    w->out.count = 0; /* each holder was asked what follows */
    if (w->facts.count > 0) tell(w);
    w->out.count = 0;
}

static void settle(struct world *w)
{
    for (uint32_t idle = 0; idle < 2;) {
        if (w->head == w->tail) {
            for (uint32_t i = 0; i < HOLDERS; i++) {
                assay_share_holder_tick(w->machine[i].h, w->r, &w->epoch, 0, &w->out);
                const bool busy = w->out.wake_at_ms == 0 || w->out.count > 0;
                does(w, i);
                if (busy) idle = 0;
            }
            if (w->head == w->tail) idle++;
            continue;
        }
        idle = 0;
        const struct task task = w->queue[w->head++ % QUEUE];
        struct assay_share_holder *h = w->machine[task.to].h;
        struct assay_share_from from = { .holder = true };
        assay_bytes_copy(from.key, 64, w->machine[task.from].key, 64);
        if (task.kind == MESSAGE)
            must(assay_share_holder_on_message(h, w->r, &w->epoch, &from, task.bytes, 0, &w->out));
        else if (task.kind == FINAL) become_final(w, &task);
        else if (task.kind == QUOTE)
            assay_share_holder_on_quote(h, w->r, &w->epoch, task.serial, task.bytes, 0, &w->out);
        else assay_share_holder_on_verified(h, w->r, &w->epoch, task.serial, true, 0, &w->out);
        does(w, task.to);
        free((void *)(uintptr_t)task.bytes.bytes);
    }
}

static void reshare(struct world *w)
{
    const double start_us = stopwatch_us(CLOCK_THREAD_CPUTIME_ID);
    uint32_t renewed = 0;
    close_epoch(w, 4);
    tell(w);
    settle(w);
    const double all_s = (stopwatch_us(CLOCK_THREAD_CPUTIME_ID) - start_us) / 1e6;
    for (uint32_t i = 0; i < w->r->row_count; i++)
        if (w->r->row[i].generation == 2) renewed++;
    ASSAY_ASSERT(renewed == ids);
    (void)printf("%-13s%-33s %9.2f s, %.2f s a holder\n", "protocol", "1,000 ids dealt anew", all_s,
                 all_s / SLOTS);
}

/* --- primitives */

static void deal_once(void *context)
{
    struct world *w = context;
    uint8_t wide[K * ASSAY_SODIUM_WIDE_LEN];
    own_random(&w->machine[0], wide, sizeof wide);
    must(assay_share_deal(K, wide, &w->polynomial, &w->commitments));
}

static void verify_once(void *context)
{
    struct world *w = context;
    must(assay_share_verify(&w->commitments, 1, &w->share));
}

static void dealing_once(void *context)
{
    struct world *w = context;
    must(assay_share_dealing_verify(&w->commitments, (1u << K) - 1, 4, &w->dealing[0]));
}

static void renew_once(void *context)
{
    struct world *w = context;
    struct assay_share_commitments renewed;
    must(assay_share_renew(&w->commitments, 4, w->dealing, &w->share, &renewed));
}

static void combine_once(void *context)
{
    struct world *w = context;
    const uint32_t slot[K] = { 0, 1, 2 };
    struct assay_secret32 share[K];
    for (uint32_t i = 0; i < K; i++)
        must(assay_share_of(&w->polynomial, i, &share[i]));
    must(assay_share_combine(K, slot, share, &w->secret));
}

static void box_seal_once(void *context)
{
    struct world *w = context;
    must(assay_sodium_box_seal(&w->secret, w->public_key, assay_slice_over(w->message, 176),
                               w->sealed));
}

static void box_open_once(void *context)
{
    struct world *w = context;
    must(assay_sodium_box_open(&w->secret, w->public_key,
                               assay_slice_over(w->sealed, 176 + ASSAY_SODIUM_BOX_OVERHEAD),
                               w->message));
}

static void payload_seal_once(void *context)
{
    struct world *w = context;
    assay_share_payload_seal(&w->secret, w->id, w->public_key,
                             assay_slice_over(w->message, sizeof w->message), w->sealed);
}

static void payload_open_once(void *context)
{
    struct world *w = context;
    const size_t len = sizeof w->message + ASSAY_SODIUM_NONCE_LEN + ASSAY_SODIUM_TAG_LEN;
    must(assay_share_payload_open(&w->secret, w->id, assay_slice_over(w->sealed, len),
                                  w->message));
}

static void have_once(void *context)
{
    struct world *w = context;
    const uint32_t member = w->number++ % SLOTS;
    assay_bytes_copy(w->line.line[0].id, 32, w->r->row[w->number % ids].id, 32);
    w->r->row[w->number % ids].have[0] &= ~(1u << member);
    (void)assay_share_registry_apply_have(w->r, member, &w->line, &w->facts);
}

static void primitives(struct world *w)
{
    struct assay_share_polynomial polynomial;
    uint8_t wide[K * ASSAY_SODIUM_WIDE_LEN];
    (void)stopwatch_best_us("primitive", "a secret dealt, 3 of n", 100, deal_once, w);
    must(assay_share_of(&w->polynomial, 1, &w->share));
    (void)stopwatch_best_us("primitive", "a share verified", 100, verify_once, w);
    (void)stopwatch_best_us("primitive", "five shares dealt, combined", 500, combine_once, w);
    for (uint32_t i = 0; i < K; i++) {
        struct assay_secret32 own, lambda;
        own_random(&w->machine[0], wide, sizeof wide);
        must(assay_share_of(&w->polynomial, i, &own));
        must(assay_share_lambda((1u << K) - 1, i, &lambda));
        assay_sodium_scalar_mul(&lambda, &own, &own);
        w->dealing[i].dealer = i;
        must(assay_share_deal_on(K, &own, wide, &polynomial, &w->dealing[i].commitments));
        must(assay_share_of(&polynomial, 4, &w->dealing[i].sub));
    }
    (void)stopwatch_best_us("primitive", "a sub-share verified by itself", 100, dealing_once, w);
    (void)stopwatch_best_us("primitive", "a share renewed and verified", 100, renew_once, w);
    struct assay_secret32 seed = { { 1 } };
    assay_sodium_box_pair(&seed, &w->secret, w->public_key);
    (void)stopwatch_best_us("primitive", "a box sealed, 176 bytes", 200, box_seal_once, w);
    (void)stopwatch_best_us("primitive", "a box opened", 200, box_open_once, w);
    (void)stopwatch_best_us("primitive", "a payload sealed, 1 KiB", 2000, payload_seal_once, w);
    (void)stopwatch_best_us("primitive", "a payload opened", 2000, payload_open_once, w);
}

int main(void)
{
    struct world *w = calloc(1, sizeof *w);
    ASSAY_ASSERT(w != NULL);
    w->machine[0].w = w;
    if (stopwatch_is_short()) ids = 20;
    must(assay_sodium_start());
    (void)printf("processor time, 3 of 5, one process, no network, no evidence\n");
    primitives(w);
    make_ledger(w);
    make_holders(w);
    for (uint32_t i = 0; i < HOLDERS; i++) {
        assay_share_holder_crawl(w->machine[i].h, w->r, &w->epoch, 0, &w->out);
        does(w, i);
    }
    settle(w);
    w->line.count = 1;
    (void)stopwatch_best_us("fold", "a confirmation, 1,000 ids", 20000, have_once, w);
    reshare(w);
    for (uint32_t i = 0; i < HOLDERS; i++) {
        assay_p256_signer_free(&w->machine[i].signer);
        free(w->machine[i].h);
    }
    free(w->r);
    free(w);
    return 0;
}
