/*
 * net/evm/payout_claims.c - payout claims of an executor (docs/services.md 8.10).
 */
#include "net/evm/payout_claims.h"
#include "base/system_clock.h"

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

enum { TICK_MS = 250 };

struct row {
    bool used;
    uint8_t task[32];
    struct assay_evm_terms terms;
    struct assay_evm_claim claim; /* step 0: nothing is vouched yet */
    bool runs;
    struct assay_payout_claims_get_task look;
};

struct assay_payout_claims {
    struct assay_payout_claims_config config;
    /* Of the thread of steps alone. */
    struct assay_evm_sender sender;
    uint8_t data[ASSAY_EVM_TASK_CALL_MAX];
    bool sends; /* the sender has a claim */
    uint64_t poll_at_ms;
    struct row seen[ASSAY_PAYOUT_CLAIMS_TASKS_MAX];
    bool answers;
    uint64_t sent;
    char why[ASSAY_EVM_WHY_LEN];
    /* Of everybody, under the lock. */
    pthread_mutex_t lock;
    pthread_cond_t wake;
    bool starts, ends;
    pthread_t thread;
    struct row row[ASSAY_PAYOUT_CLAIMS_TASKS_MAX];
    struct assay_payout_claims_status status;
};

/* --- the table */

static struct row *find_task_row(struct assay_payout_claims *t, const uint8_t task[static 32])
{
    for (uint32_t i = 0; i < ASSAY_PAYOUT_CLAIMS_TASKS_MAX; i++)
        if (t->row[i].used && assay_bytes_equal(t->row[i].task, task, 32)) return &t->row[i];
    return NULL;
}

static void lock_claims(struct assay_payout_claims *t)
{
    const int error = pthread_mutex_lock(&t->lock);
    ASSAY_ASSERT(error == 0);
}

static void unlock_claims(struct assay_payout_claims *t)
{
    const int error = pthread_mutex_unlock(&t->lock);
    ASSAY_ASSERT(error == 0);
}

enum assay_status assay_payout_claims_add_task(struct assay_payout_claims *claims,
                                               const struct assay_evm_terms *terms)
{
    struct row *row = NULL;
    uint8_t task[32];
    assay_evm_task_name(&claims->config.place, terms, task);
    lock_claims(claims);
    const bool known = find_task_row(claims, task) != NULL;
    for (uint32_t i = 0; !known && row == NULL && i < ASSAY_PAYOUT_CLAIMS_TASKS_MAX; i++)
        if (!claims->row[i].used) row = &claims->row[i];
    if (row != NULL) {
        *row = (struct row){ .used = true, .terms = *terms, .runs = true };
        assay_bytes_copy(row->task, 32, task, 32);
    }
    unlock_claims(claims);
    return known || row != NULL ? ASSAY_OK : ASSAY_E_FULL;
}

void assay_payout_claims_set_claim(struct assay_payout_claims *claims,
                                   const uint8_t task[static 32],
                                   const struct assay_evm_claim *claim, bool runs)
{
    lock_claims(claims);
    struct row *row = find_task_row(claims, task);
    if (row != NULL) {
        row->claim = *claim;
        row->runs = runs;
    }
    unlock_claims(claims);
}

void assay_payout_claims_remove_task(struct assay_payout_claims *claims,
                                     const uint8_t task[static 32])
{
    lock_claims(claims);
    struct row *row = find_task_row(claims, task);
    if (row != NULL) *row = (struct row){ .used = false };
    unlock_claims(claims);
}

struct assay_payout_claims_get_task assay_payout_claims_get_task(struct assay_payout_claims *claims,
                                                                 const uint8_t task[static 32])
{
    struct assay_payout_claims_get_task look = { .known = false };
    lock_claims(claims);
    const struct row *row = find_task_row(claims, task);
    if (row != NULL) look = row->look;
    unlock_claims(claims);
    return look;
}

void assay_payout_claims_account(const struct assay_payout_claims *claims,
                                 uint8_t account[static ASSAY_EVM_ADDRESS_LEN])
{
    assay_bytes_copy(account, ASSAY_EVM_ADDRESS_LEN, claims->sender.account, ASSAY_EVM_ADDRESS_LEN);
}

struct assay_payout_claims_status assay_payout_claims_status(struct assay_payout_claims *claims)
{
    lock_claims(claims);
    struct assay_payout_claims_status status = claims->status;
    for (uint32_t i = 0; i < ASSAY_PAYOUT_CLAIMS_TASKS_MAX; i++)
        status.owed += claims->row[i].used && claims->row[i].claim.step > claims->row[i].look.paid;
    unlock_claims(claims);
    return status;
}

/* --- what the chain says */

static void log_line(struct assay_payout_claims *t, const char *why)
{
    (void)snprintf(t->why, sizeof t->why, "%s", why);
}

/* The block whose state is as deep as configured. Returns: false when nobody answers, or the chain
 * is not so long yet */
static bool deep_block(struct assay_payout_claims *t, uint64_t *block)
{
    ASSAY_ASSERT(t->config.sender.confirmations > 0);
    uint64_t chain_id = 0, head = 0;
    struct assay_evm_rpc *const rpc = &t->sender.rpc;
    t->answers = assay_eth_get_chain(rpc, &chain_id) == ASSAY_OK &&
                 assay_eth_get_head(rpc, &head) == ASSAY_OK;
    if (!t->answers) {
        log_line(t, rpc->why);
        return false;
    }
    if (chain_id != t->config.place.chain_id) {
        log_line(t, "the node is of another chain");
        return false;
    }
    const uint32_t below = t->config.sender.confirmations - 1;
    *block = head > below ? head - below : 0;
    return *block > 0;
}

static void read_chain(struct assay_payout_claims *t)
{
    uint64_t block = 0;
    if (!deep_block(t, &block)) return;
    for (uint32_t i = 0; i < ASSAY_PAYOUT_CLAIMS_TASKS_MAX; i++) {
        struct row *row = &t->seen[i];
        struct assay_payout_claims_get_task look = { .known = true };
        if (!row->used) continue;
        if (assay_eth_task_read(&t->sender.rpc, &t->config.place, row->task, block, &look.open,
                                &look.paid) == ASSAY_OK)
            row->look = look;
        else log_line(t, t->sender.rpc.why);
    }
}

/* --- what is worth its gas */

/* Steps times price, as far as 64 bits go. */
static uint64_t claim_worth(const struct row *row)
{
    const uint8_t *const price = row->terms.price;
    const size_t before = ASSAY_EVM_PRICE_LEN - 8;
    uint64_t wei = 0, all = 0;
    if (row->claim.step <= row->look.paid) return 0;
    if (!assay_bytes_all_zero(price, before)) return UINT64_MAX;
    for (size_t i = before; i < ASSAY_EVM_PRICE_LEN; i++)
        wei = wei << 8 | price[i];
    const uint64_t steps = row->claim.step - row->look.paid;
    return __builtin_mul_overflow(wei, steps, &all) ? UINT64_MAX : all;
}

/* What it costs at the price of the next block. */
static uint64_t claim_cost(const struct assay_payout_claims *t, uint64_t base_fee_wei)
{
    uint64_t fee = 0, all = 0;
    if (__builtin_add_overflow(base_fee_wei, t->config.sender.tip_wei, &fee)) return UINT64_MAX;
    return __builtin_mul_overflow(fee, (uint64_t)ASSAY_PAYOUT_CLAIMS_CLAIM_GAS, &all) ? UINT64_MAX
                                                                                      : all;
}

/* A claim takes the place of those before it: as long as more may come and there is time, the gas
 * of one is spent on many steps. */
static bool is_due(const struct assay_payout_claims *t, const struct row *row, uint64_t cost,
                   uint64_t now_s)
{
    ASSAY_ASSERT(t->config.batch > 0);
    const uint64_t worth = claim_worth(row), deadline = row->terms.deadline_s;
    if (!row->used || !row->look.known || !row->look.open || now_s >= deadline) return false;
    const bool last =
        !row->runs || row->claim.step == row->terms.steps || deadline - now_s <= t->config.margin_s;
    return worth > 0 && worth / (last ? 1 : t->config.batch) > cost;
}

static void begin_claim(struct assay_payout_claims *t, const struct row *row)
{
    ASSAY_ASSERT(!t->sends && row->used && row->claim.step > row->look.paid);
    struct assay_evm_order order;
    if (assay_eth_claim_order(&t->config.place, &row->terms, &row->claim, t->data, sizeof t->data,
                              &order) != ASSAY_OK)
        return;
    t->sends = assay_eth_sender_begin(&t->sender, &order) == ASSAY_OK;
}

/* Of what is due, what is over first. */
static void choose_claim(struct assay_payout_claims *t, uint64_t now_s)
{
    ASSAY_ASSERT(!t->sends);
    const struct row *next = NULL;
    uint64_t base_fee_wei = 0;
    bool owed = false;
    for (uint32_t i = 0; i < ASSAY_PAYOUT_CLAIMS_TASKS_MAX; i++)
        owed = owed || (t->seen[i].used && claim_worth(&t->seen[i]) > 0);
    if (!owed) return;
    if (assay_eth_get_base_fee(&t->sender.rpc, &base_fee_wei) != ASSAY_OK) {
        log_line(t, t->sender.rpc.why);
        return;
    }
    const uint64_t cost = claim_cost(t, base_fee_wei);
    for (uint32_t i = 0; i < ASSAY_PAYOUT_CLAIMS_TASKS_MAX; i++) {
        const struct row *row = &t->seen[i];
        if (!is_due(t, row, cost, now_s)) continue;
        if (next == NULL || row->terms.deadline_s < next->terms.deadline_s) next = row;
    }
    if (next != NULL) begin_claim(t, next);
}

/* --- steps */

/* Only what this side finds is written back: the other may have changed the rest meanwhile. */
static void apply_share(struct assay_payout_claims *t)
{
    lock_claims(t);
    for (uint32_t i = 0; i < ASSAY_PAYOUT_CLAIMS_TASKS_MAX; i++) {
        struct row *row = t->seen[i].used ? find_task_row(t, t->seen[i].task) : NULL;
        if (row != NULL) row->look = t->seen[i].look;
    }
    t->status = (struct assay_payout_claims_status){ .answers = t->answers, .sent = t->sent };
    (void)snprintf(t->status.why, sizeof t->status.why, "%s", t->why);
    unlock_claims(t);
}

/* Returns: whether the sender is free. Who has paid meanwhile is seen from the chain. */
static bool drive_sender(struct assay_payout_claims *t, uint64_t now_ms)
{
    if (!t->sends) return true;
    const enum assay_evm_phase phase = assay_eth_sender_step(&t->sender, now_ms);
    log_line(t, t->sender.progress.why);
    t->sent += phase == ASSAY_EVM_DONE;
    t->sends = phase != ASSAY_EVM_DONE && phase != ASSAY_EVM_REFUSED;
    return !t->sends;
}

void assay_payout_claims_step(struct assay_payout_claims *claims, uint64_t now_ms, uint64_t now_s)
{
    struct assay_payout_claims *const t = claims;
    if (now_ms < t->poll_at_ms) return;
    t->poll_at_ms = now_ms + ASSAY_PAYOUT_CLAIMS_POLL_MS;
    lock_claims(t);
    for (uint32_t i = 0; i < ASSAY_PAYOUT_CLAIMS_TASKS_MAX; i++)
        t->seen[i] = t->row[i];
    unlock_claims(t);
    t->why[0] = '\0';
    const bool free_again = drive_sender(t, now_ms);
    read_chain(t);
    if (free_again && t->answers) choose_claim(t, now_s);
    apply_share(t);
}

/* --- its thread */

static void *run_claims(void *context)
{
    struct assay_payout_claims *const t = context;
    for (;;) {
        assay_payout_claims_step(t, assay_monotonic_ms(), assay_unix_ms() / 1000);
        const struct timespec until = assay_monotonic_after(TICK_MS);
        lock_claims(t);
        if (!t->ends) (void)pthread_cond_timedwait(&t->wake, &t->lock, &until);
        const bool ends = t->ends;
        unlock_claims(t);
        if (ends) return NULL;
    }
}

enum assay_status assay_payout_claims_start(struct assay_payout_claims *claims)
{
    ASSAY_ASSERT(!claims->starts);
    claims->starts = pthread_create(&claims->thread, NULL, run_claims, claims) == 0;
    return claims->starts ? ASSAY_OK : ASSAY_E_MEMORY;
}

/* --- opening */

static void init_lock(struct assay_payout_claims *t)
{
    pthread_condattr_t clock;
    int error = pthread_mutex_init(&t->lock, NULL);
    ASSAY_ASSERT(error == 0);
    error = pthread_condattr_init(&clock);
    ASSAY_ASSERT(error == 0);
    error = pthread_condattr_setclock(&clock, CLOCK_MONOTONIC);
    ASSAY_ASSERT(error == 0);
    error = pthread_cond_init(&t->wake, &clock);
    ASSAY_ASSERT(error == 0);
    (void)pthread_condattr_destroy(&clock);
}

enum assay_status assay_payout_claims_create(const struct assay_payout_claims_config *config,
                                             const struct assay_secret32 *key,
                                             struct assay_evm_link link,
                                             struct assay_payout_claims **out)
{
    *out = NULL;
    if (config->batch == 0) return ASSAY_E_RANGE;
    struct assay_payout_claims *t = calloc(1, sizeof *t);
    if (t == NULL) return ASSAY_E_MEMORY;
    t->config = *config;
    t->answers = true;
    init_lock(t);
    const enum assay_status status = assay_eth_sender_init(&t->sender, &config->sender, key, link);
    if (status != ASSAY_OK) assay_payout_claims_destroy(&t);
    *out = t;
    return status;
}

void assay_payout_claims_destroy(struct assay_payout_claims **claims)
{
    struct assay_payout_claims *t = *claims;
    *claims = NULL;
    if (t == NULL) return;
    if (t->starts) {
        lock_claims(t);
        t->ends = true;
        int error = pthread_cond_signal(&t->wake);
        ASSAY_ASSERT(error == 0);
        unlock_claims(t);
        error = pthread_join(t->thread, NULL);
        ASSAY_ASSERT(error == 0);
    }
    assay_eth_sender_deinit(&t->sender);
    (void)pthread_cond_destroy(&t->wake);
    (void)pthread_mutex_destroy(&t->lock);
    free(t);
}

enum assay_status assay_payout_claims_check(struct assay_payout_claims *claims,
                                            char why[static ASSAY_EVM_WHY_LEN])
{
    struct assay_evm_rpc *const rpc = &claims->sender.rpc;
    uint64_t chain_id = 0;
    const char *text = "";
    enum assay_status status = assay_eth_get_chain(rpc, &chain_id);
    if (status == ASSAY_OK && chain_id != claims->config.place.chain_id) {
        (void)snprintf(why, ASSAY_EVM_WHY_LEN, "it is a node of chain %llu, not of %llu",
                       (unsigned long long)chain_id,
                       (unsigned long long)claims->config.place.chain_id);
        return ASSAY_E_CHAIN;
    }
    if (status == ASSAY_OK) status = assay_eth_p256_check(rpc);
    if (status == ASSAY_E_UNSUPPORTED) {
        text = "that chain has no ECDSA over P-256 at 0x100 (EIP-7951): nothing can be paid there";
    } else if (status == ASSAY_OK) {
        status = assay_eth_tasks_check(rpc, &claims->config.place, claims->config.anchor);
        if (status == ASSAY_E_NOT_FOUND && rpc->why[0] == '\0')
            text = "there is no contract of tasks at that address";
        else if (status == ASSAY_E_INVALID && rpc->why[0] == '\0')
            text = "the code there is not AssayTasks over that anchor (contracts/contract.json)";
    }
    (void)snprintf(why, ASSAY_EVM_WHY_LEN, "%s",
                   text[0] != '\0'       ? text
                   : rpc->why[0] != '\0' ? rpc->why
                                         : "nobody answers");
    return status;
}
