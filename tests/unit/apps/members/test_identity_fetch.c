/*
 * tests/unit/apps/members/test_identity_fetch.c - tests of `assay identity fetch` with two nodes
 * and a clock of the test: which node is requested, and what replaces what is in place
 * (docs/identity.md 11).
 */
#define _GNU_SOURCE /* syscall */

#include "apps/assay/core/command.h"
#include "apps/assay/identity/identity_fetch.h"
#include "apps/assay/identity/identity_folder.h"
#include "base/base64.h"
#include "tests/unit/apps/folder.h"
#include "tests/unit/services/identity/credential_world.h"

#include <criterion/criterion.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

enum { NODES = 2, TEXT_LEN = 8192, VALID_S = 900 };

struct text {
    size_t len;
    char bytes[TEXT_LEN];
};
struct node {
    const struct text *issued;
    int proof_exit; /* of its CA proof */
    bool is_local;  /* it fails for another cause than the node */
    bool is_slow;   /* it answers request after request, for as long as it may */
    unsigned requests, proofs;
};

static struct folder folder;
static char dir[128], printed[1024];
static struct credential_world *world;
static struct cli_identity_fetch fetch;
static struct cli_identity_report report;
static struct node node[NODES];
static struct text ca, cross, older, newest, of_next, bare, chain;
static struct assay_slice proven_ca, proven_cross;

/* --- the clock: a pause ends at once, and the test at `stop_s` */

static int64_t elapsed_s, stop_s;
static jmp_buf stopped;
static void (*on_second)(int64_t at_s);

int clock_gettime(clockid_t clock, struct timespec *now);
int clock_gettime(clockid_t clock, struct timespec *now)
{
    now->tv_sec = (clock == CLOCK_REALTIME ? WORLD_AT_S : 1000) + elapsed_s;
    now->tv_nsec = 0;
    return 0;
}

int nanosleep(const struct timespec *wanted, struct timespec *left);
int nanosleep(const struct timespec *wanted, struct timespec *left)
{
    (void)left;
    for (time_t i = 0; i < wanted->tv_sec; i++) {
        elapsed_s++;
        if (on_second != NULL) on_second(elapsed_s);
        if (stop_s > 0 && elapsed_s >= stop_s) longjmp(stopped, 1);
    }
    return 0;
}

/* --- in the place of nodes and of the other files of the command */

static struct node *requested(const struct cli_identity_fetch *f)
{
    return &node[f->node.http[0] - 'a'];
}

int cli_identity_fail(const struct cli_identity_fetch *f, int exit, const char *format, ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(printed, sizeof printed, format, arguments);
    va_end(arguments);
    if (f->is_watching) cli_identity_report_failure(f, printed);
    return exit;
}

int cli_identity_register(struct cli_identity_fetch *f)
{
    (void)f;
    return ASSAY_EXIT_OK;
}

int cli_identity_report_set(const struct cli_identity_fetch *f, bool is_new)
{
    (void)f;
    (void)is_new;
    return ASSAY_EXIT_OK;
}

enum cli_identity_answer cli_identity_request(const struct cli_identity_node *at,
                                              const struct cli_identity_wanted *wanted,
                                              struct cli_identity_issued *out)
{
    struct node *const n = &node[at->http[0] - 'a'];
    (void)wanted;
    n->requests++;
    *out = (struct cli_identity_issued){ .retry_after_s = 1 };
    if (n->issued == NULL) return CLI_IDENTITY_UNREACHABLE;
    out->len = n->issued->len;
    assay_bytes_copy(out->pem, sizeof out->pem, n->issued->bytes, n->issued->len);
    return CLI_IDENTITY_ISSUED;
}

int cli_identity_trust_prove(const struct cli_identity_fetch *f, struct cli_identity_trust *trust)
{
    struct node *const n = requested(f);
    n->proofs++;
    if (n->is_slow) {
        cr_assert_gt(f->node.until_ms, 0, "without a limit it never ends");
        elapsed_s = (int64_t)((f->node.until_ms + 999) / 1000) - 1000;
    }
    *trust = (struct cli_identity_trust){
        .from = "net.checkpoint",
        .ca = proven_ca,
        .cross = proven_cross,
        .jwks = assay_slice_over(world->keys.bytes, world->keys.len),
    };
    (void)snprintf(trust->issuer, sizeof trust->issuer, "https://id.mesh.example");
    if (n->proof_exit == ASSAY_EXIT_OK) return ASSAY_EXIT_OK;
    return n->is_local ? cli_identity_fail(f, n->proof_exit, "no checkpoint")
                       : cli_identity_fail_node(f, n->proof_exit, "no proof");
}

int cli_identity_trust_read(const struct cli_identity_fetch *f, struct cli_identity_trust *trust)
{
    return cli_identity_trust_prove(f, trust);
}

/* --- certificates */

static void add_pem(struct text *text, const struct credential *der)
{
    size_t len = 0;
    cr_assert_eq(assay_pem_put("CERTIFICATE", der->bytes, der->len,
                               (uint8_t *)text->bytes + text->len, TEXT_LEN - text->len, &len),
                 ASSAY_OK);
    text->len += len;
}

static struct credential leaf_of(size_t number)
{
    const struct credential tbs = credential_world_leaf_tbs(world, number);
    return credential_world_certificate(world, number, assay_slice_over(tbs.bytes, tbs.len));
}

static struct assay_slice slice_of(const struct text *text)
{
    return assay_slice_over(text->bytes, text->len);
}

/* An epoch that ended some seconds after WORLD_AT_S. */
static void use_epoch(int64_t after_s)
{
    world->p.state.epoch = (uint64_t)(1234 + after_s);
    world->p.state.time_ms = (uint64_t)(WORLD_AT_S + after_s) * 1000;
}

static void make_certificates(void)
{
    struct credential der = world->ca[0];
    add_pem(&ca, &der);
    der = world->ca[1];
    add_pem(&ca, &der);
    add_pem(&cross, &world->next);
    use_epoch(-700);
    der = leaf_of(0);
    add_pem(&older, &der);
    use_epoch(0);
    der = leaf_of(0);
    add_pem(&newest, &der);
    der = leaf_of(1);
    add_pem(&bare, &der);
    chain = bare;
    add_pem(&chain, &world->next);
    use_epoch(100);
    der = leaf_of(1);
    add_pem(&of_next, &der);
    proven_ca = slice_of(&ca);
}

static void set_up(void)
{
    folder = folder_make();
    (void)snprintf(dir, sizeof dir, "%s", folder_at(&folder, "tls"));
    cr_assert_eq(mkdir(dir, 0700), 0);
    world = credential_world_new();
    fetch = (struct cli_identity_fetch){ .dir = dir,
                                         .name = "api",
                                         .key_name = "api",
                                         .checkpoint = "net.checkpoint",
                                         .http = { "a", "b" },
                                         .http_count = NODES,
                                         .node = { .http = "a" },
                                         .wait_s = 600,
                                         .hook_s = 10,
                                         .report = &report,
                                         .has_key = true,
                                         .svid = calloc(1, sizeof *fetch.svid) };
    cr_assert_eq(cli_identity_key_generate(&fetch.key), ASSAY_OK);
    assay_bytes_copy(fetch.chain_id, 32, world->p.ca[0].chain_id, 32);
    assay_bytes_copy(fetch.node_id, 32, world->p.state.node_id, 32);
    world->p.entry.spki = assay_slice_over(fetch.key.spki, sizeof fetch.key.spki);
    credential_world_certify(world);
    make_certificates();
}

static void tear_down(void)
{
    free(fetch.svid);
    credential_world_free(world);
    folder_remove(&folder);
}

TestSuite(apps_identity_fetch, .init = set_up, .fini = tear_down);

static bool is_in_place(const char *name, const struct text *text)
{
    char path[PATH_MAX], found[TEXT_LEN];
    (void)snprintf(path, sizeof path, "%s/%s", dir, name);
    FILE *const file = fopen(path, "rb");
    if (file == NULL) return false;
    const size_t len = fread(found, 1, sizeof found, file);
    (void)fclose(file);
    return len == text->len && assay_bytes_equal((uint8_t *)found, text->bytes, len);
}

static int fetch_of(const struct text *issued)
{
    fetch.node.http = "a";
    fetch.http_index = 0;
    node[0].issued = node[1].issued = issued;
    return cli_identity_fetch_once(&fetch);
}

/* --- nodes */

Test(apps_identity_fetch, each_failure_of_a_node_leads_to_the_next_one)
{
    static const int exits[] = {
        ASSAY_EXIT_UNREACHABLE, ASSAY_EXIT_DENIED,    ASSAY_EXIT_NOT_FOUND,
        ASSAY_EXIT_TIMEOUT,     ASSAY_EXIT_MALFORMED, ASSAY_EXIT_INTERNAL
    };
    for (size_t i = 0; i < sizeof exits / sizeof exits[0]; i++) {
        node[0] = (struct node){ .proof_exit = exits[i] };
        node[1] = (struct node){ .proof_exit = ASSAY_EXIT_OK };
        cr_expect_eq(fetch_of(&newest), ASSAY_EXIT_OK, "%d", exits[i]);
        cr_expect_eq(node[1].requests, 1, "%d", exits[i]);
    }
    cr_expect(is_in_place("current/cert.pem", &newest));
}

Test(apps_identity_fetch, the_last_failure_names_its_node_if_none_serves)
{
    node[0].proof_exit = ASSAY_EXIT_NOT_FOUND;
    node[1].proof_exit = ASSAY_EXIT_DENIED;
    cr_expect_eq(fetch_of(&newest), ASSAY_EXIT_DENIED);
    cr_expect_str_eq(printed, "b: no proof");
    cr_expect_eq(node[0].requests, 1, "each node once");
    cr_expect_eq(node[1].requests, 1, "each node once");
}

/* Whatever one node does, the next one is requested before the end of --wait. */
Test(apps_identity_fetch, a_slow_node_has_its_part_of_the_wait_alone)
{
    node[0] = (struct node){ .proof_exit = ASSAY_EXIT_TIMEOUT, .is_slow = true };
    cr_expect_eq(fetch_of(&newest), ASSAY_EXIT_OK);
    cr_expect_eq(node[1].proofs, 1);
    cr_expect_lt(elapsed_s, (int64_t)fetch.wait_s);
    node[1] = node[0];
    elapsed_s = 0;
    cr_expect_eq(fetch_of(&newest), ASSAY_EXIT_TIMEOUT);
    cr_expect_leq(elapsed_s, (int64_t)fetch.wait_s);
}

Test(apps_identity_fetch, another_cause_than_the_node_ends_it)
{
    node[0] = (struct node){ .proof_exit = ASSAY_EXIT_INTERNAL, .is_local = true };
    cr_expect_eq(fetch_of(&newest), ASSAY_EXIT_INTERNAL);
    cr_expect_str_eq(printed, "no checkpoint");
    cr_expect_eq(node[1].requests, 0);
}

/* --- the cross certificate */

Test(apps_identity_fetch, a_node_that_hides_the_cross_certificate_changes_nothing)
{
    struct text renewed = of_next;
    fetch.hook = "false"; /* it would fail */
    cr_assert_eq(fetch_of(&chain), ASSAY_EXIT_PARTIAL);
    cr_assert(is_in_place("current/cert.pem", &chain));
    cli_identity_hook_clear(&fetch);
    cr_expect_eq(fetch_of(&bare), ASSAY_EXIT_OK, "no hook: the set is not new");
    cr_expect(is_in_place("current/cert.pem", &chain));
    fetch.hook = NULL;
    elapsed_s = 100;
    cr_expect_eq(fetch_of(&of_next), ASSAY_EXIT_OK);
    add_pem(&renewed, &world->next);
    cr_expect(is_in_place("current/cert.pem", &renewed), "nor with the next leaf");
}

Test(apps_identity_fetch, the_cross_certificate_of_the_proof_serves_as_well)
{
    proven_cross = slice_of(&cross);
    cr_expect_eq(fetch_of(&bare), ASSAY_EXIT_OK);
    cr_expect(is_in_place("current/cert.pem", &chain));
    cr_expect_eq(fetch_of(&newest), ASSAY_EXIT_OK);
    cr_expect(is_in_place("current/cert.pem", &newest), "of this leaf it is none");
}

/* --- CA certificates while the certificate stays */

static void watch(int64_t until_s)
{
    fetch.is_watching = true;
    stop_s = until_s;
    if (setjmp(stopped) == 0) cli_identity_watch(&fetch);
}

static struct text number_1;

/* Within the first 300 s the network has the next number, and the node that is next has no
 * proof of it. */
static void begin_rollover(int64_t at_s)
{
    if (at_s != 200) return;
    requested(&fetch)->proof_exit = ASSAY_EXIT_NOT_FOUND;
    proven_ca = slice_of(&ca);
}

Test(apps_identity_fetch, what_is_in_place_gets_newer_ca_certificates_from_any_node)
{
    add_pem(&number_1, &world->ca[0]);
    proven_ca = slice_of(&number_1);
    cr_assert_eq(fetch_of(&newest), ASSAY_EXIT_OK);
    cr_assert(is_in_place("current/ca.pem", &number_1));
    node[0] = node[1] = (struct node){ .issued = &older }; /* over before 300 s */
    fetch.http_index = 0;
    fetch.node.http = "a";
    on_second = begin_rollover;
    watch(310);
    cr_expect(is_in_place("current/ca.pem", &ca), "%s", printed);
    cr_expect(is_in_place("current/cert.pem", &newest), "%s", printed);
    cr_expect_eq(node[0].requests + node[1].requests, 1, "no certificate is requested");
}

static struct text number_2;

static void retire_number(int64_t at_s)
{
    if (at_s != 200) return;
    proven_ca = slice_of(&number_2);
    node[0].issued = node[1].issued = &of_next;
}

Test(apps_identity_fetch, what_does_not_verify_any_more_is_renewed_at_once)
{
    add_pem(&number_2, &world->ca[1]);
    node[0].issued = node[1].issued = &newest;
    on_second = retire_number;
    watch(310);
    cr_expect(is_in_place("current/cert.pem", &of_next), "%s", printed);
    cr_expect(is_in_place("current/ca.pem", &number_2), "%s", printed);
}

static unsigned proofs_before;

static void end_proofs(int64_t at_s)
{
    if (at_s == 200) node[0].proof_exit = node[1].proof_exit = ASSAY_EXIT_DENIED;
    if (at_s != 310) return;
    cr_expect_not_null(strstr(printed, "not proven again: b: no proof"), "%s", printed);
    cr_expect(report.has_failed);
    node[1].proof_exit = ASSAY_EXIT_OK;
    proofs_before = node[1].proofs;
}

Test(apps_identity_fetch, a_proof_that_fails_is_reported_and_soon_tried_again)
{
    node[0].issued = node[1].issued = &newest;
    on_second = end_proofs;
    watch(370);
    cr_expect_eq(node[1].proofs, proofs_before + 1);
    cr_expect_not(report.has_failed);
    cr_expect_eq(node[0].requests + node[1].requests, 1);
}

/* --- tokens */

static struct text token_at(int64_t after_s, const uint8_t *spki)
{
    struct text token = { .len = 0 };
    use_epoch(after_s);
    world->p.entry.spki = assay_slice_over(spki, sizeof fetch.key.spki);
    credential_world_certify(world);
    token.len = world->token.len;
    assay_bytes_copy(token.bytes, sizeof token.bytes, world->token.bytes, world->token.len);
    return token;
}

static void use_tokens(void)
{
    fetch.token_name = "api";
    fetch.key_name = NULL;
    fetch.audience = "https://vault.example";
}

Test(apps_identity_fetch, an_older_token_replaces_no_newer_one)
{
    use_tokens();
    const struct text old = token_at(-600, fetch.key.spki);
    const struct text new = token_at(0, fetch.key.spki);
    cr_assert_eq(fetch_of(&old), ASSAY_EXIT_OK, "%s", printed);
    cr_assert(is_in_place("token", &old));
    cr_assert_eq(fetch_of(&new), ASSAY_EXIT_OK);
    cr_assert(is_in_place("token", &new));
    cr_expect_eq(fetch_of(&old), ASSAY_EXIT_OK);
    cr_expect(is_in_place("token", &new));
    cr_expect_eq(fetch.svid->not_after_s, WORLD_AT_S + VALID_S, "of the one in place");
    const struct text again = token_at(0, fetch.key.spki); /* signed once more */
    cr_assert_not(assay_slice_equal(slice_of(&again), slice_of(&new)));
    cr_expect_eq(fetch_of(&again), ASSAY_EXIT_OK);
    cr_expect(is_in_place("token", &new), "it says the same");
}

Test(apps_identity_fetch, a_token_of_another_key_is_refused)
{
    struct cli_identity_key other;
    use_tokens();
    cr_assert_eq(cli_identity_key_generate(&other), ASSAY_OK);
    const struct text foreign = token_at(0, other.spki);
    cr_expect_eq(fetch_of(&foreign), ASSAY_EXIT_CONTRAINDICATED);
    cr_expect_not_null(strstr(printed, "another key"), "%s", printed);
    cr_expect_not(is_in_place("token", &foreign));
    fetch.has_key = false; /* --member without its key */
    cr_expect_eq(fetch_of(&foreign), ASSAY_EXIT_OK);
}
