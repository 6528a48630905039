/*
 * apps/assay/services/task_chain.c - payment of `assay task run` on an EVM chain: a task is opened
 * against an anchored score and closed after the deadline (docs/services.md 8.9: tasks on a chain);
 * deployment of the contract of tasks.
 */
#include "apps/assay/services/task.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/option_values.h"
#include "apps/assay/core/options.h"
#include "apps/assay/core/result_json.h"
#include "apps/assay/services/anchor.h"
#include "base/system_clock.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    AHEAD_S = 86400,
    AHEAD_S_MIN = 60,
    AHEAD_S_MAX = 366 * 86400,
    POLL_MS = 500,
    KEY_AFTER_MS = 5000
};

struct task_chain {
    struct assay_anchor_run run;
    struct assay_anchor_sending sending;
    bool sends; /* the sending is open */
    struct assay_evm_place place;
    uint64_t until_ms;
    uint64_t key_at_ms; /* when the chain is asked for a key next; 0: none is waited for */
};

/* ------------------------------------------------------------ the file */

static int check_settings(const struct assay_anchor_settings *s, const char *path, bool tasks)
{
    const char *const missing = s->rpc[0] == '\0'              ? "rpc"
                                : s->sender.chain_id == 0      ? "chain"
                                : !s->has_contract             ? "contract"
                                : tasks && !s->has_tasks       ? "tasks"
                                : s->key[0] == '\0'            ? "key"
                                : s->sender.fee_limit_wei == 0 ? "max_fee"
                                                               : NULL;
    if (missing != NULL) return cli_misuse("--evm: %s has no %s", path, missing);
    if (s->has_tip && s->sender.tip_wei > s->sender.fee_limit_wei)
        return cli_misuse("--evm: %s: the tip is above max_fee", path);
    return ASSAY_EXIT_OK;
}

static int open_chain(const struct task_command *d, const char *command, bool tasks,
                      struct task_chain **out)
{
    char message[ASSAY_ANCHOR_FAULT_MAX] = "";
    struct task_chain *const c = calloc(1, sizeof *c);
    *out = c;
    if (c == NULL) return ASSAY_EXIT_INTERNAL;
    struct assay_anchor_settings *const s = &c->run.settings;
    c->run.command = command;
    c->run.json = d->q.json;
    c->run.wait_ms = d->q.timeout_ms;
    c->run.socket = d->q.socket;
    assay_config_anchor_settings_init(s);
    if (assay_config_anchor_settings_read(s, d->evm, message) != ASSAY_OK) {
        task_say("%s", message);
        return ASSAY_EXIT_USAGE;
    }
    if (d->key != NULL) (void)snprintf(s->key, sizeof s->key, "%s", d->key);
    c->place.chain_id = s->sender.chain_id;
    assay_bytes_copy(c->place.contract, ASSAY_EVM_ADDRESS_LEN, s->tasks, sizeof s->tasks);
    const int fit = check_settings(s, d->evm, tasks);
    if (fit == ASSAY_EXIT_OK) cli_anchor_link(&c->run);
    return fit;
}

void task_chain_end(struct task_chain **chain)
{
    struct task_chain *const c = *chain;
    *chain = NULL;
    if (c == NULL) return;
    if (c->sends) cli_anchor_sending_close(&c->sending);
    free(c);
}

const struct assay_evm_place *task_chain_place(const struct task_chain *chain)
{
    return &chain->place;
}

static int read_numbers(struct task_running *r)
{
    const struct task_command *const d = r->d;
    uint64_t wei = 0;
    r->ahead_s = AHEAD_S;
    if (d->price != NULL && (!assay_config_anchor_gwei(d->price, &wei) || wei == 0))
        return cli_misuse("--price wants gwei above 0, as in 20000 or 0.5, not \"%s\"", d->price);
    r->price_wei = wei;
    for (size_t i = ASSAY_EVM_PRICE_LEN; i-- > 0; wei >>= 8)
        r->price[i] = (uint8_t)wei;
    const int bad = d->deadline == NULL
                        ? -1
                        : cli_option_number("deadline", d->deadline, AHEAD_S_MIN, AHEAD_S_MAX,
                                            "seconds with --evm", &r->ahead_s);
    return bad < 0 ? ASSAY_EXIT_OK : bad;
}

int task_chain_begin(struct task_running *r)
{
    char message[ASSAY_ANCHOR_FAULT_MAX] = "";
    int result = read_numbers(r);
    if (result == ASSAY_EXIT_OK) result = open_chain(r->d, "assay task run", true, &r->chain);
    if (result != ASSAY_EXIT_OK) return result;
    const enum assay_status status =
        assay_config_anchor_key_read(r->chain->run.settings.key, &r->key, message);
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    task_say("%s", message);
    return status == ASSAY_E_NOT_FOUND ? ASSAY_EXIT_NOT_FOUND : ASSAY_EXIT_USAGE;
}

/* ------------------------------------------------------------ the chain */

/* Is it a chain, a contract and an anchor that belong together? Once. */
static int open_sending(struct task_running *r, struct assay_evm_anchored *held)
{
    struct task_chain *const c = r->chain;
    c->until_ms = assay_monotonic_ms() + c->run.wait_ms;
    if (!c->sends) {
        const int opened = cli_anchor_sending_open(&c->run, &c->sending);
        c->sends = true;
        if (opened != ASSAY_EXIT_OK) return opened;
    }
    c->sending.begun_ms = assay_monotonic_ms();
    const int asked = cli_anchor_held(&c->run, held);
    if (asked != ASSAY_EXIT_OK) return asked;
    const enum assay_status status =
        assay_eth_tasks_check(&c->run.rpc, &c->place, c->run.settings.contract);
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    if (c->run.rpc.why[0] != '\0' || (status != ASSAY_E_NOT_FOUND && status != ASSAY_E_INVALID))
        return cli_anchor_node_failed(&c->run, status);
    task_say("the code at `tasks` is not AssayTasks over that anchor (contracts/contract.json); "
             "assay task deploy makes one");
    return ASSAY_EXIT_CONFLICT;
}

/* As deep as configured, and now. */
static int read_task(struct task_chain *c, const uint8_t task[static 32], bool *deep, bool *open,
                     uint32_t *paid)
{
    const uint32_t below = c->run.settings.sender.confirmations - 1;
    uint64_t head = 0;
    uint32_t ignored = 0;
    *deep = *open = false;
    enum assay_status status = assay_eth_get_head(&c->run.rpc, &head);
    if (status == ASSAY_OK)
        status = assay_eth_task_read(&c->run.rpc, &c->place, task, 0, open, paid);
    if (status == ASSAY_OK && *open && head > below)
        status = assay_eth_task_read(&c->run.rpc, &c->place, task, head - below, deep, &ignored);
    return status == ASSAY_OK ? ASSAY_EXIT_OK : cli_anchor_node_failed(&c->run, status);
}

/* Explanation of the contract's error for the account. */
static int said_no(const struct task_chain *c)
{
    static const char *const words[][2] = {
        { "stale", "the anchored epoch is older than a day: assay anchor advance, or deploy" },
        { "score", "the anchored score is lower than --score" },
        { "standing", "the anchored standing is lower than --standing" },
        { "deadline", "the deadline is over, or too far" },
        { "early", "the chain's clock has not reached the deadline" },
    };
    const char *const why = c->sending.sender.progress.why, *advice = "the contract refuses";
    for (size_t i = 0; i < sizeof words / sizeof words[0]; i++)
        if (strcmp(why, words[i][0]) == 0) advice = words[i][1];
    task_say("refused, \"%s\": %s", why, advice);
    return ASSAY_EXIT_DENIED;
}

static int make_order(struct task_running *r, const struct assay_evm_anchored *held,
                      struct assay_evm_order *order)
{
    struct task_chain *const c = r->chain;
    const struct assay_evm_terms *const terms = assay_requestor_evm(r->client);
    struct assay_evm_finalized_epoch closed = { .oldest = 0 };
    struct assay_evm_score_proof proof;
    uint8_t path[ASSAY_EVM_SCORE_PATH_MAX][32];
    enum assay_status status = cli_anchor_request_epoch(&c->run, held->epoch, &closed);
    if (status != ASSAY_OK) {
        assay_eth_finalized_epoch_free(&closed);
        const int failed = cli_anchor_daemon_failed(&c->run, status);
        task_say("the anchor holds epoch %llu; assay anchor advance brings a later one",
                 (unsigned long long)held->epoch);
        return failed;
    }
    if (!assay_bytes_equal(closed.anchored.scores, held->scores, 32)) status = ASSAY_E_CHAIN;
    if (status == ASSAY_OK)
        status = assay_eth_finalized_epoch_score(&closed, terms->node_id, path, &proof);
    if (status == ASSAY_OK)
        status = assay_eth_open_order(&c->place, terms, &proof, c->sending.data,
                                      ASSAY_EVM_DATA_LEN_MAX, order);
    assay_eth_finalized_epoch_free(&closed);
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    task_say("the anchored epoch %llu does not contain that executor: %s",
             (unsigned long long)held->epoch,
             status == ASSAY_E_CHAIN ? "it is not one of this network" : assay_status_text(status));
    return status == ASSAY_E_CHAIN ? ASSAY_EXIT_CONFLICT : ASSAY_EXIT_NOT_FOUND;
}

static void wait_a_little(void)
{
    const struct timespec pause = { .tv_nsec = POLL_MS * 1000000L };
    (void)nanosleep(&pause, NULL);
}

int task_chain_open(struct task_running *r)
{
    struct task_chain *const c = r->chain;
    struct assay_evm_anchored held;
    struct assay_evm_order order;
    bool deep = false, open = false;
    uint32_t paid = 0;
    int result = open_sending(r, &held);
    while (result == ASSAY_EXIT_OK && !deep) {
        result = read_task(c, r->now.task, &deep, &open, &paid);
        if (result != ASSAY_EXIT_OK || deep) break;
        if (assay_monotonic_ms() >= c->until_ms) {
            task_say("the task is not open as deep as configured in time; the same command goes "
                     "on");
            return ASSAY_EXIT_TIMEOUT;
        }
        if (open) { /* by an earlier run, or not deep yet */
            wait_a_little();
            continue;
        }
        result = make_order(r, &held, &order);
        if (result == ASSAY_EXIT_OK) result = cli_anchor_drive(&c->sending, &order);
        if (result == ASSAY_EXIT_DENIED && strcmp(c->sending.sender.progress.why, "exists") == 0)
            result = ASSAY_EXIT_OK;
        else if (result == ASSAY_EXIT_DENIED) return said_no(c);
    }
    return result;
}

void task_chain_key(struct task_running *r)
{
    struct task_chain *const c = r->chain;
    const uint64_t now_ms = assay_monotonic_ms();
    uint8_t lock[32], opening[32];
    const bool waits = assay_requestor_awaits_key(r->client, lock);
    if (!waits) c->key_at_ms = 0;
    else if (c->key_at_ms == 0) c->key_at_ms = now_ms + KEY_AFTER_MS;
    if (!waits || now_ms < c->key_at_ms) return;
    c->key_at_ms = now_ms + KEY_AFTER_MS;
    enum assay_status status =
        assay_eth_task_opening(&c->run.rpc, &c->place, r->now.task, lock, opening);
    if (status == ASSAY_OK) status = assay_requestor_key(r->client, opening);
    if (status == ASSAY_OK) task_say("the executor's claim on the chain shows the key of the step");
}

/* Of what is open and over; the contract's clock may be a little behind. */
int task_chain_close(struct task_running *r, bool *closed)
{
    struct task_chain *const c = r->chain;
    const struct assay_evm_terms *const terms = assay_requestor_evm(r->client);
    struct assay_evm_anchored held;
    struct assay_evm_order order;
    bool deep = false, open = false;
    uint32_t paid = 0;
    *closed = false;
    if (assay_unix_ms() / 1000 < terms->deadline_s) return ASSAY_EXIT_OK;
    int result = open_sending(r, &held);
    if (result == ASSAY_EXIT_OK) result = read_task(c, r->now.task, &deep, &open, &paid);
    if (result != ASSAY_EXIT_OK || !open || paid >= terms->steps) return result;
    do {
        if (assay_eth_close_order(&c->place, terms, c->sending.data, ASSAY_EVM_DATA_LEN_MAX,
                                  &order) != ASSAY_OK)
            return ASSAY_EXIT_INTERNAL;
        result = cli_anchor_drive(&c->sending, &order);
        if (result != ASSAY_EXIT_DENIED) break;
        wait_a_little();
    } while (strcmp(c->sending.sender.progress.why, "early") == 0 &&
             assay_monotonic_ms() < c->until_ms);
    *closed = result == ASSAY_EXIT_OK;
    return result == ASSAY_EXIT_DENIED ? said_no(c) : result;
}

/* ------------------------------------------------------------ deployed */

static int deploy_contract(struct task_chain *c)
{
    char address[2 * ASSAY_EVM_ADDRESS_LEN + 3];
    struct assay_evm_anchored held;
    struct assay_evm_order order;
    int result = cli_anchor_sending_open(&c->run, &c->sending);
    c->sends = true;
    if (result == ASSAY_EXIT_OK) result = cli_anchor_held(&c->run, &held);
    if (result != ASSAY_EXIT_OK) return result;
    if (assay_eth_tasks_deploy_order(c->run.settings.contract, c->sending.data,
                                     ASSAY_EVM_DATA_LEN_MAX, &order) != ASSAY_OK)
        return ASSAY_EXIT_INTERNAL;
    result = cli_anchor_drive(&c->sending, &order);
    if (result == ASSAY_EXIT_DENIED) return said_no(c);
    if (result != ASSAY_EXIT_OK) return result;
    cli_anchor_address(c->sending.sender.progress.receipt.contract, address);
    if (!c->run.json) {
        (void)printf("tasks          %s\n", address);
        return ASSAY_EXIT_OK;
    }
    struct assay_json *const data = cli_result_json("task deploy", (const char *const[]){ NULL });
    assay_json_set_text(data, "tasks", address);
    assay_json_set(data, "transactions", c->sending.transactions);
    c->sending.transactions = NULL;
    return cli_result_json_print(data);
}

int task_chain_deploy(struct task_command *command)
{
    struct task_chain *c = NULL;
    int result = open_chain(command, "assay task deploy", false, &c);
    if (result == ASSAY_EXIT_OK) result = deploy_contract(c);
    task_chain_end(&c);
    return result;
}
