/*
 * tests/unit/services/identity/signing_hosts.c - four processes of holders in one thread.
 */
#include "tests/unit/services/identity/signing_hosts.h"

#include "base/crypto.h"
#include "tests/support/services/identity_plan.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

struct signing_hosts hosts;

static const uint8_t chain[32] = { 7 };
static const struct assay_secret32 vault_key = { { 7, 7, 7 } };
static const uint8_t stranger[32] = { 77 };

struct assay_ca *hosts_fold(void)
{
    union {
        const struct assay_ca *read;
        struct assay_ca *write;
    } ca = { .read = assay_registry_identity(hosts.registry) };
    return ca.write;
}

static uint32_t host_of(const void *context)
{
    uint32_t host = 0;
    while (context != hosts.node[host])
        host++;
    return host;
}

/* What an answer is about is in the journal before it leaves. */
static void check_journal(uint32_t host, struct assay_slice frame)
{
    struct assay_signing_message m;
    uint8_t digest[32];
    const size_t head = frame.bytes[0] == ASSAY_SIGNING_FRAME_NEXT ? 2 : 1;
    if (frame.bytes[head - 1] != ASSAY_SIGNING_FRAME_MESSAGE) return;
    cr_assert_eq(assay_signing_decode(assay_slice_over(frame.bytes + head, frame.len - head), &m),
                 ASSAY_OK);
    if (m.kind != ASSAY_SIGNING_ANSWERS) return;
    assay_holder_vault_journal_digest(hosts.vault[host], digest);
    cr_expect(!assay_bytes_equal(digest, hosts.journal[host], 32), "holder %u", host);
    assay_bytes_copy(hosts.journal[host], 32, digest, 32);
    hosts.answers++;
}

static void send_frame(void *context, const uint8_t node_id[static 32], struct assay_slice frame)
{
    const uint32_t from = host_of(context);
    hosts.wanted += frame.bytes[0] == ASSAY_SIGNING_FRAME_WANT;
    check_journal(from, frame);
    for (uint32_t to = 0; to < HOSTS; to++) {
        if (!assay_bytes_equal(node_id, hosts.node[to], 32)) continue;
        cr_assert_lt(hosts.queued, HOSTS_QUEUE);
        struct hosts_frame *f = &hosts.queue[hosts.queued++];
        f->from = from;
        f->to = to;
        f->len = frame.len;
        assay_bytes_copy(f->bytes, sizeof f->bytes, frame.bytes, frame.len);
    }
}

static void on_lie(void *context, uint32_t ca_number, uint64_t generation, struct assay_slice proof)
{
    (void)context, (void)ca_number, (void)generation;
    (void)proof;
    cr_assert_fail("no holder signs wrongly");
}

/* Returns: NULL: of CA number 1 */
static struct hosts_authority *authority_of(uint32_t host, uint32_t which)
{
    if (which == 2) return &hosts.next[host];
    if (which == (2 | ASSAY_SIGNING_CROSS)) return &hosts.cross[host];
    cr_assert_eq(which, 1);
    return NULL;
}

static enum assay_status on_certified(void *context, uint32_t which, struct assay_slice der)
{
    const uint32_t host = host_of(context);
    struct hosts_authority *const a = authority_of(host, which);
    if (a != NULL) {
        a->certified++;
        a->len = der.len;
        assay_bytes_copy(a->der, sizeof a->der, der.bytes, der.len);
        return ASSAY_OK;
    }
    hosts.certified[host]++;
    assay_sha256(der.bytes, der.len, hosts.digest[host]);
    return ASSAY_OK;
}

static enum assay_status on_issued(void *context, struct assay_slice name, struct assay_slice der)
{
    cr_expect(name.len == 3 && der.len > 0);
    hosts.issued[host_of(context)]++;
    return ASSAY_OK;
}

static void on_answered(void *context, uint64_t serial, enum assay_service_outcome outcome,
                        struct assay_slice bytes)
{
    cr_expect_eq(host_of(context), 0);
    hosts.answered++;
    hosts.serial = serial;
    hosts.outcome = outcome;
    hosts.product_len = bytes.len;
    assay_bytes_copy(hosts.product, sizeof hosts.product, bytes.bytes, bytes.len);
}

static enum assay_status store_record(void *context, uint32_t which, struct assay_slice record)
{
    const uint32_t host = host_of(context);
    struct hosts_authority *const a = authority_of(host, which);
    cr_expect_eq(record.len, ASSAY_SIGNING_RECORD_LEN);
    if (a != NULL) {
        a->has_record = true;
        assay_bytes_copy(a->record, sizeof a->record, record.bytes, record.len);
        return ASSAY_OK;
    }
    assay_bytes_copy(hosts.record[host], ASSAY_SIGNING_RECORD_LEN, record.bytes, record.len);
    hosts.has_record[host] = true;
    return ASSAY_OK;
}

static bool load_record(void *context, uint32_t which,
                        uint8_t record[static ASSAY_SIGNING_RECORD_LEN])
{
    const uint32_t host = host_of(context);
    const struct hosts_authority *const a = authority_of(host, which);
    if (a != NULL) {
        assay_bytes_copy(record, ASSAY_SIGNING_RECORD_LEN, a->record, sizeof a->record);
        return a->has_record;
    }
    assay_bytes_copy(record, ASSAY_SIGNING_RECORD_LEN, hosts.record[host],
                     ASSAY_SIGNING_RECORD_LEN);
    return hosts.has_record[host];
}

static uint64_t read_cpu(void *context)
{
    (void)context;
    hosts.cpu_us += hosts.cost_us;
    return hosts.cpu_us;
}

void hosts_open_host(uint32_t i)
{
    struct assay_keyholder_signing_config config = {
        .vault = hosts.vault[i],
        .send = send_frame,
        .lie = on_lie,
        .certified = on_certified,
        .store = store_record,
        .load = load_record,
        .issued = on_issued,
        .answered = on_answered,
        .cpu_us = read_cpu,
        .context = hosts.node[i],
    };
    assay_bytes_copy(config.node_id, 32, hosts.node[i], 32);
    assay_bytes_copy(config.link_key, 32, hosts.link[i], 32);
    cr_assert_eq(assay_keyholder_signing_create(&config, &hosts.host[i]), ASSAY_OK);
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

static void load_shares(uint32_t i, uint32_t number, const struct group *key,
                        const struct assay_ca_sharing *s)
{
    const struct assay_ceremony_item item = {
        .kind = ASSAY_CEREMONY_SHARES,
        .name = { .era = 1,
                  .generation = s->generation,
                  .attempt = s->attempt,
                  .ca_number = number },
    };
    uint8_t bytes[32 + 1 + 33];
    assay_bytes_copy(bytes, sizeof bytes, s->table, 32);
    bytes[32] = 1;
    bytes[33] = (uint8_t)(i + 1);
    assay_bytes_copy(bytes + 34, 32, key->share[i + 1].bytes, 32);
    cr_assert_eq(
        assay_ceremony_holder_load(hosts.holder[i], &item, assay_slice_over(bytes, sizeof bytes)),
        ASSAY_OK);
}

void hosts_lose_shares(uint32_t i)
{
    struct assay_ceremony_holder_config config = { .seed = *assay_holder_vault_seed(hosts.vault[i]),
                                                   .random = draw,
                                                   .dealing = no_dealing };
    assay_bytes_copy(config.chain_id, 32, chain, 32);
    assay_bytes_copy(config.node_id, 32, hosts.node[i], 32);
    assay_ceremony_holder_init(hosts.holder[i], &config);
}

/* A holder whose shares were loaded from its vault. */
static void open_holder(uint32_t i)
{
    hosts.holder[i] = calloc(1, sizeof *hosts.holder[i]);
    hosts_lose_shares(i);
    load_shares(i, 1, hosts.key, &hosts_fold()->force);
}

static void fill_sharing(struct assay_ca_sharing *s, uint64_t generation, const struct group *key)
{
    *s = (struct assay_ca_sharing){ .generation = generation,
                                    .attempt = generation,
                                    .era = 1,
                                    .threshold = HOSTS_THRESHOLD,
                                    .count = HOSTS,
                                    .holders = HOSTS,
                                    .table = { (uint8_t)(8 + generation) } };
    for (uint32_t i = 0; i < HOSTS; i++) {
        struct assay_ca_holder *h = &s->holder[i];
        h->slot = i;
        h->first = i + 1;
        h->indices = 1;
        h->incarnation = 1;
        h->has = true;
        assay_bytes_copy(h->node_id, 32, hosts.node[i], 32);
        assay_bytes_copy(h->link_key, 32, hosts.link[i], 32);
        assay_bytes_copy(h->keys_root, 32, hosts.node[i], 32);
        assay_sodium_link_pair(assay_holder_vault_seed(hosts.vault[i]), h->key);
        assay_bytes_copy(s->public_share[i], 32, key->public_share[i + 1], 32);
    }
}

static void fill_force(void)
{
    struct assay_ca *ca = hosts_fold();
    ca->ca_number = ca->numbers = 1;
    ca->generations = HOSTS_GENERATION;
    assay_bytes_copy(ca->key, 32, hosts.key->key, 32);
    fill_sharing(&ca->force, HOSTS_GENERATION, hosts.key);
}

void hosts_make_next(void)
{
    struct assay_ca *ca = hosts_fold();
    hosts.next_key = group_new(HOSTS, HOSTS_THRESHOLD);
    ca->numbers = 2;
    ca->generations = HOSTS_GENERATION + 1;
    ca->next.number = 2;
    ca->next.made = ca->next.since = ca->epoch + 1;
    assay_bytes_copy(ca->next.key, 32, hosts.next_key->key, 32);
    fill_sharing(&ca->next.force, HOSTS_GENERATION + 1, hosts.next_key);
    for (uint32_t i = 0; i < HOSTS; i++)
        load_shares(i, 2, hosts.next_key, &ca->next.force);
}

struct assay_slice hosts_text(const char *of)
{
    return assay_slice_over(of, strlen(of));
}

/* A server's key and one for tokens of two audiences. */
static void make_list(void)
{
    static const uint8_t head[12] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03,
                                      0x2b, 0x65, 0x70, 0x03, 0x21, 0x00 };
    const struct assay_secret32 seed = { { 9, 9 } };
    uint8_t spki[44], proof[64] = { 0 };
    struct assay_declared_keys keys;
    assay_bytes_copy(spki, sizeof spki, head, sizeof head);
    assay_sodium_link_pair(&seed, spki + 12);
    const struct assay_declared_key own[2] = {
        { .purpose = ASSAY_PURPOSE_TLS,
          .name = hosts_text("api"),
          .spki = assay_slice_over(spki, sizeof spki),
          .proof = assay_slice_over(proof, sizeof proof) },
        { .purpose = ASSAY_PURPOSE_TOKEN,
          .name = hosts_text("jobs"),
          .audience_count = 2,
          .audiences = { hosts_text("a.example"), hosts_text("b.example") },
          .spki = assay_slice_over(spki, sizeof spki),
          .proof = assay_slice_over(proof, sizeof proof) },
    };
    struct assay_writer out = assay_writer_over(hosts.list, sizeof hosts.list);
    cr_assert_eq(assay_declared_keys_encode(own, 2, &out), ASSAY_OK);
    hosts.list_len = out.len;
    cr_assert_eq(assay_declared_keys_decode(assay_slice_over(hosts.list, out.len), &keys),
                 ASSAY_OK);
    assay_declared_keys_root(&keys, hosts.root);
}

static void pass_keys(uint64_t epoch)
{
    for (uint32_t slot = 0; slot < MAKER_VOTERS; slot++) {
        struct assay_member *member = boundary_maker_member(hosts.maker, slot);
        if (member->declaration.count == 0)
            assay_declaration_set(&member->declaration, epoch, hosts.root);
        member->pass_epoch = member->declaration.keys_epoch = epoch;
        assay_bytes_copy(member->declaration.keys_root, 32, hosts.root, 32);
    }
}

/* The next epoch closes and is verified; the generation is in force since epoch HOSTS_EPOCH. */
void hosts_close_epoch(void)
{
    static struct assay_registry_facts facts;
    static struct assay_registry_member member[HOSTS];
    const uint64_t epoch = assay_keyholder_proof_at(hosts.proof)->epoch + 1;
    struct assay_service_message m, answer = { .verb = ASSAY_SERVICE_PROOF };
    struct assay_fault fault;
    for (uint32_t i = 0; i < HOSTS; i++) {
        member[i] = (struct assay_registry_member){ .standing = ASSAY_REGISTRY_STAND_FULL,
                                                    .certified = !hosts.is_held,
                                                    .keys_active = true,
                                                    .may_hold = true,
                                                    .seat_weight = 10,
                                                    .incarnation = 1 };
        assay_bytes_copy(member[i].node_id, 32, hosts.node[i], 32);
        assay_bytes_copy(member[i].keys_root, 32, hosts.node[i], 32);
    }
    assay_registry_close_epoch(hosts.registry, epoch, member, HOSTS, &facts, NULL, NULL);
    if (epoch == HOSTS_EPOCH) {
        fill_force();
        hosts_fold()->since = HOSTS_EPOCH;
    }
    if (!hosts.is_held) pass_keys(epoch);
    boundary_maker_close(hosts.maker, hosts.registry, !hosts.is_held, MAKER_VOTERS);
    while (assay_keyholder_proof_next(hosts.proof, epoch, &m)) {
        boundary_maker_answer(hosts.maker, &m, &answer);
        cr_assert_eq(assay_keyholder_proof_on_answer(hosts.proof, &answer, MAKER_TIME_MS, &fault),
                     ASSAY_OK);
    }
}

void hosts_act(uint32_t i)
{
    cr_assert_eq(
        assay_keyholder_signing_on_epoch(hosts.host[i], hosts.proof, hosts_fold(), hosts.holder[i],
                                         assay_registry_get_plan(hosts.registry), hosts.now),
        ASSAY_OK);
}

void hosts_set_up(void)
{
    static struct assay_registry_plan plan;
    struct assay_checkpoint from;
    char path[96], message[ASSAY_HOLDER_VAULT_MESSAGE_LEN];
    identity_plan_set(&plan, 64);
    const size_t len = (assay_registry_size(&plan) + 63) / 64 * 64;
    cr_assert_eq(assay_registry_init(aligned_alloc(64, len), len, &plan, chain, &hosts.registry),
                 ASSAY_OK);
    assay_registry_set_era(hosts.registry, 1);
    hosts.key = group_new(HOSTS, HOSTS_THRESHOLD);
    hosts.queue = calloc(HOSTS_QUEUE, sizeof *hosts.queue);
    hosts.now = (struct assay_cosigner_time){ .monotonic_ms = 100000, .wall_ms = MAKER_TIME_MS };
    (void)snprintf(hosts.folder, sizeof hosts.folder, "/tmp/assay-signing.XXXXXX");
    cr_assert_not_null(mkdtemp(hosts.folder));
    for (uint32_t i = 0; i < HOSTS; i++) {
        (void)snprintf(path, sizeof path, "%s/%u", hosts.folder, i);
        const struct assay_holder_vault_config config = { .folder = path, .key = &vault_key };
        cr_assert_eq(assay_holder_vault_open(&config, &hosts.vault[i], message), ASSAY_OK, "%s",
                     message);
        hosts.node[i][0] = (uint8_t)(i + 1);
        hosts.link[i][0] = (uint8_t)(i + 10);
    }
    hosts.maker = boundary_maker_new(chain, 1);
    boundary_maker_checkpoint(hosts.maker, &from);
    make_list();
    for (uint32_t slot = 0; slot < MAKER_VOTERS; slot++)
        assay_bytes_copy(boundary_maker_member(hosts.maker, slot)->node_id, 32,
                         slot + 1 < MAKER_VOTERS ? hosts.node[slot] : stranger, 32);
    cr_assert_eq(assay_keyholder_proof_create(&from, &hosts.proof), ASSAY_OK);
    for (uint32_t i = 0; i < HOSTS_EPOCH; i++)
        hosts_close_epoch();
    for (uint32_t i = 0; i < HOSTS; i++) {
        open_holder(i);
        hosts_open_host(i);
        hosts_act(i);
        cr_assert(assay_keyholder_signing_status(hosts.host[i]).is_open, "holder %u", i);
    }
}

void hosts_tear_down(void)
{
    char command[96];
    for (uint32_t i = 0; i < HOSTS; i++) {
        assay_keyholder_signing_destroy(&hosts.host[i]);
        assay_holder_vault_close(&hosts.vault[i]);
        free(hosts.holder[i]);
    }
    assay_keyholder_proof_destroy(&hosts.proof);
    boundary_maker_free(hosts.maker);
    group_free(hosts.key);
    if (hosts.next_key != NULL) group_free(hosts.next_key);
    free(hosts.queue);
    free(hosts.registry);
    (void)snprintf(command, sizeof command, "rm -r %s", hosts.folder);
    cr_expect_eq(system(command), 0);
}

/* --- turns */

/* Returns: the status of a holder that can write no file. */
static enum assay_status deliver_without_disk(uint32_t to, struct assay_slice frame)
{
    struct rlimit old, none;
    cr_assert_eq(getrlimit(RLIMIT_FSIZE, &old), 0);
    none = (struct rlimit){ .rlim_cur = 0, .rlim_max = old.rlim_max };
    cr_assert_neq(signal(SIGXFSZ, SIG_IGN), SIG_ERR);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &none), 0);
    const enum assay_status status =
        assay_keyholder_signing_on_frame(hosts.host[to], hosts.node[0], frame, hosts.now);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &old), 0);
    return status;
}

void hosts_deliver(uint32_t from, uint32_t to, struct assay_slice frame)
{
    static uint32_t messages[HOSTS]; /* of holder 0: REQUEST, LIST, ECHOES */
    if (hosts.keeps_certificates && from == 0 && frame.bytes[0] == ASSAY_SIGNING_FRAME_CERTIFICATE)
        return;
    if (hosts.is_disk_full && from == 0 && frame.bytes[0] == ASSAY_SIGNING_FRAME_MESSAGE &&
        ++messages[to] == 3) {
        const uint32_t queued = hosts.queued;
        cr_expect_eq(deliver_without_disk(to, frame), ASSAY_E_STORE);
        cr_expect_eq(hosts.queued, queued, "no answer");
        hosts.is_disk_full = false;
        return;
    }
    cr_assert_eq(
        assay_keyholder_signing_on_frame(hosts.host[to], hosts.node[from], frame, hosts.now),
        ASSAY_OK);
}

void hosts_pass(uint64_t ms)
{
    static struct hosts_frame one;
    for (uint64_t passed = 0; passed < ms; passed += 50) {
        hosts.now.monotonic_ms += 50;
        hosts.now.wall_ms += 50;
        for (uint32_t i = 0; i < HOSTS; i++)
            if (hosts.host[i] != NULL)
                cr_assert_eq(assay_keyholder_signing_on_tick(hosts.host[i], hosts.now), ASSAY_OK);
        if (hosts.hostile != NULL) hosts.hostile();
        while (hosts.queued > 0) {
            one = hosts.queue[0];
            hosts.queued--;
            for (uint32_t i = 0; i < hosts.queued; i++)
                hosts.queue[i] = hosts.queue[i + 1];
            if ((hosts.silent >> one.from & 1) == 0 && (hosts.silent >> one.to & 1) == 0 &&
                hosts.host[one.to] != NULL)
                hosts_deliver(one.from, one.to, assay_slice_over(one.bytes, one.len));
        }
    }
}
