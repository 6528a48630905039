/*
 * Requestor and executor of one task, with real sealing and signatures (docs/services.md 6.5, 6.6).
 */
#include "services/tasks/executor.h"
#include "services/tasks/requestor.h"
#include "tests/support/task_kit.h"
#include "tests/support/task_seal.h"

#include <criterion/criterion.h>
#include <stdlib.h>

enum { STEPS = 3, EPOCH = 50, DEADLINE = 60 };

struct bench {
    struct kit_key account, task_key;
    struct task_seal mine, theirs; /* the requestor's, the enclave's */
    struct assay_task_open terms;
    uint8_t chain[32], salt[32], task[32];
    struct assay_task_requestor r;
    struct assay_task_executor e;
    struct assay_task_outs outs;
    uint8_t frame[ASSAY_TASK_FRAME_MAX]; /* what was said last */
    size_t len;
    uint64_t now_ms;
};

static const char input[] = "numbers to add";

static void r_checked(struct bench *b, enum assay_status status, enum assay_status expected)
{
    cr_assert_eq(status, expected, "%s, not %s", assay_status_symbol(status),
                 assay_status_symbol(expected));
    assay_task_requestor_check(&b->r);
    assay_task_executor_check(&b->e);
    if (status != ASSAY_OK) cr_assert_eq(b->outs.frame.len, 0);
    if (b->outs.frame.len == 0) return;
    assay_bytes_copy(b->frame, sizeof b->frame, b->outs.frame.bytes, b->outs.frame.len);
    b->len = b->outs.frame.len;
}

static void to_executor(struct bench *b, enum assay_status expected)
{
    r_checked(b, assay_task_executor_frame(&b->e, assay_slice_over(b->frame, b->len), &b->outs),
              expected);
}

static void to_requestor(struct bench *b, enum assay_status expected)
{
    r_checked(
        b,
        assay_task_requestor_frame(&b->r, assay_slice_over(b->frame, b->len), b->now_ms, &b->outs),
        expected);
}

static void say(struct bench *b, const struct assay_task_frame *f)
{
    struct assay_slice out;
    struct assay_task_frame frame = *f;
    assay_bytes_copy(frame.task, 32, b->task, 32);
    assay_bytes_copy(frame.receipt.task, 32, b->task, 32);
    cr_assert_eq(assay_task_frame_encode(&frame, b->frame, sizeof b->frame, &out), ASSAY_OK);
    b->len = out.len;
}

static struct assay_task_frame heard(const struct bench *b)
{
    struct assay_task_frame f;
    cr_assert_eq(assay_task_frame_decode(assay_slice_over(b->frame, b->len), &f), ASSAY_OK);
    return f;
}

static struct assay_task_requestor_config r_config(const struct bench *b)
{
    struct assay_task_requestor_config config = { .terms = b->terms,
                                                  .epoch = EPOCH,
                                                  .crypto = &b->mine.crypto };
    assay_bytes_copy(config.chain_id, 32, b->chain, 32);
    assay_bytes_copy(config.key, 64, b->task_key.key, 64);
    return config;
}

static struct bench *made(void)
{
    struct bench *b = calloc(1, sizeof *b);
    cr_assert_not_null(b);
    b->chain[0] = 3;
    b->now_ms = 1000;
    kit_key_make(&b->account, 21);
    kit_key_make(&b->task_key, 22);
    task_seal_make(&b->mine, &b->account.secret);
    task_seal_make(&b->theirs, &b->task_key.secret);
    kit_bytes('s', 0, b->salt);
    b->terms = (struct assay_task_open){
        .price = 1, .steps = STEPS, .deadline = DEADLINE, .min_standing = ASSAY_TASK_STAND_FULL
    };
    assay_task_blob_digest(b->salt, assay_slice_over(input, sizeof input), b->terms.input);
    assay_bytes_copy(b->terms.box, 32, b->mine.box, 32);
    kit_sign_open(b->chain, &b->account, &b->terms);
    assay_task_open_statement(b->chain, &b->terms, b->task);
    struct assay_task_executor_config config = { .terms = b->terms,
                                                 .epoch = EPOCH,
                                                 .crypto = &b->theirs.crypto };
    assay_bytes_copy(config.chain_id, 32, b->chain, 32);
    assay_bytes_copy(config.key, 64, b->task_key.key, 64);
    assay_bytes_copy(config.box, 32, b->theirs.box, 32);
    assay_task_executor_init(&b->e, &config);
    const struct assay_task_requestor_config mine = r_config(b);
    assay_task_requestor_init(&b->r, &mine);
    return b;
}

static void ask(struct bench *b)
{
    uint8_t nonce[32];
    kit_bytes('n', 1, nonce);
    r_checked(b, assay_task_requestor_ask(&b->r, nonce, b->now_ms, &b->outs), ASSAY_OK);
    to_executor(b, ASSAY_OK);
    cr_assert_eq(b->outs.told, ASSAY_TASK_TOLD_ASKED);
}

static void answer(struct bench *b)
{
    r_checked(b, assay_task_executor_evidence(&b->e, assay_slice_over("quote", 5), &b->outs),
              ASSAY_OK);
}

static enum assay_status trust(struct bench *b)
{
    return assay_task_requestor_trust(&b->r, b->salt, assay_slice_over(input, sizeof input),
                                      b->now_ms, &b->outs);
}

/* The input is with the enclave. */
static struct bench *running(void)
{
    struct bench *b = made();
    ask(b);
    answer(b);
    to_requestor(b, ASSAY_OK);
    cr_assert_eq(b->outs.told, ASSAY_TASK_TOLD_KEYS);
    cr_assert(assay_bytes_equal(b->r.statement, b->e.statement, 32));
    r_checked(b, trust(b), ASSAY_OK);
    to_executor(b, ASSAY_OK);
    cr_assert_eq(b->outs.told, ASSAY_TASK_TOLD_INPUT);
    return b;
}

static enum assay_status step(struct bench *b, uint32_t number)
{
    struct assay_task_result_bytes result;
    struct assay_secret32 opening;
    kit_bytes('T', number, result.salt);
    kit_bytes('K', number, opening.bytes);
    result.state = assay_slice_over("state", 5);
    result.output = assay_slice_over(&"output 1 output 2 output 3"[9 * (size_t)(number - 1)], 8);
    return assay_task_executor_step(&b->e, &result, &opening, &b->outs);
}

static void make_step(struct bench *b, uint32_t number)
{
    r_checked(b, step(b, number), ASSAY_OK);
}

/* From STEP to the result, with what was said left in the bench: the executor's key. */
static void buy_step(struct bench *b, uint32_t number)
{
    make_step(b, number);
    to_requestor(b, ASSAY_OK);
    cr_assert_eq(heard(b).kind, ASSAY_TASK_VOUCH);
    to_executor(b, ASSAY_OK);
    cr_assert_eq(b->outs.told, ASSAY_TASK_TOLD_CLAIM);
    cr_assert_eq(heard(b).kind, ASSAY_TASK_KEY_IS);
    to_requestor(b, ASSAY_OK);
    cr_assert_eq(b->outs.told, ASSAY_TASK_TOLD_OUTPUT);
    cr_assert_eq(b->r.chain.step, number);
}

static void next(struct bench *b)
{
    r_checked(b, assay_task_requestor_next(&b->r, b->now_ms, &b->outs), ASSAY_OK);
}

Test(task_sides, a_task_runs_to_its_end_and_its_claim_is_paid_for)
{
    struct bench *b = running();
    cr_assert_eq(b->e.input_len, 32 + sizeof input);
    cr_assert(assay_bytes_equal(b->e.input + 32, input, sizeof input));
    for (uint32_t i = 1; i <= STEPS; i++) {
        buy_step(b, i);
        cr_assert_eq(b->r.result.output.len, 8);
        cr_assert_eq(b->r.result.output.bytes[7], '0' + i);
        cr_assert(assay_slice_equal(b->r.result.state, assay_slice_over("state", 5)));
        next(b);
        to_executor(b, ASSAY_OK);
        cr_assert_eq(b->outs.told, i < STEPS ? ASSAY_TASK_TOLD_NEXT : ASSAY_TASK_TOLD_DONE);
    }
    cr_assert_eq(b->r.phase, ASSAY_TASK_OVER);
    cr_assert_eq(b->e.phase, ASSAY_TASK_STOPPED);
    cr_assert(assay_bytes_all_zero(b->e.opening.bytes, 32));
    cr_assert_eq(assay_task_executor_claim(&b->e).len, 0, "its epoch has not closed");
    assay_task_executor_epoch(&b->e, EPOCH + 1, true);
    cr_assert(assay_task_executor_claim_due(&b->e));
    struct assay_task_claim claim;
    cr_assert_eq(assay_task_claim_decode(assay_task_executor_claim(&b->e), &claim), ASSAY_OK);
    cr_assert(assay_task_claim_check(b->chain, &claim));
    cr_assert_eq(claim.receipt.step, STEPS);
    const struct assay_task_fact paid = { .kind = ASSAY_TASK_PAID, .step = STEPS };
    assay_task_executor_fact(&b->e, &paid);
    cr_assert(assay_task_executor_claim_due(&b->e), "of another task it means nothing");
    struct assay_task_fact mine = paid;
    assay_bytes_copy(mine.task, 32, b->task, 32);
    assay_task_executor_fact(&b->e, &mine);
    cr_assert_not(assay_task_executor_claim_due(&b->e));
    cr_assert_eq(assay_task_executor_claim(&b->e).len, 0);
    free(b);
}

/* --- keys, evidence, input */

Test(task_sides, keys_count_for_the_nonce_and_the_task_key_of_the_ledger)
{
    struct bench *b = made();
    ask(b);
    answer(b);
    struct assay_task_frame f = heard(b);
    f.nonce[0] ^= 1;
    say(b, &f);
    to_requestor(b, ASSAY_E_STALE);
    f.nonce[0] ^= 1;
    f.key[0] ^= 1;
    say(b, &f);
    to_requestor(b, ASSAY_E_KEY);
    f.key[0] ^= 1;
    f.box[0] ^= 1;
    say(b, &f);
    to_requestor(b, ASSAY_OK);
    cr_assert_not(assay_bytes_equal(b->r.statement, b->e.statement, 32),
                  "another box is not what the enclave's evidence vouches for");
    assay_task_requestor_reject(&b->r);
    assay_task_requestor_check(&b->r);
    cr_assert_eq(b->r.phase, ASSAY_TASK_OVER);
    r_checked(b, trust(b), ASSAY_E_INVALID);
    free(b);
}

Test(task_sides, evidence_is_given_once_for_each_question_and_has_its_bound)
{
    static uint8_t much[ASSAY_TASK_EVIDENCE_MAX + 1];
    struct bench *b = made();
    const struct assay_slice quote = assay_slice_over("quote", 5);
    r_checked(b, assay_task_executor_evidence(&b->e, quote, &b->outs), ASSAY_E_INVALID);
    ask(b);
    r_checked(b, assay_task_executor_evidence(&b->e, assay_slice_over(much, 0), &b->outs),
              ASSAY_E_RANGE);
    r_checked(b, assay_task_executor_evidence(&b->e, assay_slice_over(much, sizeof much), &b->outs),
              ASSAY_E_RANGE);
    r_checked(
        b, assay_task_executor_evidence(&b->e, assay_slice_over(much, sizeof much - 1), &b->outs),
        ASSAY_OK);
    to_requestor(b, ASSAY_OK);
    r_checked(b, assay_task_executor_evidence(&b->e, quote, &b->outs), ASSAY_E_INVALID);
    ask(b);
    answer(b);
    to_requestor(b, ASSAY_OK);
    free(b);
}

Test(task_sides, the_enclave_takes_no_other_input_than_the_terms_name)
{
    struct bench *b = made();
    static uint8_t sealed[256];
    uint8_t plain[64];
    size_t len = 0;
    kit_bytes('s', 9, plain);
    assay_bytes_copy(plain + 32, 32, "something else", 15);
    cr_assert_eq(b->mine.crypto.seal(&b->mine, b->theirs.box, assay_slice_over(plain, 47), sealed,
                                     sizeof sealed, &len),
                 ASSAY_OK);
    struct assay_task_frame f = { .kind = ASSAY_TASK_INPUT };
    f.list = assay_slice_over(sealed, len);
    say(b, &f);
    to_executor(b, ASSAY_E_INVALID);
    cr_assert_eq(b->mine.crypto.seal(&b->mine, b->theirs.box, assay_slice_over(plain, 31), sealed,
                                     sizeof sealed, &len),
                 ASSAY_OK);
    f.list = assay_slice_over(sealed, len);
    say(b, &f);
    to_executor(b, ASSAY_E_RANGE); /* shorter than a salt */
    sealed[len - 1] ^= 1;
    say(b, &f);
    to_executor(b, ASSAY_E_INVALID); /* sealed by nobody */
    cr_assert_eq(b->e.phase, ASSAY_TASK_WAITING);
    f = (struct assay_task_frame){ .kind = ASSAY_TASK_NEXT, .step = 1 };
    say(b, &f);
    to_executor(b, ASSAY_E_EARLY);
    r_checked(b, step(b, 1), ASSAY_E_INVALID);
    free(b);
}

/* --- receipt, voucher, key */

Test(task_sides, the_requestor_vouches_for_nothing_that_it_has_not_verified)
{
    struct bench *b = running();
    make_step(b, 1);
    const struct assay_task_frame good = heard(b);
    static uint8_t ciphertext[1024];
    assay_bytes_copy(ciphertext, sizeof ciphertext, good.list.bytes, good.list.len);
    struct assay_task_frame f = good;
    f.list.bytes = ciphertext;
    f.signature[9] ^= 1;
    say(b, &f);
    to_requestor(b, ASSAY_E_SIGNATURE);
    f.signature[9] ^= 1;
    ciphertext[3] ^= 1;
    say(b, &f);
    to_requestor(b, ASSAY_E_INVALID); /* another ciphertext than the receipt's */
    ciphertext[3] ^= 1;
    f.receipt.epoch = EPOCH + 2;
    say(b, &f);
    to_requestor(b, ASSAY_E_EARLY);
    f.receipt.epoch = EPOCH;
    f.receipt.step = 2;
    f.receipt.previous[0] = 1;
    say(b, &f);
    to_requestor(b, ASSAY_E_EARLY);
    f.receipt.step = STEPS + 1;
    say(b, &f);
    to_requestor(b, ASSAY_E_RANGE);
    f.receipt = good.receipt;
    f.receipt.input[0] ^= 1;
    say(b, &f);
    to_requestor(b, ASSAY_E_INVALID);
    cr_assert_eq(b->r.phase, ASSAY_TASK_AWAITING);
    f.receipt = good.receipt;
    say(b, &f);
    to_requestor(b, ASSAY_OK);
    free(b);
}

Test(task_sides, no_key_leaves_without_a_good_voucher)
{
    struct bench *b = running();
    make_step(b, 1);
    to_requestor(b, ASSAY_OK);
    const struct assay_task_frame good = heard(b);
    struct assay_task_frame f = good;
    f.signature[9] ^= 1;
    say(b, &f);
    to_executor(b, ASSAY_E_SIGNATURE);
    f = good;
    f.nonce[0] ^= 1; /* another lock */
    say(b, &f);
    to_executor(b, ASSAY_E_INVALID);
    f = good;
    f.step = 2;
    say(b, &f);
    to_executor(b, ASSAY_E_STALE);
    f = (struct assay_task_frame){ .kind = ASSAY_TASK_NEXT, .step = 1 };
    say(b, &f);
    to_executor(b, ASSAY_E_STALE); /* it has not been bought */
    cr_assert_eq(b->e.phase, ASSAY_TASK_OFFERED);
    assay_task_executor_epoch(&b->e, EPOCH + 1, true);
    cr_assert_eq(assay_task_executor_claim(&b->e).len, 0, "nothing is vouched");
    say(b, &good);
    to_executor(b, ASSAY_OK);
    cr_assert_eq(heard(b).kind, ASSAY_TASK_KEY_IS);
    cr_assert_neq(assay_task_executor_claim(&b->e).len, 0);
    free(b);
}

Test(task_sides, everything_can_be_said_again)
{
    struct bench *b = running();
    make_step(b, 1);
    struct assay_task_frame f = { .kind = ASSAY_TASK_INPUT, .list = assay_slice_over("x", 1) };
    say(b, &f);
    to_executor(b, ASSAY_OK); /* it did not hear the step */
    cr_assert_eq(heard(b).kind, ASSAY_TASK_STEP_IS);
    to_requestor(b, ASSAY_OK);
    static uint8_t voucher[512];
    const size_t voucher_len = b->len;
    assay_bytes_copy(voucher, sizeof voucher, b->frame, b->len);
    to_executor(b, ASSAY_OK);
    assay_bytes_copy(b->frame, sizeof b->frame, voucher, voucher_len);
    b->len = voucher_len;
    to_executor(b, ASSAY_OK); /* it did not hear the key */
    cr_assert_eq(b->outs.told, 0, "the claim is the same");
    cr_assert_eq(heard(b).kind, ASSAY_TASK_KEY_IS);
    static uint8_t key[512];
    const size_t key_len = b->len;
    assay_bytes_copy(key, sizeof key, b->frame, b->len);
    to_requestor(b, ASSAY_OK);
    assay_bytes_copy(b->frame, sizeof b->frame, key, key_len);
    b->len = key_len;
    to_requestor(b, ASSAY_E_STALE);
    next(b);
    to_executor(b, ASSAY_OK);
    f = (struct assay_task_frame){ .kind = ASSAY_TASK_NEXT, .step = 1 };
    say(b, &f);
    to_executor(b, ASSAY_E_EARLY); /* the program is at it */
    assay_bytes_copy(b->frame, sizeof b->frame, voucher, voucher_len);
    b->len = voucher_len;
    to_executor(b, ASSAY_E_STALE);
    make_step(b, 2);
    to_requestor(b, ASSAY_OK);
    to_executor(b, ASSAY_OK);
    say(b, &f);
    to_executor(b, ASSAY_OK); /* it came back with step 1 */
    cr_assert_eq(heard(b).kind, ASSAY_TASK_STEP_IS);
    cr_assert_eq(heard(b).receipt.step, 2);
    f = (struct assay_task_frame){ .kind = ASSAY_TASK_INPUT, .list = assay_slice_over("x", 1) };
    say(b, &f);
    to_executor(b, ASSAY_E_STALE);
    free(b);
}

Test(task_sides, a_requestor_that_crashed_goes_on_from_what_it_has_kept)
{
    struct bench *b = running();
    buy_step(b, 1);
    const struct assay_task_chain kept = b->r.chain;
    next(b);
    to_executor(b, ASSAY_OK);
    make_step(b, 2);
    to_requestor(b, ASSAY_OK);
    to_executor(b, ASSAY_OK); /* vouched and answered; the answer is lost with the requestor */
    const struct assay_task_requestor_config config = r_config(b);
    assay_task_requestor_init(&b->r, &config);
    struct assay_task_chain other = kept;
    other.key[0] ^= 1;
    r_checked(b, assay_task_requestor_resume(&b->r, &other, b->now_ms, &b->outs), ASSAY_E_INVALID);
    other = kept;
    other.task[0] ^= 1;
    r_checked(b, assay_task_requestor_resume(&b->r, &other, b->now_ms, &b->outs), ASSAY_E_INVALID);
    other = kept;
    other.input[0] ^= 1;
    r_checked(b, assay_task_requestor_resume(&b->r, &other, b->now_ms, &b->outs), ASSAY_E_INVALID);
    other = kept;
    other.step = STEPS + 1;
    r_checked(b, assay_task_requestor_resume(&b->r, &other, b->now_ms, &b->outs), ASSAY_E_INVALID);
    other.step = 0;
    r_checked(b, assay_task_requestor_resume(&b->r, &other, b->now_ms, &b->outs), ASSAY_E_INVALID);
    r_checked(b, assay_task_requestor_resume(&b->r, &kept, b->now_ms, &b->outs), ASSAY_OK);
    r_checked(b, assay_task_requestor_resume(&b->r, &kept, b->now_ms, &b->outs), ASSAY_E_INVALID);
    cr_assert_eq(b->outs.frame.len, 0);
    assay_task_requestor_tick(&b->r, b->now_ms + 100, &b->outs);
    r_checked(b, ASSAY_OK, ASSAY_OK);
    cr_assert_eq(heard(b).kind, ASSAY_TASK_NEXT);
    to_executor(b, ASSAY_OK);
    to_requestor(b, ASSAY_OK);
    to_executor(b, ASSAY_OK);
    to_requestor(b, ASSAY_OK);
    cr_assert_eq(b->r.chain.step, 2);
    cr_assert_eq(b->r.result.output.bytes[7], '2');
    assay_task_requestor_init(&b->r, &config);
    other = kept;
    other.step = STEPS;
    r_checked(b, assay_task_requestor_resume(&b->r, &other, b->now_ms, &b->outs), ASSAY_OK);
    cr_assert_eq(b->r.phase, ASSAY_TASK_OVER, "everything was there");
    free(b);
}

Test(task_sides, the_key_of_a_claim_opens_what_the_executor_kept_back)
{
    struct bench *b = running();
    make_step(b, 1);
    to_requestor(b, ASSAY_OK);
    to_executor(b, ASSAY_OK); /* the key is never delivered */
    struct assay_task_claim claim;
    assay_task_executor_epoch(&b->e, EPOCH + 1, true);
    cr_assert_eq(assay_task_claim_decode(assay_task_executor_claim(&b->e), &claim), ASSAY_OK);
    struct assay_task_fact fact = { .kind = ASSAY_TASK_PAID, .step = 1 };
    assay_bytes_copy(fact.opening, 32, claim.opening, 32);
    r_checked(b, assay_task_requestor_fact(&b->r, &fact, &b->outs), ASSAY_OK);
    cr_assert_eq(b->outs.told, 0, "another task");
    assay_bytes_copy(fact.task, 32, b->task, 32);
    r_checked(b, assay_task_requestor_fact(&b->r, &fact, &b->outs), ASSAY_OK);
    cr_assert_eq(b->outs.told, ASSAY_TASK_TOLD_OUTPUT);
    fact.kind = ASSAY_TASK_ENDED;
    r_checked(b, assay_task_requestor_fact(&b->r, &fact, &b->outs), ASSAY_OK);
    cr_assert_eq(b->r.phase, ASSAY_TASK_HOLDING, "what is open is not thrown away");
    cr_assert_eq(b->r.result.output.bytes[7], '1');
    next(b);
    cr_assert_eq(b->r.phase, ASSAY_TASK_OVER);
    cr_assert_eq(b->outs.frame.len, 0, "nobody is there any more");
    free(b);
}

Test(task_sides, a_wrong_key_is_refused_and_the_right_one_still_taken)
{
    struct bench *b = running();
    make_step(b, 1);
    to_requestor(b, ASSAY_OK);
    to_executor(b, ASSAY_OK);
    struct assay_task_frame f = heard(b);
    f.nonce[4] ^= 1;
    say(b, &f);
    to_requestor(b, ASSAY_E_INVALID);
    cr_assert_eq(b->r.phase, ASSAY_TASK_PAYING);
    cr_assert_not(b->r.cheated);
    f.nonce[4] ^= 1;
    f.step = 2;
    say(b, &f);
    to_requestor(b, ASSAY_E_STALE);
    f.step = 1;
    say(b, &f);
    to_requestor(b, ASSAY_OK);
    free(b);
}

/* A receipt signed in the enclave for a ciphertext that is none: its TEE is broken. */
Test(task_sides, an_enclave_that_signs_what_it_does_not_give_takes_one_step)
{
    struct bench *b = running();
    make_step(b, 1);
    struct assay_task_frame f = heard(b);
    uint8_t digest[32];
    f.list = assay_slice_over("nothing that anybody has sealed", 31);
    assay_sha256(f.list.bytes, f.list.len, f.receipt.ciphertext);
    assay_task_receipt_digest(&f.receipt, digest);
    kit_sign(&b->task_key, digest, f.signature);
    say(b, &f);
    to_requestor(b, ASSAY_OK);
    f = (struct assay_task_frame){ .kind = ASSAY_TASK_KEY_IS, .step = 1 };
    kit_bytes('K', 1, f.nonce);
    say(b, &f);
    to_requestor(b, ASSAY_E_INVALID);
    cr_assert_eq(b->outs.told, ASSAY_TASK_TOLD_CHEATED);
    cr_assert(b->r.cheated);
    cr_assert_eq(b->r.phase, ASSAY_TASK_OVER);
    say(b, &f);
    to_requestor(b, ASSAY_E_STALE);
    free(b);
}

Test(task_sides, a_state_that_is_not_the_receipts_is_a_lie)
{
    struct bench *b = running();
    make_step(b, 1);
    struct assay_task_frame f = heard(b);
    static uint8_t ciphertext[1024];
    uint8_t digest[32];
    assay_bytes_copy(ciphertext, sizeof ciphertext, f.list.bytes, f.list.len);
    f.list.bytes = ciphertext;
    f.receipt.state[0] ^= 1;
    assay_task_receipt_digest(&f.receipt, digest);
    kit_sign(&b->task_key, digest, f.signature);
    say(b, &f);
    to_requestor(b, ASSAY_OK);
    f = (struct assay_task_frame){ .kind = ASSAY_TASK_KEY_IS, .step = 1 };
    kit_bytes('K', 1, f.nonce);
    say(b, &f);
    to_requestor(b, ASSAY_E_INVALID);
    cr_assert(b->r.cheated);
    free(b);
}

/* The bytes of step 1, made by an enclave that keeps to no rule, with a receipt that it signs. */
static void say_crooked_step(struct bench *b, const uint8_t box[static 32],
                             struct assay_slice plain)
{
    static uint8_t sealed[512], ciphertext[512];
    uint8_t about[ASSAY_TASK_ABOUT_LEN], opening[32], digest[32];
    size_t sealed_len = 0, len = 0;
    struct assay_task_frame f = heard(b);
    const struct assay_task_crypto *crypto = &b->theirs.crypto;
    kit_bytes('K', 1, opening);
    assay_task_about(b->task, 1, about);
    cr_assert_eq(crypto->seal(crypto->context, box, plain, sealed, sizeof sealed, &sealed_len),
                 ASSAY_OK);
    cr_assert_eq(crypto->encrypt(crypto->context, opening, assay_slice_over(about, sizeof about),
                                 assay_slice_over(sealed, sealed_len), ciphertext,
                                 sizeof ciphertext, &len),
                 ASSAY_OK);
    f.list = assay_slice_over(ciphertext, len);
    assay_sha256(ciphertext, len, f.receipt.ciphertext);
    assay_task_receipt_digest(&f.receipt, digest);
    kit_sign(&b->task_key, digest, f.signature);
    say(b, &f);
}

Test(task_sides, what_the_key_opens_must_be_a_result_and_for_this_requestor)
{
    for (uint32_t i = 0; i < 2; i++) {
        struct bench *b = running();
        const struct assay_slice plain = assay_slice_over("neither salt nor state", 22);
        make_step(b, 1);
        /* Sealed to somebody else; then to us, but no result. */
        say_crooked_step(b, i == 0 ? b->theirs.box : b->mine.box, plain);
        to_requestor(b, ASSAY_OK);
        struct assay_task_frame f = { .kind = ASSAY_TASK_KEY_IS, .step = 1 };
        kit_bytes('K', 1, f.nonce);
        say(b, &f);
        to_requestor(b, ASSAY_E_INVALID);
        cr_assert(b->r.cheated);
        cr_assert_eq(b->outs.told, ASSAY_TASK_TOLD_CHEATED);
        cr_assert(assay_bytes_all_zero(b->r.plain, sizeof b->r.plain));
        free(b);
    }
}

/* --- epochs */

Test(task_sides, nothing_is_vouched_after_an_epoch_without_certificate)
{
    struct bench *b = running();
    make_step(b, 1);
    static uint8_t frame[2048];
    const size_t len = b->len;
    assay_bytes_copy(frame, sizeof frame, b->frame, len);
    assay_task_requestor_epoch(&b->r, EPOCH + 1, false);
    to_requestor(b, ASSAY_E_AGAIN);
    assay_task_requestor_epoch(&b->r, EPOCH, true);
    to_requestor(b, ASSAY_E_AGAIN); /* an epoch that is behind us tells nothing */
    assay_task_requestor_epoch(&b->r, EPOCH + 2, true);
    to_requestor(b, ASSAY_OK);
    free(b);
}

Test(task_sides, an_executor_makes_no_step_that_it_could_not_claim)
{
    struct bench *b = running();
    assay_task_executor_epoch(&b->e, DEADLINE, true);
    r_checked(b, step(b, 1), ASSAY_E_STALE);
    assay_task_executor_epoch(&b->e, DEADLINE - 1, true);
    r_checked(b, step(b, 1), ASSAY_E_STALE);
    free(b);
    b = running();
    assay_task_executor_epoch(&b->e, DEADLINE - 1, true);
    make_step(b, 1);
    free(b);
}

Test(task_sides, the_last_claim_of_an_earlier_epoch_outlives_one_that_is_worth_nothing)
{
    struct bench *b = running();
    buy_step(b, 1); /* in EPOCH */
    next(b);
    to_executor(b, ASSAY_OK);
    assay_task_executor_epoch(&b->e, EPOCH + 1, true);
    assay_task_requestor_epoch(&b->r, EPOCH + 1, true);
    buy_step(b, 2); /* in EPOCH + 1, which will not be certified */
    assay_task_executor_epoch(&b->e, EPOCH + 2, false);
    cr_assert_not(assay_task_executor_claim_due(&b->e), "the deadline is far");
    struct assay_task_claim claim;
    cr_assert_eq(assay_task_claim_decode(assay_task_executor_claim(&b->e), &claim), ASSAY_OK);
    cr_assert_eq(claim.receipt.step, 1);
    next(b);
    to_executor(b, ASSAY_OK);
    assay_task_requestor_epoch(&b->r, EPOCH + 2, true);
    buy_step(b, 3);
    cr_assert_eq(assay_task_claim_decode(assay_task_executor_claim(&b->e), &claim), ASSAY_OK);
    cr_assert_eq(claim.receipt.step, 1);
    assay_task_executor_epoch(&b->e, EPOCH + 3, true);
    cr_assert_eq(assay_task_claim_decode(assay_task_executor_claim(&b->e), &claim), ASSAY_OK);
    cr_assert_eq(claim.receipt.step, 3);
    assay_task_executor_epoch(&b->e, EPOCH + 3 + ASSAY_TASK_CLOSED_EPOCHS, true);
    cr_assert_eq(assay_task_executor_claim(&b->e).len, 0, "nobody remembers that epoch");
    free(b);
}

Test(task_sides, a_claim_is_due_before_the_deadline_and_when_the_task_has_stopped)
{
    struct bench *b = running();
    cr_assert_not(assay_task_executor_claim_due(&b->e));
    buy_step(b, 1);
    assay_task_executor_epoch(&b->e, EPOCH + 1, true);
    cr_assert_not(assay_task_executor_claim_due(&b->e));
    for (uint64_t epoch = EPOCH + 2; epoch < DEADLINE - 1; epoch++)
        assay_task_executor_epoch(&b->e, epoch, true);
    cr_assert_not(assay_task_executor_claim_due(&b->e));
    assay_task_executor_epoch(&b->e, DEADLINE - 1, true);
    cr_assert(assay_task_executor_claim_due(&b->e));
    free(b);
    b = running();
    buy_step(b, 1);
    assay_task_executor_epoch(&b->e, EPOCH + 1, true);
    struct assay_task_fact fact = { .kind = ASSAY_TASK_FAILED };
    assay_bytes_copy(fact.task, 32, b->task, 32);
    assay_task_executor_fact(&b->e, &fact);
    cr_assert_eq(b->e.phase, ASSAY_TASK_STOPPED);
    cr_assert(assay_task_executor_claim_due(&b->e));
    struct assay_task_frame f = { .kind = ASSAY_TASK_NEXT, .step = 1 };
    say(b, &f);
    to_executor(b, ASSAY_E_AGAIN);
    free(b);
}

/* --- hostile frames, lost ones, failing cryptography */

Test(task_sides, frames_of_the_wrong_side_or_task_change_nothing)
{
    struct bench *b = running();
    static const struct {
        enum assay_task_kind kind;
        bool requestors;
    } kinds[] = {
        { ASSAY_TASK_ASK, true },      { ASSAY_TASK_KEYS, false }, { ASSAY_TASK_INPUT, true },
        { ASSAY_TASK_STEP_IS, false }, { ASSAY_TASK_VOUCH, true }, { ASSAY_TASK_KEY_IS, false },
        { ASSAY_TASK_NEXT, true },
    };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        struct assay_task_frame f = { .kind = kinds[i].kind, .step = 1, .receipt = { .step = 1 } };
        f.list = assay_slice_over("x", 1);
        say(b, &f);
        if (kinds[i].requestors) to_requestor(b, ASSAY_E_LANE);
        else to_executor(b, ASSAY_E_LANE);
        b->frame[2] ^= 1; /* the task */
        if (kinds[i].kind == ASSAY_TASK_STEP_IS) b->frame[34] ^= 1;
        to_requestor(b, ASSAY_E_STRANGER);
        to_executor(b, ASSAY_E_STRANGER);
    }
    b->len = 3;
    to_requestor(b, ASSAY_E_TRUNCATED);
    to_executor(b, ASSAY_E_TRUNCATED);
    free(b);
}

Test(task_sides, a_question_is_asked_again_with_growing_pauses)
{
    struct bench *b = made();
    uint8_t nonce[32] = { 1 };
    assay_task_requestor_tick(&b->r, UINT64_MAX - 1, &b->outs);
    cr_assert_eq(b->outs.frame.len, 0, "nothing was asked");
    r_checked(b, assay_task_requestor_ask(&b->r, nonce, 1000, &b->outs), ASSAY_OK);
    uint64_t now_ms = 1000, pause_ms = 100, longest = 0;
    for (uint32_t i = 0; i < 12; i++) {
        cr_assert_eq(b->outs.wake_at_ms, now_ms + pause_ms);
        assay_task_requestor_tick(&b->r, b->outs.wake_at_ms - 1, &b->outs);
        cr_assert_eq(b->outs.frame.len, 0);
        now_ms = b->outs.wake_at_ms;
        assay_task_requestor_tick(&b->r, now_ms, &b->outs);
        cr_assert_neq(b->outs.frame.len, 0);
        pause_ms = pause_ms * 2 > 10000 ? 10000 : pause_ms * 2;
        longest = pause_ms;
    }
    cr_assert_eq(longest, 10000);
    free(b);
}

static enum assay_status fail_seal(void *context, const uint8_t box[static 32],
                                   struct assay_slice plain, uint8_t *out, size_t capacity,
                                   size_t *len)
{
    (void)context, (void)box, (void)plain, (void)out, (void)capacity, (void)len;
    return ASSAY_E_CRYPTO;
}

static enum assay_status fail_crypt(void *context, const uint8_t key[static 32],
                                    struct assay_slice about, struct assay_slice bytes,
                                    uint8_t *out, size_t capacity, size_t *len)
{
    (void)context, (void)key, (void)about, (void)bytes, (void)out, (void)capacity, (void)len;
    return ASSAY_E_CRYPTO;
}

static enum assay_status fail_sign(void *context, const uint8_t digest[static 32],
                                   uint8_t signature[static ASSAY_P256_SIGNATURE_LEN])
{
    (void)context, (void)digest, (void)signature;
    return ASSAY_E_CRYPTO;
}

Test(task_sides, cryptography_that_fails_is_tried_again)
{
    struct bench *b = made();
    ask(b);
    answer(b);
    to_requestor(b, ASSAY_OK);
    const struct assay_task_crypto mine = b->mine.crypto, theirs = b->theirs.crypto;
    b->mine.crypto.seal = fail_seal;
    r_checked(b, trust(b), ASSAY_E_CRYPTO);
    b->mine.crypto = mine;
    r_checked(b, trust(b), ASSAY_OK);
    to_executor(b, ASSAY_OK);
    b->theirs.crypto.seal = fail_seal;
    r_checked(b, step(b, 1), ASSAY_E_CRYPTO);
    b->theirs.crypto = theirs;
    b->theirs.crypto.encrypt = fail_crypt;
    r_checked(b, step(b, 1), ASSAY_E_CRYPTO);
    b->theirs.crypto = theirs;
    b->theirs.crypto.sign = fail_sign;
    r_checked(b, step(b, 1), ASSAY_E_CRYPTO);
    cr_assert_eq(b->e.phase, ASSAY_TASK_RUNNING);
    b->theirs.crypto = theirs;
    make_step(b, 1);
    b->mine.crypto.sign = fail_sign;
    to_requestor(b, ASSAY_E_CRYPTO);
    b->mine.crypto = mine;
    to_requestor(b, ASSAY_OK);
    to_executor(b, ASSAY_OK);
    b->mine.crypto.decrypt = fail_crypt;
    to_requestor(b, ASSAY_E_CRYPTO);
    cr_assert_not(b->r.cheated, "the fault is on this side");
    b->mine.crypto = mine;
    to_requestor(b, ASSAY_OK);
    cr_assert_eq(b->outs.told, ASSAY_TASK_TOLD_OUTPUT);
    free(b);
}

Test(task_sides, results_as_long_as_they_may_be_go_through_one_frame)
{
    struct bench *b = running();
    static uint8_t much[ASSAY_TASK_BLOB_MAX + 1];
    struct assay_task_result_bytes result = { .salt = { 1 } };
    struct assay_secret32 opening = { { 2 } };
    result.state = assay_slice_over(much, sizeof much);
    result.output = assay_slice_over(much, sizeof much - 1);
    r_checked(b, assay_task_executor_step(&b->e, &result, &opening, &b->outs), ASSAY_E_RANGE);
    result.state.len--;
    r_checked(b, assay_task_executor_step(&b->e, &result, &opening, &b->outs), ASSAY_OK);
    to_requestor(b, ASSAY_OK);
    to_executor(b, ASSAY_OK);
    to_requestor(b, ASSAY_OK);
    cr_assert(assay_slice_equal(b->r.result.state, result.state));
    cr_assert(assay_slice_equal(b->r.result.output, result.output));
    r_checked(b, assay_task_requestor_ask(&b->r, b->salt, 0, &b->outs), ASSAY_E_INVALID);
    next(b);
    cr_assert(assay_bytes_all_zero(b->r.plain, sizeof b->r.plain), "nothing of it is left");
    r_checked(b, assay_task_requestor_next(&b->r, 0, &b->outs), ASSAY_E_INVALID);
    free(b);
}

Test(task_sides, a_task_that_ended_on_the_ledger_is_over)
{
    struct bench *b = running();
    struct assay_task_fact fact = { .kind = ASSAY_TASK_UNCERTIFIED };
    assay_bytes_copy(fact.task, 32, b->task, 32);
    r_checked(b, assay_task_requestor_fact(&b->r, &fact, &b->outs), ASSAY_OK);
    assay_task_executor_fact(&b->e, &fact);
    cr_assert_eq(b->r.phase, ASSAY_TASK_AWAITING);
    cr_assert_eq(b->e.phase, ASSAY_TASK_RUNNING);
    fact.kind = ASSAY_TASK_PAID;
    r_checked(b, assay_task_requestor_fact(&b->r, &fact, &b->outs), ASSAY_OK);
    make_step(b, 1);
    to_requestor(b, ASSAY_OK);
    fact.step = 2;
    r_checked(b, assay_task_requestor_fact(&b->r, &fact, &b->outs), ASSAY_OK);
    cr_assert_eq(b->r.phase, ASSAY_TASK_PAYING, "of another step than the one that is bought");
    fact.step = 1;
    r_checked(b, assay_task_requestor_fact(&b->r, &fact, &b->outs), ASSAY_E_INVALID);
    cr_assert_eq(b->r.phase, ASSAY_TASK_PAYING, "a key that opens nothing");
    fact.kind = ASSAY_TASK_FAILED;
    r_checked(b, assay_task_requestor_fact(&b->r, &fact, &b->outs), ASSAY_OK);
    cr_assert_eq(b->r.phase, ASSAY_TASK_OVER);
    cr_assert_eq(b->outs.wake_at_ms, UINT64_MAX);
    free(b);
}
