/*
 * tests/unit/services/identity/test_signing_host.c - tests of signing sessions in processes of
 * holders: four of them in one thread, whose frames the test carries and changes (docs/identity.md
 * 4.17).
 */
#include "net/services/identity/signing_host.h"

#include "base/crypto.h"
#include "tests/support/services/identity_plan.h"
#include "tests/unit/services/identity/boundary_maker.h"
#include "tests/unit/services/identity/group.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

enum { HOSTS = 4, THRESHOLD = 3, EPOCH = 3, QUEUE = 64, GENERATION = 1, PERIOD_MS = 60000 };

static const uint8_t chain[32] = { 7 };
static const struct assay_secret32 vault_key = { { 7, 7, 7 } };

struct frame {
    uint32_t from, to;
    size_t len;
    uint8_t bytes[ASSAY_SIGNING_FRAME_MAX];
};

static struct {
    char folder[64];
    struct boundary_maker *maker;
    struct assay_registry *registry;
    struct assay_keyholder_proof *proof;
    struct group *key;
    struct assay_holder_vault *vault[HOSTS];
    struct assay_ceremony_holder *holder[HOSTS];
    struct assay_keyholder_signing *host[HOSTS];
    uint8_t node[HOSTS][32], link[HOSTS][32];
    uint32_t certified[HOSTS];
    uint8_t digest[HOSTS][32]; /* of the certificate */
    uint32_t queued;
    struct frame *queue;
    uint8_t journal[HOSTS][32];
    uint32_t answers; /* that left */
    struct assay_cosigner_time now;
} w;

static struct assay_ca *fold(void)
{
    union {
        const struct assay_ca *read;
        struct assay_ca *write;
    } ca = { .read = assay_registry_identity(w.registry) };
    return ca.write;
}

static uint32_t host_of(const void *context)
{
    uint32_t host = 0;
    while (context != w.node[host])
        host++;
    return host;
}

/* What an answer is about is in the journal before it leaves. */
static void check_journal(uint32_t host, struct assay_slice frame)
{
    struct assay_signing_message m;
    uint8_t digest[32];
    if (frame.bytes[0] != ASSAY_SIGNING_FRAME_MESSAGE) return;
    cr_assert_eq(assay_signing_decode(assay_slice_over(frame.bytes + 1, frame.len - 1), &m),
                 ASSAY_OK);
    if (m.kind != ASSAY_SIGNING_ANSWERS) return;
    assay_holder_vault_journal_digest(w.vault[host], digest);
    cr_expect(!assay_bytes_equal(digest, w.journal[host], 32), "holder %u", host);
    assay_bytes_copy(w.journal[host], 32, digest, 32);
    w.answers++;
}

static void send_frame(void *context, const uint8_t node_id[static 32], struct assay_slice frame)
{
    const uint32_t from = host_of(context);
    check_journal(from, frame);
    for (uint32_t to = 0; to < HOSTS; to++) {
        if (!assay_bytes_equal(node_id, w.node[to], 32)) continue;
        cr_assert_lt(w.queued, QUEUE);
        struct frame *f = &w.queue[w.queued++];
        f->from = from;
        f->to = to;
        f->len = frame.len;
        assay_bytes_copy(f->bytes, sizeof f->bytes, frame.bytes, frame.len);
    }
}

static void on_lie(void *context, struct assay_slice proof)
{
    (void)context;
    (void)proof;
    cr_assert_fail("no holder signs wrongly");
}

static enum assay_status on_certified(void *context, uint32_t ca_number, struct assay_slice der)
{
    const uint32_t host = host_of(context);
    cr_expect_eq(ca_number, 1);
    w.certified[host]++;
    assay_sha256(der.bytes, der.len, w.digest[host]);
    return ASSAY_OK;
}

static void open_host(uint32_t i)
{
    static const char domain[] = "mesh.example", issuer[] = "https://id.mesh.example";
    struct assay_keyholder_signing_config config = {
        .vault = w.vault[i],
        .terms = { .trust_domain = assay_slice_over(domain, sizeof domain - 1),
                   .issuer = assay_slice_over(issuer, sizeof issuer - 1),
                   .validity_s = 900 },
        .period_ms = PERIOD_MS,
        .send = send_frame,
        .lie = on_lie,
        .certified = on_certified,
        .context = w.node[i],
    };
    assay_bytes_copy(config.node_id, 32, w.node[i], 32);
    assay_bytes_copy(config.link_key, 32, w.link[i], 32);
    cr_assert_eq(assay_keyholder_signing_create(&config, &w.host[i]), ASSAY_OK);
}

static enum assay_status draw(void *context, uint8_t *bytes, size_t len)
{
    (void)context;
    group_draw(bytes, len);
    return ASSAY_OK;
}

static struct assay_slice no_dealing(void *context, uint32_t dealer,
                                     const uint8_t digest[static 32])
{
    (void)context;
    (void)dealer;
    (void)digest;
    return (struct assay_slice){ NULL, 0 };
}

/* A holder whose shares were loaded from its vault. */
static void open_holder(uint32_t i)
{
    const struct assay_ceremony_item item = {
        .kind = ASSAY_CEREMONY_SHARES,
        .name = { .era = 1, .generation = GENERATION, .attempt = 1, .ca_number = 1 },
    };
    struct assay_ceremony_holder_config config = { .seed = *assay_holder_vault_seed(w.vault[i]),
                                                   .random = draw,
                                                   .dealing = no_dealing };
    uint8_t bytes[32 + 1 + 33];
    assay_bytes_copy(bytes, sizeof bytes, fold()->force.table, 32);
    bytes[32] = 1;
    bytes[33] = (uint8_t)(i + 1);
    assay_bytes_copy(bytes + 34, 32, w.key->share[i + 1].bytes, 32);
    assay_bytes_copy(config.chain_id, 32, chain, 32);
    assay_bytes_copy(config.node_id, 32, w.node[i], 32);
    w.holder[i] = calloc(1, sizeof *w.holder[i]);
    assay_ceremony_holder_init(w.holder[i], &config);
    cr_assert_eq(
        assay_ceremony_holder_load(w.holder[i], &item, assay_slice_over(bytes, sizeof bytes)),
        ASSAY_OK);
}

static void fill_force(void)
{
    struct assay_ca *ca = fold();
    struct assay_ca_sharing *s = &ca->force;
    ca->ca_number = 1;
    assay_bytes_copy(ca->key, 32, w.key->key, 32);
    *s = (struct assay_ca_sharing){ .generation = GENERATION,
                                    .attempt = 1,
                                    .era = 1,
                                    .threshold = THRESHOLD,
                                    .count = HOSTS,
                                    .holders = HOSTS,
                                    .table = { 9 } };
    for (uint32_t i = 0; i < HOSTS; i++) {
        struct assay_ca_holder *h = &s->holder[i];
        h->slot = i;
        h->first = i + 1;
        h->indices = 1;
        h->incarnation = 1;
        h->has = true;
        assay_bytes_copy(h->node_id, 32, w.node[i], 32);
        assay_bytes_copy(h->link_key, 32, w.link[i], 32);
        assay_bytes_copy(h->keys_root, 32, w.node[i], 32);
        assay_sodium_link_pair(assay_holder_vault_seed(w.vault[i]), h->key);
        assay_bytes_copy(s->public_share[i], 32, w.key->public_share[i + 1], 32);
    }
}

/* The next epoch closes and is verified; the generation is in force since epoch EPOCH. */
static void close_epoch(void)
{
    static struct assay_registry_facts facts;
    static struct assay_registry_member member[HOSTS];
    const uint64_t epoch = assay_keyholder_proof_at(w.proof)->epoch + 1;
    struct assay_service_message m, answer = { .verb = ASSAY_SERVICE_PROOF };
    struct assay_fault fault;
    for (uint32_t i = 0; i < HOSTS; i++) {
        member[i] = (struct assay_registry_member){ .standing = ASSAY_REGISTRY_STAND_FULL,
                                                    .certified = true,
                                                    .keys_active = true,
                                                    .may_hold = true,
                                                    .seat_weight = 10,
                                                    .incarnation = 1 };
        assay_bytes_copy(member[i].node_id, 32, w.node[i], 32);
        assay_bytes_copy(member[i].keys_root, 32, w.node[i], 32);
    }
    assay_registry_close_epoch(w.registry, epoch, member, HOSTS, &facts, NULL, NULL);
    if (epoch == EPOCH) {
        fill_force();
        fold()->since = EPOCH;
    }
    boundary_maker_close(w.maker, w.registry, true, MAKER_VOTERS);
    while (assay_keyholder_proof_next(w.proof, epoch, &m)) {
        boundary_maker_answer(w.maker, &m, &answer);
        cr_assert_eq(assay_keyholder_proof_on_answer(w.proof, &answer, MAKER_TIME_MS, &fault),
                     ASSAY_OK);
    }
}

static void act(uint32_t i)
{
    cr_assert_eq(assay_keyholder_signing_on_epoch(w.host[i], w.proof, fold(), w.holder[i], w.now),
                 ASSAY_OK);
}

static void set_up(void)
{
    static struct assay_registry_plan plan;
    struct assay_checkpoint from;
    char path[96], message[ASSAY_HOLDER_VAULT_MESSAGE_LEN];
    identity_plan_set(&plan, 64);
    const size_t len = (assay_registry_size(&plan) + 63) / 64 * 64;
    cr_assert_eq(assay_registry_init(aligned_alloc(64, len), len, &plan, chain, &w.registry),
                 ASSAY_OK);
    assay_registry_set_era(w.registry, 1);
    w.key = group_new(HOSTS, THRESHOLD);
    w.queue = calloc(QUEUE, sizeof *w.queue);
    w.now = (struct assay_cosigner_time){ .monotonic_ms = 100000, .wall_ms = MAKER_TIME_MS };
    (void)snprintf(w.folder, sizeof w.folder, "/tmp/assay-signing.XXXXXX");
    cr_assert_not_null(mkdtemp(w.folder));
    for (uint32_t i = 0; i < HOSTS; i++) {
        (void)snprintf(path, sizeof path, "%s/%u", w.folder, i);
        const struct assay_holder_vault_config config = { .folder = path, .key = &vault_key };
        cr_assert_eq(assay_holder_vault_open(&config, &w.vault[i], message), ASSAY_OK, "%s",
                     message);
        w.node[i][0] = (uint8_t)(i + 1);
        w.link[i][0] = (uint8_t)(i + 10);
    }
    w.maker = boundary_maker_new(chain, 1);
    boundary_maker_checkpoint(w.maker, &from);
    cr_assert_eq(assay_keyholder_proof_create(&from, &w.proof), ASSAY_OK);
    for (uint32_t i = 0; i < EPOCH; i++)
        close_epoch();
    for (uint32_t i = 0; i < HOSTS; i++) {
        open_holder(i);
        open_host(i);
        act(i);
        cr_assert(assay_keyholder_signing_status(w.host[i]).is_open, "holder %u", i);
    }
}

static void tear_down(void)
{
    char command[96];
    for (uint32_t i = 0; i < HOSTS; i++) {
        assay_keyholder_signing_destroy(&w.host[i]);
        assay_holder_vault_close(&w.vault[i]);
        free(w.holder[i]);
    }
    assay_keyholder_proof_destroy(&w.proof);
    boundary_maker_free(w.maker);
    group_free(w.key);
    free(w.queue);
    free(w.registry);
    (void)snprintf(command, sizeof command, "rm -r %s", w.folder);
    cr_expect_eq(system(command), 0);
}

TestSuite(services_signing_host, .init = set_up, .fini = tear_down, .timeout = 120);

/* --- turns */

static uint32_t silent;         /* bits: frames to and from these are lost */
static bool keeps_certificates; /* holder 0 sends none to the others */
static void (*hostile)(void);   /* acts in each step */
static bool is_disk_full;       /* of the holder that is to answer first */

/* Returns: the status of a holder that can write no file. */
static enum assay_status deliver_without_disk(uint32_t to, struct assay_slice frame)
{
    struct rlimit old, none;
    cr_assert_eq(getrlimit(RLIMIT_FSIZE, &old), 0);
    none = (struct rlimit){ .rlim_cur = 0, .rlim_max = old.rlim_max };
    cr_assert_neq(signal(SIGXFSZ, SIG_IGN), SIG_ERR);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
    const enum assay_status status =
        assay_keyholder_signing_on_frame(w.host[to], w.node[0], frame, w.now);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &old), 0);
    return status;
}

static void deliver(uint32_t from, uint32_t to, struct assay_slice frame)
{
    static uint32_t messages[HOSTS]; /* of holder 0: REQUEST, LIST, ECHOES */
    if (keeps_certificates && from == 0 && frame.bytes[0] == ASSAY_SIGNING_FRAME_CERTIFICATE)
        return;
    if (is_disk_full && from == 0 && frame.bytes[0] == ASSAY_SIGNING_FRAME_MESSAGE &&
        ++messages[to] == 3) {
        const uint32_t queued = w.queued;
        cr_expect_eq(deliver_without_disk(to, frame), ASSAY_E_STORE);
        cr_expect_eq(w.queued, queued, "no answer");
        is_disk_full = false;
        return;
    }
    cr_assert_eq(assay_keyholder_signing_on_frame(w.host[to], w.node[from], frame, w.now),
                 ASSAY_OK);
}

static void pass(uint64_t ms)
{
    static struct frame one;
    for (uint64_t passed = 0; passed < ms; passed += 50) {
        w.now.monotonic_ms += 50;
        w.now.wall_ms += 50;
        for (uint32_t i = 0; i < HOSTS; i++)
            if (w.host[i] != NULL)
                cr_assert_eq(assay_keyholder_signing_on_tick(w.host[i], w.now), ASSAY_OK);
        if (hostile != NULL) hostile();
        while (w.queued > 0) {
            one = w.queue[0];
            w.queued--;
            for (uint32_t i = 0; i < w.queued; i++)
                w.queue[i] = w.queue[i + 1];
            if ((silent >> one.from & 1) == 0 && (silent >> one.to & 1) == 0 &&
                w.host[one.to] != NULL)
                deliver(one.from, one.to, assay_slice_over(one.bytes, one.len));
        }
    }
}

static void expect_certified(uint32_t slots)
{
    for (uint32_t i = 0; i < HOSTS; i++) {
        cr_expect_eq(w.certified[i], slots >> i & 1, "holder %u", i);
        if ((slots >> i & 1) != 0)
            cr_expect_arr_eq(w.digest[i], w.digest[HOSTS - 1], 32, "one text, one signature");
    }
}

Test(services_signing_host, each_holder_has_the_certificate_once_and_answers_are_in_the_journal)
{
    pass(5000);
    expect_certified(0xf);
    cr_expect_geq(w.answers, THRESHOLD - 1, "of others than the coordinator");
}

/* The holders that would coordinate before. */
Test(services_signing_host, fewer_than_the_threshold_sign_nothing_and_others_coordinate)
{
    silent = 0x3;
    pass(8000);
    expect_certified(0);
    silent = 0x1;
    pass(8000);
    expect_certified(0xe);
}

Test(services_signing_host, a_signature_that_does_not_verify_is_no_certificate)
{
    uint8_t frame[1 + 64] = { ASSAY_SIGNING_FRAME_CERTIFICATE, 1, 2, 3 };
    deliver(1, 3, assay_slice_over(frame, sizeof frame));
    deliver(1, 3, assay_slice_over(frame, sizeof frame - 1));
    cr_expect_eq(w.certified[3], 0);
    pass(5000);
    expect_certified(0xf);
}

Test(services_signing_host, a_holder_that_stopped_replies_to_nothing_and_has_no_share)
{
    assay_keyholder_signing_stop(w.host[1]);
    assay_keyholder_signing_stop(w.host[2]);
    cr_expect_not(assay_keyholder_signing_status(w.host[1]).is_open);
    pass(8000);
    expect_certified(0);
    cr_expect_eq(assay_keyholder_signing_status(w.host[1]).answered, 0);
    close_epoch();
    act(1);
    cr_expect(assay_keyholder_signing_status(w.host[1]).is_open, "the next close");
}

/* docs/identity.md 4.7 (iii): it does not remember what it joined before. */
Test(services_signing_host, after_a_restart_no_session_of_the_epoch_is_joined)
{
    silent = 0x8;
    pass(1000);
    cr_expect_gt(assay_keyholder_signing_status(w.host[1]).answered, 0);
    silent = 0;
    assay_keyholder_signing_destroy(&w.host[1]);
    open_host(1);
    act(1);
    w.host[0] = (assay_keyholder_signing_destroy(&w.host[0]), NULL);
    pass(8000);
    cr_expect_eq(assay_keyholder_signing_status(w.host[1]).answered, 0);
    cr_expect_gt(assay_keyholder_signing_status(w.host[1]).refused, 0);
    cr_expect_eq(assay_keyholder_signing_status(w.host[1]).last, ASSAY_E_STALE);
}

/* docs/identity.md 4.16 */
Test(services_signing_host, a_process_that_the_ledger_does_not_name_signs_nothing)
{
    w.link[2][0] ^= 1;
    assay_keyholder_signing_destroy(&w.host[2]);
    open_host(2);
    act(2);
    silent = 0x8;
    pass(8000);
    cr_expect_eq(assay_keyholder_signing_status(w.host[2]).answered, 0);
    expect_certified(0);
}

Test(services_signing_host, frames_that_are_none_change_nothing)
{
    uint8_t junk[300];
    for (uint32_t i = 0; i < 2000; i++) {
        group_draw(junk, sizeof junk);
        junk[0] = (uint8_t)(i % 4);
        deliver(1, 2, assay_slice_over(junk, i % sizeof junk));
    }
    deliver(2, 2, assay_slice_over(junk, sizeof junk));
    pass(5000);
    expect_certified(0xf);
}

/* The certificate names the close that put the key into force. */
Test(services_signing_host, the_certificate_is_of_the_first_epoch_alone)
{
    close_epoch();
    for (uint32_t i = 0; i < HOSTS; i++)
        act(i);
    pass(8000);
    expect_certified(0);
}

Test(services_signing_host, without_its_journal_entry_no_answer_is_sent)
{
    is_disk_full = true;
    pass(1000);
    cr_expect_not(is_disk_full, "a holder was to answer");
}

/* --- hostile coordinators: less than a third of the weight */

/* Holder 0 keeps the signature of the certificate for itself, and requests it again and again. */
Test(services_signing_host, a_holder_that_keeps_the_certificate_does_not_prevent_it)
{
    keeps_certificates = true;
    for (uint32_t i = 0; i < 6; i++) {
        act(0);
        pass(150);
    }
    pass(59000);
    for (uint32_t i = 1; i < HOSTS; i++)
        cr_expect_eq(w.certified[i], 1, "holder %u", i);
}

static struct assay_derivation derivation;
static struct assay_signing_group group;

static void open_session(void)
{
    static struct assay_coordinator_slot slots[8];
    static struct assay_coordinator_out out;
    static uint8_t frame[ASSAY_SIGNING_FRAME_MAX];
    static struct assay_coordinator c;
    const struct assay_derivation_item item = { .product = ASSAY_CREDENTIAL_CA_CERTIFICATE };
    struct assay_cosigner_epoch epoch = { .era = 1,
                                          .epoch = EPOCH,
                                          .generation = GENERATION,
                                          .final_ms = w.now.monotonic_ms,
                                          .period_ms = PERIOD_MS };
    uint8_t bytes[64], random[32];
    uint64_t number;
    struct assay_writer writer = assay_writer_over(bytes, sizeof bytes);
    cr_assert_eq(assay_derivation_encode(&item, &writer), ASSAY_OK);
    const struct assay_slice one = assay_slice_over(bytes, writer.len);
    assay_bytes_copy(epoch.block_id, 32, derivation.at.id, 32);
    for (uint32_t i = 1; i <= HOSTS; i++)
        epoch.live[i] = true;
    group_draw(random, sizeof random);
    assay_coordinator_init(&c, &group, w.node[0], slots, 8, random);
    assay_coordinator_set_derive(&c, assay_derivation_derive, &derivation);
    cr_assert_eq(assay_coordinator_on_epoch(&c, &group, &epoch), ASSAY_OK);
    cr_assert_eq(assay_coordinator_submit(&c, w.now.monotonic_ms, &one, 1, &number), ASSAY_OK);
    cr_assert(assay_coordinator_poll(&c, w.now.monotonic_ms, &out));
    frame[0] = ASSAY_SIGNING_FRAME_MESSAGE;
    assay_bytes_copy(frame + 1, sizeof frame - 1, out.message.bytes, out.message.len);
    for (uint32_t i = 1; i < HOSTS; i++) {
        const uint32_t queued = w.queued;
        if (!out.to[i]) continue;
        deliver(0, i, assay_slice_over(frame, out.message.len + 1));
        w.queued = queued; /* the reply is to holder 0 */
    }
}

static void open_sessions(void)
{
    for (uint32_t i = 0; i < 16; i++)
        open_session();
}

/* Holder 0 opens sessions in four fifths of the epoch and completes none. */
Test(services_signing_host, a_holder_that_leaves_its_sessions_does_not_prevent_the_certificate)
{
    const struct assay_derivation_terms terms = {
        .trust_domain = assay_slice_over("mesh.example", 12),
        .issuer = assay_slice_over("https://id.mesh.example", 23),
        .validity_s = 900
    };
    silent = 0x1;
    cr_assert_eq(assay_ca_group(fold(), &group), ASSAY_OK);
    cr_assert_eq(assay_derivation_open(&derivation, w.proof, fold(), &terms), ASSAY_OK);
    hostile = open_sessions;
    pass(48000);
    hostile = NULL;
    pass(12000);
    for (uint32_t i = 1; i < HOSTS; i++)
        cr_expect_eq(w.certified[i], 1, "holder %u", i);
}
