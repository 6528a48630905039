/* tests/unit/enforce/test_supervisor.c - the whole node side of enforcement, with real processes.
 */
#include "apps/enclave/key_requests.h"
#include "base/crypto.h"
#include "quote/intel/quote.h"
#include "tests/unit/enforce/enclave_fixture.h"
#include "tests/unit/platform/key_samples.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct fixture fixture;

static void set_up(void)
{
    fixture_make(&fixture);
}

static void tear_down(void)
{
    fixture_remove(&fixture);
}

TestSuite(supervisor, .init = set_up, .fini = tear_down, .timeout = 600);

static void measure(const char *path, uint8_t measurement[static 32])
{
    FILE *file = fopen(path, "rb");
    cr_assert_not_null(file);
    struct stat about;
    cr_assert_eq(fstat(fileno(file), &about), 0);
    uint8_t *bytes = malloc((size_t)about.st_size);
    cr_assert_not_null(bytes);
    cr_assert_eq(fread(bytes, 1, (size_t)about.st_size, file), (size_t)about.st_size);
    assay_sha256(bytes, (size_t)about.st_size, measurement);
    free(bytes);
    fclose(file);
}

static bool holds(const uint8_t *bytes, size_t len, const uint8_t *piece, size_t piece_len)
{
    for (size_t i = 0; i + piece_len <= len; i++)
        if (assay_bytes_equal(bytes + i, piece, piece_len)) return true;
    return false;
}

static void request(uint64_t epoch, const uint8_t report_data[static 64])
{
    fixture_forget(&fixture);
    cr_assert_eq(
        fixture.enclave.request_quote(fixture.enclave.context, epoch, 1, report_data, NULL),
        ASSAY_OK);
}

static void take_quote(const uint8_t report_data[static 64])
{
    request(7, report_data);
    const struct assay_enclave_event *event = fixture_wait(&fixture, ASSAY_ENCLAVE_QUOTE);
    cr_assert_not_null(event);
    cr_assert_eq(event->as.quote.epoch, 7);
    cr_assert_eq(event->as.quote.incarnation, 1);
    cr_assert_gt(fixture.quote_len, 400);
}

static void expect_answer(const char *line, const char *expected)
{
    /* The enclave hears of its mode a moment after it is ready. */
    char answer[64] = "";
    const uint64_t end_ms = fixture_now_ms() + 30000;
    while (fixture_now_ms() < end_ms) {
        if (fixture_ask(&fixture, line, answer, sizeof answer) &&
            (expected[0] == '*' ? answer[0] >= '0' && answer[0] <= '9'
                                : strcmp(answer, expected) == 0))
            return;
        fixture_turn_for(&fixture, 10);
    }
    cr_assert_fail("%s answered \"%s\", expected \"%s\"", line, answer, expected);
}

static struct assay_order order_of(enum assay_order_kind kind, uint64_t epoch, uint32_t incarnation)
{
    return (struct assay_order){
        .kind = kind, .epoch = epoch, .seq = 1, .slot = 2, .incarnation = incarnation
    };
}

static void give(enum assay_order_kind kind, uint64_t epoch, uint32_t incarnation)
{
    const struct assay_order order = order_of(kind, epoch, incarnation);
    fixture_forget(&fixture);
    cr_assert_eq(fixture.enclave.order(fixture.enclave.context, &order), ASSAY_OK);
}

static void expect_outcome(enum assay_order_kind kind, uint64_t epoch, enum assay_status status)
{
    const struct assay_enclave_event *event = fixture_wait(&fixture, ASSAY_ENCLAVE_OUTCOME);
    cr_assert_not_null(event);
    cr_assert_eq(event->as.outcome.order.kind, kind);
    cr_assert_eq(event->as.outcome.order.epoch, epoch);
    cr_assert_eq(event->as.outcome.status, status);
}

Test(supervisor, starts_the_enclave_measures_it_and_has_it_quoted)
{
    uint8_t expected[32], report_data[64];
    measure(fixture.path, expected);
    for (size_t i = 0; i < sizeof report_data; i++)
        report_data[i] = (uint8_t)(i * 3 + 1);
    fixture_open(&fixture);
    const struct assay_enclave_event *event = fixture_wait(&fixture, ASSAY_ENCLAVE_STARTED);
    cr_assert_not_null(event);
    cr_assert(assay_bytes_equal(event->as.started.measurement, expected, 32));
    take_quote(report_data);
    cr_assert(holds(fixture.quote, fixture.quote_len, expected, 32),
              "the quote lacks the measurement");
    cr_assert(holds(fixture.quote, fixture.quote_len, report_data, 64),
              "the quote lacks report_data");
    struct assay_enclave_snapshot snapshot;
    fixture.enclave.look(fixture.enclave.context, &snapshot);
    cr_assert_gt(snapshot.pid, 1);
    cr_assert_eq(snapshot.starts, 1);
    cr_assert_not(snapshot.paused);
}

/* --- workload keys (docs/identity.md 6.6 to 6.8) */

static const uint8_t chain_id[32] = { 1 }, node_id[32] = { 2 }, beacon[32] = { 3 };
static const uint8_t voting[64] = { 4 }, transport[32] = { 5 };

static void expect_statement(const uint8_t root[static 32], uint8_t report_data[static 64])
{
    const struct assay_binding b = { chain_id, 0, 7, beacon, node_id, 1, voting, transport, root };
    assay_binding_report_data(&b, report_data);
}

/* As the host requests it, the ledger naming this root. Returns: whether evidence binds it. */
static bool take_keyed(const uint8_t root[static 32], struct assay_enclave_event *event)
{
    const struct assay_binding b = { chain_id, 0, 7, beacon, node_id, 1, voting, transport, root };
    uint8_t keyed[64], keyless[64], none[32];
    assay_declared_keys_no_root(none);
    expect_statement(root, keyed);
    expect_statement(none, keyless);
    fixture_forget(&fixture);
    cr_assert_eq(fixture.enclave.request_quote(fixture.enclave.context, 7, 1, keyless, &b),
                 ASSAY_OK);
    const struct assay_enclave_event *answer = fixture_wait(&fixture, ASSAY_ENCLAVE_QUOTE);
    cr_assert_not_null(answer);
    *event = *answer;
    cr_assert(
        holds(fixture.quote, fixture.quote_len, event->as.quote.binds_keys ? keyed : keyless, 64));
    return event->as.quote.binds_keys;
}

static void register_key(const char *name, uint8_t number)
{
    char line[KEY_REQUEST_MAX + 2], entry[2 * ASSAY_DECLARED_KEY_LEN_MAX + 1], proof[129];
    char answer[256] = "", hex[65] = "";
    uint8_t boot[32];
    struct key_sample s;
    cr_assert(fixture_ask(&fixture, "key boot\n", answer, sizeof answer));
    cr_assert_eq(sscanf(answer, "boot %64s", hex), 1, "%s", answer);
    cr_assert_eq(assay_hex_decode(hex, 64, boot, 32), ASSAY_OK);
    key_sample_make(&s, name, number, chain_id, node_id, boot);
    assay_hex_encode(s.entry.bytes, s.entry.len, entry, sizeof entry);
    assay_hex_encode(s.boot_proof, 64, proof, sizeof proof);
    (void)snprintf(line, sizeof line, "key register %s %s\n", entry, proof);
    cr_assert(fixture_ask(&fixture, line, answer, sizeof answer));
    cr_assert_eq(strncmp(answer, "ok ", 3), 0, "%s", answer);
}

Test(supervisor, keys_registered_with_the_enclave_come_with_its_quote_and_are_bound)
{
    uint8_t none[32], root[32];
    struct assay_enclave_event event;
    struct assay_declared_keys keys;
    assay_declared_keys_no_root(none);
    fixture_open(&fixture);
    cr_assert_not_null(fixture_wait(&fixture, ASSAY_ENCLAVE_STARTED));
    cr_assert(take_keyed(none, &event));
    cr_assert_eq(event.as.quote.keys.len, 1, "no keys");
    cr_assert(assay_bytes_equal(event.as.quote.keys_root, none, 32));
    register_key("api", 1);
    cr_assert(take_keyed(none, &event), "declared is none yet");
    cr_assert_eq(assay_declared_keys_decode(event.as.quote.keys, &keys), ASSAY_OK);
    cr_assert_eq(keys.count, 1);
    assay_declared_keys_root(&keys, root);
    cr_assert(assay_bytes_equal(event.as.quote.keys_root, root, 32));
    register_key("web", 2);
    cr_assert(take_keyed(root, &event), "the declared list, though there is a newer one");
    cr_assert_not(assay_bytes_equal(event.as.quote.keys_root, root, 32));
    root[0] ^= 1;
    cr_assert_not(take_keyed(root, &event), "a root that the host made up");
}

Test(supervisor, an_enclave_that_restarted_binds_no_keys)
{
    uint8_t none[32], root[32];
    struct assay_enclave_event event;
    assay_declared_keys_no_root(none);
    fixture_open(&fixture);
    const struct assay_enclave_event *started = fixture_wait(&fixture, ASSAY_ENCLAVE_STARTED);
    cr_assert_not_null(started);
    const pid_t pid = (pid_t)started->as.started.pid;
    cr_assert(take_keyed(none, &event));
    register_key("api", 1);
    cr_assert(take_keyed(none, &event));
    assay_bytes_copy(root, 32, event.as.quote.keys_root, 32);
    cr_assert(take_keyed(root, &event));
    fixture_forget(&fixture);
    cr_assert_eq(kill(pid, SIGKILL), 0);
    cr_assert_not_null(fixture_wait(&fixture, ASSAY_ENCLAVE_STARTED));
    cr_assert_not(take_keyed(root, &event), "its keys are gone");
    cr_assert_eq(event.as.quote.keys.len, 1);
    register_key("api", 1);
    cr_assert(take_keyed(root, &event), "the same key, registered again");
}

Test(supervisor, serves_the_counter_and_pauses_it_by_order)
{
    fixture_open(&fixture);
    cr_assert_not_null(fixture_wait(&fixture, ASSAY_ENCLAVE_STARTED));
    expect_answer("increment\n", "1\n");
    expect_answer("increment critical\n", "2\n");
    give(ASSAY_ORDER_RESTRICT, 1, 1);
    expect_outcome(ASSAY_ORDER_RESTRICT, 1, ASSAY_OK);
    expect_answer("increment critical\n", "error restricted\n");
    expect_answer("increment\n", "3\n");
    give(ASSAY_ORDER_SUSPEND, 2, 1);
    expect_outcome(ASSAY_ORDER_SUSPEND, 2, ASSAY_OK);
    expect_answer("read\n", "error suspended\n");
    struct assay_enclave_snapshot snapshot;
    fixture.enclave.look(fixture.enclave.context, &snapshot);
    cr_assert(snapshot.paused);
    uint8_t report_data[64] = { 9 };
    take_quote(report_data); /* the quarantine lane needs evidence of a suspended one too */
    give(ASSAY_ORDER_RELEASE, 3, 1);
    expect_outcome(ASSAY_ORDER_RELEASE, 3, ASSAY_OK);
    expect_answer("read\n", "3\n");
}

Test(supervisor, starts_again_what_died_with_the_same_orders_in_force)
{
    fixture_open(&fixture);
    const struct assay_enclave_event *event = fixture_wait(&fixture, ASSAY_ENCLAVE_STARTED);
    const pid_t pid = (pid_t)event->as.started.pid;
    expect_answer("read\n", "0\n");
    give(ASSAY_ORDER_RESTRICT, 1, 1);
    expect_outcome(ASSAY_ORDER_RESTRICT, 1, ASSAY_OK);
    fixture_forget(&fixture);
    cr_assert_eq(kill(pid, SIGKILL), 0);
    event = fixture_wait(&fixture, ASSAY_ENCLAVE_EXITED);
    cr_assert_not_null(event);
    cr_assert_eq(event->as.exited.pid, pid);
    cr_assert_eq(event->as.exited.wait_status, SIGKILL);
    event = fixture_wait(&fixture, ASSAY_ENCLAVE_STARTED);
    cr_assert_not_null(event);
    cr_assert_neq(event->as.started.pid, pid);
    expect_answer("increment\n", "*");
    expect_answer("increment critical\n", "error restricted\n");
    fixture_turn_for(&fixture, 100);
    for (size_t i = 0; i < fixture.event_count; i++)
        cr_assert_neq(fixture.events[i].kind, ASSAY_ENCLAVE_REBUILT, "integrity is unharmed");
}

Test(supervisor, runs_a_swapped_build_until_an_order_restores_the_right_one)
{
    uint8_t right[32], wrong[32];
    measure(fixture.path, right);
    measure(TAMPERED, wrong);
    cr_assert_not(assay_bytes_equal(right, wrong, 32));
    fixture_open(&fixture);
    const struct assay_enclave_event *event = fixture_wait(&fixture, ASSAY_ENCLAVE_STARTED);
    fixture_swap(&fixture, TAMPERED);
    const pid_t pid = (pid_t)event->as.started.pid;
    fixture_forget(&fixture);
    cr_assert_eq(kill(pid, SIGKILL), 0);
    event = fixture_wait(&fixture, ASSAY_ENCLAVE_STARTED);
    cr_assert_not_null(event);
    cr_assert(assay_bytes_equal(event->as.started.measurement, wrong, 32));
    const uint8_t report_data[64] = { 5 };
    take_quote(report_data);
    cr_assert(holds(fixture.quote, fixture.quote_len, wrong, 32), "its evidence tells the truth");
    expect_answer("increment\n", "2\n"); /* it counts in steps of two */

    give(ASSAY_ORDER_RESTART, 4, 1);
    event = fixture_wait(&fixture, ASSAY_ENCLAVE_REBUILT);
    cr_assert_not_null(event);
    cr_assert_eq(event->as.rebuilt.ended_incarnation, 1);
    expect_outcome(ASSAY_ORDER_RESTART, 4, ASSAY_OK);
    event = fixture_wait(&fixture, ASSAY_ENCLAVE_STARTED);
    cr_assert(assay_bytes_equal(event->as.started.measurement, right, 32));
    expect_answer("read\n", "error suspended\n"); /* not trusted yet */

    fixture_forget(&fixture);
    for (uint64_t epoch = 5; epoch < 15; epoch++) {
        give(ASSAY_ORDER_RESTART, epoch, 1);
        give(ASSAY_ORDER_SUSPEND, epoch, 1);
        fixture_turn_for(&fixture, 10);
    }
    struct assay_enclave_snapshot snapshot;
    fixture.enclave.look(fixture.enclave.context, &snapshot);
    cr_assert_eq(snapshot.starts, 3, "one RESTART for one incarnation, however often it is said");
    give(ASSAY_ORDER_RELEASE, 20, 2);
    expect_outcome(ASSAY_ORDER_RELEASE, 20, ASSAY_OK);
    expect_answer("increment\n", "1\n");
}

Test(supervisor, says_again_after_a_boot_that_new_keys_are_wanted)
{
    fixture_open(&fixture);
    cr_assert_not_null(fixture_wait(&fixture, ASSAY_ENCLAVE_STARTED));
    give(ASSAY_ORDER_RESTART, 4, 3);
    cr_assert_not_null(fixture_wait(&fixture, ASSAY_ENCLAVE_REBUILT));
    for (int boot = 0; boot < 2; boot++) {
        cr_assert(fixture_close(&fixture));
        fixture_open(&fixture);
        const struct assay_enclave_event *event = fixture_wait(&fixture, ASSAY_ENCLAVE_REBUILT);
        cr_assert_not_null(event);
        cr_assert_eq(event->as.rebuilt.ended_incarnation, 3);
        expect_answer("read\n", "error suspended\n");
    }
    give(ASSAY_ORDER_RELEASE, 60, 4);
    expect_outcome(ASSAY_ORDER_RELEASE, 60, ASSAY_OK);
    cr_assert(fixture_close(&fixture));
    fixture_open(&fixture);
    cr_assert_not_null(fixture_wait(&fixture, ASSAY_ENCLAVE_STARTED));
    expect_answer("increment\n", "1\n");
    for (size_t i = 0; i < fixture.event_count; i++)
        cr_assert_neq(fixture.events[i].kind, ASSAY_ENCLAVE_REBUILT, "its successor is listed");
}

Test(supervisor, waits_for_a_missing_executable_and_starts_when_it_comes)
{
    unlink(fixture.path);
    fixture_open(&fixture);
    fixture_turn_for(&fixture, 100);
    struct assay_enclave_snapshot snapshot;
    fixture.enclave.look(fixture.enclave.context, &snapshot);
    cr_assert_eq(snapshot.pid, 0);
    const uint8_t report_data[64] = { 1 };
    request(1, report_data);
    const uint64_t before_ms = fixture_now_ms();
    cr_assert_not_null(fixture_wait(&fixture, ASSAY_ENCLAVE_QUOTE));
    cr_assert_eq(fixture.quote_len, 0, "an empty one: there is none to be had");
    const uint64_t took_ms = fixture_now_ms() - before_ms;
    cr_assert(took_ms > 1000 && took_ms < 4000, "%lu ms", (unsigned long)took_ms);
    fixture_swap(&fixture, ENCLAVE);
    cr_assert_not_null(fixture_wait(&fixture, ASSAY_ENCLAVE_STARTED));
    expect_answer("read\n", "0\n");
}

Test(supervisor, has_a_quote_made_by_the_next_enclave_when_one_dies_over_it)
{
    fixture_open(&fixture);
    const uint8_t early[64] = { 1 }, late[64] = { 2 };
    request(1, early); /* before anything was started */
    cr_assert_not_null(fixture_wait(&fixture, ASSAY_ENCLAVE_QUOTE));
    cr_assert(holds(fixture.quote, fixture.quote_len, early, 64));
    struct assay_enclave_snapshot snapshot;
    fixture.enclave.look(fixture.enclave.context, &snapshot);
    kill((pid_t)snapshot.pid, SIGSTOP); /* it does not answer ... */
    request(2, late);
    fixture_turn_for(&fixture, 50);
    kill((pid_t)snapshot.pid, SIGKILL); /* ... and never will */
    const struct assay_enclave_event *event = fixture_wait(&fixture, ASSAY_ENCLAVE_QUOTE);
    cr_assert_not_null(event);
    cr_assert_eq(event->as.quote.epoch, 2);
    cr_assert(holds(fixture.quote, fixture.quote_len, late, 64));
}

Test(supervisor, answers_the_newest_request_alone)
{
    fixture_open(&fixture);
    const uint8_t older[64] = { 1 }, newer[64] = { 2 };
    request(1, older);
    request(2, newer);
    cr_assert_not_null(fixture_wait(&fixture, ASSAY_ENCLAVE_QUOTE));
    fixture_turn_for(&fixture, 100);
    unsigned quotes = 0;
    for (size_t i = 0; i < fixture.event_count; i++)
        quotes += fixture.events[i].kind == ASSAY_ENCLAVE_QUOTE;
    cr_assert_eq(quotes, 1);
    cr_assert(holds(fixture.quote, fixture.quote_len, newer, 64));
}

Test(supervisor, leaves_no_process_behind)
{
    fixture_open(&fixture);
    const struct assay_enclave_event *event = fixture_wait(&fixture, ASSAY_ENCLAVE_STARTED);
    const pid_t pid = (pid_t)event->as.started.pid;
    cr_assert(fixture_close(&fixture));
    cr_assert_eq(kill(pid, 0), -1, "the enclave outlived its supervisor");
}

Test(supervisor, refuses_a_path_that_is_missing_or_too_long)
{
    char message[ASSAY_RUNTIME_MESSAGE_LEN];
    char longer[200];
    for (size_t i = 0; i < sizeof longer; i++)
        longer[i] = i + 1 < sizeof longer ? 'x' : '\0';
    struct assay_supervisor_config config = { .path = "",
                                              .service_path = fixture.service,
                                              .credential = fixture.credential,
                                              .store = fixture.store };
    struct assay_supervisor *supervisor = NULL;
    cr_assert_eq(assay_supervisor_open(&config, &supervisor, message), ASSAY_E_RANGE);
    config.path = fixture.path;
    config.service_path = longer;
    cr_assert_eq(assay_supervisor_open(&config, &supervisor, message), ASSAY_E_RANGE);
    config.service_path = NULL;
    cr_assert_eq(assay_supervisor_open(&config, &supervisor, message), ASSAY_E_RANGE);
    cr_assert_null(supervisor);
}
