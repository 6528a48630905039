/*
 * tests/unit/platform/test_registration_client.c - client of the enclave program's key socket, with
 * the key of a holder of the group key (docs/identity.md 6.6, 6.7). The enclave's own code answers.
 */
#include "apps/enclave/key_requests.h"
#include "net/keys/registration/registration_client.h"
#include "net/services/identity/holder_entry.h"
#include "services/shares/sodium.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static const uint8_t chain_id[32] = { 1 }, node_id[32] = { 2 };
static const struct assay_secret32 seed = { { 7, 7, 7 } }, other_seed = { { 8, 8, 8 } };

static struct {
    char folder[64], path[96];
    struct registrations registered;
    int listener, client;
    const char *instead; /* what it answers to everything; NULL: what the enclave does */
    struct assay_registration_client *holder;
    uint64_t now_ms;
    enum assay_status refuses;         /* of make */
    const struct assay_secret32 *seed; /* of the vault */
    unsigned made;
} w;

static enum assay_status make(void *context, const struct assay_registration_boot *boot,
                              struct assay_registration_statement *statement,
                              char reason[static ASSAY_REGISTRATION_REASON_LEN])
{
    uint8_t spki[44] = { 0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00 };
    (void)context;
    w.made++;
    if (w.refuses != ASSAY_OK) (void)snprintf(reason, ASSAY_REGISTRATION_REASON_LEN, "no reason");
    if (w.refuses != ASSAY_OK) return w.refuses;
    assay_sodium_link_pair(w.seed, spki + 12);
    return assay_keyholder_make_statement(w.seed, assay_slice_over(spki, sizeof spki),
                                          boot->chain_id, boot->node_id, boot->boot, statement);
}

/* The enclave starts, and its daemon has requested a statement. */
static void boot(uint8_t number)
{
    static const uint8_t beacon[32], voting[64], transport[32], root[32];
    const struct assay_binding binding = { chain_id, 0,      9,         beacon, node_id,
                                           1,        voting, transport, root };
    const uint8_t of_boot[32] = { number };
    const struct registration_users users = { .owner = 7 };
    uint8_t report_data[64];
    registrations_init(&w.registered, &users, of_boot);
    cr_assert_eq(registrations_state(&w.registered, &binding, report_data), ASSAY_OK);
}

static void listen_at_path(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", w.path);
    w.listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    cr_assert(w.listener >= 0);
    cr_assert_eq(bind(w.listener, (const struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(listen(w.listener, 4), 0);
}

/* withdraws: NULL, or the key that this client withdraws */
static void create_holder(const char *withdraws)
{
    const struct assay_registration_config config = { .path = w.path,
                                                      .make = make,
                                                      .withdraw = withdraws };
    cr_assert_eq(assay_registration_client_create(&config, &w.holder), ASSAY_OK);
}

static void set_up(void)
{
    w.listener = w.client = -1;
    w.now_ms = 1000;
    w.seed = &seed;
    (void)snprintf(w.folder, sizeof w.folder, "/tmp/assay-register.XXXXXX");
    cr_assert_not_null(mkdtemp(w.folder));
    (void)snprintf(w.path, sizeof w.path, "%s/service.sock", w.folder);
    create_holder(NULL);
    boot(4);
}

static void tear_down(void)
{
    assay_registration_client_destroy(&w.holder);
    if (w.client >= 0) close(w.client);
    if (w.listener >= 0) close(w.listener);
    (void)unlink(w.path);
    (void)rmdir(w.folder);
}

TestSuite(registration_client, .init = set_up, .fini = tear_down, .timeout = 120);

/* One turn of the enclave program. */
static void serve(void)
{
    char line[KEY_REQUEST_MAX + 2], answer[KEY_ANSWER_MAX + 1];
    if (w.listener < 0) return;
    if (w.client < 0) w.client = accept(w.listener, NULL, NULL);
    if (w.client < 0) return;
    const ssize_t got = recv(w.client, line, sizeof line, MSG_DONTWAIT);
    if (got == 0) {
        close(w.client);
        w.client = -1;
    }
    if (got <= 0) return;
    cr_assert_eq(line[got - 1], '\n', "a line in one piece");
    if (w.instead != NULL) {
        (void)send(w.client, w.instead, strlen(w.instead), MSG_NOSIGNAL);
        return;
    }
    const size_t len =
        key_request_answer(&w.registered, 7, w.now_ms, line, (size_t)got - 1, answer);
    (void)send(w.client, answer, len, MSG_NOSIGNAL);
}

static void pass(uint64_t ms)
{
    for (uint64_t end = w.now_ms + ms; w.now_ms < end; w.now_ms += 100) {
        assay_registration_client_step(w.holder, w.now_ms);
        serve();
        assay_registration_client_step(w.holder, w.now_ms);
    }
}

static bool is_listed(void)
{
    char answer[KEY_ANSWER_MAX + 1];
    const size_t len = key_request_answer(&w.registered, 7, w.now_ms, "key list", 8, answer);
    answer[len] = '\0';
    return strncmp(answer, "holder signer 7 ", 16) == 0;
}

static const char *message(void)
{
    return assay_registration_client_message(w.holder);
}

Test(registration_client, the_enclave_has_the_key)
{
    listen_at_path();
    pass(1000);
    cr_expect(assay_registration_client_is_done(w.holder), "%s", message());
    cr_expect(is_listed());
    pass(20000);
    cr_expect_eq(w.made, 1, "once for each boot");
}

Test(registration_client, a_restarted_enclave_gets_the_key_again)
{
    listen_at_path();
    pass(1000);
    cr_assert(is_listed());
    boot(5);
    cr_assert_not(is_listed());
    pass(2 * ASSAY_REGISTRATION_AGAIN_MS);
    cr_expect(is_listed(), "%s", message());
    cr_expect_eq(w.made, 2);
}

Test(registration_client, an_enclave_that_is_not_there_is_asked_until_it_is)
{
    pass(1000);
    cr_expect_not(assay_registration_client_is_done(w.holder));
    cr_expect_not_null(strstr(message(), "enclave.service"), "%s", message());
    listen_at_path();
    pass(2 * ASSAY_REGISTRATION_AGAIN_MS);
    cr_expect(is_listed(), "%s", message());
    close(w.listener);
    w.listener = -1;
    (void)unlink(w.path);
    pass(2 * ASSAY_REGISTRATION_AGAIN_MS);
    cr_expect_not(assay_registration_client_is_done(w.holder), "it ended");
}

Test(registration_client, what_is_not_to_be_signed_is_not_registered)
{
    static const enum assay_status why[] = { ASSAY_E_CHAIN, ASSAY_E_STRANGER, ASSAY_E_AGAIN };
    listen_at_path();
    for (size_t i = 0; i < sizeof why / sizeof why[0]; i++) {
        w.refuses = why[i];
        pass(2 * ASSAY_REGISTRATION_AGAIN_MS);
        cr_expect_not(is_listed());
        cr_expect_not(assay_registration_client_is_done(w.holder));
        cr_expect_str_eq(message(), "no reason");
        cr_expect_eq(assay_registration_client_made(w.holder), why[i]);
    }
    w.refuses = ASSAY_OK;
    pass(2 * ASSAY_REGISTRATION_AGAIN_MS);
    cr_expect(is_listed());
}

/* A step does not wait for an answer, and no answer is taken for a registration. */
Test(registration_client, an_enclave_that_answers_nonsense_has_registered_nothing)
{
    static char endless[2000];
    (void)memset(endless, 'a', sizeof endless - 1);
    const char *const answers[] = {
        "", "\n", "ok 1\n", "boot 00 chain 00 node 00\n", "boot \x1b[2J\n", "error no\n", endless
    };
    listen_at_path();
    for (size_t i = 0; i < sizeof answers / sizeof answers[0]; i++) {
        w.instead = answers[i];
        pass(8000);
        cr_expect_not(assay_registration_client_is_done(w.holder), "%zu", i);
        for (const char *c = message(); *c != '\0'; c++)
            cr_expect(*c >= ' ' && *c <= '~', "%zu: %s", i, message());
    }
    cr_expect_eq(w.made, 0);
    w.instead = NULL;
    pass(8000);
    cr_expect(is_listed(), "%s", message());
}

Test(registration_client, a_path_that_fits_no_socket_is_refused)
{
    char path[200];
    struct assay_registration_client *other = NULL;
    (void)memset(path, 'p', sizeof path - 1);
    path[sizeof path - 1] = '\0';
    const struct assay_registration_config config = { .path = path, .make = make };
    cr_expect_eq(assay_registration_client_create(&config, &other), ASSAY_E_RANGE);
    cr_expect_null(other);
}

/* A holder whose vault is lost has another key, and the running enclave the old one under the same
 * name (docs/identity.md 6.7.2). */
Test(registration_client, a_new_key_after_an_empty_vault_follows_the_withdrawal_of_the_old_one)
{
    char before[KEY_ANSWER_MAX], after[KEY_ANSWER_MAX];
    listen_at_path();
    pass(1000);
    cr_assert(is_listed());
    (void)key_request_answer(&w.registered, 7, w.now_ms, "key list", 8, before);
    assay_registration_client_destroy(&w.holder);
    serve();
    w.seed = &other_seed;
    create_holder(NULL);
    pass(2 * ASSAY_REGISTRATION_AGAIN_MS);
    cr_expect_not(assay_registration_client_is_done(w.holder));
    cr_expect(assay_registration_client_is_refused_with(w.holder, ASSAY_E_DUPLICATE));
    cr_expect_not_null(strstr(message(), "assay identity withdraw"), "%s", message());
    (void)key_request_answer(&w.registered, 7, w.now_ms, "key list", 8, after);
    cr_expect_eq(strncmp(before, after, strlen("holder signer 7 ") + 64), 0, "the old one stays");

    assay_registration_client_destroy(&w.holder);
    serve();
    create_holder("holder signer");
    pass(1000);
    cr_expect(assay_registration_client_is_done(w.holder), "%s", message());
    cr_expect_not(is_listed());
    assay_registration_client_destroy(&w.holder);
    serve();
    create_holder(NULL);
    pass(2 * ASSAY_REGISTRATION_AGAIN_MS);
    cr_expect(assay_registration_client_is_done(w.holder), "%s", message());
    (void)key_request_answer(&w.registered, 7, w.now_ms, "key list", 8, after);
    cr_expect(is_listed());
    cr_expect_neq(strncmp(before, after, strlen("holder signer 7 ") + 64), 0, "the new one");
}
