/*
 * net/evm/anchor.c - anchor contract calls (docs/services.md 8.2).
 */
#include "net/evm/anchor.h"

#include "base/cbor.h"
#include "base/crypto.h"

enum { ROWS_MAX = ASSAY_EVM_SIGNERS_MAX, WORD = ASSAY_ABI_WORD_LEN };

/* --- rows and who signed */

struct row {
    uint8_t bytes[ASSAY_EVM_ROW_LEN];
    uint32_t weight;
    const uint8_t *signature; /* NULL: none */
};

static void encode_row(const uint8_t key[static 64], uint32_t weight, uint32_t at, struct row *out)
{
    if (at >= ROWS_MAX) return;
    assay_evm_anchor_row(key, weight, out[at].bytes);
    out[at].weight = weight;
    out[at].signature = NULL;
}

/* All that rows without a key weigh is one row, the last one: it is in the total alone. */
static uint32_t seats_of(const struct assay_roster_row *rows, uint32_t count, struct row *out)
{
    ASSAY_ASSERT(count == 0 || rows != NULL);
    static const uint8_t none[64];
    uint32_t seats = 0, keyless = 0;
    for (uint32_t i = 0; i < count; i++) {
        if (rows[i].weight == 0) continue;
        if (assay_roster_row_is_keyless(&rows[i])) keyless += rows[i].weight;
        else encode_row(rows[i].voting_public, rows[i].weight, seats++, out);
    }
    if (keyless > 0) encode_row(none, keyless, seats++, out);
    return seats;
}

enum assay_status assay_eth_rows(const struct assay_roster_row *rows, uint32_t count,
                                 uint8_t *bytes, size_t capacity, size_t *len, uint8_t *digest)
{
    struct row row[ROWS_MAX];
    struct assay_writer w = assay_writer_over(bytes, capacity);
    const uint32_t seats = seats_of(rows, count, row);
    ASSAY_ASSERT(seats <= count);
    if (seats > ROWS_MAX) return ASSAY_E_RANGE;
    for (uint32_t i = 0; i < seats; i++)
        assay_writer_put(&w, row[i].bytes, ASSAY_EVM_ROW_LEN);
    if (w.full) return ASSAY_E_FULL;
    if (digest != NULL) assay_sha256(bytes, w.len, digest);
    *len = w.len;
    return ASSAY_OK;
}

/* Signatures of a certificate, by the slots of who voted, to the rows of the same keys. */
static void assign_seats(const struct assay_vote_certificate *certificate,
                         const struct assay_evm_boundary *boundary, struct row *row, uint32_t seats)
{
    ASSAY_ASSERT(seats <= ROWS_MAX);
    const uint8_t *signature = certificate->signatures.bytes;
    for (uint32_t slot = 0; slot < boundary->voted_count; slot++) {
        if (!assay_bitmap_has(certificate->bitmap, slot)) continue;
        for (uint32_t i = 0; i < seats; i++)
            if (assay_bytes_equal(row[i].bytes, boundary->voted[slot].voting_public, 64))
                row[i].signature = signature;
        signature += ASSAY_P256_SIGNATURE_LEN;
    }
}

/* The heaviest signers that are enough, so that fewest are paid for. Returns: false without
 * quorum. */
static bool choose_voters(struct row *row, uint32_t seats, uint8_t signers[static 32])
{
    ASSAY_ASSERT(seats <= ROWS_MAX);
    uint64_t total = 0, weight = 0;
    assay_bytes_zero(signers, 32);
    for (uint32_t i = 0; i < seats; i++)
        total += row[i].weight;
    while (!assay_quorum(weight, total)) {
        uint32_t best = seats;
        for (uint32_t i = 0; i < seats; i++) {
            const bool taken = (signers[31 - i / 8] >> (i % 8) & 1) != 0;
            if (row[i].signature == NULL || taken) continue;
            if (best == seats || row[i].weight > row[best].weight) best = i;
        }
        if (best == seats) return false;
        ASSAY_ASSERT(row[best].signature != NULL);
        signers[31 - best / 8] = (uint8_t)(signers[31 - best / 8] | 1U << (best % 8));
        weight += row[best].weight;
    }
    return true;
}

/* --- finality proofs */

struct finality {
    struct assay_vote_certificate certificate;
    struct assay_slice tail[ASSAY_EVM_TAILS_MAX];
    size_t tails;
};

static enum assay_status read_finality(const struct assay_evm_boundary *boundary,
                                       struct finality *out)
{
    struct assay_cursor c = assay_cursor_over(boundary->finality.bytes, boundary->finality.len);
    struct assay_slice payload;
    uint64_t tails = 0;
    ASSAY_TRY(assay_cbor_array_exact(&c, 2));
    ASSAY_TRY(assay_cbor_bytes(&c, ASSAY_CERTIFICATE_LEN_MAX, &payload));
    ASSAY_TRY(assay_certificate_decode(payload, boundary->voted_count, &out->certificate));
    if (out->certificate.statement.type != ASSAY_VOTE_FINALISE) return ASSAY_E_INVALID;
    ASSAY_TRY(assay_cbor_array(&c, ASSAY_EVM_TAILS_MAX, &tails));
    for (out->tails = 0; out->tails < tails; out->tails++)
        ASSAY_TRY(assay_cbor_bytes(&c, ASSAY_BLOCK_HEADER_LEN_MAX, &out->tail[out->tails]));
    return assay_cursor_end(&c);
}

/* Leads the certificate's block to the header, tail by tail? */
static enum assay_status check_row_tails(const struct assay_evm_boundary *boundary,
                                         const struct finality *finality)
{
    ASSAY_ASSERT(finality->tails <= ASSAY_EVM_TAILS_MAX);
    uint8_t id[32], wanted[32];
    struct assay_block_header tail;
    assay_bytes_copy(wanted, 32, finality->certificate.statement.block_id, 32);
    for (size_t i = 0; i < finality->tails; i++) {
        assay_block_id(finality->tail[i], id);
        if (!assay_bytes_equal(id, wanted, 32)) return ASSAY_E_INVALID;
        ASSAY_TRY(assay_block_header_decode(finality->tail[i], &tail));
        if (tail.kind != ASSAY_BLOCK_TAIL) return ASSAY_E_INVALID;
        assay_bytes_copy(wanted, 32, tail.parent_id, 32);
    }
    assay_block_id(boundary->header, id);
    return assay_bytes_equal(id, wanted, 32) ? ASSAY_OK : ASSAY_E_INVALID;
}

/* What the contract would check of header and anchor. Out: what it would hold then. */
static enum assay_status check_anchor(const struct assay_evm_anchored *held,
                                      const struct assay_evm_boundary *boundary,
                                      struct assay_evm_anchored *next)
{
    struct assay_block_header header;
    uint8_t root[32];
    ASSAY_TRY(assay_block_header_decode(boundary->header, &header));
    if (header.kind != ASSAY_BLOCK_EPOCH) return ASSAY_E_INVALID;
    if (!assay_bytes_equal(header.chain_id, held->chain_id, 32) || header.era != held->era)
        return ASSAY_E_CHAIN;
    if (header.epoch <= held->epoch) return ASSAY_E_STALE;
    *next = *held;
    next->epoch = header.epoch;
    next->time_ms = header.time_ms;
    assay_bytes_copy(next->voters, 32, boundary->next_voters, 32);
    assay_bytes_copy(next->scores, 32, boundary->next_scores, 32);
    assay_evm_anchor_root(next, root);
    assay_evm_anchor_lead(root, boundary->leaf, boundary->path, boundary->path_len, root);
    return assay_bytes_equal(root, header.state_root, 32) ? ASSAY_OK : ASSAY_E_INVALID;
}

static enum assay_status finish_order(struct assay_writer *w, struct assay_evm_order *order)
{
    return assay_writer_finish(w, &order->data);
}

enum assay_status assay_eth_anchor_advance_order(
    const struct assay_evm_anchored *held, const uint8_t contract[static ASSAY_EVM_ADDRESS_LEN],
    const struct assay_evm_boundary *boundary, const struct assay_roster_row *known,
    uint32_t known_count, uint8_t *bytes, size_t capacity, struct assay_evm_order *order)
{
    struct finality finality;
    struct assay_evm_anchored next;
    struct row row[ROWS_MAX];
    uint8_t rows[ROWS_MAX * ASSAY_EVM_ROW_LEN], digest[32];
    uint8_t signatures[ROWS_MAX * ASSAY_P256_SIGNATURE_LEN];
    size_t rows_len = 0, signatures_len = 0;
    ASSAY_TRY(check_anchor(held, boundary, &next));
    ASSAY_TRY(assay_eth_rows(known, known_count, rows, sizeof rows, &rows_len, digest));
    if (!assay_bytes_equal(digest, held->voters, 32)) return ASSAY_E_STRANGER;
    ASSAY_TRY(read_finality(boundary, &finality));
    ASSAY_TRY(check_row_tails(boundary, &finality));
    struct assay_evm_advance a = { .header = boundary->header,
                                   .tails = finality.tail,
                                   .tail_count = finality.tails,
                                   .rows = assay_slice_over(rows, rows_len),
                                   .path = boundary->path,
                                   .path_len = boundary->path_len };
    const uint32_t seats = seats_of(known, known_count, row);
    assign_seats(&finality.certificate, boundary, row, seats);
    if (!choose_voters(row, seats, a.signers)) return ASSAY_E_EARLY;
    for (uint32_t i = 0; i < seats; i++) {
        if ((a.signers[31 - i / 8] >> (i % 8) & 1) == 0) continue;
        assay_bytes_copy(signatures + signatures_len, sizeof signatures - signatures_len,
                         row[i].signature, ASSAY_P256_SIGNATURE_LEN);
        signatures_len += ASSAY_P256_SIGNATURE_LEN;
    }
    ASSAY_ASSERT(signatures_len <= sizeof signatures);
    a.signatures = assay_slice_over(signatures, signatures_len);
    assay_bytes_copy(a.leaf, 32, boundary->leaf, 32);
    assay_bytes_copy(a.voters, 32, boundary->next_voters, 32);
    assay_bytes_copy(a.scores, 32, boundary->next_scores, 32);
    struct assay_writer w = assay_writer_over(bytes, capacity);
    assay_evm_anchor_put_advance(&w, &a);
    *order = (struct assay_evm_order){ 0 };
    assay_bytes_copy(order->to, sizeof order->to, contract, sizeof order->to);
    return finish_order(&w, order);
}

enum assay_status assay_eth_anchor_deploy_order(const struct assay_evm_anchored *from,
                                                uint8_t *bytes, size_t capacity,
                                                struct assay_evm_order *order)
{
    const struct assay_slice code = assay_evm_contract_anchor.creation;
    struct assay_writer w = assay_writer_over(bytes, capacity);
    assay_writer_put(&w, code.bytes, code.len);
    assay_evm_anchor_put_arguments(&w, from);
    *order = (struct assay_evm_order){ .creates = true };
    return finish_order(&w, order);
}

/* --- what it holds */

static enum assay_status ask_field(struct assay_evm_rpc *rpc, const uint8_t *contract,
                                   const char *signature, uint8_t word[static WORD])
{
    uint8_t selector[ASSAY_ABI_SELECTOR_LEN];
    assay_abi_selector(signature, selector);
    return assay_eth_get_word(rpc, contract, assay_slice_over(selector, sizeof selector), 0, word);
}

/* Numbers fill their word from the right. */
static enum assay_status number_of(const uint8_t word[static WORD], uint64_t *out)
{
    ASSAY_ASSERT(out != NULL);
    struct assay_cursor c = assay_cursor_over(word + WORD - 8, 8);
    if (!assay_bytes_all_zero(word, WORD - 8)) return ASSAY_E_RANGE;
    return assay_cursor_u64be(&c, out);
}

enum assay_status assay_eth_anchor_read(struct assay_evm_rpc *rpc,
                                        const uint8_t contract[static ASSAY_EVM_ADDRESS_LEN],
                                        struct assay_evm_anchored *held)
{
    struct assay_evm_anchored read = { 0 };
    uint8_t words[2][32], word[WORD];
    uint64_t era = 0;
    ASSAY_TRY(assay_eth_contract_verify(rpc, &assay_evm_contract_anchor, contract, words));
    ASSAY_TRY(number_of(words[1], &era));
    if (era > UINT32_MAX) return ASSAY_E_RANGE;
    assay_bytes_copy(read.chain_id, 32, words[0], 32);
    read.era = (uint32_t)era;
    ASSAY_TRY(ask_field(rpc, contract, "voters()", read.voters));
    ASSAY_TRY(ask_field(rpc, contract, "scores()", read.scores));
    ASSAY_TRY(ask_field(rpc, contract, "epoch()", word));
    ASSAY_TRY(number_of(word, &read.epoch));
    ASSAY_TRY(ask_field(rpc, contract, "timeMs()", word));
    ASSAY_TRY(number_of(word, &read.time_ms));
    *held = read;
    return ASSAY_OK;
}
