/*
 * tests/unit/services/tasks/test_tasks_runtime.c - tests of executor processes.
 *
 * Executors as they run: each a process of its own, with its vault and its listener; the test is
 * the ledger and the requestor (docs/services.md 6.12). An executor that is killed is killed.
 */
#include "tests/unit/services/tasks_world.h"

#include "base/crypto.h"
#include "net/services/server/client_listener.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

Test(services_tasks_runtime, a_task_is_run_step_by_step_and_paid, .timeout = 600)
{
    open_world(1);
    struct assay_task_client *client = submit(1000);
    const struct assay_requestor_status status = run(client, STEPS, SOON_MS);
    cr_assert_eq(status.state, ASSAY_TASK_CLIENT_DONE, "%u results: %s", status.results,
                 status.why);
    is_counted();
    cr_expect_eq(balance(w.payee), 0, "its epoch has not closed");
    service_ledger_close_epoch(w.ledger);
    w.held = 1;
    cr_expect(becomes(is_paid, STEPS, SOON_MS));
    cr_expect_eq(balance(w.account), FIRST - STEPS * PRICE - 1, "a step and an epoch, no more");
    assay_requestor_close(&client);
    close_world();
}

/* Two steps were vouched: they are paid although the executor that made them is gone. */
Test(services_tasks_runtime, an_executor_that_is_killed_loses_one_step_at_most, .timeout = 600)
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
        step_client(client);
    }
    const uint64_t paid = balance(w.payee) / PRICE;
    cr_expect(paid >= 2, "what was vouched is claimed: %llu", (unsigned long long)paid);
    const struct assay_requestor_status status = run(client, STEPS, 1000);
    cr_expect_eq(status.results, paid, "and the requestor has what it paid for");
    for (int i = 0; i < 8; i++)
        service_ledger_close_epoch(w.ledger);
    cr_expect_eq(run(client, STEPS, SOON_MS).state, ASSAY_TASK_CLIENT_FAILED);
    cr_expect_eq(balance(w.account) + balance(w.payee), FIRST, "the rest went back");
    cr_expect_leq(balance(w.payee), paid * PRICE + 7, "rent of the epochs up to the deadline");
    assay_requestor_close(&client);
    close_world();
}

Test(services_tasks_runtime, a_requestor_that_is_killed_goes_on_behind_its_last_result,
     .timeout = 600)
{
    open_world(1);
    struct assay_task_client *client = submit(1000);
    (void)run(client, 2, SOON_MS);
    assay_requestor_close(&client);
    cr_assert_eq(w.events, 2);
    client = client_open();
    const struct assay_requestor_status status = run(client, STEPS, SOON_MS);
    cr_expect_eq(status.state, ASSAY_TASK_CLIENT_DONE, "%u results: %s", status.results,
                 status.why);
    is_counted();
    service_ledger_close_epoch(w.ledger);
    w.held = 1;
    cr_expect(becomes(is_paid, STEPS, SOON_MS), "once");
    assay_requestor_close(&client);
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
        service_ledger_turn(w.ledger, 1);
        before = wrote(0);
        step_client(client);
    }
    cr_assert_eq(client->r.phase, ASSAY_TASK_PAYING);
    cr_assert_eq(client->results, results);
    assay_requestor_close(&client);
    do {
        service_ledger_turn(w.ledger, 1);
        after = wrote(0);
    } while (after.tv_sec == before.tv_sec && after.tv_nsec == before.tv_nsec && now_ms() < until);
    stop(0);
    cr_assert_eq(w.events, results);
    client = client_open();
    cr_expect_eq(run(client, STEPS, 500).results, results, "nobody answers");
    start(0);
    cr_expect(becomes(is_offered, 0, SOON_MS));
    service_ledger_close_epoch(w.ledger);
    const struct assay_requestor_status status = run(client, results + 1, SOON_MS);
    cr_expect_eq(status.results, results + 1, "%u results of %u paid", status.results,
                 (unsigned)(balance(w.payee) / PRICE));
    cr_expect_eq(status.state, ASSAY_TASK_CLIENT_WORKS, "%s", status.why);
    cr_expect_eq(balance(w.payee), (results + 1) * PRICE + 1, "each step was paid once");
    assay_requestor_close(&client);
    close_world();
}

Test(services_tasks_runtime, what_was_vouched_for_before_a_crash_opens_by_the_claim, .timeout = 600)
{
    lose_the_key_of_a_step(2);
}

/* Evidence was judged before the crash, and nobody is there to give it again. */
Test(services_tasks_runtime, so_does_the_first_step, .timeout = 600)
{
    lose_the_key_of_a_step(0);
}

/* One task of two steps, and its successor of the other two, come to what one task comes to. */
Test(services_tasks_runtime, a_successor_begins_with_the_last_state, .timeout = 600)
{
    static struct assay_requestor_last last;
    open_world(1);
    w.steps = 2;
    struct assay_task_client *client = submit(1000);
    cr_expect_eq(run(client, 2, SOON_MS).state, ASSAY_TASK_CLIENT_DONE);
    cr_assert_eq(assay_requestor_last(client, &last), ASSAY_OK);
    cr_expect_eq(last.step, 2);
    assay_requestor_close(&client);
    cr_expect_eq(unlink(in_folder("vault", CLIENT)), 0);
    w.events = 0;
    w.after = &last;
    client = submit(1000);
    const struct assay_task_open *terms = assay_requestor_terms(client);
    cr_assert_not_null(terms);
    cr_expect_arr_eq(terms->input, last.digest, 32, "anybody sees that it goes on");
    const struct assay_requestor_status status = run(client, 2, SOON_MS);
    cr_expect_eq(status.state, ASSAY_TASK_CLIENT_DONE, "%u results: %s", status.results,
                 status.why);
    is_counted();
    assay_requestor_close(&client);
    close_world();
}

Test(services_tasks_runtime, records_of_tasks_are_handed_in_again, .timeout = 600)
{
    open_world(1);
    service_ledger_lose(w.ledger, 2);
    struct assay_task_client *client = submit(1000);
    cr_expect_eq(run(client, STEPS, SOON_MS).state, ASSAY_TASK_CLIENT_DONE);
    service_ledger_lose(w.ledger, 1);
    service_ledger_close_epoch(w.ledger);
    w.held = 1;
    cr_expect(becomes(is_paid, STEPS, SOON_MS));
    assay_requestor_close(&client);
    close_world();
}

Test(services_tasks_runtime, who_scores_less_is_passed_over, .timeout = 600)
{
    const struct assay_registry_member less = { .standing = ASSAY_REGISTRY_STAND_FULL,
                                                .score_bp = 9000,
                                                .certified = true };
    open_world(2);
    service_ledger_set(w.ledger, 0, &less);
    service_ledger_close_epoch(w.ledger);
    struct assay_task_client *client = submit(1000);
    const struct assay_requestor_status status = run(client, STEPS, SOON_MS);
    cr_expect_eq(status.state, ASSAY_TASK_CLIENT_DONE);
    cr_expect_eq(status.executor, 1);
    assay_requestor_close(&client);
    close_world();
}

/* Nothing of the input leaves for an enclave of which nobody knows what it runs. */
Test(services_tasks_runtime, evidence_of_another_program_gets_no_input, .timeout = 600)
{
    open_world(1);
    service_ledger_tamper(w.ledger, 0);
    struct assay_task_client *client = submit(1000);
    const struct assay_requestor_status status = run(client, STEPS, SOON_MS);
    cr_expect_eq(status.state, ASSAY_TASK_CLIENT_REJECTED);
    cr_expect_eq(status.results, 0);
    cr_expect_eq(balance(w.payee), 0);
    assay_requestor_close(&client);
    close_world();
}

/* The daemon restarts with the evidence in hand: its verdict never comes. */
Test(services_tasks_runtime, a_verdict_that_the_daemon_lost_is_asked_for_again, .timeout = 600)
{
    open_world(1);
    struct assay_task_client *client = submit(1000);
    const uint64_t until = now_ms() + SOON_MS;
    while (!(client->runs && client->r.phase == ASSAY_TASK_JUDGING) && now_ms() < until) {
        service_ledger_turn(w.ledger, 2);
        step_client(client);
    }
    cr_assert_eq(client->r.phase, ASSAY_TASK_JUDGING);
    service_ledger_hang_up(w.ledger);
    cr_expect_eq(run(client, STEPS, SOON_MS).state, ASSAY_TASK_CLIENT_DONE);
    assay_requestor_close(&client);
    close_world();
}

/* An executor that was not certified is not paid for that epoch's steps: nothing is vouched while
 * it is so. */
Test(services_tasks_runtime, nothing_is_vouched_while_the_executor_is_not_certified, .timeout = 600)
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
    assay_requestor_close(&client);
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

Test(services_tasks_runtime, a_task_that_is_done_stays_done_and_tells_its_results, .timeout = 600)
{
    uint32_t seen = 0;
    open_world(1);
    struct assay_task_client *client = submit(1000);
    cr_assert_eq(run(client, STEPS, SOON_MS).state, ASSAY_TASK_CLIENT_DONE);
    const struct assay_requestor_status before = assay_requestor_status(client);
    assay_requestor_close(&client);
    client = client_open();
    const struct assay_requestor_status after = assay_requestor_status(client);
    cr_expect_eq(after.state, ASSAY_TASK_CLIENT_DONE);
    cr_expect_arr_eq(after.task, before.task, 32);
    cr_expect_eq(assay_requestor_report_results(client, told_again, &seen), ASSAY_OK);
    cr_expect_eq(seen, (1u << (STEPS + 1)) - 2, "each of %x", seen);
    cr_expect(assay_requestor_has_input(client, assay_slice_over(w.text, TEXT_LEN), NULL));
    cr_expect_not(assay_requestor_has_input(client, assay_slice_over(w.text, TEXT_LEN - 1), NULL));
    cr_expect_not(assay_requestor_has_input(client, assay_slice_over(w.text, TEXT_LEN), w.account),
                  "under another salt");
    cr_expect_eq(assay_requestor_terms(client)->steps, STEPS);
    assay_requestor_close(&client);
    close_world();
}

static enum assay_status wish_for(struct assay_task_client *client,
                                  const struct assay_task_request *change)
{
    struct assay_task_request wish = *change;
    enum assay_status status = ASSAY_E_AGAIN;
    assay_bytes_copy(wish.code, 32, w.program.code, 32);
    wish.input = assay_slice_over(w.text, TEXT_LEN);
    wish.min_standing = ASSAY_TASK_STAND_WARNING;
    for (int i = 0; i < 1000 && status == ASSAY_E_AGAIN; i++) {
        service_ledger_turn(w.ledger, 2);
        step_client(client);
        status = assay_requestor_submit(client, &wish);
    }
    return status;
}

Test(services_tasks_runtime, what_cannot_be_had_is_not_signed, .timeout = 600)
{
    const struct assay_registry_member some = { .standing = ASSAY_REGISTRY_STAND_FULL,
                                                .score_bp = 9500,
                                                .certified = true };
    struct assay_task_request wish = { .price_max = PRICE, .steps = STEPS, .ahead = 100 };
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
    cr_expect_null(assay_requestor_terms(client));
    wish.ahead = 100;
    cr_assert_eq(wish_for(client, &wish), ASSAY_OK);
    const struct assay_requestor_status status = run(client, STEPS, SOON_MS);
    cr_expect_eq(status.state, ASSAY_TASK_CLIENT_DONE);
    cr_expect_eq(status.executor, 0, "the named one, although 1 has a higher score");
    assay_requestor_close(&client);
    close_world();
}

/* Two tasks with one number: the ledger takes the first, and the other is told so. */
Test(services_tasks_runtime, a_task_that_the_ledger_does_not_take_is_over, .timeout = 600)
{
    open_world(1);
    const struct assay_task_request wish = { .price_max = PRICE, .steps = STEPS, .ahead = 100 };
    struct assay_task_client *first = submit(100);
    struct assay_task_client_config config = { .ledger = in_folder("daemon", CLIENT),
                                               .store = in_folder("vault", CLIENT + 1),
                                               .store_key = &vault_key,
                                               .key = &w.requestor,
                                               .again_ms = 500 };
    struct assay_task_client *second = NULL;
    char message[ASSAY_TASK_CLIENT_MESSAGE_LEN];
    cr_assert_eq(assay_requestor_open(&config, on_output, NULL, &second, message), ASSAY_OK);
    cr_assert_eq(wish_for(second, &wish), ASSAY_OK, "the first is not final yet");
    cr_expect_eq(run(first, STEPS, SOON_MS).state, ASSAY_TASK_CLIENT_DONE);
    const struct assay_requestor_status status = run(second, STEPS, SOON_MS);
    cr_expect_eq(status.state, ASSAY_TASK_CLIENT_REFUSED);
    cr_expect(strstr(status.why, "sequence") != NULL, "%s", status.why);
    assay_requestor_close(&first);
    assay_requestor_close(&second);
    close_world();
}

/* One OPEN of the requestor's account, final. */
static void open_for_nothing(struct assay_follower *f)
{
    struct assay_task_open open = { .price = PRICE,
                                    .hold = 1,
                                    .steps = 1,
                                    .input = { 1 },
                                    .box = { 9 },
                                    .deadline = service_ledger_epoch(w.ledger) + 1000,
                                    .min_standing = ASSAY_TASK_STAND_WARNING };
    uint8_t bytes[ASSAY_TASK_RECORD_MAX], digest[32];
    struct assay_slice out;
    struct assay_p256_signer *signer = NULL;
    uint64_t amount = 0;
    const uint32_t before = service_ledger_count(w.ledger, ASSAY_SERVICE_TASK_OPEN);
    cr_assert(assay_task_ledger_get_balance(tasks(), w.account, &amount, &open.sequence));
    cr_assert_eq(assay_p256_public(&w.requestor, open.key), ASSAY_OK);
    cr_assert_eq(assay_p256_signer_load(&w.requestor, &signer), ASSAY_OK);
    assay_bytes_copy(open.code, 32, w.program.code, 32);
    assay_task_open_statement(service_ledger_chain(w.ledger), &open, digest);
    cr_assert_eq(assay_p256_sign(signer, digest, open.signature), ASSAY_OK);
    cr_assert_eq(assay_task_open_encode(&open, bytes, sizeof bytes, &out), ASSAY_OK);
    for (int i = 0; service_ledger_count(w.ledger, ASSAY_SERVICE_TASK_OPEN) == before; i++) {
        cr_assert_lt(i, 3000);
        service_ledger_turn(w.ledger, 2);
        assay_status_ignore(assay_follower_step(f, now_ms()), "it dials again");
        if (i % 100 != 20) continue;
        assay_status_ignore(assay_follower_submit(f, ASSAY_SERVICE_TASK_OPEN, out), "and again");
    }
    assay_p256_signer_free(&signer);
}

Test(services_tasks_runtime, one_account_has_a_quarter_of_the_places, .timeout = 600)
{
    struct assay_follower_config config = { .role = ASSAY_SERVICE_ROLE_REQUESTOR };
    struct assay_follower *f = NULL;
    uint32_t at = 0, accepted = 0;
    table = 256; /* of which one account may have four */
    open_world(1);
    config.path = in_folder("daemon", CLIENT);
    cr_assert_eq(assay_follower_create(&config, &f), ASSAY_OK);
    for (uint32_t i = 0; i < 4; i++)
        open_for_nothing(f);
    for (uint32_t i = 0; i < 75; i++)
        service_ledger_turn(w.ledger, 20);
    for (const struct assay_task_row *row;
         (row = assay_task_ledger_next_task(tasks(), &at)) != NULL;)
        accepted += row->accepted;
    cr_expect_eq(accepted, ASSAY_EXECUTOR_TASKS_MAX / 4);
    assay_follower_destroy(&f);
    close_world();
}

/* --- docs/services.md 6.5.1: any client may ask for keys */

static bool is_accepted(uint32_t slot)
{
    uint32_t at = 0;
    const struct assay_task_row *row = assay_task_ledger_next_task(tasks(), &at);
    return row != NULL && row->accepted && row->executor == slot;
}

static void send_ask(struct assay_client_connection *call, const uint8_t task[static 32],
                     uint8_t nonce)
{
    struct assay_task_frame frame = { .kind = ASSAY_TASK_ASK, .nonce = { nonce } };
    uint8_t bytes[128];
    struct assay_slice encoded;
    assay_bytes_copy(frame.task, 32, task, 32);
    cr_assert_eq(assay_task_frame_encode(&frame, bytes, sizeof bytes, &encoded), ASSAY_OK);
    cr_assert_eq(assay_listener_connection_send(call, encoded), ASSAY_OK);
}

/* Whether keys for that nonce arrive, in time. */
static bool has_keys(struct assay_client_connection *call, uint8_t nonce)
{
    struct assay_slice bytes;
    struct assay_task_frame frame;
    const uint64_t until = now_ms() + SOON_MS;
    while (assay_listener_connection_receive(call, &bytes) == ASSAY_E_AGAIN) {
        if (now_ms() > until) return false;
        service_ledger_turn(w.ledger, 2);
    }
    cr_assert_eq(assay_task_frame_decode(bytes, &frame), ASSAY_OK);
    cr_assert_eq(frame.kind, ASSAY_TASK_KEYS);
    return frame.nonce[0] == nonce;
}

Test(services_tasks_runtime, a_stranger_that_asks_for_keys_replaces_no_request, .timeout = 600)
{
    enum { ASKERS = 4 };
    struct assay_client_connection *call[ASKERS] = { NULL };
    char address[ASSAY_TASK_ADDRESS_MAX + 1] = "";
    uint32_t at = 0;
    open_world(1);
    struct assay_task_client *client = submit(1000);
    const uint64_t until = now_ms() + SOON_MS;
    while (!is_accepted(0) && now_ms() < until) {
        step_client(client);
        service_ledger_turn(w.ledger, 20);
    }
    cr_assert(is_accepted(0));
    assay_requestor_close(&client);
    const struct assay_task_offer *offer = assay_task_ledger_find_offer(tasks(), 0);
    const struct assay_task_row *row = assay_task_ledger_next_task(tasks(), &at);
    assay_bytes_copy(address, sizeof address, offer->address, offer->address_len);
    for (uint8_t i = 0; i < ASKERS; i++) {
        struct assay_slice none;
        cr_assert_eq(assay_listener_connection_open(address, &call[i]), ASSAY_OK);
        send_ask(call[i], row->task, (uint8_t)(i + 1));
        for (int k = 0; k < 50; k++) { /* the daemon answers nothing meanwhile */
            cr_assert_eq(assay_listener_connection_receive(call[i], &none), ASSAY_E_AGAIN);
            (void)usleep(2000);
        }
    }
    for (uint8_t i = 0; i < ASKERS; i++)
        cr_expect(has_keys(call[i], (uint8_t)(i + 1)), "%u has none", i);
    for (uint8_t i = 0; i < ASKERS; i++)
        assay_listener_connection_close(&call[i]);
    close_world();
}
