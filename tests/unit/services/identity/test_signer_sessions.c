/*
 * tests/unit/services/identity/test_signer_sessions.c - tests of signing sessions between processes
 * of holders, over their links: the ledger that they verify brings a key into force, and they sign
 * its certificate. One is killed, one derives another text, one is stopped (docs/identity.md
 * 4.17).
 */
#include "net/services/identity/signer_node.h"

#include "base/system_clock.h"
#include "engine/ledger/state/workload_keys.h"
#include "tests/support/services/identity_plan.h"
#include "tests/support/services/service_ledger.h"
#include "tests/unit/services/identity/boundary_maker.h"

#include <criterion/criterion.h>
#include <openssl/pem.h>
#include <openssl/x509v3.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HOLDERS_MAX = 7, EPOCHS_MAX = 40, SOON_MS = 60000, WEIGHT = 10 };

static const struct assay_secret32 vault_key = { { 7, 7, 7 } };

static struct {
    char folder[64];
    struct service_ledger *ledger;
    struct boundary_maker *maker;
    bool lends_standing;      /* daemons show another member's */
    uint32_t holders;
    uint64_t started_ms;
    pid_t holder[HOLDERS_MAX];
    uint8_t list[HOLDERS_MAX][ASSAY_DECLARED_KEYS_LEN_MAX];
    size_t list_len[HOLDERS_MAX];
    uint8_t root[HOLDERS_MAX][32];
    struct assay_checkpoint checkpoint;
    bool has_asked[HOLDERS_MAX]; /* for a boundary */
    uint32_t answered;           /* requests of daemons */
    uint64_t serial;
    enum assay_service_outcome outcome;
    uint8_t product[ASSAY_SERVICE_ISSUED_MAX];
    size_t product_len;
} w;

/* It runs with the monotonic clock: a date that does not would wipe nonces. */
static uint64_t clock_of_test(void)
{
    return MAKER_TIME_MS + (assay_monotonic_ms() - w.started_ms);
}

static const char *in_folder(const char *what, uint32_t slot)
{
    static char paths[8][128];
    static unsigned at;
    char *path = paths[at++ % 8];
    (void)snprintf(path, sizeof paths[0], "%s/%s-%u", w.folder, what, slot);
    return path;
}

static struct assay_slice text(const char *of)
{
    return assay_slice_over(of, strlen(of));
}

static struct assay_keyholder_node *open_holder(uint32_t slot, const char *listen)
{
    const struct assay_keyholder_node_config config = {
        .ledger = in_folder("daemon", slot),
        .store = in_folder("vault", slot),
        .key = &vault_key,
        .listen = listen,
        .address = listen == NULL ? "127.0.0.1:7" : NULL,
        .checkpoint = w.checkpoint,
        .again_ms = 300,
        .unix_ms = clock_of_test,
    };
    struct assay_keyholder_node *node = NULL;
    char message[ASSAY_KEYHOLDER_NODE_MESSAGE_LEN];
    const enum assay_status status = assay_keyholder_node_open(&config, &node, message);
    if (status != ASSAY_OK) (void)fprintf(stderr, "holder %u: %s\n", slot, message);
    return node;
}

static void start(uint32_t slot)
{
    (void)fflush(NULL);
    w.holder[slot] = fork();
    cr_assert_geq(w.holder[slot], 0);
    if (w.holder[slot] > 0) return;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    struct assay_keyholder_node *node = open_holder(slot, "127.0.0.1:0");
    enum assay_status status = node == NULL ? ASSAY_E_IO : ASSAY_OK;
    while (status == ASSAY_OK)
        status = assay_keyholder_node_step(node, 1000);
    (void)fprintf(stderr, "holder %u: %s\n", slot, assay_status_text(status));
    assay_keyholder_node_close(&node);
    _exit(5);
}

static void stop(uint32_t slot)
{
    if (w.holder[slot] <= 0) return;
    (void)kill(w.holder[slot], SIGKILL);
    (void)waitpid(w.holder[slot], NULL, 0);
    w.holder[slot] = 0;
}

/* Of a server in the enclave of each member. */
static void workload_key(uint8_t key[static 32])
{
    const struct assay_secret32 seed = { { 9, 9 } };
    assay_sodium_link_pair(&seed, key);
}

static void make_list(uint32_t slot)
{
    struct assay_keyholder_node *node = open_holder(slot, NULL);
    uint8_t spki[44], proof[64] = { 0 };
    struct assay_declared_keys keys;
    cr_assert_not_null(node);
    uint8_t other[44];
    (void)assay_keyholder_node_key(node, other);
    workload_key(other + 12);
    const struct assay_declared_key own[2] = {
        { .purpose = ASSAY_PURPOSE_TLS,
          .name = text("api"),
          .spki = assay_slice_over(other, sizeof other),
          .proof = assay_slice_over(proof, sizeof proof) },
        { .purpose = ASSAY_PURPOSE_HOLDER,
          .name = text("signer"),
          .spki = assay_slice_over(spki, assay_keyholder_node_key(node, spki)),
          .proof = assay_slice_over(proof, sizeof proof) },
    };
    struct assay_writer out = assay_writer_over(w.list[slot], sizeof w.list[slot]);
    cr_assert_eq(assay_declared_keys_encode(own, 2, &out), ASSAY_OK);
    w.list_len[slot] = out.len;
    cr_assert_eq(assay_declared_keys_decode(assay_slice_over(w.list[slot], out.len), &keys),
                 ASSAY_OK);
    assay_declared_keys_root(&keys, w.root[slot]);
    assay_keyholder_node_close(&node);
}

/* What a daemon shows of its member; the maker has rows for as many members as voters. */
static void show(uint32_t slot, uint64_t epoch, struct assay_service_message *out)
{
    static uint8_t bytes[MAKER_PROOF_LEN];
    if (slot >= MAKER_VOTERS || slot >= w.holders || epoch != service_ledger_epoch(w.ledger))
        return;
    const uint32_t of = w.lends_standing ? (slot + 1) % MAKER_VOTERS : slot;
    out->proven = boundary_maker_proof(w.maker, of, true, bytes);
    out->keys = assay_slice_over(w.list[of], w.list_len[of]);
}

static void answer(void *context, uint32_t slot, const struct assay_service_message *m,
                   struct assay_service_message *out)
{
    (void)context;
    if (m->verb == ASSAY_SERVICE_ISSUED) {
        w.answered++;
        w.serial = m->serial;
        w.outcome = m->outcome;
        w.product_len = m->issued.len;
        assay_bytes_copy(w.product, sizeof w.product, m->issued.bytes, m->issued.len);
        return;
    }
    if (slot < w.holders) w.has_asked[slot] = true;
    if (m->verb == ASSAY_SERVICE_PROVE) boundary_maker_answer(w.maker, m, out);
    else if (m->verb == ASSAY_SERVICE_SHOW) show(slot, m->epoch, out);
    else if (m->slot < w.holders && assay_bytes_equal(m->root, w.root[m->slot], 32))
        out->keys = assay_slice_over(w.list[m->slot], w.list_len[m->slot]);
}

static const struct assay_ca *group_key(void)
{
    return assay_registry_identity(service_ledger_registry(w.ledger));
}

/* Each member's evidence passes, and binds its list. */
static void pass_keys(uint64_t epoch)
{
    for (uint32_t slot = 0; slot < MAKER_VOTERS && slot < w.holders; slot++) {
        struct assay_member *member = boundary_maker_member(w.maker, slot);
        if (member->declaration.count == 0)
            assay_declaration_set(&member->declaration, epoch, w.root[slot]);
        member->pass_epoch = member->declaration.keys_epoch = epoch;
        assay_bytes_copy(member->declaration.keys_root, 32, w.root[slot], 32);
    }
}

static void close_and_sign(void)
{
    service_ledger_close_epoch(w.ledger);
    pass_keys(service_ledger_epoch(w.ledger));
    boundary_maker_close(w.maker, service_ledger_registry(w.ledger), true, MAKER_VOTERS);
}

static void open_world(uint32_t holders)
{
    static struct assay_registry_plan plan;
    identity_plan_set(&plan, 64);
    w.holders = holders;
    w.lends_standing = false;
    w.started_ms = assay_monotonic_ms();
    (void)snprintf(w.folder, sizeof w.folder, "/tmp/assay-signers.XXXXXX");
    cr_assert_not_null(mkdtemp(w.folder));
    w.ledger = service_ledger_of(in_folder("ledger", 0), &plan);
    w.maker = boundary_maker_new(service_ledger_chain(w.ledger), 1);
    boundary_maker_checkpoint(w.maker, &w.checkpoint);
    for (uint32_t slot = 0; slot < MAKER_VOTERS; slot++)
        service_ledger_node(slot, boundary_maker_member(w.maker, slot)->node_id);
    service_ledger_prove(w.ledger, answer, NULL);
    boundary_maker_close(w.maker, service_ledger_registry(w.ledger), true, MAKER_VOTERS);
    for (uint32_t slot = 0; slot < ASSAY_REGISTRY_SLOTS_MAX; slot++) {
        struct assay_registry_member member = { .standing = ASSAY_REGISTRY_STAND_FULL,
                                                .score_bp = 10000,
                                                .certified = true,
                                                .operator_ = (uint8_t)slot };
        service_ledger_node(slot, member.node_id);
        if (slot < holders) {
            service_ledger_member(w.ledger, in_folder("daemon", slot), slot);
            make_list(slot);
            member.may_hold = member.keys_active = true;
            member.seat_weight = WEIGHT;
            member.incarnation = 1;
            assay_bytes_copy(member.keys_root, 32, w.root[slot], 32);
        }
        service_ledger_set(w.ledger, slot, &member);
    }
}

static void close_world(void)
{
    for (uint32_t slot = 0; slot < HOLDERS_MAX; slot++)
        stop(slot);
    service_ledger_close(&w.ledger);
    boundary_maker_free(w.maker);
    char command[128];
    (void)snprintf(command, sizeof command, "rm -r %s", w.folder);
    cr_expect_eq(system(command), 0);
}

TestSuite(services_signer_sessions, .fini = close_world, .timeout = 300);

/* --- to the close that brings the key into force */

static bool have_all_asked(void)
{
    for (uint32_t slot = 0; slot < w.holders; slot++)
        if (!w.has_asked[slot]) return false;
    return true;
}

/* Every holder has done what is due in this phase. */
static bool is_complete(void)
{
    const struct assay_ca_ceremony *c = &group_key()->ceremony;
    if (c->phase == ASSAY_CA_OFFERS) return c->next.holders == w.holders;
    if (c->phase == ASSAY_CA_DEALS)
        for (uint32_t d = 1; d <= c->dealers; d++)
            if (assay_ca_is_turn(group_key(), d) &&
                c->dealing[d - 1].state == ASSAY_CA_DEALING_NONE)
                return false;
    if (c->phase != ASSAY_CA_HAVES) return true;
    for (uint32_t i = 0; i < c->next.holders; i++)
        if (assay_bytes_all_zero(c->next.holder[i].digest, 32)) return false;
    return c->closes == 0 || c->has_table;
}

static void turn_until(bool (*is_so)(void), const char *what)
{
    const uint64_t end = assay_monotonic_ms() + SOON_MS;
    while (!is_so() && assay_monotonic_ms() < end)
        service_ledger_turn(w.ledger, 5);
    cr_assert(is_so(), "%s, phase %d", what, (int)group_key()->ceremony.phase);
}

/* Up to the close before it; `fail` is called when all records of this phase are there. */
static void make_key_and(enum assay_ca_phase phase, void (*fail)(void))
{
    for (uint32_t slot = 0; slot < w.holders; slot++)
        start(slot);
    turn_until(have_all_asked, "every holder requests boundaries");
    for (uint32_t i = 0; i < EPOCHS_MAX && group_key()->force.generation == 0; i++) {
        turn_until(is_complete, "each holder does what is due");
        const struct assay_ca_ceremony *c = &group_key()->ceremony;
        if (c->phase == phase && (phase != ASSAY_CA_HAVES || c->has_table) && fail != NULL) {
            fail();
            fail = NULL;
        }
        close_and_sign();
        /* Records of an epoch that a holder enters late are not seen by it. */
        for (uint64_t end = assay_monotonic_ms() + 100; assay_monotonic_ms() < end;)
            service_ledger_turn(w.ledger, 5);
    }
    cr_assert_eq(group_key()->force.generation, 1);
    cr_assert_eq(group_key()->force.holders, w.holders);
}

static void make_key(void (*fail)(void))
{
    make_key_and(ASSAY_CA_HAVES, fail);
}

/* --- what OpenSSL says of the certificate */

static X509 *read_file(uint32_t slot, const char *name)
{
    char path[160];
    (void)snprintf(path, sizeof path, "%s/%s", in_folder("vault", slot), name);
    FILE *file = fopen(path, "r");
    if (file == NULL) return NULL;
    X509 *certificate = PEM_read_X509(file, NULL, NULL, NULL);
    (void)fclose(file);
    return certificate;
}

static X509 *read_certificate(uint32_t slot)
{
    char name[32];
    (void)snprintf(name, sizeof name, "ca-%u.pem", (unsigned)group_key()->ca_number);
    return read_file(slot, name);
}

static bool has_certificate(uint32_t slot)
{
    X509 *certificate = read_certificate(slot);
    X509_free(certificate);
    return certificate != NULL;
}

static uint32_t expected; /* bits of slots */

static bool have_expected(void)
{
    for (uint32_t slot = 0; slot < w.holders; slot++)
        if ((expected >> slot & 1) != 0 && !has_certificate(slot)) return false;
    return true;
}

static void expect_certificate(uint32_t slot)
{
    X509 *certificate = read_certificate(slot);
    uint8_t key[32];
    size_t len = sizeof key;
    cr_assert_not_null(certificate, "holder %u", slot);
    EVP_PKEY *public = X509_get0_pubkey(certificate);
    cr_assert_eq(EVP_PKEY_get_raw_public_key(public, key, &len), 1);
    cr_expect_arr_eq(key, group_key()->key, 32, "it is of the ledger's key");
    cr_expect_eq(X509_verify(certificate, public), 1, "signed under itself");
    cr_expect_eq(X509_check_ca(certificate), 1);
    char domain[64] = "";
    (void)X509_NAME_get_text_by_NID(X509_get_subject_name(certificate), NID_organizationName,
                                    domain, sizeof domain);
    cr_expect_str_eq(domain, "mesh.example");
    X509_free(certificate);
}

/* Holders of these bits have it in the end. */
static void expect_certificates(uint32_t slots)
{
    expected = slots;
    turn_until(have_expected, "holders have the certificate");
    for (uint32_t slot = 0; slot < w.holders; slot++)
        if ((slots >> slot & 1) != 0) expect_certificate(slot);
}

Test(services_signer_sessions, four_processes_sign_the_certificate_of_their_key)
{
    open_world(4);
    make_key(NULL);
    expect_certificates(0xf);
}

/* As if it had been away while they became final. Its process has another link key, which it offers
 * at once. */
static void restart_3_without_dealings(void)
{
    char command[160];
    stop(3);
    (void)snprintf(command, sizeof command, "rm -r %s/dealings", in_folder("vault", 3));
    cr_assert_eq(system(command), 0, "it had some");
    const struct assay_ca_holder before = group_key()->ceremony.next.holder[3];
    w.has_asked[3] = false;
    start(3);
    const uint64_t end = assay_monotonic_ms() + SOON_MS;
    while (assay_monotonic_ms() < end &&
           assay_bytes_equal(before.link_key, group_key()->ceremony.next.holder[3].link_key, 32))
        service_ledger_turn(w.ledger, 5);
    cr_assert_arr_neq(before.link_key, group_key()->ceremony.next.holder[3].link_key, 32);
}

/* docs/identity.md 3.11.2 */
Test(services_signer_sessions, a_holder_that_was_away_has_its_share_of_dealings_that_others_have)
{
    open_world(4);
    make_key_and(ASSAY_CA_DISPUTES, restart_3_without_dealings);
    for (uint32_t i = 0; i < 4; i++)
        cr_expect(group_key()->force.holder[i].has, "holder %u vouched", i);
    expect_certificates(0xf);
}

static void kill_0(void)
{
    stop(0);
}

/* The one that would coordinate first. */
Test(services_signer_sessions, three_of_four_sign_without_the_one_that_was_killed)
{
    open_world(4);
    make_key(kill_0);
    expect_certificates(0xe);
}

/* Its daemon shows a plan with another trust domain. */
static void mislead_1(void)
{
    static struct assay_registry_plan other;
    identity_plan_set(&other, 64);
    (void)snprintf(other.identity.trust_domain, sizeof other.identity.trust_domain, "evil.example");
    service_ledger_show_plan(w.ledger, 1, &other);
}

Test(services_signer_sessions, three_of_four_sign_without_the_one_that_is_shown_another_plan)
{
    open_world(4);
    make_key(mislead_1);
    expect_certificates(0xd);
    cr_expect_not(has_certificate(1), "it signs nothing");
}

static void halt_2(void)
{
    (void)kill(w.holder[2], SIGSTOP);
}

Test(services_signer_sessions, one_that_stood_still_signs_with_the_others_later)
{
    open_world(4);
    make_key(halt_2);
    expect_certificates(0xb);
    (void)kill(w.holder[2], SIGCONT);
    expect_certificates(0xf);
}

static void kill_and_halt(void)
{
    stop(0);
    halt_2();
    mislead_1();
}

/* 4 of 7 sign. */
Test(services_signer_sessions, four_of_seven_sign_when_one_was_killed_one_is_wrong_and_one_is_slow)
{
    open_world(7);
    make_key(kill_and_halt);
    cr_expect_eq(group_key()->force.threshold, 4);
    expect_certificates(0x78);
}

/* Its link key is of its new process, which the ledger names after a close. */
Test(services_signer_sessions, one_that_was_not_there_receives_the_certificate_in_a_later_epoch)
{
    open_world(4);
    make_key(kill_0);
    expect_certificates(0xe);
    cr_assert_not(has_certificate(0));
    start(0);
    for (uint32_t i = 0; i < 6 && !has_certificate(0); i++) {
        const uint64_t end = assay_monotonic_ms() + 5000;
        while (!has_certificate(0) && assay_monotonic_ms() < end)
            service_ledger_turn(w.ledger, 5);
        close_and_sign();
    }
    expect_certificates(0xf);
}

/* --- certificates of workload keys */

static bool have_workloads(void)
{
    for (uint32_t slot = 0; slot < w.holders; slot++) {
        X509 *certificate = read_file(slot, "key-api.pem");
        X509_free(certificate);
        if ((expected >> slot & 1) != 0 && certificate == NULL) return false;
    }
    return true;
}

/* The chain, at the time of the ledger, as a TLS library does it. */
static void expect_workload(uint32_t slot)
{
    X509 *ca = read_certificate(slot), *leaf = read_file(slot, "key-api.pem");
    X509_STORE *store = X509_STORE_new();
    X509_STORE_CTX *context = X509_STORE_CTX_new();
    uint8_t key[32], own[32];
    size_t len = sizeof key;
    cr_assert(ca != NULL && leaf != NULL && store != NULL && context != NULL);
    cr_assert_eq(X509_STORE_add_cert(store, ca), 1);
    cr_assert_eq(X509_STORE_CTX_init(context, store, leaf, NULL), 1);
    X509_STORE_CTX_set_time(context, 0, (time_t)(MAKER_TIME_MS / 1000) + 60);
    X509_STORE_CTX_set_flags(context, X509_V_FLAG_X509_STRICT);
    cr_expect_eq(X509_verify_cert(context), 1, "holder %u: %s", slot,
                 X509_verify_cert_error_string(X509_STORE_CTX_get_error(context)));
    cr_assert_eq(EVP_PKEY_get_raw_public_key(X509_get0_pubkey(leaf), key, &len), 1);
    workload_key(own);
    cr_expect_arr_eq(key, own, 32);
    X509_STORE_CTX_free(context);
    X509_STORE_free(store);
    X509_free(ca);
    X509_free(leaf);
}

static void expect_workloads(uint32_t slots)
{
    expected = slots;
    turn_until(have_workloads, "holders have certificates of their member's key");
    for (uint32_t slot = 0; slot < w.holders; slot++)
        if ((slots >> slot & 1) != 0) expect_workload(slot);
}

static void run_for(uint64_t ms)
{
    for (uint64_t end = assay_monotonic_ms() + ms; assay_monotonic_ms() < end;)
        service_ledger_turn(w.ledger, 5);
}

Test(services_signer_sessions, each_member_gets_a_certificate_of_its_key_that_openssl_verifies)
{
    open_world(4);
    make_key(NULL);
    expect_certificates(0xf);
    expect_workloads(0xf);
}

Test(services_signer_sessions, certificates_are_issued_without_the_one_that_was_killed)
{
    open_world(4);
    make_key(kill_0);
    expect_certificates(0xe);
    expect_workloads(0xe);
}

/* It would stand in for another's. */
Test(services_signer_sessions, no_holder_publishes_a_key_of_another_member_as_its_own)
{
    open_world(4);
    w.lends_standing = true;
    make_key(NULL);
    expect_certificates(0xf);
    run_for(3000);
    for (uint32_t slot = 0; slot < 4; slot++)
        cr_expect_null(read_file(slot, "key-api.pem"), "holder %u", slot);
    w.lends_standing = false;
    close_and_sign();
    expect_workloads(0xf);
}

Test(services_signer_sessions, a_certificate_is_not_renewed_in_each_epoch)
{
    open_world(4);
    make_key(NULL);
    expect_certificates(0xf);
    expect_workloads(0xf);
    X509 *before = read_file(2, "key-api.pem");
    close_and_sign();
    run_for(10000);
    X509 *after = read_file(2, "key-api.pem");
    cr_assert(before != NULL && after != NULL);
    cr_expect_eq(X509_cmp(before, after), 0, "it is valid for most of its time");
    X509_free(before);
    X509_free(after);
}

/* --- certificates that daemons request (docs/identity.md 4.18) */

static bool is_answered(void)
{
    return w.answered > 0;
}

/* The daemon of `slot` requests the certificate of the key of another member. */
static void request_of(uint32_t slot, uint32_t member)
{
    static uint8_t bytes[MAKER_PROOF_LEN];
    struct assay_service_message m = {
        .verb = ASSAY_SERVICE_ISSUE,
        .serial = 70 + slot,
        .epoch = service_ledger_epoch(w.ledger),
        .product = ASSAY_SERVICE_CERTIFICATE,
        .name = text("api"),
        .proven = boundary_maker_proof(w.maker, member, true, bytes),
        .keys = assay_slice_over(w.list[member], w.list_len[member]),
    };
    assay_bytes_copy(m.node_id, 32, boundary_maker_member(w.maker, member)->node_id, 32);
    w.answered = 0;
    service_ledger_issue(w.ledger, slot, &m);
    turn_until(is_answered, "the process answers its daemon");
    cr_expect_eq(w.serial, 70 + slot);
}

Test(services_signer_sessions, a_daemon_gets_a_certificate_of_any_members_key_from_its_process)
{
    open_world(4);
    make_key(NULL);
    expect_certificates(0xf);
    request_of(1, 2);
    cr_assert_eq((int)w.outcome, (int)ASSAY_SERVICE_OUTCOME_DONE, "%.*s", (int)w.product_len,
                 (char *)w.product);
    const uint8_t *der = w.product;
    X509 *leaf = d2i_X509(NULL, &der, (long)w.product_len), *ca = read_certificate(0);
    cr_assert(leaf != NULL && ca != NULL);
    cr_expect_eq(X509_verify(leaf, X509_get0_pubkey(ca)), 1);
    X509_free(leaf);
    X509_free(ca);
    service_ledger_fence(w.ledger, true);
    request_of(1, 2);
    cr_expect_eq((int)w.outcome, (int)ASSAY_SERVICE_OUTCOME_FENCED);
}
