/*
 * net/services/tasks/executor_chain.c - tasks of an executor that are paid on an EVM chain: drafts,
 * starts, and claims that are durable before their key is sent (docs/services.md 8.9, 8.10).
 */
#include "net/services/tasks/executor_internal.h"

#include "base/assert.h"
#include "base/system_clock.h"

#include <string.h>

enum {
    TURN_MS = 1000,
    OPEN_WITHIN_MS = 30 * 60 * 1000, /* an unopened draft expires then */
    OPEN_SOON_MS = 10 * 60 * 1000,   /* a draft is protected from sites with the same number of
                                      * drafts for that long */
    SITE_DRAFTS_MAX = ASSAY_EXECUTOR_TASKS_MAX / 4,
    AHEAD_MAX_S = 366 * 24 * 3600,   /* limit of the contract */
};

/* --- drafts */

static void send_frame(struct assay_executor_node *n, uint64_t guest,
                       struct assay_task_frame *frame)
{
    ASSAY_ASSERT(n->listener != NULL);
    uint8_t bytes[1024];
    struct assay_slice out;
    const enum assay_status status = assay_task_frame_encode(frame, bytes, sizeof bytes, &out);
    ASSAY_ASSERT(status == ASSAY_OK); /* lists here are short */
    assay_listener_send(n->listener, guest, out);
}

static void send_refusal(struct assay_executor_node *n, uint64_t guest,
                         const struct assay_task_frame *draft, const char *why)
{
    ASSAY_ASSERT(why != NULL);
    struct assay_task_frame frame = { .kind = ASSAY_TASK_NO,
                                      .list = assay_slice_over(why, strlen(why)) };
    assay_bytes_copy(frame.task, 32, draft->task, 32);
    send_frame(n, guest, &frame);
}

static void send_keys(struct assay_executor_node *n, uint64_t guest,
                      const struct assay_executor_work *work)
{
    ASSAY_ASSERT(work->runs && work->on_chain);
    struct assay_task_frame frame = { .kind = ASSAY_TASK_DRAFT_IS,
                                      .list = assay_slice_over(work->terms.executor,
                                                               sizeof work->terms.executor) };
    assay_bytes_copy(frame.task, 32, work->draft, 32);
    assay_bytes_copy(frame.key, sizeof frame.key, work->keys.key, sizeof frame.key);
    assay_bytes_copy(frame.box, 32, work->keys.box, 32);
    send_frame(n, guest, &frame);
}

/* Returns: why the executor refuses it; NULL: it accepts. */
static const char *find_draft_fault(const struct assay_executor_node *n,
                                    const struct assay_evm_draft *draft)
{
    ASSAY_ASSERT(n->config.chain != NULL);
    const struct assay_executor_chain *chain = n->config.chain;
    const struct assay_follower_state *home = assay_follower_state(n->follower);
    const uint64_t now = assay_unix_ms() / 1000, deadline = draft->terms.deadline_s;
    if (home == NULL || home->slot >= home->members) return "it follows no ledger";
    if (draft->place.chain_id != chain->place.chain_id ||
        !assay_bytes_equal(draft->place.contract, chain->place.contract,
                           sizeof chain->place.contract))
        return "it is paid on another chain, or by another contract";
    if (!assay_bytes_equal(draft->code, n->config.program->code, 32)) return "another program";
    if (!assay_bytes_equal(draft->terms.node_id, home->node[home->slot], 32))
        return "another member";
    if (assay_bytes_compare(draft->terms.price, chain->price, sizeof chain->price) < 0)
        return "its price is higher";
    if (deadline < now + 2 * chain->margin_s || deadline > now + AHEAD_MAX_S)
        return "the deadline is too near, or too far";
    return NULL;
}

static void drop_draft(struct assay_executor_node *n, struct assay_executor_work *work)
{
    ASSAY_ASSERT(work->runs && work->on_chain && n->config.chain != NULL);
    uint8_t task[32];
    assay_bytes_copy(task, 32, work->e.task, 32);
    const bool owes = work->e.claim.step > 0;
    assay_executor_release(work);
    if (!owes) assay_payout_claims_remove_task(n->config.chain->payouts, task);
}

/* --- places of drafts: free of charge for any client (docs/services.md 8.9.1) */

static bool is_draft(struct assay_executor_node *n, struct assay_executor_work *work)
{
    return work->runs && work->on_chain && !assay_executor_may_start(n, work);
}

static uint32_t drafts_of(struct assay_executor_node *n, const uint8_t site[static 16])
{
    uint32_t count = 0;
    for (uint32_t i = 0; i < ASSAY_EXECUTOR_TASKS_MAX; i++)
        count += is_draft(n, &n->work[i]) && assay_bytes_equal(n->work[i].site, site, 16);
    return count;
}

/* Returns: the oldest draft of the sites with most drafts; site: of that one alone, unless NULL. */
static struct assay_executor_work *find_draft_to_evict(struct assay_executor_node *n,
                                                       const uint8_t *site)
{
    struct assay_executor_work *first = NULL;
    uint32_t most = 0;
    for (uint32_t i = 0; i < ASSAY_EXECUTOR_TASKS_MAX; i++) {
        struct assay_executor_work *work = &n->work[i];
        if (!is_draft(n, work)) continue;
        if (site != NULL && !assay_bytes_equal(work->site, site, 16)) continue;
        const uint32_t count = drafts_of(n, work->site);
        if (first != NULL && count < most) continue;
        if (first != NULL && count == most && work->since_ms >= first->since_ms) continue;
        first = work;
        most = count;
    }
    return first;
}

struct assay_executor_work *assay_executor_evict_draft(struct assay_executor_node *n)
{
    if (n->config.chain == NULL) return NULL;
    struct assay_executor_work *work = find_draft_to_evict(n, NULL);
    if (work != NULL) drop_draft(n, work);
    return work;
}

/* Limit of drafts per site. A taken place is given to a site with fewer drafts than the one that
 * loses it, and otherwise only when its draft had time to be opened: its requestor may have paid
 * for it meanwhile. */
static struct assay_executor_work *find_draft_place(struct assay_executor_node *n,
                                                    const uint8_t site[static 16])
{
    const uint32_t own = drafts_of(n, site);
    struct assay_executor_work *work =
        own < SITE_DRAFTS_MAX ? assay_executor_free_work(n) : find_draft_to_evict(n, site);
    if (work != NULL && !work->runs) return work;
    if (work == NULL) work = find_draft_to_evict(n, NULL);
    if (work == NULL) return NULL;
    const bool is_fairer = own + 1 < drafts_of(n, work->site);
    if (!is_fairer && n->now_ms - work->since_ms < OPEN_SOON_MS) return NULL;
    ASSAY_ASSERT(work->runs && work->on_chain);
    drop_draft(n, work);
    return work;
}

static bool check_voucher(const void *context, const struct assay_task_voucher *voucher)
{
    const struct assay_executor_work *work = context;
    struct assay_evm_signature signature;
    assay_evm_signature_unpack(voucher->signature, &signature);
    return assay_evm_voucher_check(&work->place, voucher->task, voucher->step, voucher->lock,
                                   &signature, work->terms.requestor);
}

static void start_draft(struct assay_executor_node *n, struct assay_executor_work *work,
                        const struct assay_evm_draft *draft)
{
    ASSAY_ASSERT(!work->runs);
    ASSAY_ASSERT(n->config.chain != NULL);
    const struct assay_follower_state *home = assay_follower_state(n->follower);
    struct assay_task_executor_config config = {
        .terms = { .steps = draft->terms.steps, .deadline = UINT64_MAX },
        .epoch = home->epoch + 1,
        .crypto = &work->keys.crypto,
        .payer = &work->payer,
    };
    work->place = draft->place;
    work->terms = draft->terms;
    assay_payout_claims_account(n->config.chain->payouts, work->terms.executor);
    assay_bytes_copy(work->terms.key, sizeof work->terms.key, work->keys.key,
                     sizeof work->terms.key);
    work->payer = (struct assay_task_payer){ .check = check_voucher, .context = work };
    assay_evm_task_name(&work->place, &work->terms, work->payer.task);
    assay_bytes_copy(config.chain_id, 32, home->chain_id, 32);
    assay_bytes_copy(config.terms.input, 32, draft->terms.input, 32);
    assay_bytes_copy(config.terms.box, 32, draft->box, 32);
    assay_bytes_copy(config.key, sizeof config.key, work->keys.key, sizeof config.key);
    assay_bytes_copy(config.box, 32, work->keys.box, 32);
    assay_task_executor_init(&work->e, &config);
    work->on_chain = true;
    work->since_ms = n->now_ms;
    work->state_len = 0;
    work->runs = true;
}

static struct assay_executor_owed *find_owed(struct assay_executor_node *n,
                                             const uint8_t task[static 32])
{
    ASSAY_ASSERT(n->owed_count <= ASSAY_EXECUTOR_CLAIMS_MAX);
    for (uint32_t i = 0; i < n->owed_count; i++)
        if (assay_bytes_equal(n->owed[i].task, task, 32)) return &n->owed[i];
    return NULL;
}

/* Whether there is a row for the claim of one more draft: each running one may need one. */
static bool has_room_for_owed(struct assay_executor_node *n)
{
    uint32_t count = n->owed_count;
    for (uint32_t i = 0; i < ASSAY_EXECUTOR_TASKS_MAX; i++)
        count += n->work[i].runs && n->work[i].on_chain && find_owed(n, n->work[i].e.task) == NULL;
    return count < ASSAY_EXECUTOR_CLAIMS_MAX;
}

static struct assay_executor_owed *owed_of(struct assay_executor_node *n,
                                           const uint8_t task[static 32])
{
    struct assay_executor_owed *owed = find_owed(n, task);
    if (owed != NULL || n->owed_count == ASSAY_EXECUTOR_CLAIMS_MAX) return owed;
    owed = &n->owed[n->owed_count++];
    *owed = (struct assay_executor_owed){ .task = { 0 } };
    assay_bytes_copy(owed->task, 32, task, 32);
    return owed;
}

static void on_draft(struct assay_executor_node *n, uint64_t guest,
                     const struct assay_task_frame *frame)
{
    ASSAY_ASSERT(n->config.chain != NULL);
    struct assay_evm_draft draft;
    uint8_t name[32];
    assay_sha256(frame->list.bytes, frame->list.len, name);
    if (!assay_bytes_equal(name, frame->task, 32) ||
        assay_evm_draft_decode(frame->list, &draft) != ASSAY_OK)
        return;
    for (uint32_t i = 0; i < ASSAY_EXECUTOR_TASKS_MAX; i++) {
        struct assay_executor_work *work = &n->work[i];
        if (!work->runs || !work->on_chain || !assay_bytes_equal(work->draft, name, 32)) continue;
        send_keys(n, guest, work);
        return;
    }
    const char *fault = find_draft_fault(n, &draft);
    uint8_t site[16];
    if (!assay_listener_get_site(n->listener, guest, site)) return;
    struct assay_executor_work *work = fault == NULL ? find_draft_place(n, site) : NULL;
    if (work != NULL && !has_room_for_owed(n)) {
        fault = "too many of its claims are not paid yet";
        work = NULL;
    }
    if (work == NULL) {
        send_refusal(n, guest, frame, fault != NULL ? fault : "it has no room for another task");
        return;
    }
    if (assay_requestor_keys_init(&work->keys, NULL, NULL) != ASSAY_OK) {
        assay_executor_set_failure(n, ASSAY_E_CRYPTO);
        return;
    }
    start_draft(n, work, &draft);
    assay_bytes_copy(work->draft, 32, name, 32);
    assay_bytes_copy(work->site, sizeof work->site, site, sizeof site);
    if (assay_payout_claims_add_task(n->config.chain->payouts, &work->terms) == ASSAY_OK) {
        send_keys(n, guest, work);
        return;
    }
    assay_executor_release(work);
    send_refusal(n, guest, frame, "it has no room for another task");
}

/* --- steps vouched before a restart */

/* Its claim is durable: the requestor that vouched may have the key, as from the lost enclave. */
static void on_repeated_vouch(struct assay_executor_node *n, uint64_t guest,
                              const struct assay_task_frame *frame)
{
    ASSAY_ASSERT(n->owed_count <= ASSAY_EXECUTOR_CLAIMS_MAX);
    for (uint32_t i = 0; i < n->owed_count; i++) {
        const struct assay_evm_claim *claim = &n->owed[i].owed.claim;
        uint8_t lock[32];
        if (!assay_bytes_equal(n->owed[i].task, frame->task, 32) || claim->step != frame->step)
            continue;
        assay_sha256(claim->opening, 32, lock);
        if (!assay_bytes_equal(lock, frame->nonce, 32)) return;
        struct assay_task_frame key = { .kind = ASSAY_TASK_KEY_IS, .step = frame->step };
        assay_bytes_copy(key.task, 32, frame->task, 32);
        assay_bytes_copy(key.nonce, 32, claim->opening, 32);
        send_frame(n, guest, &key);
        return;
    }
}

void assay_executor_on_frame(struct assay_executor_node *n, uint64_t guest,
                             const struct assay_task_frame *frame)
{
    if (n->config.chain == NULL) return;
    if (frame->kind == ASSAY_TASK_DRAFT) on_draft(n, guest, frame);
    if (frame->kind == ASSAY_TASK_VOUCH) on_repeated_vouch(n, guest, frame);
}

bool assay_executor_may_start(struct assay_executor_node *n, struct assay_executor_work *work)
{
    ASSAY_ASSERT(work->runs && (!work->on_chain || n->config.chain != NULL));
    if (!work->on_chain || work->opened) return true;
    const struct assay_payout_claims_get_task look =
        assay_payout_claims_get_task(n->config.chain->payouts, work->e.task);
    work->opened = look.known && look.open;
    return work->opened;
}

/* --- claims */

static void fill_claim(struct assay_evm_claim *to, const struct assay_task_claim *from)
{
    to->step = from->receipt.step;
    to->epoch = from->receipt.epoch;
    assay_bytes_copy(to->opening, 32, from->opening, 32);
    assay_bytes_copy(to->state, 32, from->receipt.state, 32);
    assay_bytes_copy(to->ciphertext, 32, from->receipt.ciphertext, 32);
    assay_bytes_copy(to->previous, 32, from->receipt.previous, 32);
    assay_bytes_copy(to->receipt_signature, sizeof to->receipt_signature, from->receipt_signature,
                     sizeof from->receipt_signature);
    assay_evm_signature_unpack(from->voucher.signature, &to->voucher);
}

void assay_executor_store_owed(struct assay_executor_node *n,
                               const struct assay_executor_work *work)
{
    ASSAY_ASSERT(work->runs && work->on_chain);
    uint8_t bytes[ASSAY_EVM_OWED_LEN];
    struct assay_slice row;
    struct assay_task_claim claim;
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    struct assay_executor_owed *owed = owed_of(n, work->e.task);
    ASSAY_ASSERT(owed != NULL); /* reserved by the draft */
    const enum assay_status status =
        assay_task_claim_decode(assay_slice_over(work->e.claim.bytes, work->e.claim.len), &claim);
    ASSAY_ASSERT(status == ASSAY_OK); /* our own */
    owed->owed.place = work->place;
    owed->owed.terms = work->terms;
    fill_claim(&owed->owed.claim, &claim);
    assay_evm_owed_encode(&w, &owed->owed);
    assay_executor_set_failure(n, assay_writer_finish(&w, &row));
    if (n->failure == ASSAY_OK)
        assay_executor_set_failure(n, assay_vault_put(n->vault, ASSAY_VAULT_OWED, owed->task, row));
    if (n->failure == ASSAY_OK) assay_executor_set_failure(n, assay_vault_commit(n->vault));
    if (n->failure == ASSAY_OK)
        assay_payout_claims_set_claim(n->config.chain->payouts, owed->task, &owed->owed.claim,
                                      true);
}

static enum assay_status owed_load(void *context, const uint8_t name[static 32],
                                   struct assay_slice bytes)
{
    struct assay_executor_node *n = context;
    ASSAY_ASSERT(n->config.chain != NULL);
    struct assay_executor_owed *owed = owed_of(n, name);
    if (owed == NULL) return ASSAY_E_FULL;
    ASSAY_TRY(assay_evm_owed_decode(bytes, &owed->owed));
    /* Of another contract than the configured one: stored, but not claimed. */
    const struct assay_evm_place *place = &n->config.chain->place;
    if (owed->owed.place.chain_id != place->chain_id ||
        !assay_bytes_equal(owed->owed.place.contract, place->contract, sizeof place->contract))
        return ASSAY_OK;
    ASSAY_TRY(assay_payout_claims_add_task(n->config.chain->payouts, &owed->owed.terms));
    assay_payout_claims_set_claim(n->config.chain->payouts, owed->task, &owed->owed.claim, false);
    return ASSAY_OK;
}

enum assay_status assay_executor_owed_load(struct assay_executor_node *n)
{
    return n->config.chain == NULL ? ASSAY_OK
                                   : assay_vault_each(n->vault, ASSAY_VAULT_OWED, owed_load, n);
}

/* --- turns */

static struct assay_executor_work *work_on_chain(struct assay_executor_node *n,
                                                 const uint8_t task[static 32])
{
    for (uint32_t i = 0; i < ASSAY_EXECUTOR_TASKS_MAX; i++)
        if (n->work[i].runs && n->work[i].on_chain &&
            assay_bytes_equal(n->work[i].e.task, task, 32))
            return &n->work[i];
    return NULL;
}

/* Frees what cannot be claimed any more, or is paid without further steps. */
static void free_settled(struct assay_executor_node *n)
{
    struct assay_payout_claims *payouts = n->config.chain->payouts;
    for (uint32_t i = n->owed_count; i-- > 0;) {
        struct assay_executor_owed *owed = &n->owed[i];
        const struct assay_payout_claims_get_task look =
            assay_payout_claims_get_task(payouts, owed->task);
        const bool late =
            assay_unix_ms() / 1000 >= owed->owed.terms.deadline_s + n->config.chain->margin_s;
        struct assay_executor_work *work = work_on_chain(n, owed->task);
        const bool paid = look.known && look.open && look.paid >= owed->owed.claim.step &&
                          (work == NULL || look.paid == owed->owed.terms.steps);
        if (!late && !paid) continue;
        assay_executor_set_failure(n, assay_vault_erase(n->vault, ASSAY_VAULT_OWED, owed->task));
        assay_executor_set_failure(n, assay_vault_commit(n->vault));
        assay_payout_claims_remove_task(payouts, owed->task);
        if (work != NULL) assay_executor_release(work);
        ASSAY_ASSERT(i < n->owed_count);
        *owed = n->owed[--n->owed_count];
    }
}

/* Drops drafts that were never opened, and tasks never vouched for. */
static void drop_idle(struct assay_executor_node *n)
{
    ASSAY_ASSERT(n->config.chain != NULL);
    for (uint32_t i = 0; i < ASSAY_EXECUTOR_TASKS_MAX; i++) {
        struct assay_executor_work *work = &n->work[i];
        if (!work->runs || !work->on_chain || work->e.claim.step > 0) continue;
        const bool over = assay_unix_ms() / 1000 >= work->terms.deadline_s;
        if (over ||
            (!assay_executor_may_start(n, work) && n->now_ms - work->since_ms >= OPEN_WITHIN_MS))
            drop_draft(n, work);
    }
}

void assay_executor_chain_step(struct assay_executor_node *n)
{
    if (n->config.chain == NULL || n->now_ms < n->chain_at_ms) return;
    n->chain_at_ms = n->now_ms + TURN_MS;
    free_settled(n);
    drop_idle(n);
}
