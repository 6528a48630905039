/*
 * tests/evm/chain_anchor.c - scenarios of the contract AssayAnchor.
 *
 * What AssayAnchor takes and what it does not.
 */
#include "tests/evm/bench.h"

#include "base/cbor.h"

static struct closed first, second, third, spare;
static struct network net;

static struct ending at(struct bench *b, uint64_t epoch)
{
    return (struct ending){ .epoch = epoch, .time_ms = bench_now_s(b) * 1000 };
}

static void check_holds(struct bench *b, const struct closed *c)
{
    struct assay_evm_anchored held;
    CHECK_OK(assay_eth_anchor_read(&b->rpc, b->anchor, &held));
    CHECK(held.epoch == c->anchored.epoch && held.time_ms == c->anchored.time_ms);
    CHECK(held.era == 0 && assay_bytes_equal(held.chain_id, c->anchored.chain_id, 32));
    CHECK(assay_bytes_equal(held.voters, c->anchored.voters, 32));
    CHECK(assay_bytes_equal(held.scores, c->anchored.scores, 32));
}

static void advance(struct bench *b, const struct closed *from, const struct closed *to)
{
    struct assay_evm_order order;
    CHECK_OK(assay_eth_anchor_advance_order(&from->anchored, b->anchor, &to->boundary, from->next,
                                            net.n, b->data, sizeof b->data, &order));
    CHECK(bench_send(b, &b->sender, &order) > 0);
}

/* Three epochs: of the same voters, of voters of whom two have other keys afterwards, and one whose
 * EPOCH block was finalised by tails above it. */
void scenario_anchor(struct bench *b)
{
    struct ending e = at(b, 100);
    struct assay_evm_order order;
    network_make(&net, 7);
    network_close(&net, &e, &first);
    bench_deploy_anchor(b, &first.anchored);
    check_holds(b, &first);
    e = at(b, 101);
    e.rekeyed = 2;
    network_close(&net, &e, &second);
    advance(b, &first, &second);
    check_holds(b, &second);
    CHECK(!assay_bytes_equal(first.anchored.voters, second.anchored.voters, 32));
    e = at(b, 105); /* epochs may be left out while voters stay */
    e.tails = 2;
    network_close(&net, &e, &third);
    advance(b, &second, &third);
    check_holds(b, &third);
    /* The client sees for itself what the contract would refuse. */
    CHECK(assay_eth_anchor_advance_order(&third.anchored, b->anchor, &third.boundary, third.next,
                                         net.n, b->data, sizeof b->data, &order) == ASSAY_E_STALE);
    CHECK(assay_eth_anchor_advance_order(&second.anchored, b->anchor, &third.boundary, first.next,
                                         net.n, b->data, sizeof b->data,
                                         &order) == ASSAY_E_STRANGER);
    network_free(&net);
}

/* --- refusals: a good call, changed in one place */

struct draft {
    struct assay_evm_advance call;
    uint8_t rows[NETWORK_MAX * ASSAY_EVM_ROW_LEN], signatures[NETWORK_MAX * 64];
    uint8_t path[ASSAY_MERKLE_LEVELS][32];
    uint8_t header[ASSAY_BLOCK_HEADER_LEN_MAX];
    struct assay_slice tails[4];
};

/* Every signature of the certificate, as it is. */
static void draft_of(const struct closed *c, struct draft *d)
{
    struct assay_vote_certificate cert;
    struct assay_slice payload, tail;
    uint64_t tails = 0;
    size_t rows_len = 0;
    struct assay_cursor in =
        assay_cursor_over(c->boundary.finality.bytes, c->boundary.finality.len);
    *d = (struct draft){ 0 };
    CHECK_OK(assay_cbor_array_exact(&in, 2));
    CHECK_OK(assay_cbor_bytes(&in, SIZE_MAX, &payload));
    CHECK_OK(assay_certificate_decode(payload, net.n, &cert));
    CHECK_OK(assay_cbor_array(&in, 4, &tails));
    for (uint64_t i = 0; i < tails; i++) {
        CHECK_OK(assay_cbor_bytes(&in, SIZE_MAX, &tail));
        d->tails[i] = tail;
    }
    CHECK_OK(assay_eth_rows(c->voted, net.n, d->rows, sizeof d->rows, &rows_len, NULL));
    assay_bytes_copy(d->header, sizeof d->header, c->header, c->boundary.header.len);
    assay_bytes_copy(d->path, sizeof d->path, c->path, 32 * c->boundary.path_len);
    assay_bytes_copy(d->signatures, sizeof d->signatures, cert.signatures.bytes,
                     cert.signatures.len);
    d->call = (struct assay_evm_advance){
        .header = assay_slice_over(d->header, c->boundary.header.len),
        .tails = d->tails,
        .tail_count = tails,
        .rows = assay_slice_over(d->rows, rows_len),
        .signatures = assay_slice_over(d->signatures, cert.signatures.len),
        .path = (const uint8_t(*)[32])d->path,
        .path_len = c->boundary.path_len,
    };
    for (uint32_t i = 0; i < net.n; i++)
        if (assay_bitmap_has(cert.bitmap, i))
            d->call.signers[31 - i / 8] = (uint8_t)(d->call.signers[31 - i / 8] | 1U << (i % 8));
    assay_bytes_copy(d->call.leaf, 32, c->boundary.leaf, 32);
    assay_bytes_copy(d->call.voters, 32, c->boundary.next_voters, 32);
    assay_bytes_copy(d->call.scores, 32, c->boundary.next_scores, 32);
}

static const char *would(struct bench *b, const struct draft *d)
{
    struct assay_evm_order order = { 0 };
    struct assay_writer w = assay_writer_over(b->data, sizeof b->data);
    assay_evm_anchor_put_advance(&w, &d->call);
    CHECK_OK(assay_writer_finish(&w, &order.data));
    assay_bytes_copy(order.to, sizeof order.to, b->anchor, sizeof order.to);
    return bench_would(b, b->sender.account, &order);
}

#define REFUSED(draft, word)                                                                       \
    do {                                                                                           \
        const char *const said_ = would(b, draft);                                                 \
        if (strcmp(said_, word) != 0) printf("said \"%s\" instead of \"%s\"\n", said_, word);      \
        CHECK(strcmp(said_, word) == 0);                                                           \
    } while (0)

static void refuses_what_was_changed(struct bench *b)
{
    static struct draft d;
    draft_of(&second, &d);
    REFUSED(&d, "");
    d.signatures[5] ^= 1;
    REFUSED(&d, "signature");
    draft_of(&second, &d);
    d.path[0][3] ^= 1;
    REFUSED(&d, "anchor");
    draft_of(&second, &d);
    d.call.path_len--;
    REFUSED(&d, "anchor");
    draft_of(&second, &d);
    d.call.leaf[31] ^= 1;
    REFUSED(&d, "anchor");
    draft_of(&second, &d);
    d.call.scores[0] ^= 1;
    REFUSED(&d, "anchor");
    draft_of(&second, &d);
    d.call.voters[0] ^= 1;
    REFUSED(&d, "anchor");
    draft_of(&second, &d);
    d.header[16 + 2 + 32 + 1 + 4] ^= 1; /* view, or what stands near it: another block */
    CHECK(strcmp(would(b, &d), "") != 0);
    draft_of(&second, &d);
    d.header[20] ^= 1;
    REFUSED(&d, "chain");
    draft_of(&second, &d);
    d.rows[67] ^= 1;
    REFUSED(&d, "voters");
}

static void refuses_too_few(struct bench *b)
{
    static struct draft d;
    struct ending e = at(b, 101);
    e.few = true;
    network_close(&net, &e, &spare);
    draft_of(&spare, &d);
    REFUSED(&d, "quorum");
    /* The same signature twice is one voter. */
    draft_of(&second, &d);
    d.call.signatures.len -= 64;
    const uint8_t last = d.call.signers[31];
    for (uint8_t bit = 0; bit < 8; bit++)
        if ((last >> bit & 1) != 0) {
            d.call.signers[31] = (uint8_t)(last & ~(1U << bit));
            bit = 8;
        }
    REFUSED(&d, "signature");
    /* Bits of nobody. */
    draft_of(&second, &d);
    d.call.signers[30] = 1;
    REFUSED(&d, "signers");
    draft_of(&second, &d);
    d.call.rows.len = 0;
    REFUSED(&d, "voters");
}

static void refuses_other_blocks(struct bench *b)
{
    static struct draft d;
    struct ending e = at(b, 102);
    e.tails = 2;
    network_close(&net, &e, &spare);
    draft_of(&spare, &d);
    REFUSED(&d, "");
    d.tails[0] = d.tails[1];
    REFUSED(&d, "tail");
    draft_of(&spare, &d);
    d.call.tail_count = 0;
    REFUSED(&d, "signature");
    draft_of(&spare, &d);
    d.call.header = d.tails[1];
    d.call.tail_count = 0;
    REFUSED(&d, "kind");
    e = at(b, 103);
    e.time_ms += 3600 * 1000;
    network_close(&net, &e, &spare);
    draft_of(&spare, &d);
    REFUSED(&d, "time");
    draft_of(&first, &d); /* of the anchor's own epoch: replayed */
    REFUSED(&d, "epoch");
}

/* Two of seven vote with other keys since: no epoch between is needed. Three of seven: they are. */
static void leaves_out_epochs(struct bench *b)
{
    struct assay_evm_order order;
    struct ending e = at(b, 104);
    e.rekeyed = 2;
    network_close(&net, &e, &spare);
    e = at(b, 105);
    network_close(&net, &e, &third);
    CHECK_OK(assay_eth_anchor_advance_order(&first.anchored, b->anchor, &third.boundary, first.next,
                                            net.n, b->data, sizeof b->data, &order));
    const char *const said = bench_would(b, b->sender.account, &order);
    CHECK(strcmp(said, "") == 0);
    e = at(b, 106);
    e.rekeyed = 3;
    network_close(&net, &e, &spare);
    e = at(b, 107);
    network_close(&net, &e, &third);
    CHECK(assay_eth_anchor_advance_order(&first.anchored, b->anchor, &third.boundary, first.next,
                                         net.n, b->data, sizeof b->data, &order) == ASSAY_E_EARLY);
}

/* What stands beside the anchor's node, or where it would stand, is no anchor. */
static void refuses_what_is_no_anchor(struct bench *b)
{
    static struct draft d, other;
    static struct closed plain;
    uint8_t scratch[ASSAY_LEAF_LEN_MAX], hash[32];
    const uint8_t node = 1;
    /* Slot 0's leaf is to the right one level up, as an anchor that somebody vouches for. */
    draft_of(&second, &d);
    assay_merkle_leaf_hash(d.call.scores, 32, hash);
    const struct assay_slice pieces[] = { assay_slice_over(&node, 1),
                                          assay_slice_over(second.boundary.leaf, 32),
                                          assay_slice_over(hash, 32) };
    assay_sha256_pieces(pieces, 3, d.call.leaf);
    d.call.path++;
    d.call.path_len--;
    REFUSED(&d, "anchor");
    for (uint32_t i = 0; i < net.n; i++) { /* and none is as short as one */
        struct assay_writer w = assay_writer_over(scratch, sizeof scratch);
        CHECK_OK(assay_state_leaf_encode(&net.state, i, &w));
        CHECK(w.len > 32);
    }
    /* Scores, voters, leaf and path of the epoch after it, under this one's header. */
    struct ending e = at(b, 102);
    network_judge(&net, 3, 9100, ASSAY_STANDING_FULL);
    network_close(&net, &e, &spare);
    draft_of(&second, &d);
    draft_of(&spare, &other);
    assay_bytes_copy(d.call.leaf, 32, other.call.leaf, 32);
    d.call.path = other.call.path;
    REFUSED(&d, "anchor");
    draft_of(&second, &d);
    assay_bytes_copy(d.call.scores, 32, other.call.scores, 32);
    REFUSED(&d, "anchor");
    /* The same scores and voters as before, of which nothing in this state speaks. */
    e = at(b, 101);
    e.plain = true;
    network_close(&net, &e, &plain);
    draft_of(&plain, &d);
    REFUSED(&d, "anchor");
    assay_bytes_copy(d.call.leaf, 32, plain.path[0], 32);
    REFUSED(&d, "anchor");
}

void scenario_anchor_refusals(struct bench *b)
{
    static struct draft d;
    struct ending e = at(b, 100);
    network_make(&net, 7);
    network_close(&net, &e, &first);
    bench_deploy_anchor(b, &first.anchored);
    e = at(b, 101);
    network_close(&net, &e, &second);
    refuses_what_was_changed(b);
    refuses_too_few(b);
    refuses_other_blocks(b);
    refuses_what_is_no_anchor(b);
    leaves_out_epochs(b);
    /* A certificate of a day ago is by keys that may have leaked since. */
    bench_later(b, DAY_S + 60);
    draft_of(&second, &d);
    REFUSED(&d, "stale");
    network_free(&net);
}

/* On a chain without the precompile 0x100 every call to it succeeds and says nothing. */
void scenario_old_fork(struct bench *b)
{
    static struct draft d;
    struct ending e = at(b, 100);
    CHECK(assay_eth_p256_check(&b->rpc) == ASSAY_E_UNSUPPORTED);
    network_make(&net, 7);
    network_close(&net, &e, &first);
    bench_deploy_anchor(b, &first.anchored);
    e = at(b, 101);
    network_close(&net, &e, &second);
    draft_of(&second, &d);
    REFUSED(&d, "signature");
    assay_bytes_zero(d.signatures, sizeof d.signatures);
    REFUSED(&d, "signature");
    network_free(&net);
}
