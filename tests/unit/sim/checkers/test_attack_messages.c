/*
 * tests/unit/sim/checkers/test_attack_messages.c - tests of attacks on messages.
 *
 * What attacks make of messages: still well formed, as long as before, another meaning, and the
 * digest that the new bytes are signed over.
 */
#include "sim/adversary/twist.h"

#include "base/cbor.h"
#include "base/merkle.h"
#include "engine/consensus/block.h"
#include "engine/consensus/vote.h"
#include "engine/ledger/records/envelope.h"
#include "engine/ledger/records/record.h"
#include "sim/attack.h"

#include <criterion/criterion.h>
#include <string.h>

enum { NODES = 7, OWN = 5, PAYLOAD_MAX = 4096 };

/* Slots 1 and 2 are victims, 5 and 6 attackers. */
static const uint8_t cohort_of[NODES] = { 0, 1, 1, 0, 0, 2, 2 };
static uint8_t node_ids[NODES][32];

struct bytes {
    uint8_t at[PAYLOAD_MAX];
    size_t len;
};

/* A message that an engine wants signed, and what the attack made of it. */
struct signed_ {
    struct bytes payload, honest;
    uint8_t digest[32], honest_digest[32];
    struct assay_attack_signing signing;
};

static struct assay_scenario scenario_with(enum assay_sim_attack attack)
{
    struct assay_scenario s = assay_scenario_default();
    s.cohort_count = 3;
    s.adversary_count = 1;
    s.adversaries[0] = (struct assay_sim_adversary){
        .attack = attack, .cohort = 2, .victims = 1, .rate_permille = 1000
    };
    for (uint32_t i = 0; i < NODES; i++)
        memset(node_ids[i], (int)(0x10 + i), 32);
    return s;
}

static struct assay_attack_acts acts_with(const struct assay_scenario *s,
                                          const struct assay_attack_host *host)
{
    const struct assay_attack_scene about = { .scenario = s,
                                              .cohort_of = cohort_of,
                                              .seed = 1,
                                              .epoch = 4,
                                              .node = OWN,
                                              .node_ids = (const uint8_t(*)[32])node_ids,
                                              .host = host };
    struct assay_attack_acts acts;
    assay_attack_acts_find(&about, &acts);
    cr_assert_eq(acts.count, 1);
    return acts;
}

static void ready(struct signed_ *m, enum assay_message_kind kind, enum assay_store_class class_)
{
    m->honest = m->payload;
    assay_bytes_copy(m->honest_digest, 32, m->digest, 32);
    m->signing = (struct assay_attack_signing){ .message = kind,
                                                .class_ = class_,
                                                .payload = m->payload.at,
                                                .payload_len = m->payload.len,
                                                .digest = m->digest };
}

static bool untouched(const struct signed_ *m)
{
    return m->payload.len == m->honest.len &&
           assay_bytes_equal(m->payload.at, m->honest.at, m->honest.len) &&
           assay_bytes_equal(m->digest, m->honest_digest, 32);
}

static struct assay_slice whole(const struct bytes *b)
{
    return assay_slice_over(b->at, b->len);
}

/* --- honest messages of node OWN */

static struct signed_ ballot_by(uint32_t voter)
{
    static uint8_t row[(NODES + 1) / 2];
    struct assay_ballot b = { .epoch = 4, .incarnation = 1 };
    struct signed_ m = { 0 };
    uint8_t body[1024];
    size_t signature_at = 0;
    memset(row, 0, sizeof row);
    for (uint32_t i = 0; i < NODES; i++)
        if (i != voter) assay_votes_row_set(row, i, ASSAY_OUTCOME_PASS_UP_TO_DATE);
    assay_bytes_copy(b.node_id, 32, node_ids[voter], 32);
    b.row = assay_slice_over(row, sizeof row);
    struct assay_writer w = assay_writer_over(body, sizeof body);
    assay_ballot_encode(&b, &w);
    assay_sha256(body, w.len, m.digest);
    struct assay_writer out = assay_writer_over(m.payload.at, sizeof m.payload.at);
    cr_assert_eq(assay_record_put_ballot(&out, assay_slice_over(body, w.len), &signature_at),
                 ASSAY_OK);
    m.payload.len = out.len;
    return m;
}

static size_t put_body(uint8_t *bytes, size_t capacity, bool with_roll)
{
    uint8_t roll[NODES * 40];
    uint8_t digests[NODES][32];
    bool present[NODES];
    struct assay_writer r = assay_writer_over(roll, sizeof roll);
    for (uint32_t i = 0; i < NODES; i++) {
        memset(digests[i], (int)(0xa0 + i), 32);
        present[i] = i != 2; /* of the victims 1 is there and 2 is not */
    }
    cr_assert_eq(assay_record_put_roll(&r, (const uint8_t(*)[32])digests, present, NODES),
                 ASSAY_OK);
    const struct signed_ ballot = ballot_by(3);
    struct assay_writer w = assay_writer_over(bytes, capacity);
    assay_cbor_put_array(&w, with_roll ? 2 : 1);
    if (with_roll) assay_cbor_put_bytes(&w, roll, r.len);
    assay_cbor_put_bytes(&w, ballot.payload.at, ballot.payload.len);
    cr_assert_not(w.full);
    return w.len;
}

static struct signed_ proposal(bool with_roll)
{
    struct signed_ m = { 0 };
    uint8_t body[2048];
    uint8_t header[ASSAY_BLOCK_HEADER_LEN_MAX];
    uint8_t signature[64];
    size_t signature_at = 0;
    struct assay_merkle none;
    memset(signature, 0x5a, sizeof signature);
    const size_t body_len = put_body(body, sizeof body, with_roll);
    struct assay_block_header h = { .epoch = 4,
                                    .view = 9,
                                    .height = 30,
                                    .kind = with_roll ? ASSAY_BLOCK_ROLL : ASSAY_BLOCK_NORMAL,
                                    .parent_view = 8,
                                    .time_ms = 1700000000123,
                                    .leader = OWN };
    memset(h.state_root, 0x33, 32);
    assay_merkle_init(&none);
    assay_merkle_root(&none, h.null_root);
    cr_assert_eq(assay_body_root(assay_slice_over(body, body_len), &h.record_count, h.body_root),
                 ASSAY_OK);
    struct assay_writer hw = assay_writer_over(header, sizeof header);
    assay_block_header_encode(&h, &hw);
    assay_block_id(assay_slice_over(header, hw.len), m.digest);
    struct assay_writer w = assay_writer_over(m.payload.at, sizeof m.payload.at);
    cr_assert_eq(assay_proposal_encode(assay_slice_over(header, hw.len), signature,
                                       assay_slice_over(body, body_len), (struct assay_slice){ 0 },
                                       &w, &signature_at),
                 ASSAY_OK);
    m.payload.len = w.len;
    ready(&m, ASSAY_MESSAGE_PROPOSAL, ASSAY_STORE_PROPOSAL);
    struct assay_proposal p;
    cr_assert_eq(assay_proposal_decode(whole(&m.payload), &p), ASSAY_OK);
    return m;
}

static struct signed_ vote(enum assay_vote_type type)
{
    struct signed_ m = { 0 };
    uint8_t signature[64];
    struct assay_vote_statement s = { .epoch = 4, .view = 9, .type = type };
    memset(signature, 0x5a, sizeof signature);
    if (type != ASSAY_VOTE_NULLIFY) memset(s.block_id, 0x77, 32);
    assay_vote_statement_digest(&s, m.digest);
    struct assay_writer w = assay_writer_over(m.payload.at, sizeof m.payload.at);
    assay_vote_encode(&s, OWN, signature, &w);
    m.payload.len = w.len;
    ready(&m, ASSAY_MESSAGE_VOTE, ASSAY_STORE_VOTE);
    return m;
}

static struct signed_ envelope_of(uint32_t slot)
{
    struct signed_ m = { 0 };
    struct assay_envelope e = {
        .epoch = 4, .incarnation = 1, .kind = ASSAY_KIND_SOFT, .evidence_len = 300
    };
    size_t signature_at = 0;
    assay_bytes_copy(e.node_id, 32, node_ids[slot], 32);
    memset(e.evidence_digest, (int)(0xe0 + slot), 32);
    memset(e.signature, 0x5a, 64);
    struct assay_writer w = assay_writer_over(m.payload.at, sizeof m.payload.at);
    cr_assert_eq(assay_envelope_encode(&e, &w, &signature_at), ASSAY_OK);
    m.payload.len = w.len;
    assay_bytes_copy(m.digest, 32, e.digest, 32);
    ready(&m, ASSAY_MESSAGE_ENVELOPE, ASSAY_STORE_ENVELOPE);
    return m;
}

/* Points into the message itself: after a copy it must be made ready again. */
static void aim(struct signed_ *m)
{
    m->signing.payload = m->payload.at;
    m->signing.digest = m->digest;
}

/* --- ballots */

Test(sim_attack_messages, a_twisted_ballot_is_signed_for_what_it_says)
{
    const struct assay_scenario s = scenario_with(ASSAY_SIM_ATTACK_BADMOUTH);
    const struct assay_attack_acts acts = acts_with(&s, NULL);
    struct signed_ m = ballot_by(OWN);
    ready(&m, ASSAY_MESSAGE_RECORD, ASSAY_STORE_BALLOT);
    assay_attack_acts_sign(&acts, &m.signing);
    struct assay_record r;
    cr_assert_eq(assay_record_decode(whole(&m.payload), &r), ASSAY_OK);
    uint8_t digest[32];
    assay_sha256(r.body.bytes, r.body.len, digest);
    cr_expect_arr_eq(m.digest, digest, 32);
    cr_expect_not(assay_bytes_equal(m.digest, m.honest_digest, 32));
    cr_expect(assay_votes_row_valid(r.ballot.row.bytes, r.ballot.row.len, NODES, OWN),
              "its own slot stays none: others take the ballot");
    for (uint32_t i = 0; i < NODES; i++)
        cr_expect_eq(assay_votes_row_get(r.ballot.row.bytes, i),
                     i == OWN            ? ASSAY_OUTCOME_NONE
                     : cohort_of[i] == 1 ? ASSAY_OUTCOME_FAIL_HARD
                                         : ASSAY_OUTCOME_PASS_UP_TO_DATE);
}

Test(sim_attack_messages, ballots_of_attacks_that_do_not_vote_stay_as_they_are)
{
    for (int attack = 1; attack <= 27; attack++) {
        const struct assay_scenario s = scenario_with((enum assay_sim_attack)attack);
        const struct assay_attack_acts acts = acts_with(&s, NULL);
        struct signed_ m = ballot_by(OWN);
        ready(&m, ASSAY_MESSAGE_RECORD, ASSAY_STORE_BALLOT);
        assay_attack_acts_sign(&acts, &m.signing);
        /* Who stuffs or rides free says PASS, which is what it had found. */
        const bool same = attack == ASSAY_SIM_ATTACK_STUFF || attack == ASSAY_SIM_ATTACK_FREE_RIDE;
        const bool bends = assay_attack_acts_votes(&acts) || attack == ASSAY_SIM_ATTACK_OTHER_ROLL;
        cr_expect_eq(untouched(&m), same || !bends, "attack %d", attack);
    }
}

Test(sim_attack_messages, a_ballot_over_another_roll_says_the_same)
{
    const struct assay_scenario s = scenario_with(ASSAY_SIM_ATTACK_OTHER_ROLL);
    const struct assay_attack_acts acts = acts_with(&s, NULL);
    struct signed_ m = ballot_by(OWN);
    struct assay_record before, after;
    uint8_t digest[32];
    ready(&m, ASSAY_MESSAGE_RECORD, ASSAY_STORE_BALLOT);
    cr_assert_eq(assay_record_decode(whole(&m.honest), &before), ASSAY_OK);
    assay_attack_acts_sign(&acts, &m.signing);
    cr_assert_eq(assay_record_decode(whole(&m.payload), &after), ASSAY_OK);
    cr_expect_not(assay_bytes_equal(after.ballot.roll_root, before.ballot.roll_root, 32));
    cr_expect_arr_eq(after.ballot.policy_digest, before.ballot.policy_digest, 32);
    cr_assert_eq(after.ballot.row.len, before.ballot.row.len);
    cr_expect_arr_eq(after.ballot.row.bytes, before.ballot.row.bytes, after.ballot.row.len);
    assay_sha256(after.body.bytes, after.body.len, digest);
    cr_expect_arr_eq(m.digest, digest, 32);
}

Test(sim_attack_messages, the_ballot_of_a_stranger_is_read_and_rubbish_is_not)
{
    (void)scenario_with(ASSAY_SIM_ATTACK_CENSOR);
    const struct signed_ m = ballot_by(3);
    struct assay_slice row;
    uint64_t epoch = 0;
    uint8_t voter[32];
    cr_assert(assay_twist_ballot_row(whole(&m.payload), &row, &epoch, voter));
    cr_expect_eq(epoch, 4);
    cr_expect_arr_eq(voter, node_ids[3], 32);
    cr_expect_eq(row.len, (NODES + 1) / 2);
    for (size_t len = 0; len < m.payload.len; len++)
        cr_assert_not(
            assay_twist_ballot_row(assay_slice_over(m.payload.at, len), &row, &epoch, voter));
}

/* --- proposals */

Test(sim_attack_messages, a_lying_proposal_has_another_root_and_its_own_id)
{
    const struct assay_scenario s = scenario_with(ASSAY_SIM_ATTACK_LIE_IN_BLOCKS);
    const struct assay_attack_acts acts = acts_with(&s, NULL);
    struct signed_ m = proposal(false);
    aim(&m);
    assay_attack_acts_sign(&acts, &m.signing);
    struct assay_proposal before, after;
    cr_assert_eq(assay_proposal_decode(whole(&m.honest), &before), ASSAY_OK);
    cr_assert_eq(assay_proposal_decode(whole(&m.payload), &after), ASSAY_OK);
    cr_expect_arr_eq(after.id, m.digest, 32);
    cr_expect_not(assay_bytes_equal(after.header.state_root, before.header.state_root, 32));
    assay_bytes_copy(after.header.state_root, 32, before.header.state_root, 32);
    cr_expect_arr_eq(&after.header, &before.header, sizeof after.header);
}

Test(sim_attack_messages, a_censoring_roll_names_no_envelope_of_a_victim)
{
    const struct assay_scenario s = scenario_with(ASSAY_SIM_ATTACK_CENSOR);
    const struct assay_attack_acts acts = acts_with(&s, NULL);
    struct signed_ m = proposal(true);
    aim(&m);
    assay_attack_acts_sign(&acts, &m.signing);
    struct assay_proposal p;
    struct assay_cursor c;
    struct assay_slice first;
    struct assay_record r;
    uint64_t count = 0;
    cr_assert_eq(assay_proposal_decode(whole(&m.payload), &p), ASSAY_OK, "roots fit again");
    cr_expect_arr_eq(p.id, m.digest, 32);
    cr_assert_eq(assay_body_open(p.body, &c, &count), ASSAY_OK);
    cr_expect_eq(count, 2);
    cr_assert_eq(assay_body_next(&c, &first), ASSAY_OK);
    cr_assert_eq(assay_record_decode(first, &r), ASSAY_OK);
    struct assay_cursor entries = assay_cursor_over(r.entries.bytes, r.entries.len);
    for (uint32_t i = 0; i < NODES; i++) {
        uint8_t digest[32], honest[32];
        bool present = false;
        memset(honest, (int)(0xa0 + i), 32);
        cr_assert_eq(assay_roll_next(&entries, &present, digest), ASSAY_OK);
        cr_expect_eq(present, i != 2);
        if (present) cr_expect_eq(assay_bytes_equal(digest, honest, 32), i != 1, "slot %u", i);
    }
}

Test(sim_attack_messages, blocks_without_a_roll_are_left_to_themselves)
{
    const struct assay_scenario s = scenario_with(ASSAY_SIM_ATTACK_CENSOR);
    const struct assay_attack_acts acts = acts_with(&s, NULL);
    struct signed_ m = proposal(false);
    aim(&m);
    assay_attack_acts_sign(&acts, &m.signing);
    cr_expect(untouched(&m));
}

Test(sim_attack_messages, a_censor_takes_no_ballot_of_a_victim)
{
    const struct assay_scenario s = scenario_with(ASSAY_SIM_ATTACK_CENSOR);
    const struct assay_attack_acts acts = acts_with(&s, NULL);
    for (uint32_t voter = 0; voter < NODES; voter++) {
        const struct signed_ m = ballot_by(voter);
        cr_expect_eq(assay_attack_acts_takes(&acts, ASSAY_MESSAGE_RECORD, whole(&m.payload)),
                     cohort_of[voter] != 1);
    }
    const struct signed_ envelope = envelope_of(1);
    cr_expect(assay_attack_acts_takes(&acts, ASSAY_MESSAGE_ENVELOPE, whole(&envelope.payload)));
}

/* --- envelopes */

Test(sim_attack_messages, an_envelope_lies_about_length_or_kind_and_nothing_else)
{
    for (int kind = 0; kind < 2; kind++) {
        struct signed_ m = envelope_of(OWN);
        aim(&m);
        if (kind == 0) assay_twist_envelope_len(&m.signing);
        else assay_twist_envelope_kind(&m.signing);
        struct assay_envelope e;
        cr_assert_eq(assay_envelope_decode(whole(&m.payload), &e), ASSAY_OK);
        cr_expect_eq(e.evidence_len, kind == 0 ? 299 : 300);
        cr_expect_eq(e.kind, kind == 0 ? ASSAY_KIND_SOFT : ASSAY_KIND_TDX4);
        cr_expect_arr_eq(e.digest, m.digest, 32);
        cr_expect_not(assay_bytes_equal(m.digest, m.honest_digest, 32));
        m.signing.class_ = ASSAY_STORE_BALLOT;
        const struct bytes before = m.payload;
        if (kind == 0) assay_twist_envelope_len(&m.signing);
        else assay_twist_envelope_kind(&m.signing);
        cr_expect_arr_eq(m.payload.at, before.at, before.len, "other messages are left alone");
    }
}

/* --- second messages */

struct heard {
    uint32_t count;
    uint32_t to[64];
    enum assay_message_kind kind;
    struct bytes payload;
    uint8_t digest[32];
    bool is_signed;
};

/* Signs with 64 bytes of 0x99, as a world would with a key. */
static void hear(void *context, uint32_t to, enum assay_message_kind kind, const uint8_t *payload,
                 size_t len, const uint8_t *digest, size_t sign_at)
{
    struct heard *h = context;
    h->to[h->count++] = to;
    h->kind = kind;
    h->payload.len = len;
    assay_bytes_copy(h->payload.at, sizeof h->payload.at, payload, len);
    h->is_signed = sign_at != SIZE_MAX;
    if (!h->is_signed) return;
    cr_assert_leq(sign_at + 64, len);
    memset(h->payload.at + sign_at, 0x99, 64);
    assay_bytes_copy(h->digest, 32, digest, 32);
}

static void everybody_heard(const struct heard *h)
{
    cr_assert_eq(h->count, NODES - 1);
    for (uint32_t i = 0; i < h->count; i++)
        cr_expect_eq(h->to[i], i < OWN ? i : i + 1);
}

static struct heard sent_by(enum assay_sim_attack attack, struct signed_ *m)
{
    const struct assay_scenario s = scenario_with(attack);
    const struct assay_attack_acts acts = acts_with(&s, NULL);
    struct heard h = { 0 };
    aim(m);
    assay_attack_acts_sent(&acts, &m->signing, hear, &h);
    cr_expect(untouched(m), "what was sent is out of reach");
    return h;
}

Test(sim_attack_messages, an_equivocator_notarises_two_blocks)
{
    struct signed_ m = vote(ASSAY_VOTE_NOTARISE);
    const struct heard h = sent_by(ASSAY_SIM_ATTACK_EQUIVOCATE, &m);
    struct assay_vote first, second;
    everybody_heard(&h);
    cr_assert_eq(assay_vote_decode(whole(&m.payload), &first), ASSAY_OK);
    cr_assert_eq(assay_vote_decode(whole(&h.payload), &second), ASSAY_OK);
    cr_expect_eq(second.slot, OWN);
    cr_expect_eq(second.statement.view, 9);
    cr_expect_eq(second.statement.type, ASSAY_VOTE_NOTARISE);
    cr_expect_not(assay_bytes_equal(first.statement.block_id, second.statement.block_id, 32));
    cr_expect_arr_eq(second.digest, h.digest, 32);
    cr_expect_eq(second.signature[0], 0x99);
    cr_expect_eq(second.signature[63], 0x99);
}

Test(sim_attack_messages, an_equivocator_leaves_its_other_votes_alone)
{
    struct signed_ x = vote(ASSAY_VOTE_NULLIFY);
    struct signed_ f = vote(ASSAY_VOTE_FINALISE);
    cr_expect_eq(sent_by(ASSAY_SIM_ATTACK_EQUIVOCATE, &x).count, 0);
    cr_expect_eq(sent_by(ASSAY_SIM_ATTACK_EQUIVOCATE, &f).count, 0);
}

Test(sim_attack_messages, the_second_proposal_is_as_valid_as_the_first)
{
    struct signed_ m = proposal(true);
    const struct heard h = sent_by(ASSAY_SIM_ATTACK_EQUIVOCATE, &m);
    struct assay_proposal first, second;
    everybody_heard(&h);
    cr_expect_eq(h.kind, ASSAY_MESSAGE_PROPOSAL);
    cr_assert_eq(assay_proposal_decode(whole(&m.payload), &first), ASSAY_OK);
    cr_assert_eq(assay_proposal_decode(whole(&h.payload), &second), ASSAY_OK);
    cr_expect_arr_eq(second.id, h.digest, 32);
    cr_expect_not(assay_bytes_equal(first.id, second.id, 32));
    cr_expect_eq(second.header.time_ms, first.header.time_ms + 1);
    for (int i = 0; i < 64; i++)
        cr_expect_eq(second.signature[i], 0x99, "the hole is where the signature is");
    second.header.time_ms = first.header.time_ms;
    cr_expect_arr_eq(&first.header, &second.header, sizeof first.header);
    cr_expect(assay_slice_equal(first.body, second.body));
}

Test(sim_attack_messages, two_envelopes_of_one_incarnation_are_an_offence)
{
    struct signed_ m = envelope_of(OWN);
    const struct heard h = sent_by(ASSAY_SIM_ATTACK_TWO_ENVELOPES, &m);
    struct assay_envelope first, second;
    everybody_heard(&h);
    cr_assert_eq(assay_envelope_decode(whole(&m.payload), &first), ASSAY_OK);
    cr_assert_eq(assay_envelope_decode(whole(&h.payload), &second), ASSAY_OK);
    cr_expect_eq(second.epoch, first.epoch);
    cr_expect_eq(second.incarnation, first.incarnation);
    cr_expect_not(assay_bytes_equal(first.digest, second.digest, 32));
    cr_expect_arr_eq(second.digest, h.digest, 32);
    cr_expect_eq(second.signature[63], 0x99);
    struct signed_ other = vote(ASSAY_VOTE_NOTARISE);
    cr_expect_eq(sent_by(ASSAY_SIM_ATTACK_TWO_ENVELOPES, &other).count, 0);
}

/* --- slander and what a host holds */

static const uint8_t evidence_bytes[300] = { 1, 2, 3 };

static struct assay_slice envelope_held(void *context, uint32_t slot)
{
    const struct signed_ *held = context;
    return slot == 1 || slot == OWN ? whole(&held[slot == 1 ? 0 : 1].payload)
                                    : (struct assay_slice){ 0 };
}

static struct assay_slice evidence_held(void *context, const uint8_t digest[static 32])
{
    (void)context;
    return digest[0] == 0xe1 ? assay_slice_over(evidence_bytes, sizeof evidence_bytes)
                             : (struct assay_slice){ 0 };
}

Test(sim_attack_messages, a_slanderer_accuses_with_the_victims_own_evidence)
{
    const struct assay_scenario s = scenario_with(ASSAY_SIM_ATTACK_SLANDER);
    struct signed_ held[2] = { envelope_of(1), envelope_of(OWN) };
    const struct assay_attack_host host = { .context = held,
                                            .envelope = envelope_held,
                                            .evidence = evidence_held,
                                            .received = NULL,
                                            .identity = NULL };
    const struct assay_attack_acts acts = acts_with(&s, &host);
    struct signed_ m = ballot_by(OWN);
    struct heard h = { 0 };
    ready(&m, ASSAY_MESSAGE_RECORD, ASSAY_STORE_BALLOT);
    assay_attack_acts_sent(&acts, &m.signing, hear, &h);
    everybody_heard(&h); /* about slot 1; nothing is held of slot 2 */
    struct assay_record r;
    cr_expect_not(h.is_signed);
    cr_assert_eq(assay_record_decode(whole(&h.payload), &r), ASSAY_OK);
    cr_expect_eq(r.kind, ASSAY_RECORD_FAIL);
    cr_expect_arr_eq(r.envelope.node_id, node_ids[1], 32);
    cr_expect_eq(r.evidence.len, sizeof evidence_bytes);
    struct signed_ v = vote(ASSAY_VOTE_NOTARISE);
    h.count = 0;
    aim(&v);
    assay_attack_acts_sent(&acts, &v.signing, hear, &h);
    cr_expect_eq(h.count, 0, "once an epoch, with the ballot");
}

/* --- what leaves a node */

Test(sim_attack_messages, who_withholds_sends_neither_votes_nor_its_ballot)
{
    const struct assay_scenario s = scenario_with(ASSAY_SIM_ATTACK_WITHHOLD);
    const struct assay_attack_acts acts = acts_with(&s, NULL);
    const struct signed_ own = ballot_by(OWN);
    const struct signed_ other = ballot_by(3);
    const struct signed_ v = vote(ASSAY_VOTE_FINALISE);
    const struct signed_ p = proposal(true);
    cr_expect_not(assay_attack_acts_passes(&acts, 0, ASSAY_MESSAGE_RECORD, whole(&own.payload)));
    cr_expect(assay_attack_acts_passes(&acts, 0, ASSAY_MESSAGE_RECORD, whole(&other.payload)));
    cr_expect_not(assay_attack_acts_passes(&acts, 0, ASSAY_MESSAGE_VOTE, whole(&v.payload)));
    cr_expect(assay_attack_acts_passes(&acts, 0, ASSAY_MESSAGE_PROPOSAL, whole(&p.payload)));
}

Test(sim_attack_messages, half_of_the_roster_gets_no_answer_about_its_evidence)
{
    const struct assay_scenario s = scenario_with(ASSAY_SIM_ATTACK_SPLIT_DELIVERY);
    struct signed_ held[2] = { envelope_of(1), envelope_of(OWN) };
    const struct assay_attack_host host = { .context = held,
                                            .envelope = envelope_held,
                                            .evidence = evidence_held,
                                            .received = NULL,
                                            .identity = NULL };
    const struct assay_attack_acts acts = acts_with(&s, &host);
    uint8_t own[40], other[40];
    memset(own, 0xe0 + OWN, sizeof own);
    memset(other, 0xe1, sizeof other);
    for (uint32_t to = 0; to < NODES; to++) {
        cr_expect_eq(assay_attack_acts_passes(&acts, to, ASSAY_MESSAGE_EVIDENCE,
                                              assay_slice_over(own, sizeof own)),
                     to < NODES / 2);
        cr_expect(assay_attack_acts_passes(&acts, to, ASSAY_MESSAGE_EVIDENCE,
                                           assay_slice_over(other, sizeof other)),
                  "evidence of others it passes on");
        cr_expect(
            assay_attack_acts_passes(&acts, to, ASSAY_MESSAGE_ENVELOPE, whole(&held[1].payload)));
    }
}
