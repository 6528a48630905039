/*
 * tests/unit/services/tasks_world.c - the network of tasks of tasks_world.h.
 */
#include "tests/unit/services/tasks_world.h"

#include "net/services/tasks/sample_program.h"
#include "tests/support/evm_node.h"

#include "base/crypto.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct world w;
const struct assay_secret32 vault_key = { { 9, 9 } };
const struct assay_evm_place place = { .chain_id = 7, .contract = { 1 } };
const struct assay_secret32 chain_key = { { 0, 0, 3 } }, paid_key = { { 0, 0, 4 } };

uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

const char *in_folder(const char *what, uint32_t slot)
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
    const struct assay_payout_claims_config config = {
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
    if (assay_payout_claims_create(&config, &paid_key, evm_node_link(&node), &chain.payouts) !=
            ASSAY_OK ||
        assay_payout_claims_start(chain.payouts) != ASSAY_OK)
        _exit(4);
    return &chain;
}

static void be_executor(uint32_t slot)
{
    struct assay_executor_node_config config = { .ledger = in_folder("daemon", slot),
                                                 .client_listen = "127.0.0.1:0",
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
    while (assay_executor_node_step(node, 1000) == ASSAY_OK) {
    }
    _exit(5);
}

void start(uint32_t slot)
{
    (void)fflush(NULL);
    w.executor[slot] = fork();
    cr_assert_geq(w.executor[slot], 0);
    if (w.executor[slot] > 0) return;
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
    be_executor(slot);
}

void stop(uint32_t slot)
{
    if (w.executor[slot] <= 0) return;
    (void)kill(w.executor[slot], SIGKILL);
    (void)waitpid(w.executor[slot], NULL, 0);
    w.executor[slot] = 0;
}

/* --- the ledger */

const struct assay_task_ledger *tasks(void)
{
    return assay_registry_tasks(service_ledger_registry(w.ledger));
}

uint64_t balance(const uint8_t account[32])
{
    uint64_t amount = 0, sequence = 0;
    return assay_task_ledger_get_balance(tasks(), account, &amount, &sequence) ? amount : 0;
}

bool is_offered(uint32_t slot)
{
    return assay_task_ledger_find_offer(tasks(), slot) != NULL;
}

bool is_paid(uint32_t steps)
{
    return balance(w.payee) == (uint64_t)steps * PRICE + w.held;
}

bool becomes(bool (*is)(uint32_t), uint32_t number, uint64_t within_ms)
{
    const uint64_t until = now_ms() + within_ms;
    while (!is(number) && now_ms() < until)
        service_ledger_turn(w.ledger, 20);
    return is(number);
}

uint32_t table = 8; /* of tasks */

void open_world(uint32_t executors)
{
    static struct assay_registry_plan plan;
    uint8_t key[ASSAY_P256_PUBLIC_LEN];
    w.program.step = assay_sample_program_step;
    service_ledger_measurement(w.program.code);
    for (size_t i = 0; i < TEXT_LEN; i++)
        w.text[i] = i % (3 + i % 7) == 0 ? ' ' : 'a';
    cr_assert_eq(assay_p256_generate(&w.requestor, key), ASSAY_OK);
    assay_task_account(key, w.account);
    w.payee[0] = 0xfa;
    plan.has_tasks = true;
    plan.tasks.accounts_max = 8;
    plan.tasks.tasks_max = table;
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

void close_world(void)
{
    char command[128];
    for (uint32_t slot = 0; slot < EXECUTORS; slot++)
        stop(slot);
    service_ledger_close(&w.ledger);
    (void)snprintf(command, sizeof command, "rm -r %s", w.folder);
    cr_expect_eq(system(command), 0);
}

/* --- the requestor */

void on_output(void *context, uint32_t step, struct assay_slice state, struct assay_slice output)
{
    (void)context;
    (void)state;
    cr_expect_eq(step, w.events + 1, "each once, in order");
    w.events = step;
    cr_assert_lt(output.len, sizeof w.output);
    assay_bytes_copy(w.output, sizeof w.output, output.bytes, output.len);
    w.output[output.len] = '\0';
}

struct assay_task_client *client_open(void)
{
    const struct assay_task_client_config config = { .ledger = in_folder("daemon", CLIENT),
                                                     .store = in_folder("vault", CLIENT),
                                                     .store_key = &vault_key,
                                                     .key = &w.requestor,
                                                     .again_ms = 500 };
    struct assay_task_client *client = NULL;
    char message[ASSAY_TASK_CLIENT_MESSAGE_LEN];
    cr_assert_eq(assay_requestor_open(&config, on_output, NULL, &client, message), ASSAY_OK, "%s",
                 message);
    return client;
}

/* Until it has so many results, or has ended. */
/* Returns when it has stopped, or ended. */
static void pause_executor(pid_t executor)
{
    cr_assert_eq(kill(executor, SIGSTOP), 0);
    cr_assert_eq(waitid(P_PID, (id_t)executor, &(siginfo_t){ 0 }, WSTOPPED | WEXITED | WNOWAIT), 0);
}

void step_client(struct assay_task_client *client)
{
    for (uint32_t slot = 0; slot < EXECUTORS; slot++)
        if (w.executor[slot] > 0) pause_executor(w.executor[slot]);
    cr_assert_eq(assay_requestor_step(client, 1), ASSAY_OK);
    for (uint32_t slot = 0; slot < EXECUTORS; slot++)
        if (w.executor[slot] > 0) cr_assert_eq(kill(w.executor[slot], SIGCONT), 0);
}

struct assay_requestor_status run(struct assay_task_client *client, uint32_t results, uint64_t ms)
{
    const uint64_t until = now_ms() + ms;
    struct assay_requestor_status status;
    do {
        service_ledger_turn(w.ledger, 2);
        step_client(client);
        status = assay_requestor_status(client);
    } while (status.state <= ASSAY_TASK_CLIENT_WORKS && status.results < results &&
             now_ms() < until);
    return status;
}

struct assay_task_client *submit(uint32_t ahead)
{
    struct assay_task_request wish = { .price_max = PRICE,
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
        step_client(client);
        status = assay_requestor_submit(client, &wish);
    }
    cr_assert_eq(status, ASSAY_OK);
    return client;
}

/* The same text counted in another way. */
void is_counted(void)
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
