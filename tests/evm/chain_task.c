/* tests/evm/chain_task.c - a task is opened, paid for and closed; and every way in which it is not.
 */
#include "tests/evm/chain_task.h"

enum {
    SUSPENDED_SLOT = 1,
    WEIGHTLESS_SLOT = 2,
    WARNED_SLOT = 3,
    AWAY_SLOT = 5, /* in maintenance, with the score of a member in full standing */
    LEFT_SLOT = 6, /* with the same score, which LEAVE does not lower */
    STEPS = 26
};

void task_make(struct bench *b, struct task *t)
{
    kit_key_make(&t->enclave, 900);
    t->other_key.bytes[31] = 8;
    t->executor_key.bytes[31] = 9;
    CHECK_OK(assay_evm_address(&t->executor_key, t->executor));
    t->terms = (struct assay_evm_terms){
        .steps = STEPS, .deadline_s = bench_now_s(b) + 3600, .score_bp = 9000, .standing = 1
    };
    assay_bytes_copy(t->terms.requestor, 20, b->sender.account, 20);
    assay_bytes_copy(t->terms.executor, 20, t->executor, 20);
    assay_bytes_copy(t->terms.node_id, 32, t->net.state.members[0].node_id, 32);
    assay_bytes_copy(t->terms.key, 64, t->enclave.key, 64);
    kit_bytes('I', 1, t->terms.input);
    assay_evm_job_digest(t->terms.input, t->terms.node_id, t->terms.job);
    t->terms.price[ASSAY_EVM_PRICE_LEN - 1] = 232; /* 1000 wei */
    t->terms.price[ASSAY_EVM_PRICE_LEN - 2] = 3;
    assay_evm_task_name(&b->tasks, &t->terms, t->name);
}

void task_network(struct bench *b, struct task *t)
{
    network_make(&t->net, 7);
    network_judge(&t->net, SUSPENDED_SLOT, 4000, ASSAY_STANDING_SUSPENDED);
    network_judge(&t->net, WARNED_SLOT, 9700, ASSAY_STANDING_RESTRICTED);
    t->net.state.members[WEIGHTLESS_SLOT].weight = 0;
    t->net.state.members[AWAY_SLOT].maintenance_count = 1;
    t->net.state.members[AWAY_SLOT].maintenances[0] = (struct assay_maintenance){ 101, 102 };
    t->net.state.members[LEFT_SLOT].stage = ASSAY_STAGE_LEFT;
    t->net.state.members[LEFT_SLOT].weight = 0;
    const struct ending e = { .epoch = 100, .time_ms = bench_now_s(b) * 1000 };
    network_close(&t->net, &e, &t->closed);
    bench_deploy_anchor(b, &t->closed.anchored);
    bench_deploy_tasks(b);
}

void task_open_order(struct bench *b, struct task *t, uint32_t slot, struct assay_evm_order *order)
{
    struct assay_evm_score_proof proof;
    network_score(&t->net, &t->closed, slot, &proof);
    CHECK_OK(assay_eth_open_order(&b->tasks, &t->terms, &proof, b->data, sizeof b->data, order));
}

void task_sign(struct bench *b, struct task *t, const struct assay_task_receipt *receipt)
{
    uint8_t digest[32];
    t->claim.step = receipt->step;
    t->claim.epoch = receipt->epoch;
    assay_bytes_copy(t->claim.state, 32, receipt->state, 32);
    assay_bytes_copy(t->claim.ciphertext, 32, receipt->ciphertext, 32);
    assay_bytes_copy(t->claim.previous, 32, receipt->previous, 32);
    assay_task_receipt_digest(receipt, digest);
    kit_sign(&t->enclave, digest, t->claim.receipt_signature);
    assay_evm_voucher_statement(&b->tasks, receipt->task, receipt->step, receipt->lock, digest);
    CHECK_OK(assay_evm_sign(&b->key, digest, &t->claim.voucher));
}

struct assay_task_receipt task_receipt(struct task *t, uint32_t step)
{
    struct assay_task_receipt r = { .step = step, .epoch = 101 };
    kit_bytes('K', step, t->claim.opening);
    assay_sha256(t->claim.opening, 32, r.lock);
    assay_bytes_copy(r.task, 32, t->name, 32);
    assay_bytes_copy(r.input, 32, t->terms.input, 32);
    kit_bytes('S', step, r.state);
    kit_bytes('C', step, r.ciphertext);
    if (step > 1) kit_bytes('P', step, r.previous);
    return r;
}

void task_claim_order(struct bench *b, struct task *t, struct assay_evm_order *order)
{
    CHECK_OK(
        assay_eth_claim_order(&b->tasks, &t->terms, &t->claim, b->data, sizeof b->data, order));
}

#define SAYS(order, word)                                                                          \
    do {                                                                                           \
        const char *const said_ = bench_would(b, b->sender.account, order);                        \
        if (strcmp(said_, word) != 0) printf("said \"%s\" instead of \"%s\"\n", said_, word);      \
        CHECK(strcmp(said_, word) == 0);                                                           \
    } while (0)

static void open_refuses(struct bench *b, struct task *t)
{
    struct assay_evm_order order;
    const struct assay_evm_terms good = t->terms;
    const uint32_t slot[] = { SUSPENDED_SLOT, WARNED_SLOT, WEIGHTLESS_SLOT, AWAY_SLOT, LEFT_SLOT };
    CHECK(t->closed.scores[AWAY_SLOT][42] == ASSAY_STANDING_RESTRICTED);
    CHECK(t->closed.scores[LEFT_SLOT][42] == ASSAY_STANDING_SUSPENDED);
    for (size_t i = 0; i < sizeof slot / sizeof *slot; i++) {
        assay_bytes_copy(t->terms.node_id, 32, t->net.state.members[slot[i]].node_id, 32);
        if (slot[i] == SUSPENDED_SLOT) t->terms.standing = ASSAY_EVM_STANDING_MAX;
        task_open_order(b, t, slot[i], &order);
        SAYS(&order, "standing");
        t->terms = good;
    }
    t->terms.score_bp = 9800;
    task_open_order(b, t, 0, &order);
    SAYS(&order, "score");
    t->terms = good;
    task_open_order(b, t, 4, &order); /* the proof of another member */
    SAYS(&order, "node");
    t->closed.scores[0][41] ^= 1;
    task_open_order(b, t, 0, &order);
    t->closed.scores[0][41] ^= 1;
    SAYS(&order, "path");
    task_open_order(b, t, 0, &order);
    order.value[31] ^= 1;
    SAYS(&order, "deposit");
    t->terms.deadline_s = bench_now_s(b);
    task_open_order(b, t, 0, &order);
    SAYS(&order, "deadline");
    t->terms.deadline_s = bench_now_s(b) + 400 * (uint64_t)DAY_S;
    task_open_order(b, t, 0, &order);
    SAYS(&order, "deadline");
    t->terms = good;
    t->terms.requestor[3] ^= 1;
    task_open_order(b, t, 0, &order);
    SAYS(&order, "requestor");
    t->terms = good;
}

static void claim_refuses(struct bench *b, struct task *t, uint32_t step)
{
    struct assay_evm_order order;
    struct assay_task_receipt r = task_receipt(t, step);
    uint8_t digest[32];
    task_sign(b, t, &r);
    task_claim_order(b, t, &order);
    SAYS(&order, "");
    t->claim.state[9] ^= 1; /* the task key has not signed that */
    task_claim_order(b, t, &order);
    SAYS(&order, "receipt");
    task_sign(b, t, &r);
    t->claim.step++;
    task_claim_order(b, t, &order);
    SAYS(&order, "receipt");
    task_sign(b, t, &r);
    t->claim.opening[0] ^= 1; /* of another lock than the receipt's */
    task_claim_order(b, t, &order);
    SAYS(&order, "receipt");
    r = task_receipt(t, step);
    assay_evm_voucher_statement(&b->tasks, t->name, step + 1, r.lock, digest);
    CHECK_OK(assay_evm_sign(&b->key, digest, &t->claim.voucher)); /* for another step */
    task_claim_order(b, t, &order);
    SAYS(&order, "voucher");
    assay_evm_voucher_statement(&b->tasks, t->name, step, digest, digest); /* another lock */
    CHECK_OK(assay_evm_sign(&b->key, digest, &t->claim.voucher));
    task_claim_order(b, t, &order);
    SAYS(&order, "voucher");
    assay_evm_voucher_statement(&b->tasks, t->name, step, r.lock, digest); /* of another account */
    CHECK_OK(assay_evm_sign(&t->other_key, digest, &t->claim.voucher));
    task_claim_order(b, t, &order);
    SAYS(&order, "voucher");
    r.input[0] ^= 1;
    task_sign(b, t, &r);
    task_claim_order(b, t, &order);
    SAYS(&order, "receipt");
    r = task_receipt(t, step);
    r.task[0] ^= 1;
    task_sign(b, t, &r);
    task_claim_order(b, t, &order);
    SAYS(&order, "receipt");
    r = task_receipt(t, STEPS + 1);
    task_sign(b, t, &r);
    task_claim_order(b, t, &order);
    SAYS(&order, "step");
}

static void claim(struct bench *b, struct task *t, uint32_t step, uint32_t steps_paid)
{
    struct assay_evm_order order;
    const struct assay_task_receipt r = task_receipt(t, step);
    const uint64_t before = bench_balance(b, t->executor);
    bool open = false;
    uint32_t paid = 0;
    task_sign(b, t, &r);
    task_claim_order(b, t, &order);
    CHECK(bench_send(b, &b->sender, &order) > 0);
    CHECK(bench_balance(b, t->executor) - before == UINT64_C(1000) * steps_paid);
    CHECK_OK(assay_eth_task_read(&b->rpc, &b->tasks, t->name, 0, &open, &paid));
    CHECK(open && paid == step);
    task_claim_order(b, t, &order);
    SAYS(&order, "step"); /* once */
}

void scenario_task(struct bench *b)
{
    static struct task t;
    struct assay_evm_order order;
    bool open = true;
    uint32_t paid = 1;
    task_network(b, &t);
    CHECK(assay_eth_tasks_check(&b->rpc, &b->tasks, b->anchor) ==
          (b->committed ? ASSAY_OK : ASSAY_E_INVALID));
    CHECK(assay_eth_tasks_check(&b->rpc, &b->tasks, t.executor) == ASSAY_E_INVALID);
    task_make(b, &t);
    open_refuses(b, &t);
    CHECK_OK(assay_eth_task_read(&b->rpc, &b->tasks, t.name, 0, &open, &paid));
    CHECK(!open && paid == 0);
    task_open_order(b, &t, 0, &order);
    CHECK(bench_send(b, &b->sender, &order) > 0);
    CHECK(bench_balance(b, b->tasks.contract) == UINT64_C(1000) * STEPS);
    task_open_order(b, &t, 0, &order);
    SAYS(&order, "exists");
    claim_refuses(b, &t, 5);
    claim(b, &t, 5, 5);
    struct assay_task_receipt r = task_receipt(&t, 4); /* below what was paid */
    task_sign(b, &t, &r);
    task_claim_order(b, &t, &order);
    SAYS(&order, "step");
    claim_refuses(b, &t, 6);
    claim(b, &t, 9, 4);
    CHECK_OK(assay_eth_close_order(&b->tasks, &t.terms, b->data, sizeof b->data, &order));
    SAYS(&order, "early");
    bench_later(b, 3600);
    r = task_receipt(&t, 20);
    task_sign(b, &t, &r);
    task_claim_order(b, &t, &order);
    SAYS(&order, "late");
    CHECK_OK(assay_eth_close_order(&b->tasks, &t.terms, b->data, sizeof b->data, &order));
    const uint64_t held = bench_balance(b, b->tasks.contract);
    CHECK(held == UINT64_C(1000) * (STEPS - 9));
    CHECK(bench_send(b, &b->sender, &order) > 0);
    CHECK(bench_balance(b, b->tasks.contract) == 0);
    CHECK_OK(assay_eth_close_order(&b->tasks, &t.terms, b->data, sizeof b->data, &order));
    SAYS(&order, "task"); /* once */
    task_open_order(b, &t, 0, &order);
    SAYS(&order, "deadline"); /* its name never comes again, nor what was signed for it */
    bench_later(b, DAY_S);
    task_make(b, &t);
    task_open_order(b, &t, 0, &order);
    SAYS(&order, "stale"); /* scores of yesterday */
    network_free(&t.net);
}

/* Nothing is paid where receipts cannot be verified. */
void scenario_task_on_old_fork(struct bench *b)
{
    static struct task t;
    struct assay_evm_order order;
    task_network(b, &t);
    task_make(b, &t);
    task_open_order(b, &t, 0, &order);
    CHECK(bench_send(b, &b->sender, &order) > 0);
    const struct assay_task_receipt r = task_receipt(&t, 3);
    task_sign(b, &t, &r);
    task_claim_order(b, &t, &order);
    SAYS(&order, "receipt");
    assay_bytes_zero(t.claim.receipt_signature, sizeof t.claim.receipt_signature);
    task_claim_order(b, &t, &order);
    SAYS(&order, "receipt");
    network_free(&t.net);
}
