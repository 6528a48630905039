/*
 * services/evm/task.c - names, vouchers and calls of tasks on an EVM chain (docs/services.md 8.3).
 */
#include "services/evm/task.h"

#include "base/crypto.h"
#include "services/evm/anchor.h"
#include "services/evm/keccak.h"

#define TERMS "(address,address,bytes32,bytes32,bytes32,bytes32,uint256)"
#define STEP  "(uint256,bytes32,bytes32,bytes32,bytes32,bytes32,bytes32,bytes32,bytes32)"
enum { TERMS_WORDS = 7, TERMS_LEN = TERMS_WORDS * ASSAY_ABI_WORD_LEN };

void assay_evm_job_digest(const uint8_t code[static 32], const uint8_t box[static 32],
                          uint8_t digest[static 32])
{
    static const char type[] = "assay/evm/job/v1";
    const struct assay_slice pieces[] = { assay_slice_over(type, sizeof type - 1),
                                          assay_slice_over(code, 32), assay_slice_over(box, 32) };
    assay_sha256_pieces(pieces, sizeof pieces / sizeof *pieces, digest);
}

enum assay_status assay_evm_terms_check(const struct assay_evm_terms *terms)
{
    if (terms->steps == 0 || terms->steps > ASSAY_EVM_STEPS_MAX) return ASSAY_E_RANGE;
    if (terms->deadline_s >> 40 != 0) return ASSAY_E_RANGE;
    if (terms->standing > ASSAY_EVM_STANDING_MAX || terms->score_bp > 10000) return ASSAY_E_RANGE;
    if (assay_bytes_all_zero(terms->requestor, sizeof terms->requestor)) return ASSAY_E_RANGE;
    return ASSAY_OK;
}

/* workOf in the contract: the member with the proven score is part of the task's name. */
static void put_work(struct assay_writer *w, const struct assay_evm_terms *t)
{
    uint8_t bytes[64], work[32];
    assay_bytes_copy(bytes, 32, t->node_id, 32);
    assay_bytes_copy(bytes + 32, 32, t->job, 32);
    assay_keccak256(bytes, sizeof bytes, work);
    assay_abi_put_word(w, work);
}

static void put_terms(struct assay_writer *w, const struct assay_evm_terms *t)
{
    const size_t start = w->len;
    const enum assay_status fit = assay_evm_terms_check(t);
    ASSAY_ASSERT(fit == ASSAY_OK);
    assay_abi_put_address(w, t->requestor);
    assay_abi_put_address(w, t->executor);
    put_work(w, t);
    assay_abi_put_word(w, t->input);
    assay_abi_put_word(w, t->key);
    assay_abi_put_word(w, t->key + 32);
    assay_writer_put(w, t->price, sizeof t->price);
    assay_writer_u16be(w, (uint16_t)t->steps);
    assay_writer_u8(w, (uint8_t)(t->deadline_s >> 32));
    assay_writer_u32be(w, (uint32_t)t->deadline_s);
    assay_writer_u8(w, t->standing);
    assay_writer_u16be(w, t->score_bp);
    assay_writer_u64be(w, t->nonce);
    ASSAY_ASSERT(w->full || w->len - start == TERMS_LEN);
}

void assay_evm_task_name(const struct assay_evm_place *place, const struct assay_evm_terms *terms,
                         uint8_t task[static 32])
{
    uint8_t bytes[(2 + TERMS_WORDS) * ASSAY_ABI_WORD_LEN];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_abi_put_uint(&w, place->chain_id);
    assay_abi_put_address(&w, place->contract);
    put_terms(&w, terms);
    ASSAY_ASSERT(!w.full && w.len == sizeof bytes);
    assay_keccak256(bytes, sizeof bytes, task);
}

void assay_evm_deposit(const struct assay_evm_terms *terms, uint8_t wei[static 32])
{
    ASSAY_ASSERT(terms->steps <= ASSAY_EVM_STEPS_MAX);
    uint64_t carry = 0;
    assay_bytes_zero(wei, 32);
    for (size_t i = 0; i < ASSAY_EVM_PRICE_LEN; i++) {
        carry += (uint64_t)terms->price[ASSAY_EVM_PRICE_LEN - 1 - i] * terms->steps;
        wei[31 - i] = (uint8_t)carry;
        carry >>= 8;
    }
    for (size_t i = ASSAY_EVM_PRICE_LEN; carry > 0; i++, carry >>= 8)
        wei[31 - i] = (uint8_t)carry;
}

static void put_text_hash(struct assay_writer *w, const char *text)
{
    uint8_t hash[32];
    assay_keccak256(text, strlen(text), hash);
    assay_abi_put_word(w, hash);
}

static void hash_of(const struct assay_writer *w, uint8_t hash[static 32])
{
    ASSAY_ASSERT(!w->full);
    assay_keccak256(w->bytes, w->len, hash);
}

void assay_evm_voucher_statement(const struct assay_evm_place *place, const uint8_t task[static 32],
                                 uint32_t step, const uint8_t lock[static 32],
                                 uint8_t digest[static 32])
{
    uint8_t bytes[5 * ASSAY_ABI_WORD_LEN], domain[32], voucher[32];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    put_text_hash(
        &w, "EIP712Domain(string name,string version,uint256 chainId,address verifyingContract)");
    put_text_hash(&w, "AssayTasks");
    put_text_hash(&w, "1");
    assay_abi_put_uint(&w, place->chain_id);
    assay_abi_put_address(&w, place->contract);
    hash_of(&w, domain);
    w = assay_writer_over(bytes, sizeof bytes);
    put_text_hash(&w, "Voucher(bytes32 task,uint32 step,bytes32 lock)");
    assay_abi_put_word(&w, task);
    assay_abi_put_uint(&w, step);
    assay_abi_put_word(&w, lock);
    hash_of(&w, voucher);
    w = assay_writer_over(bytes, sizeof bytes);
    assay_writer_u16be(&w, 0x1901);
    assay_writer_put(&w, domain, sizeof domain);
    assay_writer_put(&w, voucher, sizeof voucher);
    hash_of(&w, digest);
}

bool assay_evm_voucher_check(const struct assay_evm_place *place, const uint8_t task[static 32],
                             uint32_t step, const uint8_t lock[static 32],
                             const struct assay_evm_signature *signature,
                             const uint8_t requestor[static ASSAY_EVM_ADDRESS_LEN])
{
    uint8_t digest[32], signer[ASSAY_EVM_ADDRESS_LEN];
    assay_evm_voucher_statement(place, task, step, lock, digest);
    return assay_evm_recover(digest, signature, signer) == ASSAY_OK &&
           assay_bytes_equal(signer, requestor, sizeof signer);
}

void assay_evm_task_put_open(struct assay_writer *w, const struct assay_evm_terms *terms,
                             const uint8_t score[static 47], uint64_t sides,
                             const uint8_t (*path)[32], size_t path_len)
{
    ASSAY_ASSERT(path_len <= ASSAY_EVM_SCORE_PATH_MAX);
    const size_t fixed = TERMS_LEN + 4 * ASSAY_ABI_WORD_LEN;
    assay_abi_put_selector(w, "open(" TERMS ",bytes32,bytes,uint256,bytes32[])");
    put_terms(w, terms);
    assay_abi_put_word(w, terms->job);
    assay_abi_put_uint(w, fixed);
    assay_abi_put_uint(w, sides);
    assay_abi_put_uint(w, fixed + assay_abi_tail_len(ASSAY_EVM_SCORE_LEN));
    assay_abi_put_tail(w, assay_slice_over(score, ASSAY_EVM_SCORE_LEN));
    assay_abi_put_words(w, path, path_len);
}

/* EIP-2098: the parity is the top bit of s, which is low. */
static void put_compact(struct assay_writer *w, const struct assay_evm_signature *signature)
{
    assay_abi_put_word(w, signature->r);
    assay_writer_u8(w, (uint8_t)(signature->s[0] | (signature->odd ? 0x80 : 0)));
    assay_writer_put(w, signature->s + 1, 31);
}

void assay_evm_task_put_claim(struct assay_writer *w, const struct assay_evm_terms *terms,
                              const struct assay_evm_claim *claim)
{
    assay_abi_put_selector(w, "claim(" TERMS "," STEP ")");
    put_terms(w, terms);
    assay_writer_zero(w, ASSAY_ABI_WORD_LEN - 12);
    assay_writer_u32be(w, claim->step);
    assay_writer_u64be(w, claim->epoch);
    assay_abi_put_word(w, claim->opening);
    assay_abi_put_word(w, claim->state);
    assay_abi_put_word(w, claim->ciphertext);
    assay_abi_put_word(w, claim->previous);
    assay_abi_put_word(w, claim->receipt_signature);
    assay_abi_put_word(w, claim->receipt_signature + 32);
    put_compact(w, &claim->voucher);
}

void assay_evm_task_put_close(struct assay_writer *w, const struct assay_evm_terms *terms)
{
    assay_abi_put_selector(w, "close(" TERMS ")");
    put_terms(w, terms);
}

void assay_evm_task_put_paid(struct assay_writer *w, const uint8_t task[static 32])
{
    assay_abi_put_selector(w, "paid(bytes32)");
    assay_abi_put_word(w, task);
}
