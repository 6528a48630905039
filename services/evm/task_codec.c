/*
 * services/evm/task_codec.c - encoder and decoder of drafts, terms and claims of EVM tasks
 * (docs/services.md 8.9).
 */
#include "services/evm/task_codec.h"

enum { VERSION = 1 };

void assay_evm_signature_pack(const struct assay_evm_signature *signature,
                              uint8_t bytes[static ASSAY_EVM_PACKED_LEN])
{
    assay_bytes_copy(bytes, 32, signature->r, 32);
    assay_bytes_copy(bytes + 32, 32, signature->s, 32);
    bytes[32] = (uint8_t)(bytes[32] | (signature->odd ? 0x80 : 0));
}

void assay_evm_signature_unpack(const uint8_t bytes[static ASSAY_EVM_PACKED_LEN],
                                struct assay_evm_signature *signature)
{
    assay_bytes_copy(signature->r, 32, bytes, 32);
    assay_bytes_copy(signature->s, 32, bytes + 32, 32);
    signature->odd = (bytes[32] & 0x80) != 0;
    signature->s[0] = (uint8_t)(signature->s[0] & 0x7f);
}

static void encode_place(struct assay_writer *w, const struct assay_evm_place *place)
{
    const size_t start = w->len;
    assay_writer_u64be(w, place->chain_id);
    assay_writer_put(w, place->contract, sizeof place->contract);
    ASSAY_ASSERT(w->full || w->len - start == ASSAY_EVM_PLACE_LEN);
}

static enum assay_status decode_place(struct assay_cursor *in, struct assay_evm_place *place)
{
    ASSAY_TRY(assay_cursor_u64be(in, &place->chain_id));
    return assay_cursor_copy(in, place->contract, sizeof place->contract);
}

static void encode_terms(struct assay_writer *w, const struct assay_evm_terms *t)
{
    const size_t start = w->len;
    ASSAY_ASSERT(assay_evm_terms_check(t) == ASSAY_OK);
    assay_writer_put(w, t->requestor, sizeof t->requestor);
    assay_writer_put(w, t->executor, sizeof t->executor);
    assay_writer_put(w, t->node_id, 32);
    assay_writer_put(w, t->job, 32);
    assay_writer_put(w, t->input, 32);
    assay_writer_put(w, t->key, sizeof t->key);
    assay_writer_put(w, t->price, sizeof t->price);
    assay_writer_u32be(w, t->steps);
    assay_writer_u64be(w, t->deadline_s);
    assay_writer_u8(w, t->standing);
    assay_writer_u16be(w, t->score_bp);
    assay_writer_u64be(w, t->nonce);
    ASSAY_ASSERT(w->full || w->len - start == ASSAY_EVM_TERMS_LEN);
}

static enum assay_status decode_terms(struct assay_cursor *in, struct assay_evm_terms *t)
{
    ASSAY_TRY(assay_cursor_copy(in, t->requestor, sizeof t->requestor));
    ASSAY_TRY(assay_cursor_copy(in, t->executor, sizeof t->executor));
    ASSAY_TRY(assay_cursor_copy(in, t->node_id, 32));
    ASSAY_TRY(assay_cursor_copy(in, t->job, 32));
    ASSAY_TRY(assay_cursor_copy(in, t->input, 32));
    ASSAY_TRY(assay_cursor_copy(in, t->key, sizeof t->key));
    ASSAY_TRY(assay_cursor_copy(in, t->price, sizeof t->price));
    ASSAY_TRY(assay_cursor_u32be(in, &t->steps));
    ASSAY_TRY(assay_cursor_u64be(in, &t->deadline_s));
    ASSAY_TRY(assay_cursor_u8(in, &t->standing));
    ASSAY_TRY(assay_cursor_u16be(in, &t->score_bp));
    ASSAY_TRY(assay_cursor_u64be(in, &t->nonce));
    return assay_evm_terms_check(t);
}

void assay_evm_named_encode(struct assay_writer *w, const struct assay_evm_place *place,
                            const struct assay_evm_terms *terms)
{
    encode_place(w, place);
    encode_terms(w, terms);
}

enum assay_status assay_evm_named_decode(struct assay_cursor *in, struct assay_evm_place *place,
                                         struct assay_evm_terms *terms)
{
    ASSAY_TRY(decode_place(in, place));
    return decode_terms(in, terms);
}

static void encode_claim(struct assay_writer *w, const struct assay_evm_claim *c)
{
    const size_t start = w->len;
    uint8_t voucher[ASSAY_EVM_PACKED_LEN];
    assay_evm_signature_pack(&c->voucher, voucher);
    assay_writer_u32be(w, c->step);
    assay_writer_u64be(w, c->epoch);
    assay_writer_put(w, c->opening, 32);
    assay_writer_put(w, c->state, 32);
    assay_writer_put(w, c->ciphertext, 32);
    assay_writer_put(w, c->previous, 32);
    assay_writer_put(w, c->receipt_signature, sizeof c->receipt_signature);
    assay_writer_put(w, voucher, sizeof voucher);
    ASSAY_ASSERT(w->full || w->len - start == ASSAY_EVM_CLAIM_LEN);
}

static enum assay_status decode_claim(struct assay_cursor *in, struct assay_evm_claim *c)
{
    uint8_t voucher[ASSAY_EVM_PACKED_LEN];
    ASSAY_TRY(assay_cursor_u32be(in, &c->step));
    ASSAY_TRY(assay_cursor_u64be(in, &c->epoch));
    ASSAY_TRY(assay_cursor_copy(in, c->opening, 32));
    ASSAY_TRY(assay_cursor_copy(in, c->state, 32));
    ASSAY_TRY(assay_cursor_copy(in, c->ciphertext, 32));
    ASSAY_TRY(assay_cursor_copy(in, c->previous, 32));
    ASSAY_TRY(assay_cursor_copy(in, c->receipt_signature, sizeof c->receipt_signature));
    ASSAY_TRY(assay_cursor_copy(in, voucher, sizeof voucher));
    assay_evm_signature_unpack(voucher, &c->voucher);
    return ASSAY_OK;
}

static enum assay_status decode_version(struct assay_cursor *in)
{
    uint8_t version = 0;
    ASSAY_TRY(assay_cursor_u8(in, &version));
    return version == VERSION ? ASSAY_OK : ASSAY_E_UNSUPPORTED;
}

void assay_evm_draft_encode(struct assay_writer *w, const struct assay_evm_draft *draft)
{
    const size_t start = w->len;
    assay_writer_u8(w, VERSION);
    encode_place(w, &draft->place);
    assay_writer_put(w, draft->code, 32);
    assay_writer_put(w, draft->box, 32);
    encode_terms(w, &draft->terms);
    ASSAY_ASSERT(w->full || w->len - start == ASSAY_EVM_DRAFT_LEN);
}

enum assay_status assay_evm_draft_decode(struct assay_slice bytes, struct assay_evm_draft *draft)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_evm_draft read = { .place.chain_id = 0 };
    uint8_t job[32];
    ASSAY_TRY(decode_version(&in));
    ASSAY_TRY(decode_place(&in, &read.place));
    ASSAY_TRY(assay_cursor_copy(&in, read.code, 32));
    ASSAY_TRY(assay_cursor_copy(&in, read.box, 32));
    ASSAY_TRY(decode_terms(&in, &read.terms));
    ASSAY_TRY(assay_cursor_end(&in));
    assay_evm_job_digest(read.code, read.box, job);
    if (read.place.chain_id == 0 || !assay_bytes_equal(job, read.terms.job, 32) ||
        !assay_bytes_all_zero(read.terms.executor, sizeof read.terms.executor) ||
        !assay_bytes_all_zero(read.terms.key, sizeof read.terms.key))
        return ASSAY_E_INVALID;
    *draft = read;
    return ASSAY_OK;
}

void assay_evm_owed_encode(struct assay_writer *w, const struct assay_evm_owed *owed)
{
    const size_t start = w->len;
    assay_writer_u8(w, VERSION);
    assay_evm_named_encode(w, &owed->place, &owed->terms);
    encode_claim(w, &owed->claim);
    ASSAY_ASSERT(w->full || w->len - start == ASSAY_EVM_OWED_LEN);
}

enum assay_status assay_evm_owed_decode(struct assay_slice bytes, struct assay_evm_owed *owed)
{
    struct assay_cursor in = assay_cursor_over(bytes.bytes, bytes.len);
    struct assay_evm_owed read = { .place.chain_id = 0 };
    ASSAY_TRY(decode_version(&in));
    ASSAY_TRY(assay_evm_named_decode(&in, &read.place, &read.terms));
    ASSAY_TRY(decode_claim(&in, &read.claim));
    ASSAY_TRY(assay_cursor_end(&in));
    if (read.claim.step == 0 || read.claim.step > read.terms.steps) return ASSAY_E_RANGE;
    *owed = read;
    return ASSAY_OK;
}
