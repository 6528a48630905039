/*
 * Executors as they run: each a process of its own, with its vault and its door; the test is the
 * ledger and the requestor (docs/services.md 6.12). An executor that is killed is killed.
 */
#include "net/services/executor_node.h"
#include "net/services/task_client_internal.h"
#include "net/services/words.h"
#include "tests/support/evm_node.h"
#include "tests/support/service_ledger.h"

#include "base/crypto.h"
#include "tests/support/sanitized.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { SOON_MS = TEST_SANITIZED ? 60000 : 20000 };
enum { EXECUTORS = 3, PRICE = 5, FIRST = 1000, STEPS = 4, TEXT_LEN = 3500, CLIENT = 11 };

static const struct assay_secret32 vault_key = { { 9, 9 } };

static struct world {
    char folder[64];
    struct service_ledger *ledger;
    pid_t executor[EXECUTORS];
    struct assay_secret32 requestor;
    uint8_t account[32], payee[32];
    struct assay_task_program program;
    uint8_t text[TEXT_LEN];
    uint32_t told;
    uint32_t steps;                             /* of a task that is submitted; 0: STEPS */
    const struct assay_task_client_last *after; /* whose state is the input; NULL: text */
    char output[1024];                          /* of the last step */
    const char *chain_says; /* what a contract answers whoever asks about a task; NULL: no chain */
} w;

enum { CHAIN_PRICE = 5 };
static const struct assay_evm_place place = { .chain_id = 7, .contract = { 1 } };
static const struct assay_secret32 chain_key = { { 0, 0, 3 } }, paid_key = { { 0, 0, 4 } };

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static const char *in_folder(const char *what, uint32_t slot)
{
    static char paths[8][128];
    static unsigned at;
    char *path = paths[at++ % 8];
    (void)snprintf(path, sizeof paths[0], "%s/%s-%u", w.folder, what, slot);
    return path;
}

/* --- executors */

/* Its node of a chain is one that says always the same. */
static const struct assay_executor_chain *chain_of(void)
{
    static struct evm_node node;
    static struct assay_executor_chain chain = { .margin_s = 30 };
    const struct assay_evm_till_config config = {
        .place = place,
        .anchor = { 2 },
        .sender = { .chain_id = 7, .fee_limit_wei = 2, .gas_limit = 1, .confirmations = 1 },
        .margin_s = 30,
        .batch = 1
    };
    node = evm_node_make();
    node.call = w.chain_says;
    chain.place = place;
    chain.price[ASSAY_EVM_PRICE_LEN - 1] = CHAIN_PRICE;
    if (assay_evm_till_create(&config, &paid_key, evm_node_link(&node), &chain.till) != ASSAY_OK ||
        assay_evm_till_start(chain.till) != ASSAY_OK)
        _exit(4);
    return &chain;
}

static void be_executor(uint32_t slot)
{
    struct assay_executor_node_config config = { .ledger = in_folder("daemon", slot),
                                                 .door = "127.0.0.1:0",
                                                 .store = in_folder("vault", slot),
                                                 .key = &vault_key,
                                                 .program = &w.program,
                                                 .price = PRICE,
                                                 .again_ms = 500 };
    struct assay_executor_node *node = NULL;
    char message[ASSAY_EXECUTOR_NODE_MESSAGE_LEN];
    assay_bytes_copy(config.account, 32, w.payee, 32);
    if (w.chain_says != NULL) config.chain = chain_of();
    if (assay_executor_node_open(&config, &node, message) != ASSAY_OK) {
        (void)fprintf(stderr, "executor %u: %s\n", slot, message);
        _exit(3);
    }
    while (assay_executor_node_turn(node, 1000) == ASSAY_OK) {
    }
    _exit(5);
}

static void start(uint32_t slot)
{
    (void)fflush(NULL);
    w.executor[slot] = fork();
    cr_assert_geq(w.executor[slot], 0);
    if (w.executor[slot] > 0) return;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    be_executor(slot);
}

static void stop(uint32_t slot)
{
    if (w.executor[slot] <= 0) return;
    (void)kill(w.executor[slot], SIGKILL);
    (void)waitpid(w.executor[slot], NULL, 0);
    w.executor[slot] = 0;
}

/* --- the ledger */

static const struct assay_task_ledger *tasks(void)
{
    return assay_registry_tasks(service_ledger_registry(w.ledger));
}

static uint64_t balance(const uint8_t account[32])
{
    uint64_t amount = 0, sequence = 0;
    return assay_task_ledger_balance(tasks(), account, &amount, &sequence) ? amount : 0;
}

static bool is_offered(uint32_t slot)
{
    return assay_task_ledger_offered(tasks(), slot) != NULL;
}

static bool is_paid(uint32_t steps)
{
    return balance(w.payee) == (uint64_t)steps * PRICE;
}

static bool becomes(bool (*is)(uint32_t), uint32_t number, uint64_t within_ms)
{
    const uint64_t until = now_ms() + within_ms;
    while (!is(number) && now_ms() < until)
        service_ledger_turn(w.ledger, 20);
    return is(number);
}

static void open_world(uint32_t executors)
{
    static struct assay_registry_plan plan;
    uint8_t key[ASSAY_P256_PUBLIC_LEN];
    w.program.step = assay_words_step;
    service_ledger_measurement(w.program.code);
    for (size_t i = 0; i < TEXT_LEN; i++)
        w.text[i] = i % (3 + i % 7) == 0 ? ' ' : 'a';
    cr_assert_eq(assay_p256_generate(&w.requestor, key), ASSAY_OK);
    assay_task_account(key, w.account);
    w.payee[0] = 0xfa;
    plan.has_tasks = true;
    plan.tasks.accounts_max = 8;
    plan.tasks.tasks_max = 8;
    plan.tasks.balance_count = 1;
    plan.tasks.balance[0].amount = FIRST;
    assay_bytes_copy(plan.tasks.balance[0].account, 32, w.account, 32);
    (void)snprintf(w.folder, sizeof w.folder, "/tmp/assay-tasks.XXXXXX");
    cr_assert_not_null(mkdtemp(w.folder));
    w.ledger = service_ledger_of(in_folder("ledger", 0), &plan);
    service_ledger_member(w.ledger, in_folder("daemon", CLIENT), CLIENT);
    for (uint32_t slot = 0; slot < executors; slot++) {
        service_ledger_member(w.ledger, in_folder("daemon", slot), slot);
        start(slot);
        cr_assert(becomes(is_offered, slot, SOON_MS));
    }
}

static void close_world(void)
{
    char command[128];
    for (uint32_t slot = 0; slot < EXECUTORS; slot++)
        stop(slot);
    service_ledger_close(&w.ledger);
    (void)snprintf(command, sizeof command, "rm -r %s", w.folder);
    cr_expect_eq(system(command), 0);
}

/* --- the requestor */

static void told(void *context, uint32_t step, struct assay_slice state, struct assay_slice output)
{
    (void)context;
    (void)state;
    cr_expect_eq(step, w.told + 1, "each once, in order");
    w.told = step;
    cr_assert_lt(output.len, sizeof w.output);
    assay_bytes_copy(w.output, sizeof w.output, output.bytes, output.len);
    w.output[output.len] = '\0';
}

static struct assay_task_client *client_open(void)
{
    const struct assay_task_client_config config = { .ledger = in_folder("daemon", CLIENT),
                                                     .store = in_folder("vault", CLIENT),
                                                     .store_key = &vault_key,
                                                     .key = &w.requestor,
                                                     .again_ms = 500 };
    struct assay_task_client *client = NULL;
    char message[ASSAY_TASK_CLIENT_MESSAGE_LEN];
    cr_assert_eq(assay_task_client_open(&config, told, NULL, &client, message), ASSAY_OK, "%s",
                 message);
    return client;
}

/* Until it has so many results, or has ended. */
static struct assay_task_client_status run(struct assay_task_client *client, uint32_t results,
                                           uint64_t ms)
{
    const uint64_t until = now_ms() + ms;
    struct assay_task_client_status status;
    do {
        service_ledger_turn(w.ledger, 2);
        cr_assert_eq(assay_task_client_turn(client, 2), ASSAY_OK);
        status = assay_task_client_status(client);
    } while (status.state <= ASSAY_TASK_CLIENT_WORKS && status.results < results &&
             now_ms() < until);
    return status;
}

static struct assay_task_client *submit(uint32_t ahead)
{
    struct assay_task_wish wish = { .price_max = PRICE,
                                    .steps = w.steps > 0 ? w.steps : STEPS,
                                    .ahead = ahead,
                                    .min_standing = ASSAY_TASK_STAND_WARNING,
                                    .input = assay_slice_over(w.text, TEXT_LEN) };
    if (w.after != NULL) {
        wish.input = assay_slice_over(w.after->state, w.after->state_len);
        wish.salt = w.after->salt;
    }
    struct assay_task_client *client = client_open();
    enum assay_status status = ASSAY_E_AGAIN;
    assay_bytes_copy(wish.code, 32, w.program.code, 32);
    for (int i = 0; i < 1000 && status == ASSAY_E_AGAIN; i++) {
        service_ledger_turn(w.ledger, 2);
        cr_assert_eq(assay_task_client_turn(client, 2), ASSAY_OK);
        status = assay_task_client_submit(client, &wish);
    }
    cr_assert_eq(status, ASSAY_OK);
    return client;
}

/* The same text counted in another way. */
static void is_counted(void)
{
    uint32_t counts[ASSAY_WORDS_LENGTHS] = { 0 }, length = 0;
    char expected[1024] = "";
    size_t len = 0;
    for (size_t i = 0; i <= TEXT_LEN; i++) {
        if (i < TEXT_LEN && w.text[i] == 'a') {
            length++;
        } else if (length > 0) {
            counts[length < ASSAY_WORDS_LENGTHS ? length - 1 : ASSAY_WORDS_LENGTHS - 1]++;
            length = 0;
        }
    }
    for (uint32_t i = 0; i < ASSAY_WORDS_LENGTHS; i++)
        len += (size_t)snprintf(expected + len, sizeof expected - len, "%u %u\n", i + 1, counts[i]);
    cr_expect_str_eq(w.output, expected);
}

/* --- */

Test(services_tasks_runtime, a_task_is_run_step_by_step_and_paid, .timeout = 120)
{
    open_world(1);
    struct assay_task_client *client = submit(1000);
    const struct assay_task_client_status status = run(client, STEPS, SOON_MS);
    cr_assert_eq(status.state, ASSAY_TASK_CLIENT_DONE, "%u results: %s", status.results,
                 status.why);
    is_counted();
    cr_expect_eq(balance(w.payee), 0, "its epoch has not closed");
    service_ledger_close_epoch(w.ledger);
    cr_expect(becomes(is_paid, STEPS, SOON_MS));
    cr_expect_eq(balance(w.account), FIRST - STEPS * PRICE);
    assay_task_client_close(&client);
    close_world();
}

/* Two steps were vouched: they are paid although the executor that made them is gone. */
Test(services_tasks_runtime, an_executor_that_is_killed_loses_one_step_at_most, .timeout = 120)
{
    open_world(1);
    struct assay_task_client *client = submit(6);
    (void)run(client, 2, SOON_MS);
    stop(0);
    const uint32_t results = run(client, STEPS, 1500).results;
    cr_expect(results >= 2 && results < STEPS);
    start(0);
    service_ledger_close_epoch(w.ledger);
    cr_expect(becomes(is_offered, 0, SOON_MS));
    const uint64_t until = now_ms() + SOON_MS;
    while (balance(w.payee) < 2 * PRICE && now_ms() < until) {
        service_ledger_turn(w.ledger, 10);
        cr_assert_eq(assay_task_client_turn(client, 2), ASSAY_OK);
    }
    const uint64_t paid = balance(w.payee) / PRICE;
    cr_expect(paid >= 2, "what was vouched is claimed: %llu", (unsigned long long)paid);
    const struct assay_task_client_status status = run(client, STEPS, 1000);
    cr_expect_eq(status.results, paid, "and the requestor has what it paid for");
    for (int i = 0; i < 8; i++)
        service_ledger_close_epoch(w.ledger);
    cr_expect_eq(run(client, STEPS, SOON_MS).state, ASSAY_TASK_CLIENT_FAILED);
    cr_expect_eq(balance(w.account), FIRST - paid * PRICE, "the rest went back");
    assay_task_client_close(&client);
    close_world();
}

Test(services_tasks_runtime, a_requestor_that_is_killed_goes_on_behind_its_last_result,
     .timeout = 120)
{
    open_world(1);
    struct assay_task_client *client = submit(1000);
    (void)run(client, 2, SOON_MS);
    assay_task_client_close(&client);
    cr_assert_eq(w.told, 2);
    client = client_open();
    const struct assay_task_client_status status = run(client, STEPS, SOON_MS);
    cr_expect_eq(status.state, ASSAY_TASK_CLIENT_DONE, "%u results: %s", status.results,
                 status.why);
    is_counted();
    service_ledger_close_epoch(w.ledger);
    cr_expect(becomes(is_paid, STEPS, SOON_MS), "once");
    assay_task_client_close(&client);
    close_world();
}

/* When an executor wrote its vault last. */
static struct timespec wrote(uint32_t slot)
{
    char path[160];
    struct stat found = { .st_size = 0 };
    (void)snprintf(path, sizeof path, "%s-wal", in_folder("vault", slot));
    if (stat(path, &found) != 0) return (struct timespec){ 0 };
    return found.st_mtim;
}

/* A requestor is killed when its voucher for the step behind `results` has left, and its executor
 * when the claim is durable, before the key was heard. The key is in the claim alone. */
static void lose_the_key_of_a_step(uint32_t results)
{
    open_world(1);
    struct assay_task_client *client = submit(1000);
    if (results > 0) (void)run(client, results, SOON_MS);
    const uint64_t until = now_ms() + SOON_MS;
    struct timespec before = { 0 }, after = { 0 };
    while (client->r.phase != ASSAY_TASK_PAYING && now_ms() < until) {
        before = wrote(0);
        service_ledger_turn(w.ledger, 1);
        cr_assert_eq(assay_task_client_turn(client, 1), ASSAY_OK);
    }
    cr_assert_eq(client->r.phase, ASSAY_TASK_PAYING);
    cr_assert_eq(client->results, results);
    assay_task_client_close(&client);
    do {
        service_ledger_turn(w.ledger, 1);
        after = wrote(0);
    } while (after.tv_sec == before.tv_sec && after.tv_nsec == before.tv_nsec && now_ms() < until);
    stop(0);
    cr_assert_eq(w.told, results);
    client = client_open();
    cr_expect_eq(run(client, STEPS, 500).results, results, "nobody answers");
    start(0);
    cr_expect(becomes(is_offered, 0, SOON_MS));
    service_ledger_close_epoch(w.ledger);
    const struct assay_task_client_status status = run(client, results + 1, SOON_MS);
    cr_expect_eq(status.results, results + 1, "%u results of %u paid", status.results,
                 (unsigned)(balance(w.payee) / PRICE));
    cr_expect_eq(status.state, ASSAY_TASK_CLIENT_WORKS, "%s", status.why);
    cr_expect_eq(balance(w.payee), (results + 1) * PRICE, "each step was paid once");
    assay_task_client_close(&client);
    close_world();
}

Test(services_tasks_runtime, what_was_vouched_for_before_a_crash_opens_by_the_claim, .timeout = 120)
{
    lose_the_key_of_a_step(2);
}

/* Evidence was judged before the crash, and nobody is there to give it again. */
Test(services_tasks_runtime, so_does_the_first_step, .timeout = 120)
{
    lose_the_key_of_a_step(0);
}

/* One task of two steps, and its successor of the other two, come to what one task comes to. */
Test(services_tasks_runtime, a_successor_begins_with_the_last_state, .timeout = 120)
{
    static struct assay_task_client_last last;
    open_world(1);
    w.steps = 2;
    struct assay_task_client *client = submit(1000);
    cr_expect_eq(run(client, 2, SOON_MS).state, ASSAY_TASK_CLIENT_DONE);
    cr_assert_eq(assay_task_client_last(client, &last), ASSAY_OK);
    cr_expect_eq(last.step, 2);
    assay_task_client_close(&client);
    cr_expect_eq(unlink(in_folder("vault", CLIENT)), 0);
    w.told = 0;
    w.after = &last;
    client = submit(1000);
    const struct assay_task_open *terms = assay_task_client_terms(client);
    cr_assert_not_null(terms);
    cr_expect_arr_eq(terms->input, last.digest, 32, "anybody sees that it goes on");
    const struct assay_task_client_status status = run(client, 2, SOON_MS);
    cr_expect_eq(status.state, ASSAY_TASK_CLIENT_DONE, "%u results: %s", status.results,
                 status.why);
    is_counted();
    assay_task_client_close(&client);
    close_world();
}

Test(services_tasks_runtime, records_of_tasks_are_handed_in_again, .timeout = 120)
{
    open_world(1);
    service_ledger_lose(w.ledger, 2);
    struct assay_task_client *client = submit(1000);
    cr_expect_eq(run(client, STEPS, SOON_MS).state, ASSAY_TASK_CLIENT_DONE);
    service_ledger_lose(w.ledger, 1);
    service_ledger_close_epoch(w.ledger);
    cr_expect(becomes(is_paid, STEPS, SOON_MS));
    assay_task_client_close(&client);
    close_world();
}

Test(services_tasks_runtime, who_scores_less_is_passed_over, .timeout = 120)
{
    const struct assay_registry_member less = { .standing = ASSAY_REGISTRY_STAND_FULL,
                                                .score_bp = 9000,
                                                .certified = true };
    open_world(2);
    service_ledger_set(w.ledger, 0, &less);
    service_ledger_close_epoch(w.ledger);
    struct assay_task_client *client = submit(1000);
    const struct assay_task_client_status status = run(client, STEPS, SOON_MS);
    cr_expect_eq(status.state, ASSAY_TASK_CLIENT_DONE);
    cr_expect_eq(status.executor, 1);
    assay_task_client_close(&client);
    close_world();
}

/* Nothing of the input leaves for an enclave of which nobody knows what it runs. */
Test(services_tasks_runtime, evidence_of_another_program_gets_no_input, .timeout = 120)
{
    open_world(1);
    service_ledger_tamper(w.ledger, 0);
    struct assay_task_client *client = submit(1000);
    const struct assay_task_client_status status = run(client, STEPS, SOON_MS);
    cr_expect_eq(status.state, ASSAY_TASK_CLIENT_REJECTED);
    cr_expect_eq(status.results, 0);
    cr_expect_eq(balance(w.payee), 0);
    assay_task_client_close(&client);
    close_world();
}

/* An executor that was not certified is not paid for that epoch's steps: nothing is vouched while
 * it is so. */
Test(services_tasks_runtime, nothing_is_vouched_while_the_executor_is_not_certified, .timeout = 120)
{
    struct assay_registry_member member = { .standing = ASSAY_REGISTRY_STAND_FULL,
                                            .score_bp = 10000 };
    open_world(1);
    struct assay_task_client *client = submit(1000);
    (void)run(client, 1, SOON_MS);
    service_ledger_set(w.ledger, 0, &member);
    service_ledger_close_epoch(w.ledger);
    const uint32_t results = run(client, STEPS, 1500).results;
    cr_expect_lt(results, STEPS, "it waits");
    member.certified = true;
    service_ledger_set(w.ledger, 0, &member);
    service_ledger_close_epoch(w.ledger);
    cr_expect_eq(run(client, STEPS, SOON_MS).state, ASSAY_TASK_CLIENT_DONE);
    assay_task_client_close(&client);
    close_world();
}

/* Whoever looks again finds the end, and everything that was kept. */
static void told_again(void *context, uint32_t step, struct assay_slice state,
                       struct assay_slice output)
{
    uint32_t *const seen = context;
    cr_assert(step >= 1 && step <= STEPS);
    cr_expect_gt(state.len, 0);
    cr_expect_gt(output.len, 0);
    *seen |= 1u << step;
}

Test(services_tasks_runtime, a_task_that_is_done_stays_done_and_tells_its_results, .timeout = 120)
{
    uint32_t seen = 0;
    open_world(1);
    struct assay_task_client *client = submit(1000);
    cr_assert_eq(run(client, STEPS, SOON_MS).state, ASSAY_TASK_CLIENT_DONE);
    const struct assay_task_client_status before = assay_task_client_status(client);
    assay_task_client_close(&client);
    client = client_open();
    const struct assay_task_client_status after = assay_task_client_status(client);
    cr_expect_eq(after.state, ASSAY_TASK_CLIENT_DONE);
    cr_expect_arr_eq(after.task, before.task, 32);
    cr_expect_eq(assay_task_client_tell(client, told_again, &seen), ASSAY_OK);
    cr_expect_eq(seen, (1u << (STEPS + 1)) - 2, "each of %x", seen);
    cr_expect(assay_task_client_has_input(client, assay_slice_over(w.text, TEXT_LEN), NULL));
    cr_expect_not(
        assay_task_client_has_input(client, assay_slice_over(w.text, TEXT_LEN - 1), NULL));
    cr_expect_not(
        assay_task_client_has_input(client, assay_slice_over(w.text, TEXT_LEN), w.account),
        "under another salt");
    cr_expect_eq(assay_task_client_terms(client)->steps, STEPS);
    assay_task_client_close(&client);
    close_world();
}

static enum assay_status wish_for(struct assay_task_client *client,
                                  const struct assay_task_wish *change)
{
    struct assay_task_wish wish = *change;
    enum assay_status status = ASSAY_E_AGAIN;
    assay_bytes_copy(wish.code, 32, w.program.code, 32);
    wish.input = assay_slice_over(w.text, TEXT_LEN);
    wish.min_standing = ASSAY_TASK_STAND_WARNING;
    for (int i = 0; i < 1000 && status == ASSAY_E_AGAIN; i++) {
        service_ledger_turn(w.ledger, 2);
        cr_assert_eq(assay_task_client_turn(client, 2), ASSAY_OK);
        status = assay_task_client_submit(client, &wish);
    }
    return status;
}

Test(services_tasks_runtime, what_cannot_be_had_is_not_signed, .timeout = 120)
{
    const struct assay_registry_member some = { .standing = ASSAY_REGISTRY_STAND_FULL,
                                                .score_bp = 9500,
                                                .certified = true };
    struct assay_task_wish wish = { .price_max = PRICE, .steps = STEPS, .ahead = 100 };
    open_world(2);
    service_ledger_set(w.ledger, 0, &some);
    service_ledger_close_epoch(w.ledger);
    struct assay_task_client *client = client_open();
    wish.min_score_bp = 9501;
    wish.named = true;
    cr_expect_eq(wish_for(client, &wish), ASSAY_E_NOT_FOUND, "slot 0 has a lower score");
    wish.min_score_bp = 0;
    wish.executor = 2;
    cr_expect_eq(wish_for(client, &wish), ASSAY_E_NOT_FOUND, "slot 2 offers nothing");
    wish.executor = 5000;
    cr_expect_eq(wish_for(client, &wish), ASSAY_E_NOT_FOUND, "nobody sits there");
    wish.executor = 0;
    wish.price_max = PRICE - 1;
    cr_expect_eq(wish_for(client, &wish), ASSAY_E_NOT_FOUND, "it costs more");
    wish.price_max = PRICE;
    wish.steps = FIRST / PRICE + 1;
    cr_expect_eq(wish_for(client, &wish), ASSAY_E_FULL, "there is not so much money");
    wish.steps = STEPS;
    wish.ahead = ASSAY_TASK_AHEAD_MAX + 1;
    cr_expect_eq(wish_for(client, &wish), ASSAY_E_RANGE);
    cr_expect_null(assay_task_client_terms(client));
    wish.ahead = 100;
    cr_assert_eq(wish_for(client, &wish), ASSAY_OK);
    const struct assay_task_client_status status = run(client, STEPS, SOON_MS);
    cr_expect_eq(status.state, ASSAY_TASK_CLIENT_DONE);
    cr_expect_eq(status.executor, 0, "the named one, although 1 has a higher score");
    assay_task_client_close(&client);
    close_world();
}

/* Two tasks with one number: the ledger takes the first, and the other is told so. */
Test(services_tasks_runtime, a_task_that_the_ledger_does_not_take_is_over, .timeout = 120)
{
    open_world(1);
    const struct assay_task_wish wish = { .price_max = PRICE, .steps = STEPS, .ahead = 100 };
    struct assay_task_client *first = submit(100);
    struct assay_task_client_config config = { .ledger = in_folder("daemon", CLIENT),
                                               .store = in_folder("vault", CLIENT + 1),
                                               .store_key = &vault_key,
                                               .key = &w.requestor,
                                               .again_ms = 500 };
    struct assay_task_client *second = NULL;
    char message[ASSAY_TASK_CLIENT_MESSAGE_LEN];
    cr_assert_eq(assay_task_client_open(&config, told, NULL, &second, message), ASSAY_OK);
    cr_assert_eq(wish_for(second, &wish), ASSAY_OK, "the first is not final yet");
    cr_expect_eq(run(first, STEPS, SOON_MS).state, ASSAY_TASK_CLIENT_DONE);
    const struct assay_task_client_status status = run(second, STEPS, SOON_MS);
    cr_expect_eq(status.state, ASSAY_TASK_CLIENT_REFUSED);
    cr_expect(strstr(status.why, "sequence") != NULL, "%s", status.why);
    assay_task_client_close(&first);
    assay_task_client_close(&second);
    close_world();
}

/* --- tasks whose money lies on a chain (docs/services.md 8.9) */

static const char open_there[] =
    "\"0x0000000000000000000000000000000000000000000000000000000000000001\"";
static const char not_there[] =
    "\"0x0000000000000000000000000000000000000000000000000000000000000000\"";

static struct assay_task_client *chain_client(void)
{
    const struct assay_task_client_config config = { .ledger = in_folder("daemon", CLIENT),
                                                     .store = in_folder("vault", CLIENT),
                                                     .store_key = &vault_key,
                                                     .key = &chain_key,
                                                     .place = &place,
                                                     .again_ms = 500 };
    struct assay_task_client *client = NULL;
    char message[ASSAY_TASK_CLIENT_MESSAGE_LEN];
    cr_assert_eq(assay_task_client_open(&config, told, NULL, &client, message), ASSAY_OK, "%s",
                 message);
    return client;
}

static struct assay_task_client *draft(uint8_t price, uint64_t ahead_s)
{
    struct assay_task_wish wish = { .steps = STEPS,
                                    .min_standing = ASSAY_TASK_STAND_WARNING,
                                    .input = assay_slice_over(w.text, TEXT_LEN) };
    const uint8_t wei[ASSAY_EVM_PRICE_LEN] = { [ASSAY_EVM_PRICE_LEN - 1] = price };
    struct assay_task_client *client = chain_client();
    enum assay_status status = ASSAY_E_AGAIN;
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    assay_bytes_copy(wish.code, 32, w.program.code, 32);
    for (int i = 0; i < 1000 && status == ASSAY_E_AGAIN; i++) {
        service_ledger_turn(w.ledger, 2);
        cr_assert_eq(assay_task_client_turn(client, 2), ASSAY_OK);
        status = assay_task_client_draft(client, &wish, wei, (uint64_t)now.tv_sec + ahead_s);
    }
    cr_assert_eq(status, ASSAY_OK);
    return client;
}

/* Until it is to be opened, or is over. */
static struct assay_task_client_status until_open(struct assay_task_client *client)
{
    const uint64_t until = now_ms() + SOON_MS;
    struct assay_task_client_status status;
    do {
        status = run(client, 0, 5);
    } while (status.state < ASSAY_TASK_CLIENT_OPENS && now_ms() < until);
    return status;
}

Test(services_tasks_runtime, a_task_on_a_chain_is_judged_then_opened_then_run, .timeout = 120)
{
    uint8_t account[ASSAY_EVM_ADDRESS_LEN], name[32];
    w.chain_says = open_there;
    open_world(1);
    struct assay_task_client *client = draft(CHAIN_PRICE, 1000);
    cr_assert_null(assay_task_client_evm(client), "it has no task key yet");
    const struct assay_task_client_status opens = until_open(client);
    cr_assert_eq(opens.state, ASSAY_TASK_CLIENT_OPENS, "%s", opens.why);
    const struct assay_evm_terms *terms = assay_task_client_evm(client);
    cr_assert_eq(assay_evm_address(&paid_key, account), ASSAY_OK);
    cr_expect_arr_eq(terms->executor, account, sizeof account, "the executor says who is paid");
    assay_evm_task_name(&place, terms, name);
    cr_expect_arr_eq(opens.task, name, 32);
    cr_expect_eq(run(client, 1, 500).results, 0, "nothing runs before the caller has opened it");
    cr_assert_eq(assay_task_client_opened(client), ASSAY_OK);
    const struct assay_task_client_status done = run(client, STEPS, SOON_MS);
    cr_expect_eq(done.state, ASSAY_TASK_CLIENT_DONE, "%u results: %s", done.results, done.why);
    is_counted();
    assay_task_client_close(&client);
    client = chain_client();
    cr_expect_eq(assay_task_client_status(client).state, ASSAY_TASK_CLIENT_DONE);
    assay_task_client_close(&client);
    close_world();
}

Test(services_tasks_runtime, a_requestor_on_a_chain_that_is_killed_goes_on, .timeout = 120)
{
    uint8_t name[32];
    w.chain_says = open_there;
    open_world(1);
    struct assay_task_client *client = draft(CHAIN_PRICE, 1000);
    cr_assert_eq(until_open(client).state, ASSAY_TASK_CLIENT_OPENS);
    assay_bytes_copy(name, 32, assay_task_client_status(client).task, 32);
    assay_task_client_close(&client); /* before it was opened */
    client = chain_client();
    cr_assert_eq(until_open(client).state, ASSAY_TASK_CLIENT_OPENS, "judged anew");
    cr_expect_arr_eq(assay_task_client_status(client).task, name, 32, "the same task");
    cr_assert_eq(assay_task_client_opened(client), ASSAY_OK);
    cr_expect_geq(run(client, 2, SOON_MS).results, 2);
    assay_task_client_close(&client);
    client = chain_client();
    cr_expect_eq(run(client, STEPS, SOON_MS).state, ASSAY_TASK_CLIENT_DONE);
    is_counted();
    assay_task_client_close(&client);
    close_world();
}

Test(services_tasks_runtime, an_executor_takes_no_input_before_its_own_node_says_open,
     .timeout = 120)
{
    w.chain_says = not_there;
    open_world(1);
    struct assay_task_client *client = draft(CHAIN_PRICE, 1000);
    cr_assert_eq(until_open(client).state, ASSAY_TASK_CLIENT_OPENS);
    cr_assert_eq(assay_task_client_opened(client), ASSAY_OK);
    cr_expect_eq(run(client, 1, 2500).results, 0);
    assay_task_client_close(&client);
    close_world();
}

Test(services_tasks_runtime, nothing_is_opened_for_evidence_of_another_program, .timeout = 120)
{
    w.chain_says = open_there;
    open_world(1);
    service_ledger_tamper(w.ledger, 0);
    struct assay_task_client *client = draft(CHAIN_PRICE, 1000);
    cr_expect_eq(until_open(client).state, ASSAY_TASK_CLIENT_REJECTED);
    cr_expect_eq(assay_task_client_opened(client), ASSAY_E_INVALID);
    assay_task_client_close(&client);
    close_world();
}

Test(services_tasks_runtime, drafts_that_an_executor_does_not_work_for_are_told, .timeout = 120)
{
    w.chain_says = open_there;
    open_world(1);
    struct assay_task_client *client = draft(CHAIN_PRICE - 1, 1000);
    struct assay_task_client_status status = until_open(client);
    cr_expect_eq(status.state, ASSAY_TASK_CLIENT_REFUSED);
    cr_expect(strstr(status.why, "its price is higher") != NULL, "%s", status.why);
    assay_task_client_close(&client);
    client = draft(CHAIN_PRICE, 55);
    status = until_open(client);
    cr_expect_eq(status.state, ASSAY_TASK_CLIENT_REFUSED);
    cr_expect(strstr(status.why, "deadline") != NULL, "%s", status.why);
    assay_task_client_close(&client);
    close_world();
}
