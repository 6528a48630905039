/*
 * tests/bench/services/bench_continuity.c - benchmark of state continuity.
 *
 * Processor time of the protocol of state continuity, compared with the primitives that it uses.
 *
 * One enclave and n replicas in one process, on one core, without a network: all computation for an
 * update, best of seven rounds. Network latency is excluded; on real machines each replica has a
 * processor of its own. A view change is the work of all members together, signatures included,
 * from the decision to the last member that serves, with 1,024 instances in every table.
 */
#include "base/assert.h"
#include "services/continuity/client.h"
#include "services/continuity/records.h"
#include "services/continuity/replica.h"
#include "services/continuity/table.h"
#include "tests/support/stopwatch.h"

#include <stdlib.h>

enum { PEERS = ASSAY_CONT_SEATS_MAX + 1, QUEUE = 1024, BATCH = ASSAY_CONT_BATCH_MAX };

struct world {
    uint32_t n;
    struct assay_cont_replica *replica[PEERS];
    struct assay_p256_signer *signer[PEERS];
    uint8_t key[PEERS][ASSAY_P256_PUBLIC_LEN];
    struct assay_cont_roster roster;
    struct assay_cont_effects effects;
    struct assay_cont_client client;
    struct assay_cont_outputs outs;
    uint8_t instance[32];
    struct assay_cont_table_record record;
    bool submitted;
    struct {
        uint32_t from, to;
        struct assay_slice frame;
    } queue[QUEUE];
    uint32_t head, tail;
    uint8_t blob[32];
    uint32_t sink;
};

static void must(enum assay_status status)
{
    ASSAY_ASSERT(status == ASSAY_OK);
}

/* The client's frames to every replica, and their answers back, until no frame is left. */
static void exchange(struct world *w)
{
    static uint8_t frame[ASSAY_CONT_FRAME_MAX];
    struct assay_cont_from from = { .session = 1 };
    assay_bytes_copy(from.instance, 32, w->instance, 32);
    while (w->outs.count > 0) {
        const struct assay_slice out = w->outs.out[0].frame;
        assay_bytes_copy(frame, sizeof frame, out.bytes, out.len);
        const struct assay_slice in = assay_slice_over(frame, out.len);
        w->outs.count = 0;
        for (uint32_t i = 0; i < w->n; i++) {
            must(assay_cont_replica_frame(w->replica[i], &from, in, 0, &w->effects));
            const struct assay_slice answer =
                assay_slice_over(w->effects.bytes, w->effects.send[0].len);
            struct assay_cont_outputs *outs = &w->outs;
            const uint32_t before = outs->count;
            if (before > 0) continue; /* the next frame leaves: the others' answers come late */
            assay_status_ignore(assay_cont_client_frame(&w->client, i, answer, 0, outs),
                                "an answer that comes after the quorum answers nothing");
        }
    }
}

static void one_update(void *context)
{
    struct world *w = context;
    uint64_t index = 0;
    w->blob[0]++;
    must(assay_cont_client_update(&w->client, w->blob, 0, &index, &w->outs));
    exchange(w);
    ASSAY_ASSERT(w->client.certified == index);
}

static void batch(void *context)
{
    struct world *w = context;
    uint64_t index = 0;
    struct assay_cont_outputs *first = malloc(sizeof *first);
    ASSAY_ASSERT(first != NULL);
    w->blob[1]++;
    must(assay_cont_client_update(&w->client, w->blob, 0, &index, first));
    for (uint32_t i = 1; i < BATCH; i++)
        must(assay_cont_client_update(&w->client, w->blob, 0, &index, &w->outs));
    w->outs = *first;
    free(first);
    exchange(w);
    ASSAY_ASSERT(w->client.certified == index);
}

static void fact_to_all(struct world *w, const struct assay_cont_fact *fact)
{
    for (uint32_t i = 0; i <= w->n; i++)
        assay_cont_replica_fact(w->replica[i], fact, 0, &w->effects);
}

static struct world *make(uint32_t n)
{
    struct world *w = calloc(1, sizeof *w);
    ASSAY_ASSERT(w != NULL);
    w->n = w->roster.count = n;
    for (uint32_t i = 0; i <= n; i++) {
        struct assay_cont_replica_config config = { .instances_max = ASSAY_CONT_INSTANCES_MAX };
        const size_t len = assay_cont_replica_size(config.instances_max);
        struct assay_secret32 secret;
        must(assay_p256_generate(&secret, w->key[i]));
        must(assay_p256_signer_load(&secret, &w->signer[i]));
        assay_bytes_copy(config.key, 64, w->key[i], 64);
        if (i < n) assay_bytes_copy(w->roster.key[i], 64, w->key[i], 64);
        w->replica[i] = assay_cont_replica_init(malloc(len), len, &config);
    }
    fact_to_all(w, &(struct assay_cont_fact){ .kind = ASSAY_CONT_BORN, .roster = w->roster });
    for (uint32_t i = 0; i < ASSAY_CONT_INSTANCES_MAX; i++) {
        struct assay_cont_fact fact = { .kind = ASSAY_CONT_SESSION, .session = 1 };
        assay_sha256(&i, sizeof i, fact.instance);
        fact_to_all(w, &fact);
        assay_bytes_copy(w->instance, 32, fact.instance, 32);
        struct assay_cont_client_config config = { .session = 1, .roster = w->roster };
        assay_bytes_copy(config.instance, 32, fact.instance, 32);
        assay_cont_client_init(&w->client, &config);
        assay_cont_client_open(&w->client, w->blob, 0, &w->outs);
        exchange(w);
        must(assay_cont_client_adopt(&w->client, 0, w->blob, w->blob, 0, &w->outs));
        exchange(w);
        one_update(w);
    }
    return w;
}

/* --- a view change */

static void collect(struct world *w, uint32_t from, uint32_t sender)
{
    for (uint32_t i = 0; i < w->effects.count; i++) {
        const struct assay_cont_send *send = &w->effects.send[i];
        uint8_t *bytes = w->effects.bytes + send->at;
        if (send->to == ASSAY_CONT_TO_LEDGER) {
            must(assay_cont_table_record_decode(assay_slice_over(bytes, send->len), &w->record));
            w->submitted = true;
            continue;
        }
        if (send->sign)
            must(assay_p256_sign(w->signer[from], send->statement, bytes + send->len - 64));
        for (uint32_t to = 0; to <= w->n; to++) {
            if (send->to == ASSAY_CONT_TO_SENDER && to != sender) continue;
            if (send->to == ASSAY_CONT_TO_KEY && !assay_bytes_equal(send->key, w->key[to], 64))
                continue;
            uint8_t *copy = malloc(send->len);
            ASSAY_ASSERT(copy != NULL && w->tail < w->head + QUEUE);
            assay_bytes_copy(copy, send->len, bytes, send->len);
            w->queue[w->tail % QUEUE].from = from;
            w->queue[w->tail % QUEUE].to = to;
            w->queue[w->tail++ % QUEUE].frame = assay_slice_over(copy, send->len);
        }
    }
}

static void settle(struct world *w)
{
    while (w->head < w->tail) {
        const uint32_t at = w->head++ % QUEUE, to = w->queue[at].to;
        struct assay_cont_from from = { .replica = true };
        assay_bytes_copy(from.key, 64, w->key[w->queue[at].from], 64);
        if (assay_cont_replica_frame(w->replica[to], &from, w->queue[at].frame, 0, &w->effects) ==
            ASSAY_OK)
            collect(w, to, w->queue[at].from);
        free((void *)(uintptr_t)w->queue[at].frame.bytes);
    }
}

static void tell(struct world *w, const struct assay_cont_fact *fact)
{
    for (uint32_t i = 0; i <= w->n; i++) {
        assay_cont_replica_fact(w->replica[i], fact, 0, &w->effects);
        collect(w, i, PEERS);
    }
}

static void change_view(struct world *w)
{
    struct assay_cont_fact fact = { .kind = ASSAY_CONT_DECIDED, .base_roster = w->roster };
    const double start_us = stopwatch_us(CLOCK_THREAD_CPUTIME_ID);
    fact.roster = w->roster;
    fact.roster.view = 1;
    assay_bytes_copy(fact.roster.key[0], 64, w->key[w->n], 64);
    tell(w, &fact);
    settle(w);
    ASSAY_ASSERT(w->submitted);
    fact.kind = ASSAY_CONT_STARTED;
    fact.entries = w->record.entries;
    assay_bytes_copy(fact.root, 32, w->record.root, 32);
    tell(w, &fact);
    settle(w);
    const double all_ms = (stopwatch_us(CLOCK_THREAD_CPUTIME_ID) - start_us) / 1e3;
    for (uint32_t i = 1; i <= w->n; i++)
        ASSAY_ASSERT(assay_cont_replica_status(w->replica[i]).serves);
    printf("n = %-9u%-33s %9.2f ms, %.2f ms a member\n", w->n, "view change, 10,240 instances",
           all_ms, all_ms / w->n);
}

/* --- primitives */

static void digest_once(void *context)
{
    struct world *w = context;
    assay_cont_state_digest(w->instance, w->sink++, w->blob, w->blob, w->blob);
}

static void sign_once(void *context)
{
    struct world *w = context;
    must(assay_p256_sign(w->signer[0], w->blob, w->record.signature[0]));
}

static void verify_once(void *context)
{
    struct world *w = context;
    ASSAY_ASSERT(assay_cont_verify_signature(w->key[0], w->blob, w->record.signature[0]));
}

int main(void)
{
    static const uint32_t sizes[] = { 3, 5, 7 };
    printf("processor time of one enclave and n replicas in one process, no network\n");
    for (size_t i = 0; i < sizeof sizes / sizeof *sizes; i++) {
        char heading[16];
        struct world *w = make(sizes[i]);
        (void)snprintf(heading, sizeof heading, "n = %u", sizes[i]);
        (void)stopwatch_best_us(heading, "one update, certified", 2000, one_update, w);
        const double each =
            stopwatch_best_us(heading, "512 updates, two frames", 50, batch, w) / BATCH;
        printf("n = %-9u%-33s %9.2f us %10.0f /s\n", sizes[i], "an update in such frames", each,
               1e6 / each);
        change_view(w);
        if (sizes[i] == 7) {
            (void)stopwatch_best_us("primitive", "digest of a state (SHA-256)", 20000, digest_once,
                                    w);
            (void)stopwatch_best_us("primitive", "P-256 signature", 500, sign_once, w);
            (void)stopwatch_best_us("primitive", "P-256 key loaded, verified", 200, verify_once, w);
        }
        for (uint32_t k = 0; k <= w->n; k++) {
            assay_p256_signer_free(&w->signer[k]);
            free(w->replica[k]);
        }
        free(w);
    }
    return 0;
}
