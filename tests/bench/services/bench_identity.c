/*
 * tests/bench/services/bench_identity.c - benchmark of attested identities: the group key.
 *
 * What a threshold signature costs each of its signers and its coordinator, and a dealing its
 * dealer and its receivers, beside one signature and one verification of plain Ed25519 in the same
 * run; complete sessions of all signers: commit, echo, answer, with their messages and signatures,
 * of one certificate and of as many as a message has room for; and what a renewal of the
 * certificates of 1,024 members with two keys each takes.
 *
 * One process, one core, no network: a session is the sum of what all signers and the coordinator
 * compute, which machines of their own do at the same time.
 */
#include "base/assert.h"
#include "base/crypto.h"
#include "services/identity/sharing.h"
#include "services/identity/signer.h"
#include "tests/support/stopwatch.h"

struct group {
    uint32_t threshold;
    struct assay_sharing_polynomial polynomial;
    struct assay_sharing_commitments commitments;
    struct assay_secret32 share[ASSAY_FROST_SIGNERS_MAX];
    struct assay_frost_nonces nonces[ASSAY_FROST_SIGNERS_MAX], spent;
    struct assay_frost_commitment commitment[ASSAY_FROST_SIGNERS_MAX];
    struct assay_frost_session session;
    uint8_t answer[ASSAY_FROST_SIGNERS_MAX][32], public_share[32], signature[64];
    uint8_t wide[ASSAY_FROST_SIGNERS_MAX * ASSAY_SODIUM_WIDE_LEN], digest[32];
    uint8_t plain_key[32], plain_signature[64];
    struct assay_secret32 plain_seed;
};

static const uint8_t message[690] = { 0x30 }; /* as long as a certificate */

static void must(enum assay_status status)
{
    ASSAY_ASSERT(status == ASSAY_OK);
}

static struct assay_slice to_sign(void)
{
    return assay_slice_over(message, sizeof message);
}

static void plain_sign(void *context)
{
    struct group *g = context;
    assay_sodium_link_sign(&g->plain_seed, g->digest, g->plain_signature);
}

static void plain_verify(void *context)
{
    const struct group *g = context;
    ASSAY_ASSERT(assay_sodium_link_verify(g->plain_key, g->digest, g->plain_signature));
}

static void commit_once(void *context)
{
    struct group *g = context;
    must(assay_frost_commit(1, &g->share[0], g->wide, &g->nonces[0], &g->commitment[0]));
}

static void sign_once(void *context)
{
    struct group *g = context;
    g->spent = g->nonces[0];
    must(assay_frost_begin(g->commitments.point[0], to_sign(), g->commitment, g->threshold,
                           &g->session));
    must(assay_frost_sign(&g->session, 1, &g->share[0], g->public_share, &g->spent, g->answer[0]));
}

static void combine_once(void *context)
{
    struct group *g = context;
    must(assay_frost_combine(&g->session, to_sign(), &g->answer[0][0], g->signature));
}

static void find_once(void *context)
{
    const struct group *g = context;
    must(assay_frost_verify(&g->session, 1, g->public_share, g->answer[0]));
}

static void deal_once(void *context)
{
    struct group *g = context;
    must(assay_sharing_deal(g->threshold, NULL, g->wide, &g->polynomial, &g->commitments));
}

static void check_once(void *context)
{
    const struct group *g = context;
    must(assay_sharing_check(&g->commitments));
    must(assay_sharing_verify(&g->commitments, 1, &g->share[0]));
}

static void measure(struct group *g, uint32_t indices, uint32_t threshold, double plain_us)
{
    char heading[16];
    double signer_us = 0;
    (void)snprintf(heading, sizeof heading, "%u of %u", (unsigned)threshold, (unsigned)indices);
    g->threshold = threshold;
    (void)stopwatch_best_us(heading, "a dealing made", 20, deal_once, g);
    for (uint32_t i = 0; i < threshold; i++) {
        g->wide[0] = (uint8_t)(g->wide[0] + 1);
        must(assay_sharing_evaluate(&g->polynomial, i + 1, &g->share[i]));
        must(assay_frost_commit(i + 1, &g->share[i], g->wide, &g->nonces[i], &g->commitment[i]));
    }
    must(assay_sodium_edwards_base(&g->share[0], g->public_share));
    (void)stopwatch_best_us(heading, "its share checked by a receiver", 20, check_once, g);
    signer_us += stopwatch_best_us(heading, "round one of a signer", 100, commit_once, g);
    signer_us += stopwatch_best_us(heading, "round two of a signer", 20, sign_once, g);
    for (uint32_t i = 1; i < threshold; i++) {
        uint8_t point[32];
        must(assay_sodium_edwards_base(&g->share[i], point));
        must(
            assay_frost_sign(&g->session, i + 1, &g->share[i], point, &g->nonces[i], g->answer[i]));
    }
    (void)stopwatch_best_us(heading, "answers added and verified", 100, combine_once, g);
    (void)stopwatch_best_us(heading, "one answer verified by itself", 100, find_once, g);
    (void)printf("%-13sa signer: %.1f plain signatures\n", heading, signer_us / plain_us);
}

/* --- complete sessions */

enum { SESSIONS = 41, RENEWED = 2 * 1024 };

struct signers {
    struct assay_signing_group group;
    struct assay_secret32 share[ASSAY_FROST_INDICES_MAX + 1], seed[ASSAY_FROST_SIGNERS_MAX];
    struct assay_cosigner signer[ASSAY_FROST_SIGNERS_MAX];
    struct assay_cosigner_slot *slot[ASSAY_FROST_SIGNERS_MAX];
    struct assay_cosigner_nonces *nonces[ASSAY_FROST_SIGNERS_MAX];
    struct assay_cosigner_row row[ASSAY_FROST_SIGNERS_MAX]
                                 [ASSAY_SIGNING_ITEMS_MAX * ASSAY_FROST_SIGNERS_MAX];
    struct assay_cosigner_join join[ASSAY_FROST_SIGNERS_MAX][2 * ASSAY_FROST_SIGNERS_MAX];
    struct assay_cosigner_epoch epoch;
    struct assay_cosigner_out out;
    /* of each signer: what it replied, of all texts, and its signature */
    uint8_t reply[ASSAY_FROST_SIGNERS_MAX][ASSAY_SIGNING_ITEMS_MAX * ASSAY_SIGNING_PAIR_LEN];
    size_t reply_len[ASSAY_FROST_SIGNERS_MAX];
    uint8_t signature[ASSAY_FROST_SIGNERS_MAX][64];
    uint8_t list[ASSAY_FROST_SIGNERS_MAX][ASSAY_SIGNING_ITEMS_MAX * ASSAY_SIGNING_PAIR_LEN];
    uint8_t list_signature[ASSAY_FROST_SIGNERS_MAX][64];
    uint8_t answers[ASSAY_FROST_SIGNERS_MAX][32], bytes[ASSAY_SIGNING_MESSAGE_MAX];
};

static enum assay_status derive_item(void *context, struct assay_slice item, uint8_t *tbs,
                                     size_t capacity, struct assay_cosigner_item *out)
{
    (void)context;
    ASSAY_ASSERT(item.len > 0);
    assay_bytes_copy(tbs, capacity, message, sizeof message);
    assay_bytes_copy(tbs + 1, capacity - 1, item.bytes, item.len); /* a text for each item */
    out->tbs = assay_slice_over(tbs, sizeof message);
    return ASSAY_OK;
}

static void start_signers(struct signers *s, const struct group *g, uint32_t indices)
{
    static const uint8_t none[32] = { 0 };
    struct assay_signing_group *group = &s->group;
    *group = (struct assay_signing_group){
        .era = 1,
        .ca_number = 1,
        .threshold = g->threshold,
        .indices = indices,
        .holders = g->threshold,
    };
    assay_bytes_copy(group->key, 32, g->commitments.point[0], 32);
    for (uint32_t i = 0; i < g->threshold; i++) {
        s->share[i + 1] = g->share[i];
        s->seed[i].bytes[0] = (uint8_t)(i + 1);
        assay_sodium_link_pair(&s->seed[i], group->holder[i].key);
        group->owner[i + 1] = (uint8_t)i;
        must(assay_sodium_edwards_base(&g->share[i], group->public_share[i + 1]));
        s->epoch.live[i + 1] = true;
        s->slot[i] = calloc(g->threshold, sizeof *s->slot[i]);
        s->nonces[i] = calloc(g->threshold, sizeof *s->nonces[i]);
        ASSAY_ASSERT(s->slot[i] != NULL && s->nonces[i] != NULL);
        const struct assay_cosigner_memory memory = {
            .slot = s->slot[i],
            .nonces = s->nonces[i],
            .slots = g->threshold,
            .row = s->row[i],
            .rows = ASSAY_SIGNING_ITEMS_MAX * g->threshold,
            .join = s->join[i],
            .joins = 2 * ASSAY_FROST_SIGNERS_MAX,
        };
        assay_cosigner_init(&s->signer[i], group, i, s->share, &s->seed[i], &memory, 0, 0, none);
        assay_cosigner_set_derive(&s->signer[i], derive_item, NULL);
    }
    s->epoch.era = 1;
    s->epoch.period_ms = 60000;
    s->epoch.epoch = 1;
}

/* A message to every signer. Out: what they replied. */
static void send_all(struct signers *s, const struct assay_signing_message *m)
{
    const struct assay_cosigner_entropy entropy = { { 1 }, { 2 } };
    struct assay_slice bytes;
    must(assay_signing_encode(m, s->bytes, sizeof s->bytes, &bytes));
    for (uint32_t i = 0; i < s->group.threshold; i++) {
        struct assay_signing_message reply;
        must(assay_cosigner_on_message(&s->signer[i], s->signer[i].last, &entropy, m->name, bytes,
                                       &s->out));
        must(assay_signing_decode(s->out.message, &reply));
        s->reply_len[i] = reply.part[0].len;
        assay_bytes_copy(s->reply[i], sizeof s->reply[i], reply.part[0].bytes, reply.part[0].len);
        assay_bytes_copy(s->signature[i], 64, reply.part[1].bytes, 64);
    }
}

/* The first `items` texts of the epoch. Out: of the first one, its signature in g. */
static void run_session(struct signers *s, struct group *g, uint32_t items)
{
    struct assay_signing_message m = { .kind = ASSAY_SIGNING_REQUEST, .count = 2 + items };
    const uint32_t t = s->group.threshold;
    uint8_t epoch[8] = { 0 }, index[ASSAY_FROST_SIGNERS_MAX], item[ASSAY_SIGNING_ITEMS_MAX][8];
    for (uint32_t i = 0; i < t; i++)
        index[i] = (uint8_t)(i + 1);
    for (size_t i = 0; i < 8; i++)
        epoch[i] = (uint8_t)(s->epoch.epoch >> (8 * (7 - i)));
    m.part[0] = assay_slice_over(epoch, sizeof epoch);
    m.part[1] = assay_slice_over(index, t);
    for (uint32_t i = 0; i < items; i++) {
        assay_bytes_copy(item[i], 8, epoch, 8);
        item[i][0] = (uint8_t)(1 + i);
        m.part[2 + i] = assay_slice_over(item[i], sizeof item[i]);
    }
    send_all(s, &m);
    m.kind = ASSAY_SIGNING_LIST;
    m.count = 2 * t;
    assay_bytes_copy(s->list, sizeof s->list, s->reply, sizeof s->reply);
    assay_bytes_copy(s->list_signature, sizeof s->list_signature, s->signature,
                     sizeof s->signature);
    for (uint32_t i = 0; i < t; i++) {
        m.part[2 * i] = assay_slice_over(s->list[i], s->reply_len[i]);
        m.part[2 * i + 1] = assay_slice_over(s->list_signature[i], 64);
    }
    send_all(s, &m);
    m.kind = ASSAY_SIGNING_ECHOES;
    m.count = t;
    static uint8_t echo[ASSAY_FROST_SIGNERS_MAX][64];
    for (uint32_t i = 0; i < t; i++) {
        assay_bytes_copy(echo[i], 64, s->signature[i], 64);
        m.part[i] = assay_slice_over(echo[i], 64);
    }
    send_all(s, &m);
    uint8_t text[sizeof message];
    struct assay_cosigner_item out;
    for (uint32_t k = 0; k < items; k++) { /* what the coordinator does */
        must(derive_item(NULL, assay_slice_over(item[k], sizeof item[k]), text, sizeof text, &out));
        for (uint32_t i = 0; i < t; i++) {
            const uint8_t *const pair = s->list[i] + (size_t)k * ASSAY_SIGNING_PAIR_LEN;
            g->commitment[i].index = i + 1;
            assay_bytes_copy(g->commitment[i].hiding, 32, pair, 32);
            assay_bytes_copy(g->commitment[i].binding, 32, pair + 32, 32);
            assay_bytes_copy(s->answers[i], 32, s->reply[i] + (size_t)k * 32, 32);
        }
        must(assay_frost_begin(s->group.key, out.tbs, g->commitment, t, &g->session));
        must(assay_frost_combine(&g->session, out.tbs, s->answers[0], g->signature));
    }
}

static int compare_times(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

/* Returns: the median of `count` sessions, in microseconds of processor time. */
static double median_us(struct signers *s, struct group *g, uint32_t items, uint32_t count)
{
    double took_us[SESSIONS];
    for (uint32_t n = 0; n < count; n++) {
        s->epoch.epoch += 1;
        for (uint32_t i = 0; i < g->threshold; i++) {
            must(assay_cosigner_on_epoch(&s->signer[i], &s->group, s->share, &s->epoch));
            assay_cosigner_on_stored(&s->signer[i], s->epoch.era, s->epoch.epoch);
        }
        const double start_us = stopwatch_us(CLOCK_THREAD_CPUTIME_ID);
        run_session(s, g, items);
        took_us[n] = stopwatch_us(CLOCK_THREAD_CPUTIME_ID) - start_us;
    }
    qsort(took_us, count, sizeof took_us[0], compare_times);
    return took_us[count / 2];
}

static void measure_sessions(struct signers *s, struct group *g, uint32_t indices, double plain_us)
{
    const bool is_short = stopwatch_is_short();
    const uint32_t room = ASSAY_SIGNING_COMMITMENTS_MAX / g->threshold;
    const uint32_t items = room < ASSAY_SIGNING_ITEMS_MAX ? room : ASSAY_SIGNING_ITEMS_MAX;
    start_signers(s, g, indices);
    const double one_us = median_us(s, g, 1, is_short ? 1 : SESSIONS);
    const double all_us = median_us(s, g, items, is_short ? 1 : 3);
    const double certificate_us = all_us / items;
    (void)printf("%u of %-8ua session of all, p50 %18.2f ms, %.0f plain signatures\n",
                 (unsigned)g->threshold, (unsigned)indices, one_us / 1e3, one_us / plain_us);
    (void)printf("%u of %-8ua session of %u certificates %13.2f ms, %.0f a second with a core "
                 "for each signer\n",
                 (unsigned)g->threshold, (unsigned)indices, (unsigned)items, all_us / 1e3,
                 g->threshold * 1e6 / certificate_us);
    (void)printf("%u of %-8urenewal of %u certificates %13.2f s of all signers, %.2f s of one\n",
                 (unsigned)g->threshold, (unsigned)indices, (unsigned)RENEWED,
                 RENEWED * certificate_us / 1e6, RENEWED * certificate_us / 1e6 / g->threshold);
    for (uint32_t i = 0; i < g->threshold; i++) {
        free(s->slot[i]);
        free(s->nonces[i]);
    }
}

int main(void)
{
    static const uint32_t size[][2] = { { 4, 3 }, { 7, 4 }, { 20, 11 }, { 100, 51 }, { 150, 76 } };
    struct group *g = calloc(1, sizeof *g);
    struct signers *signers = calloc(1, sizeof *signers);
    ASSAY_ASSERT(g != NULL && signers != NULL);
    must(assay_sodium_start());
    for (size_t i = 0; i < sizeof g->wide; i += 32)
        assay_sha256(&i, sizeof i, g->wide + i);
    g->plain_seed.bytes[0] = 1;
    assay_sodium_link_pair(&g->plain_seed, g->plain_key);
    (void)printf("processor time of one core, no network\n");
    const double plain_us = stopwatch_best_us("Ed25519", "one plain signature", 500, plain_sign, g);
    (void)stopwatch_best_us("Ed25519", "one plain verification", 500, plain_verify, g);
    for (size_t i = 0; i < sizeof size / sizeof size[0]; i++) {
        measure(g, size[i][0], size[i][1], plain_us);
        measure_sessions(signers, g, size[i][0], plain_us);
    }
    free(signers);
    free(g);
    return 0;
}
