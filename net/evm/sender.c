/*
 * net/evm/sender.c - transaction sender (docs/services.md 8.4).
 */
#include "net/evm/sender.h"

#include <stdio.h>
#include <stdlib.h>

enum { RAW_MAX = ASSAY_EVM_DATA_LEN_MAX + ASSAY_EVM_TRANSACTION_OVERHEAD_MAX };

const char *assay_eth_phase_text(enum assay_evm_phase phase)
{
    static const char *const texts[] = {
        "idle", "new", "dear", "sent", "mined", "done", "refused"
    };
    ASSAY_ASSERT((size_t)phase < sizeof texts / sizeof *texts);
    return texts[phase];
}

enum assay_status assay_eth_sender_init(struct assay_evm_sender *sender,
                                        const struct assay_evm_config *config,
                                        const struct assay_secret32 *key,
                                        struct assay_evm_link link)
{
    *sender = (struct assay_evm_sender){ .rpc.link = link, .config = *config, .key = *key };
    if (config->confirmations == 0 || config->confirmations > ASSAY_EVM_CONFIRMATIONS_MAX)
        return ASSAY_E_RANGE;
    if (config->chain_id == 0 || config->tip_wei > config->fee_limit_wei || config->gas_limit == 0)
        return ASSAY_E_RANGE;
    ASSAY_TRY(assay_evm_address(key, sender->account));
    sender->data = malloc(ASSAY_EVM_DATA_LEN_MAX);
    sender->raw = malloc(RAW_MAX);
    if (sender->data != NULL && sender->raw != NULL) return ASSAY_OK;
    assay_eth_sender_deinit(sender);
    return ASSAY_E_MEMORY;
}

void assay_eth_sender_deinit(struct assay_evm_sender *sender)
{
    assay_secret_wipe(&sender->key, sizeof sender->key);
    free(sender->data);
    free(sender->raw);
    sender->data = sender->raw = NULL;
}

static bool is_over(enum assay_evm_phase phase)
{
    return phase == ASSAY_EVM_IDLE || phase == ASSAY_EVM_DONE || phase == ASSAY_EVM_REFUSED;
}

enum assay_status assay_eth_sender_begin(struct assay_evm_sender *sender,
                                         const struct assay_evm_order *order)
{
    ASSAY_ASSERT(sender->data != NULL && sender->raw != NULL);
    if (!is_over(sender->progress.phase)) return ASSAY_E_AGAIN;
    if (order->data.len > ASSAY_EVM_DATA_LEN_MAX) return ASSAY_E_RANGE;
    sender->order = *order;
    if (order->data.len > 0)
        assay_bytes_copy(sender->data, ASSAY_EVM_DATA_LEN_MAX, order->data.bytes, order->data.len);
    sender->order.data = assay_slice_over(sender->data, order->data.len);
    sender->hash_count = 0;
    sender->progress = (struct assay_evm_progress){ .phase = ASSAY_EVM_NEW };
    return ASSAY_OK;
}

static void set_text(struct assay_evm_sender *sender, const char *why)
{
    snprintf(sender->progress.why, sizeof sender->progress.why, "%s", why);
}

/* Whatever the node said to the last question. Returns: whether it was an answer. */
static bool on_answer(struct assay_evm_sender *sender, enum assay_status status)
{
    if (status != ASSAY_OK) set_text(sender, sender->rpc.why);
    return status == ASSAY_OK;
}

/* A node of another chain is asked nothing else: what is signed would be worth something there. */
static bool check_chain(struct assay_evm_sender *sender)
{
    uint64_t chain_id = 0;
    if (!on_answer(sender, assay_eth_get_chain(&sender->rpc, &chain_id))) return false;
    if (chain_id == sender->config.chain_id) return true;
    set_text(sender, "the node is of another chain");
    return false;
}

static struct assay_evm_call build_call(const struct assay_evm_sender *sender)
{
    return (struct assay_evm_call){ .from = sender->account,
                                    .to = sender->order.creates ? NULL : sender->order.to,
                                    .value = sender->order.value,
                                    .data = sender->order.data };
}

/* Returns: false when the contract refuses, or no node answers. */
static bool estimate_gas(struct assay_evm_sender *sender)
{
    const struct assay_evm_call call = build_call(sender);
    uint64_t gas = 0;
    const enum assay_status status = assay_eth_estimate_gas(&sender->rpc, &call, &gas);
    if (status != ASSAY_OK && sender->rpc.refused) sender->progress.phase = ASSAY_EVM_REFUSED;
    if (!on_answer(sender, status)) return false;
    if (gas > sender->config.gas_limit) {
        set_text(sender, "it takes more gas than the configuration allows");
        return false;
    }
    /* A block later it may take a little more. */
    const uint64_t some_more = gas + gas / 8;
    ASSAY_ASSERT(gas <= sender->config.gas_limit);
    sender->gas = some_more < sender->config.gas_limit ? some_more : sender->config.gas_limit;
    return true;
}

static bool read_base_fee(struct assay_evm_sender *sender)
{
    return on_answer(sender, assay_eth_get_base_fee(&sender->rpc, &sender->progress.base_fee_wei));
}

/* Twice the base fee survives six full blocks; the limit holds whatever a node says of fees. */
static uint64_t compute_fee(const struct assay_evm_sender *sender)
{
    ASSAY_ASSERT(sender->config.tip_wei <= sender->config.fee_limit_wei);
    const uint64_t limit = sender->config.fee_limit_wei, base = sender->progress.base_fee_wei;
    if (base > limit / 2 || 2 * base > limit - sender->config.tip_wei) return limit;
    return 2 * base + sender->config.tip_wei;
}

static bool is_too_expensive(const struct assay_evm_sender *sender)
{
    ASSAY_ASSERT(sender->config.tip_wei <= sender->config.fee_limit_wei);
    const uint64_t room = sender->config.fee_limit_wei - sender->config.tip_wei;
    return sender->progress.base_fee_wei > room;
}

static void forget_oldest(struct assay_evm_sender *sender)
{
    ASSAY_ASSERT(sender->hash_count <= ASSAY_EVM_HASHES_MAX);
    if (sender->hash_count < ASSAY_EVM_HASHES_MAX) return;
    for (uint32_t i = 1; i < ASSAY_EVM_HASHES_MAX; i++) {
        assay_bytes_copy(sender->hashes[i - 1], 32, sender->hashes[i], 32);
        sender->nonces[i - 1] = sender->nonces[i];
    }
    sender->hash_count--;
}

static void sign_transaction(struct assay_evm_sender *sender, uint64_t nonce, uint64_t fee_wei)
{
    const struct assay_evm_config *const config = &sender->config;
    struct assay_evm_transaction t = { .chain_id = config->chain_id,
                                       .nonce = nonce,
                                       .tip_wei = sender->tip_wei,
                                       .fee_wei = fee_wei,
                                       .gas = sender->gas,
                                       .creates = sender->order.creates,
                                       .data = sender->order.data };
    struct assay_slice raw;
    ASSAY_ASSERT(fee_wei <= config->fee_limit_wei && t.gas <= config->gas_limit);
    ASSAY_ASSERT(t.tip_wei <= fee_wei);
    assay_bytes_copy(t.to, sizeof t.to, sender->order.to, sizeof t.to);
    assay_bytes_copy(t.value, sizeof t.value, sender->order.value, sizeof t.value);
    forget_oldest(sender);
    ASSAY_ASSERT(sender->hash_count < ASSAY_EVM_HASHES_MAX);
    uint8_t *const hash = sender->hashes[sender->hash_count];
    const enum assay_status status =
        assay_evm_transaction_sign(&t, &sender->key, sender->raw, RAW_MAX, &raw, hash);
    ASSAY_ASSERT(status == ASSAY_OK); /* the key has an account, the data fit */
    ASSAY_ASSERT(raw.len > 0 && raw.len <= RAW_MAX);
    sender->raw_len = raw.len;
    sender->nonces[sender->hash_count++] = nonce;
    sender->progress.nonce = nonce;
    sender->progress.fee_wei = fee_wei;
    sender->progress.signed_++;
    assay_bytes_copy(sender->progress.hash, 32, hash, 32);
}

/* Whatever it answers, whether the node has it is seen from the chain. */
static void send_transaction(struct assay_evm_sender *sender, uint64_t now_ms)
{
    ASSAY_ASSERT(sender->raw_len > 0 && sender->hash_count > 0);
    uint8_t hash[32];
    const enum assay_status status =
        assay_eth_send_raw(&sender->rpc, assay_slice_over(sender->raw, sender->raw_len), hash);
    sender->progress.phase = ASSAY_EVM_SENT;
    sender->sent_ms = now_ms;
    if (!on_answer(sender, status)) return;
    if (!assay_bytes_equal(hash, sender->progress.hash, 32))
        set_text(sender, "the node names another transaction than it was sent");
}

static void start_order(struct assay_evm_sender *sender, uint64_t now_ms)
{
    ASSAY_ASSERT(sender->progress.phase == ASSAY_EVM_NEW ||
                 sender->progress.phase == ASSAY_EVM_FEE_TOO_HIGH);
    uint64_t nonce = 0;
    if (!check_chain(sender) || !estimate_gas(sender) || !read_base_fee(sender)) return;
    if (is_too_expensive(sender)) {
        sender->progress.phase = ASSAY_EVM_FEE_TOO_HIGH;
        set_text(sender, "gas costs more than the configuration allows");
        return;
    }
    if (!on_answer(sender, assay_eth_get_nonce(&sender->rpc, sender->account, UINT64_MAX, &nonce)))
        return;
    if (nonce < sender->next) {
        set_text(sender, "the node reports a used nonce");
        return;
    }
    sender->tip_wei = sender->config.tip_wei;
    sign_transaction(sender, nonce, compute_fee(sender));
    send_transaction(sender, now_ms);
}

/* Is one of what was signed in a block? Returns: false when no node answers. */
static bool read_receipt(struct assay_evm_sender *sender, struct assay_evm_receipt *receipt)
{
    ASSAY_ASSERT(sender->hash_count <= ASSAY_EVM_HASHES_MAX);
    *receipt = (struct assay_evm_receipt){ 0 };
    for (uint32_t i = sender->hash_count; i > 0 && !receipt->found; i--) {
        const uint8_t *const hash = sender->hashes[i - 1];
        if (!on_answer(sender, assay_eth_get_receipt(&sender->rpc, hash, receipt))) return false;
        if (!receipt->found) continue;
        sender->progress.nonce = sender->nonces[i - 1];
        assay_bytes_copy(sender->progress.hash, 32, hash, 32);
    }
    return true;
}

/* How a receipt disagrees with what is known here. Returns: NULL when it does not. */
static const char *check_receipt(const struct assay_evm_sender *sender,
                                 const struct assay_evm_receipt *receipt, uint64_t head)
{
    ASSAY_ASSERT(receipt->found);
    uint8_t made[ASSAY_EVM_ADDRESS_LEN];
    if (receipt->block > head) return "a receipt of a block that is to come";
    if (receipt->gas > sender->gas) return "a receipt of more gas than was given";
    if (receipt->created != sender->order.creates) return "a receipt of another kind";
    if (!receipt->created) return NULL;
    assay_evm_created(sender->account, sender->progress.nonce, made);
    return assay_bytes_equal(made, receipt->contract, sizeof made)
               ? NULL
               : "a receipt that names another contract";
}

static void settle_order(struct assay_evm_sender *sender)
{
    ASSAY_ASSERT(sender->progress.receipt.found);
    struct assay_evm_progress *const p = &sender->progress;
    p->why[0] = '\0';
    if (p->depth < sender->config.confirmations) {
        p->phase = ASSAY_EVM_MINED;
        return;
    }
    sender->next = p->nonce + 1;
    p->phase = p->receipt.good ? ASSAY_EVM_DONE : ASSAY_EVM_REFUSED;
    if (p->receipt.good) return;
    /* Why: as the contract refusesw; what changed it may be over. */
    const struct assay_evm_call call = build_call(sender);
    uint64_t gas = 0;
    const enum assay_status status = assay_eth_estimate_gas(&sender->rpc, &call, &gas);
    set_text(sender,
             status != ASSAY_OK && sender->rpc.refused ? sender->rpc.why : "it was reverted");
}

/* An eighth dearer is what nodes take in its place. Above the limit it stays as it is. */
static void raise_fee(struct assay_evm_sender *sender)
{
    ASSAY_ASSERT(sender->tip_wei <= sender->progress.fee_wei);
    const uint64_t limit = sender->config.fee_limit_wei, old = sender->progress.fee_wei;
    const uint64_t tip = sender->tip_wei + sender->tip_wei / 8 + 1;
    const uint64_t least = old + old / 8 + 1, wanted = compute_fee(sender);
    if (sender->progress.base_fee_wei <= old - sender->tip_wei) return; /* dear enough */
    if (least > limit || tip > limit) {
        set_text(sender, "gas costs more than the configuration allows");
        return;
    }
    sender->tip_wei = tip;
    sign_transaction(sender, sender->progress.nonce, wanted > least ? wanted : least);
}

/* Not seen in a block for a while. */
static void resend_transaction(struct assay_evm_sender *sender, uint64_t now_ms)
{
    ASSAY_ASSERT(sender->hash_count > 0);
    uint64_t nonce = 0, deep = 0, head = 0;
    struct assay_evm_receipt receipt;
    struct assay_evm_progress *const p = &sender->progress;
    const uint32_t newest = sender->hash_count - 1; /* an older one may have been mined, and gone */
    p->nonce = sender->nonces[newest];
    assay_bytes_copy(p->hash, 32, sender->hashes[newest], 32);
    if (!check_chain(sender) || !read_base_fee(sender)) return;
    if (!on_answer(sender,
                   assay_eth_get_nonce(&sender->rpc, sender->account, UINT64_MAX, &nonce)) ||
        !on_answer(sender, assay_eth_get_head(&sender->rpc, &head)))
        return;
    const uint32_t below = sender->config.confirmations - 1;
    if (!on_answer(sender, assay_eth_get_nonce(&sender->rpc, sender->account,
                                               head > below ? head - below : 0, &deep)))
        return;
    /* It may be ours that was included while we asked. */
    if (nonce > p->nonce && (!read_receipt(sender, &receipt) || receipt.found)) return;
    if (nonce == p->nonce) {
        raise_fee(sender);
    } else if (nonce < sender->next) {
        set_text(sender, "the node reports a used nonce");
        return;
    } else if (nonce < p->nonce || deep > p->nonce) {
        /* It was signed for a place that is far ahead, or which another one has for good. The tip
         * may have been raised while gas was dearer than it is now. */
        const uint64_t fee = compute_fee(sender);
        sign_transaction(sender, nonce, fee > sender->tip_wei ? fee : sender->tip_wei);
    } else {
        set_text(sender, "another transaction of this account has its place");
        sender->sent_ms = now_ms;
        return;
    }
    send_transaction(sender, now_ms);
}

static void follow_transaction(struct assay_evm_sender *sender, uint64_t now_ms)
{
    ASSAY_ASSERT(sender->progress.phase == ASSAY_EVM_SENT ||
                 sender->progress.phase == ASSAY_EVM_MINED);
    struct assay_evm_progress *const p = &sender->progress;
    struct assay_evm_receipt receipt;
    uint64_t head = 0;
    const bool was_mined = p->phase == ASSAY_EVM_MINED;
    if (!check_chain(sender) || !read_receipt(sender, &receipt)) return;
    if (receipt.found) {
        if (!on_answer(sender, assay_eth_get_head(&sender->rpc, &head))) return;
        const char *const lie = check_receipt(sender, &receipt, head);
        if (lie != NULL) {
            set_text(sender, lie);
            return;
        }
        if (was_mined && !assay_bytes_equal(receipt.block_hash, p->receipt.block_hash, 32))
            p->gone++;
        p->receipt = receipt;
        p->depth = head - receipt.block + 1;
        settle_order(sender);
        return;
    }
    p->receipt = receipt;
    p->depth = 0;
    if (was_mined) p->gone++;
    if (was_mined || now_ms - sender->sent_ms >= sender->config.resend_ms)
        resend_transaction(sender, now_ms);
    if (p->phase == ASSAY_EVM_MINED) p->phase = ASSAY_EVM_SENT;
}

enum assay_evm_phase assay_eth_sender_step(struct assay_evm_sender *sender, uint64_t now_ms)
{
    const enum assay_evm_phase phase = sender->progress.phase;
    if (is_over(phase)) return phase;
    sender->progress.why[0] = '\0';
    if (phase == ASSAY_EVM_NEW || phase == ASSAY_EVM_FEE_TOO_HIGH) start_order(sender, now_ms);
    else follow_transaction(sender, now_ms);
    return sender->progress.phase;
}
