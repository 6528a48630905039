/*
 * tests/unit/services/tasks/test_tasks_chain.c - tests of executor processes paid on a chain.
 *
 * Executors as they run, paid on a chain (docs/services.md 8.9): drafts, openings, and strangers
 * who draft without ever opening.
 */
#include "tests/unit/services/tasks_world.h"

#include "base/crypto.h"
#include "net/services/tasks/executor_internal.h"

#include <arpa/inet.h>
#include <criterion/criterion.h>
#include <netinet/in.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

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
    cr_assert_eq(assay_requestor_open(&config, on_output, NULL, &client, message), ASSAY_OK, "%s",
                 message);
    return client;
}

static struct assay_task_client *draft(uint8_t price, uint64_t ahead_s)
{
    struct assay_task_request wish = { .steps = STEPS,
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
        step_client(client);
        status = assay_requestor_draft(client, &wish, wei, (uint64_t)now.tv_sec + ahead_s);
    }
    cr_assert_eq(status, ASSAY_OK);
    return client;
}

/* Until it is to be opened, or is over. */
static struct assay_requestor_status until_open(struct assay_task_client *client)
{
    const uint64_t until = now_ms() + SOON_MS;
    struct assay_requestor_status status;
    do {
        status = run(client, 0, 5);
    } while (status.state < ASSAY_TASK_CLIENT_OPENS && now_ms() < until);
    return status;
}

Test(services_tasks_chain, a_task_on_a_chain_is_judged_then_opened_then_run, .timeout = 600)
{
    uint8_t account[ASSAY_EVM_ADDRESS_LEN], name[32];
    w.chain_says = open_there;
    open_world(1);
    struct assay_task_client *client = draft(CHAIN_PRICE, 1000);
    cr_assert_null(assay_requestor_evm(client), "it has no task key yet");
    const struct assay_requestor_status opens = until_open(client);
    cr_assert_eq(opens.state, ASSAY_TASK_CLIENT_OPENS, "%s", opens.why);
    const struct assay_evm_terms *terms = assay_requestor_evm(client);
    cr_assert_eq(assay_evm_address(&paid_key, account), ASSAY_OK);
    cr_expect_arr_eq(terms->executor, account, sizeof account, "the executor says who is paid");
    assay_evm_task_name(&place, terms, name);
    cr_expect_arr_eq(opens.task, name, 32);
    cr_expect_eq(run(client, 1, 500).results, 0, "nothing runs before the caller has opened it");
    cr_assert_eq(assay_requestor_opened(client), ASSAY_OK);
    const struct assay_requestor_status done = run(client, STEPS, SOON_MS);
    cr_expect_eq(done.state, ASSAY_TASK_CLIENT_DONE, "%u results: %s", done.results, done.why);
    is_counted();
    assay_requestor_close(&client);
    client = chain_client();
    cr_expect_eq(assay_requestor_status(client).state, ASSAY_TASK_CLIENT_DONE);
    assay_requestor_close(&client);
    close_world();
}

Test(services_tasks_chain, a_requestor_on_a_chain_that_is_killed_goes_on, .timeout = 600)
{
    uint8_t name[32];
    w.chain_says = open_there;
    open_world(1);
    struct assay_task_client *client = draft(CHAIN_PRICE, 1000);
    cr_assert_eq(until_open(client).state, ASSAY_TASK_CLIENT_OPENS);
    assay_bytes_copy(name, 32, assay_requestor_status(client).task, 32);
    assay_requestor_close(&client); /* before it was opened */
    client = chain_client();
    cr_assert_eq(until_open(client).state, ASSAY_TASK_CLIENT_OPENS, "judged anew");
    cr_expect_arr_eq(assay_requestor_status(client).task, name, 32, "the same task");
    cr_assert_eq(assay_requestor_opened(client), ASSAY_OK);
    cr_expect_geq(run(client, 2, SOON_MS).results, 2);
    assay_requestor_close(&client);
    client = chain_client();
    cr_expect_eq(run(client, STEPS, SOON_MS).state, ASSAY_TASK_CLIENT_DONE);
    is_counted();
    assay_requestor_close(&client);
    close_world();
}

Test(services_tasks_chain, an_executor_takes_no_input_before_its_own_node_says_open,
     .timeout = 600)
{
    w.chain_says = not_there;
    open_world(1);
    struct assay_task_client *client = draft(CHAIN_PRICE, 1000);
    cr_assert_eq(until_open(client).state, ASSAY_TASK_CLIENT_OPENS);
    cr_assert_eq(assay_requestor_opened(client), ASSAY_OK);
    cr_expect_eq(run(client, 1, 2500).results, 0);
    assay_requestor_close(&client);
    close_world();
}

Test(services_tasks_chain, nothing_is_opened_for_evidence_of_another_program, .timeout = 600)
{
    w.chain_says = open_there;
    open_world(1);
    service_ledger_tamper(w.ledger, 0);
    struct assay_task_client *client = draft(CHAIN_PRICE, 1000);
    cr_expect_eq(until_open(client).state, ASSAY_TASK_CLIENT_REJECTED);
    cr_expect_eq(assay_requestor_opened(client), ASSAY_E_INVALID);
    assay_requestor_close(&client);
    close_world();
}

Test(services_tasks_chain, drafts_that_an_executor_does_not_work_for_are_told, .timeout = 600)
{
    w.chain_says = open_there;
    open_world(1);
    struct assay_task_client *client = draft(CHAIN_PRICE - 1, 1000);
    struct assay_requestor_status status = until_open(client);
    cr_expect_eq(status.state, ASSAY_TASK_CLIENT_REFUSED);
    cr_expect(strstr(status.why, "its price is higher") != NULL, "%s", status.why);
    assay_requestor_close(&client);
    client = draft(CHAIN_PRICE, 55);
    status = until_open(client);
    cr_expect_eq(status.state, ASSAY_TASK_CLIENT_REFUSED);
    cr_expect(strstr(status.why, "deadline") != NULL, "%s", status.why);
    assay_requestor_close(&client);
    close_world();
}

/* A connection to the executor's listener from 127.0.0.site, as one of a stranger elsewhere. */
static int knock(uint8_t site)
{
    const struct assay_task_offer *offer = assay_task_ledger_find_offer(tasks(), 0);
    struct sockaddr_in from = { .sin_family = AF_INET }, to = { .sin_family = AF_INET };
    const struct timeval wait = { .tv_sec = 10 };
    char address[ASSAY_TASK_ADDRESS_MAX + 1] = "";
    const int fd = socket(AF_INET, SOCK_STREAM, 0);
    cr_assert_geq(fd, 0);
    cr_assert_not_null(offer);
    assay_bytes_copy(address, sizeof address, offer->address, offer->address_len);
    from.sin_addr.s_addr = htonl(0x7f000000u + site);
    to.sin_addr.s_addr = htonl(0x7f000001u);
    to.sin_port = htons((uint16_t)strtoul(strrchr(address, ':') + 1, NULL, 10));
    cr_assert_eq(bind(fd, (const struct sockaddr *)&from, sizeof from), 0);
    cr_assert_eq(connect(fd, (const struct sockaddr *)&to, sizeof to), 0);
    (void)setsockopt(fd, SOL_SOCKET, SO_RCVTIMEO, &wait, sizeof wait);
    return fd;
}

static void read_whole(int fd, uint8_t *bytes, size_t len)
{
    for (size_t at = 0; at < len;) {
        const ssize_t got = recv(fd, bytes + at, len - at, 0);
        cr_assert_gt(got, 0, "the executor answers");
        at += (size_t)got;
    }
}

/* A draft that nobody will pay for, of a number. Returns: why it got no place; "": it did. */
static const char *answer_from(uint8_t site, uint64_t number)
{
    static char why[128];
    struct assay_evm_draft wish = { .place = place, .box = { 9 } };
    uint8_t bytes[ASSAY_EVM_DRAFT_LEN], out[1024], in[4 + 1024];
    struct assay_slice frame;
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    wish.terms = (struct assay_evm_terms){ .steps = 1,
                                           .deadline_s = (uint64_t)now.tv_sec + 1000,
                                           .nonce = number,
                                           .requestor = { 1 } };
    assay_bytes_copy(wish.code, 32, w.program.code, 32);
    assay_evm_job_digest(wish.code, wish.box, wish.terms.job);
    service_ledger_node(0, wish.terms.node_id);
    wish.terms.price[ASSAY_EVM_PRICE_LEN - 1] = CHAIN_PRICE;
    struct assay_writer writer = assay_writer_over(bytes, sizeof bytes);
    assay_evm_draft_encode(&writer, &wish);
    struct assay_task_frame f = { .kind = ASSAY_TASK_DRAFT,
                                  .list = assay_slice_over(bytes, writer.len) };
    assay_sha256(bytes, writer.len, f.task);
    cr_assert_eq(assay_task_frame_encode(&f, out, sizeof out, &frame), ASSAY_OK);
    const int fd = knock(site);
    const uint8_t head[4] = { 0, 0, (uint8_t)(frame.len >> 8), (uint8_t)frame.len };
    cr_assert_eq(send(fd, head, 4, MSG_NOSIGNAL), 4);
    cr_assert_eq(send(fd, frame.bytes, frame.len, MSG_NOSIGNAL), (ssize_t)frame.len);
    read_whole(fd, in, 4);
    const size_t len = (size_t)in[2] << 8 | in[3];
    cr_assert(in[0] == 0 && in[1] == 0 && len <= 1024);
    read_whole(fd, in + 4, len);
    (void)close(fd);
    cr_assert_eq(assay_task_frame_decode(assay_slice_over(in + 4, len), &f), ASSAY_OK);
    cr_assert(f.kind == ASSAY_TASK_DRAFT_IS || f.kind == ASSAY_TASK_NO);
    why[0] = '\0';
    if (f.kind == ASSAY_TASK_NO)
        (void)snprintf(why, sizeof why, "%.*s", (int)f.list.len, (const char *)f.list.bytes);
    return why;
}

static bool drafts_from(uint8_t site, uint64_t number)
{
    const char *const why = answer_from(site, number);
    cr_assert(why[0] == '\0' || strcmp(why, "it has no room for another task") == 0, "%s", why);
    return why[0] == '\0';
}

/* Four strangers take all places with drafts that they never open. */
static void drafts_fill_all_places(void)
{
    enum { A_SITE = ASSAY_EXECUTOR_TASKS_MAX / 4, SITES = 4 };
    w.chain_says = not_there;
    open_world(1);
    for (uint8_t site = 2; site < 2 + SITES; site++)
        for (uint64_t i = 0; i < 2 * A_SITE; i++)
            cr_expect_eq(drafts_from(site, site * UINT64_C(100) + i), i < A_SITE,
                         "one site has a quarter");
}

Test(services_tasks_chain, drafts_that_nobody_opens_keep_no_task_of_the_ledger_out,
     .timeout = 600)
{
    drafts_fill_all_places();
    struct assay_task_client *client = submit(1000);
    const struct assay_requestor_status status = run(client, STEPS, SOON_MS);
    cr_expect_eq(status.state, ASSAY_TASK_CLIENT_DONE, "%u results: %s", status.results,
                 status.why);
    assay_requestor_close(&client);
    close_world();
}

Test(services_tasks_chain, drafts_that_nobody_opens_keep_no_other_requestor_out, .timeout = 600)
{
    drafts_fill_all_places();
    struct assay_task_client *client = draft(CHAIN_PRICE, 1000);
    const struct assay_requestor_status status = until_open(client);
    cr_expect_eq(status.state, ASSAY_TASK_CLIENT_OPENS, "%s", status.why);
    for (uint8_t site = 2; site < 6; site++)
        for (uint64_t i = 0; i < 8; i++)
            cr_expect_not(drafts_from(site, site * UINT64_C(1000) + i));
    cr_assert_eq(assay_requestor_opened(client), ASSAY_OK);
    assay_requestor_close(&client);
    client = chain_client();
    cr_expect_eq(until_open(client).state, ASSAY_TASK_CLIENT_OPENS, "its place is still its own");
    assay_requestor_close(&client);
    close_world();
}

/* --- claims that nobody pays */

/* So many of a task each, of a contract that is not the configured one: nothing pays them. */
static void owe_in_vault(uint32_t slot, uint32_t count)
{
    struct assay_evm_owed owed = { .place = { .chain_id = 7, .contract = { 99 } } };
    struct assay_vault *vault = NULL;
    char message[ASSAY_VAULT_MESSAGE_LEN];
    struct timespec now;
    (void)clock_gettime(CLOCK_REALTIME, &now);
    owed.terms = (struct assay_evm_terms){ .steps = 1,
                                           .deadline_s = (uint64_t)now.tv_sec + 1000,
                                           .requestor = { 1 },
                                           .executor = { 2 },
                                           .key = { 3 } };
    owed.terms.price[ASSAY_EVM_PRICE_LEN - 1] = CHAIN_PRICE;
    owed.claim.step = 1;
    cr_assert_eq(assay_vault_open(in_folder("vault", slot), &vault_key, &vault, message), ASSAY_OK,
                 "%s", message);
    for (uint32_t i = 0; i < count; i++) {
        uint8_t bytes[ASSAY_EVM_OWED_LEN];
        const uint8_t task[32] = { 1, (uint8_t)i };
        struct assay_slice row;
        struct assay_writer writer = assay_writer_over(bytes, sizeof bytes);
        assay_evm_owed_encode(&writer, &owed);
        cr_assert_eq(assay_writer_finish(&writer, &row), ASSAY_OK);
        cr_assert_eq(assay_vault_put(vault, ASSAY_VAULT_OWED, task, row), ASSAY_OK);
    }
    cr_assert_eq(assay_vault_commit(vault), ASSAY_OK);
    assay_vault_close(&vault);
}

/* It ended when the step behind them was vouched, and again after each start. */
Test(services_tasks_chain, what_would_be_one_claim_too_many_is_not_drafted, .timeout = 600)
{
    w.chain_says = open_there;
    open_world(0);
    owe_in_vault(0, ASSAY_EXECUTOR_CLAIMS_MAX - 1);
    service_ledger_member(w.ledger, in_folder("daemon", 0), 0);
    start(0);
    cr_assert(becomes(is_offered, 0, SOON_MS));
    struct assay_task_client *client = draft(CHAIN_PRICE, 1000);
    cr_assert_eq(until_open(client).state, ASSAY_TASK_CLIENT_OPENS, "there is room for its claim");
    cr_expect_str_eq(answer_from(2, 1), "too many of its claims are not paid yet");
    cr_assert_eq(assay_requestor_opened(client), ASSAY_OK);
    cr_expect_eq(run(client, STEPS, SOON_MS).state, ASSAY_TASK_CLIENT_DONE);
    assay_requestor_close(&client);
    close_world();
}

Test(services_tasks_chain, each_task_that_runs_has_a_row_for_its_claim)
{
    struct assay_executor_node *n = calloc(1, sizeof *n);
    cr_assert_not_null(n);
    n->claim_count = ASSAY_EXECUTOR_CLAIMS_MAX - 2;
    for (uint32_t i = 0; i < n->claim_count; i++)
        n->claim[i].task[0] = (uint8_t)(i + 1);
    cr_expect(assay_executor_has_room_for_claim(n));
    n->work[3].runs = true;
    n->work[3].e.task[1] = 9;
    cr_expect(assay_executor_has_room_for_claim(n));
    n->work[5].runs = n->work[5].on_chain = true;
    n->work[5].e.task[1] = 8;
    cr_expect(assay_executor_has_room_for_claim(n), "its claims are others");
    n->work[4].runs = true;
    n->work[4].e.task[0] = 7;
    cr_expect(assay_executor_has_room_for_claim(n), "that task has its row");
    n->work[4].e.task[0] = 200;
    cr_expect_not(assay_executor_has_room_for_claim(n));
    free(n);
}
