/*
 * tests/hostile/message_attacks.c - attacks with messages of every kind, from members with valid
 * keys. A malformed message shuts its sender out and a forged one bans it, so these come last.
 */
#include "base/cbor.h"
#include "engine/consensus/block.h"
#include "engine/consensus/vote.h"
#include "engine/ledger/records/envelope.h"
#include "engine/ledger/records/record.h"
#include "engine/sync/sync.h"
#include "host/peers/addresses.h"
#include "host/peers/peer_clocks.h"
#include "host/overlay/gossip.h"
#include "host/peers/page.h"
#include "host/overlay/overlay.h"
#include "net/services/service_probe.h"
#include "tests/hostile/attacker.h"

#include <stdio.h>

enum { EVIDENCE = 8192, OLD = 6, PER_TURN = 4 };

static const uint8_t *chain_of(const struct attacker *a)
{
    return a->fleet->genesis.chain_id;
}

static uint64_t epoch_of(const struct attacker *a)
{
    return atomic_load(&a->fleet->epoch);
}

static uint16_t slot_of(const struct attacker *a)
{
    return a->fleet->nodes[a->number].slot;
}

static void must(enum assay_status status, const char *what)
{
    if (status != ASSAY_OK) fleet_fail(assay_status_text(status), what);
}

/* ------------------------------------------------------------ requests */

static void service_asks(struct attacker *a)
{
    uint8_t bytes[32];
    for (int i = 0; i < RATE; i++) {
        struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
        assay_service_probe_request_encode(a->said++, &w);
        attacker_tell_written(a, ASSAY_MESSAGE_SERVICE_ASK, &w);
    }
}

static void service_answers(struct attacker *a)
{
    uint8_t bytes[32];
    for (int i = 0; i < RATE; i++) {
        const struct assay_service_probe_answer answer = { .ticket = a->said++ };
        struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
        assay_service_probe_answer_encode(&answer, &w);
        attacker_tell_written(a, ASSAY_MESSAGE_SERVICE_ANSWER, &w);
    }
}

static void evidence_pulls(struct attacker *a)
{
    uint8_t digest[ASSAY_PULL_LEN];
    for (int i = 0; i < RATE; i++) {
        attacker_noise(a, digest, sizeof digest);
        attacker_tell(a, ASSAY_MESSAGE_EVIDENCE_PULL, digest, sizeof digest);
    }
}

/* The largest answers there are, of the first blocks and of the newest. */
static void sync_asks(struct attacker *a)
{
    uint8_t bytes[128];
    for (int i = 0; i < PER_TURN; i++) {
        struct assay_sync_request ask = { .epoch = a->said % 2 ? 1 : epoch_of(a) - 1, .height = 1 };
        struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
        a->said++;
        assay_bytes_copy(ask.chain_id, 32, chain_of(a), 32);
        must(assay_sync_request_encode(&ask, &w), "sync ask");
        attacker_tell_written(a, ASSAY_MESSAGE_SYNC_ASK, &w);
    }
}

static void block_pulls(struct attacker *a)
{
    uint8_t bytes[64], id[32];
    for (int i = 0; i < RATE; i++) {
        struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
        attacker_noise(a, id, sizeof id);
        assay_block_pull_encode(0, epoch_of(a), id, &w);
        attacker_tell_written(a, ASSAY_MESSAGE_BLOCK_PULL, &w);
    }
}

static void certificate_pulls(struct attacker *a)
{
    uint8_t bytes[1200], wanted[32 * 8];
    for (int i = 0; i < RATE; i++) {
        struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
        attacker_noise(a, wanted, sizeof wanted);
        assay_certificate_pull_encode(0, epoch_of(a), assay_slice_over(wanted, sizeof wanted), &w);
        attacker_tell_written(a, ASSAY_MESSAGE_CERTIFICATE_PULL, &w);
    }
}

static void envelope_pulls(struct attacker *a)
{
    static const uint8_t everybody[2] = { 0xff, 0xff };
    uint8_t bytes[32];
    for (int i = 0; i < RATE; i++) {
        struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
        const struct assay_slice slots = { everybody, (a->fleet->count + 7) / 8 };
        must(assay_envelope_pull_encode(epoch_of(a), slots, &w), "envelope pull");
        attacker_tell_written(a, ASSAY_MESSAGE_ENVELOPE_PULL, &w);
    }
}

static void resume_asks(struct attacker *a)
{
    uint8_t bytes[128];
    for (int i = 0; i < RATE; i++) {
        struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
        assay_cbor_put_array(&w, 5);
        assay_cbor_put_bytes(&w, chain_of(a), 32);
        assay_cbor_put_uint(&w, 0);
        assay_cbor_put_uint(&w, epoch_of(a));
        assay_cbor_put_uint(&w, a->said++);
        assay_cbor_put_uint(&w, 1);
        attacker_tell_written(a, ASSAY_MESSAGE_RESUME_ASK, &w);
    }
}

static void date_asks(struct attacker *a)
{
    uint8_t bytes[ASSAY_DATE_LEN];
    for (int i = 0; i < RATE; i++) {
        attacker_noise(a, bytes, sizeof bytes);
        bytes[0] = 0;
        attacker_tell(a, ASSAY_MESSAGE_DATE, bytes, sizeof bytes);
    }
}

static void every_ask_at_once(struct attacker *a)
{
    static void (*const asks[])(struct attacker *) = {
        service_asks, evidence_pulls, sync_asks, block_pulls, envelope_pulls, date_asks
    };
    asks[a->turns % (sizeof asks / sizeof asks[0])](a);
}

/* ------------------------------------------------------------ unrequested messages */

static void evidence_unasked(struct attacker *a)
{
    static _Thread_local uint8_t bytes[ASSAY_PULL_LEN + 32000];
    for (int i = 0; i < 2; i++) {
        attacker_noise(a, bytes, 64);
        attacker_tell(a, ASSAY_MESSAGE_EVIDENCE, bytes, sizeof bytes);
    }
}

static void page_of(struct attacker *a, unsigned kind, struct assay_slice object, uint16_t index)
{
    static _Thread_local uint8_t page[ASSAY_FRAME_LEN_MAX];
    uint8_t digest[32];
    struct assay_writer w = assay_writer_over(page, sizeof page);
    assay_page_digest((uint16_t)kind, object, digest);
    must(assay_page_encode((uint16_t)kind, object, digest, index, &w), "page");
    attacker_tell_written(a, ASSAY_MESSAGE_PAGE, &w);
}

/* First pages of objects that never come whole: half blocks, half answers. */
static void half_blocks(struct attacker *a)
{
    static _Thread_local uint8_t object[4 * ASSAY_PAGE_LEN];
    static const unsigned kinds[] = { ASSAY_MESSAGE_PROPOSAL, ASSAY_MESSAGE_SYNC_ANSWER,
                                      ASSAY_MESSAGE_RECORD };
    attacker_noise(a, object, 32);
    page_of(a, kinds[a->turns % 3], assay_slice_over(object, sizeof object), 0);
}

static void same_page_again(struct attacker *a)
{
    static _Thread_local uint8_t object[4 * ASSAY_PAGE_LEN];
    if (a->turns % 100 == 0) attacker_noise(a, object, 32);
    page_of(a, ASSAY_MESSAGE_SYNC_ANSWER, assay_slice_over(object, sizeof object), 1);
}

/* ------------------------------------------------------------ old, early and again */

static void vote_of(struct attacker *a, const struct assay_vote_statement *s, bool forged)
{
    uint8_t bytes[ASSAY_VOTE_LEN_MAX], digest[32], signature[64];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_vote_statement_digest(s, digest);
    if (forged) attacker_noise(a, signature, sizeof signature);
    else must(assay_p256_sign(a->voting, digest, signature), "sign");
    assay_vote_encode(s, slot_of(a), signature, &w);
    attacker_tell_written(a, ASSAY_MESSAGE_VOTE, &w);
}

static struct assay_vote_statement statement(struct attacker *a, uint64_t epoch, uint64_t view)
{
    struct assay_vote_statement s = { .epoch = epoch, .view = view, .type = ASSAY_VOTE_NOTARISE };
    assay_bytes_copy(s.chain_id, 32, chain_of(a), 32);
    attacker_noise(a, s.block_id, 32);
    return s;
}

static void old_votes(struct attacker *a)
{
    for (int i = 0; i < PER_TURN && epoch_of(a) > OLD; i++) {
        const struct assay_vote_statement s = statement(a, epoch_of(a) - OLD, ++a->said);
        vote_of(a, &s, false);
    }
}

static void votes_for_views_to_come(struct attacker *a)
{
    for (int i = 0; i < PER_TURN; i++) {
        const struct assay_vote_statement s = statement(a, epoch_of(a), 1000000 + ++a->said);
        vote_of(a, &s, false);
    }
}

static void votes_of_epochs_to_come(struct attacker *a)
{
    for (int i = 0; i < PER_TURN; i++) {
        const struct assay_vote_statement s = statement(a, epoch_of(a) + 1000 + a->said, 1);
        a->said++;
        vote_of(a, &s, false);
    }
}

static size_t envelope(struct attacker *a, uint64_t epoch, const uint8_t *evidence, uint8_t *out)
{
    struct assay_envelope e = {
        .epoch = epoch, .incarnation = 1, .kind = ASSAY_KIND_SOFT, .evidence_len = EVIDENCE
    };
    struct assay_writer w = assay_writer_over(out, ASSAY_ENVELOPE_LEN_MAX);
    size_t hole = 0;
    assay_bytes_copy(e.chain_id, 32, chain_of(a), 32);
    assay_bytes_copy(e.node_id, 32, a->ring.node_id, 32);
    assay_sha256(evidence, EVIDENCE, e.evidence_digest);
    must(assay_envelope_encode(&e, &w, &hole), "envelope");
    must(assay_p256_sign(a->voting, e.digest, out + hole), "sign");
    return w.len;
}

static void old_envelopes(struct attacker *a)
{
    static _Thread_local uint8_t evidence[EVIDENCE];
    uint8_t bytes[ASSAY_ENVELOPE_LEN_MAX];
    for (int i = 0; i < PER_TURN && epoch_of(a) > OLD; i++) {
        attacker_noise(a, evidence, 32);
        attacker_tell(a, ASSAY_MESSAGE_ENVELOPE, bytes,
                      envelope(a, epoch_of(a) - OLD, evidence, bytes));
    }
}

static void the_same_again(struct attacker *a)
{
    static _Thread_local uint8_t evidence[EVIDENCE], bytes[ASSAY_ENVELOPE_LEN_MAX];
    static _Thread_local size_t len;
    if (a->turns % 200 == 0) len = envelope(a, epoch_of(a) - 1, evidence, bytes);
    for (int i = 0; i < RATE; i++)
        attacker_tell(a, ASSAY_MESSAGE_ENVELOPE, bytes, len);
}

/* Another own envelope each time, with unavailable evidence: the second one proves E8. */
static void envelopes_distinct(struct attacker *a)
{
    static _Thread_local uint8_t evidence[EVIDENCE];
    uint8_t bytes[ASSAY_ENVELOPE_LEN_MAX];
    for (int i = 0; i < PER_TURN; i++) {
        attacker_noise(a, evidence, 32);
        attacker_tell(a, ASSAY_MESSAGE_ENVELOPE, bytes,
                      envelope(a, epoch_of(a), evidence, bytes));
    }
}

/* Where it listens, another place each time: each claim costs a signature, and a dial. */
static void address_claims(struct attacker *a)
{
    for (int i = 0; i < PER_TURN; i++) {
        uint8_t bytes[ASSAY_CLAIM_LEN_MAX];
        struct assay_claim claim = { .number = 1 + a->said++ };
        struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
        assay_bytes_copy(claim.chain_id, 32, chain_of(a), 32);
        assay_bytes_copy(claim.node_id, 32, a->ring.node_id, 32);
        for (unsigned k = 0; k < ASSAY_CLAIM_ADDRESSES_MAX; k++) {
            char address[ASSAY_CLAIM_ADDRESS_MAX];
            (void)snprintf(address, sizeof address, "127.0.0.1:%u",
                           (unsigned)(1 + (a->said * 4 + k) % 1000));
            assay_claim_add(&claim, address);
        }
        assay_claim_digest(&claim);
        must(assay_p256_sign(a->identity, claim.digest, claim.signature), "sign");
        must(assay_claim_encode(&claim, &w), "claim");
        attacker_tell_written(a, ASSAY_MESSAGE_ADDRESS, &w);
    }
}

/* Rightly signed by the identity key, with new keys each time, and evidence that is none. */
static void junk_incarnate(struct attacker *a)
{
    static _Thread_local uint8_t bytes[16384], evidence[EVIDENCE];
    struct assay_incarnate i = {
        .epoch = epoch_of(a), .incarnation = 2, .evidence_len = sizeof evidence
    };
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    uint8_t digest[32];
    size_t hole = 0, possession = 0;
    attacker_noise(a, evidence, 32);
    assay_bytes_copy(i.chain_id, 32, chain_of(a), 32);
    assay_bytes_copy(i.node_id, 32, a->ring.node_id, 32);
    assay_bytes_copy(i.voting_public, 64, a->ring.current.voting_public, 64);
    attacker_noise(a, i.transport_public, 32);
    assay_sha256(evidence, sizeof evidence, i.evidence_digest);
    must(assay_record_put_incarnate(&w, &i, assay_slice_over(evidence, sizeof evidence), digest,
                                    &hole, &possession),
         "incarnate");
    must(assay_p256_sign(a->identity, digest, bytes + hole), "sign");
    attacker_tell_written(a, ASSAY_MESSAGE_RECORD, &w);
}

/* ------------------------------------------------------------ malformed */

static void noise_as(struct attacker *a, unsigned kind)
{
    uint8_t bytes[300];
    attacker_noise(a, bytes, sizeof bytes);
    attacker_tell(a, kind, bytes, 1 + bytes[0]);
}

static void noise_as_every_kind(struct attacker *a)
{
#define NUMBER(symbol, number, name, lane) symbol,
    static const unsigned kinds[] = { ASSAY_MESSAGE_LIST(NUMBER) };
#undef NUMBER
    noise_as(a, kinds[a->turns % (sizeof kinds / sizeof kinds[0])]);
}

/* A newer build's, as far as we know. */
static void unknown_kinds(struct attacker *a)
{
    for (int i = 0; i < RATE; i++)
        attacker_tell(a, (unsigned)(1000 + a->said++ % 60000), "x", 1);
}

static void other_chains(struct attacker *a)
{
    uint8_t bytes[64];
    attacker_noise(a, bytes, sizeof bytes);
    bytes[0] = ASSAY_WIRE_VERSION;
    attacker_say_all(a, 0, bytes, sizeof bytes);
}

static void noise_proposals(struct attacker *a) { noise_as(a, ASSAY_MESSAGE_PROPOSAL); }
static void noise_votes(struct attacker *a) { noise_as(a, ASSAY_MESSAGE_VOTE); }
static void noise_certificates(struct attacker *a) { noise_as(a, ASSAY_MESSAGE_CERTIFICATE); }
static void noise_records(struct attacker *a) { noise_as(a, ASSAY_MESSAGE_RECORD); }
static void noise_answers(struct attacker *a) { noise_as(a, ASSAY_MESSAGE_SYNC_ANSWER); }
static void noise_resumes(struct attacker *a) { noise_as(a, ASSAY_MESSAGE_RESUME_ANSWER); }
static void noise_fences(struct attacker *a) { noise_as(a, ASSAY_MESSAGE_FENCE); }
static void noise_recovers(struct attacker *a) { noise_as(a, ASSAY_MESSAGE_RECOVER); }

/* Complete, but with another digest. */
static void spoilt_pages(struct attacker *a)
{
    static _Thread_local uint8_t object[ASSAY_PAGE_LEN + 1000], page[ASSAY_FRAME_LEN_MAX];
    const struct assay_slice whole = assay_slice_over(object, sizeof object);
    uint8_t digest[32];
    attacker_noise(a, digest, sizeof digest);
    for (uint16_t i = 0; i < 2; i++) {
        struct assay_writer w = assay_writer_over(page, sizeof page);
        must(assay_page_encode(ASSAY_MESSAGE_SYNC_ANSWER, whole, digest, i, &w), "page");
        attacker_tell_written(a, ASSAY_MESSAGE_PAGE, &w);
    }
}

/* ------------------------------------------------------------ forged, and what convicts */

static void forged_votes(struct attacker *a)
{
    const struct assay_vote_statement s = statement(a, epoch_of(a), 1 + a->said++ % 8);
    vote_of(a, &s, true);
}

static void forged_certificates(struct attacker *a)
{
    uint8_t bytes[2048], signatures[64 * FLEET_MAX], bitmap[2] = { 0, 0 };
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    const struct assay_vote_statement s = statement(a, epoch_of(a), 1 + a->said++ % 8);
    const uint32_t count = a->fleet->count;
    for (uint32_t i = 0; i < count; i++)
        bitmap[i / 8] |= (uint8_t)(1U << i % 8);
    attacker_noise(a, signatures, sizeof signatures);
    assay_certificate_encode(&s, assay_slice_over(bitmap, (count + 7) / 8),
                             assay_slice_over(signatures, 64 * (size_t)count), &w);
    attacker_tell_written(a, ASSAY_MESSAGE_CERTIFICATE, &w);
}

static void forged_proposals(struct attacker *a)
{
    uint8_t head[ASSAY_BLOCK_HEADER_LEN_MAX], bytes[4096], signature[64];
    struct assay_block_header h = { .epoch = epoch_of(a),
                                    .view = 1 + a->said++ % 8,
                                    .height = 1,
                                    .kind = ASSAY_BLOCK_NORMAL,
                                    .leader = slot_of(a) };
    struct assay_writer inner = assay_writer_over(head, sizeof head);
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    struct assay_slice header;
    assay_bytes_copy(h.chain_id, 32, chain_of(a), 32);
    attacker_noise(a, h.parent_id, 32);
    attacker_noise(a, signature, sizeof signature);
    assay_block_header_encode(&h, &inner);
    must(assay_writer_finish(&inner, &header), "header");
    must(assay_proposal_encode(header, signature, assay_slice_over("\x80", 1),
                               (struct assay_slice){ 0 }, &w, NULL),
         "proposal");
    attacker_tell_written(a, ASSAY_MESSAGE_PROPOSAL, &w);
}

/* "My own evidence fails": an envelope rightly signed, over evidence that is none. */
static void junk_fail(struct attacker *a)
{
    static _Thread_local uint8_t bytes[16384], evidence[EVIDENCE];
    uint8_t sealed[ASSAY_ENVELOPE_LEN_MAX];
    attacker_noise(a, evidence, 32);
    const size_t len = envelope(a, epoch_of(a), evidence, sealed);
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    must(assay_record_put_fail(&w, assay_slice_over(sealed, len),
                               assay_slice_over(evidence, sizeof evidence)),
         "fail");
    attacker_tell_written(a, ASSAY_MESSAGE_RECORD, &w);
}

/* Rightly signed, each over a roll that never was. */
static void ballots(struct attacker *a)
{
    uint8_t row[FLEET_MAX] = { 0 }, body[1024], bytes[2048], digest[32];
    struct assay_ballot b = { .epoch = epoch_of(a), .incarnation = 1 };
    struct assay_slice all;
    size_t hole = 0;
    attacker_noise(a, b.roll_root, 32);
    assay_bytes_copy(b.chain_id, 32, chain_of(a), 32);
    assay_bytes_copy(b.node_id, 32, a->ring.node_id, 32);
    assay_bytes_copy(b.policy_digest, 32, a->fleet->genesis.policy_digest, 32);
    assay_bytes_copy(b.endorsements_digest, 32, a->fleet->genesis.endorsements_digest, 32);
    b.row = assay_slice_over(row, assay_votes_row_len(a->fleet->count));
    struct assay_writer inner = assay_writer_over(body, sizeof body);
    assay_ballot_encode(&b, &inner);
    must(assay_writer_finish(&inner, &all), "ballot");
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    must(assay_record_put_ballot(&w, all, &hole), "record");
    assay_sha256(all.bytes, all.len, digest);
    must(assay_p256_sign(a->voting, digest, bytes + hole), "sign");
    attacker_tell_written(a, ASSAY_MESSAGE_RECORD, &w);
}

/* ------------------------------------------------------------ neighbours */

static void be_neighbour(struct attacker *a, enum assay_overlay_verb word)
{
    const uint8_t byte = (uint8_t)word;
    attacker_tell(a, ASSAY_MESSAGE_NEIGHBOUR, &byte, 1);
}

static void neighbour_joins(struct attacker *a)
{
    for (int i = 0; i < RATE; i++)
        be_neighbour(a, ASSAY_OVERLAY_JOIN);
}

/* Accepts unsent requests, refuses sent ones, and leaves. */
static void neighbour_verbs(struct attacker *a)
{
    static const enum assay_overlay_verb words[] = { ASSAY_OVERLAY_ACCEPT, ASSAY_OVERLAY_REFUSE,
                                                     ASSAY_OVERLAY_LEAVE };
    for (int i = 0; i < RATE; i++)
        be_neighbour(a, words[a->said++ % 3]);
}

/* Slowly: each time a place is taken and given up. */
static void neighbour_comes_and_goes(struct attacker *a)
{
    be_neighbour(a, a->turns % 2 == 0 ? ASSAY_OVERLAY_JOIN : ASSAY_OVERLAY_LEAVE);
}

const struct attack message_attacks[] = {
    { "service-asks", "work asked for, 2000 a second", MEMBER, service_asks, FLOOD },
    { "service-answers", "answers that nobody asked for", MEMBER, service_answers, FLOOD },
    { "evidence-pulls", "digests that nobody has", MEMBER, evidence_pulls, FLOOD },
    { "sync-asks", "the largest answers, 400 a second", MEMBER, sync_asks, FLOOD },
    { "block-pulls", "blocks that nobody has", MEMBER, block_pulls, FLOOD },
    { "certificate-pulls", "eight that nobody has, each", MEMBER, certificate_pulls, FLOOD },
    { "envelope-pulls", "everybody's, again and again", MEMBER, envelope_pulls, FLOOD },
    { "resume-asks", "what did I sign?", MEMBER, resume_asks, FLOOD },
    { "date-asks", "what is the date?", MEMBER, date_asks, FLOOD },
    { "every-ask", "all of these in turn", MEMBER, every_ask_at_once, FLOOD },
    { "evidence-unasked", "32 KiB each", MEMBER, evidence_unasked, FLOOD },
    { "half-blocks", "first pages, and nothing more", MEMBER, half_blocks, FLOOD },
    { "same-page", "one page again and again", MEMBER, same_page_again, FORMED },
    { "old-votes", "of six epochs ago", MEMBER, old_votes, FORMED },
    { "votes-of-views-to-come", "a million ahead", MEMBER, votes_for_views_to_come, FORMED },
    { "votes-of-epochs-to-come", "a thousand ahead", MEMBER, votes_of_epochs_to_come, FORMED },
    { "old-envelopes", "of six epochs ago", MEMBER, old_envelopes, FORMED },
    { "the-same-again", "one envelope, 2000 a second", MEMBER, the_same_again, FLOOD },
    { "address-claims", "four other places each time", MEMBER, address_claims, FORMED },
    { "neighbour-joins", "take me, 2000 a second", MEMBER, neighbour_joins, FLOOD },
    { "neighbour-words", "yes, no, away, 2000 a second", MEMBER, neighbour_verbs, FLOOD },
    { "neighbour-comes-and-goes", "in and out, 100 a second", MEMBER, neighbour_comes_and_goes,
      FORMED },
    { "junk-incarnate", "new keys with junk evidence", MEMBER, junk_incarnate, FORMED },
    { "unknown-kinds", "numbers of no message", MEMBER, unknown_kinds, FLOOD },
    { "other-chains", "frames of another network", MEMBER, other_chains, MALFORMED },
    { "noise-proposals", "random bytes", MEMBER, noise_proposals, MALFORMED },
    { "noise-votes", "random bytes", MEMBER, noise_votes, MALFORMED },
    { "noise-certificates", "random bytes", MEMBER, noise_certificates, MALFORMED },
    { "noise-records", "random bytes", MEMBER, noise_records, MALFORMED },
    { "noise-sync-answers", "random bytes", MEMBER, noise_answers, MALFORMED },
    { "noise-resume-answers", "random bytes", MEMBER, noise_resumes, MALFORMED },
    { "noise-fences", "random bytes", MEMBER, noise_fences, MALFORMED },
    { "noise-recovers", "random bytes", MEMBER, noise_recovers, MALFORMED },
    { "noise-everything", "random bytes as every kind", MEMBER, noise_as_every_kind, FLOOD },
    { "spoilt-pages", "whole, with another digest", MEMBER, spoilt_pages, MALFORMED },
    { "junk-fail", "two envelopes, one of junk", MEMBER, junk_fail, FORGED },
    { "envelopes-distinct", "each another of its own", MEMBER, envelopes_distinct, FORGED },
    { "ballots", "over rolls that never were", MEMBER, ballots, FORGED },
    { "forged-proposals", "bad signatures", MEMBER, forged_proposals, FORGED },
    { "forged-votes", "bad signatures", MEMBER, forged_votes, FORGED },
    { "forged-certificates", "bad signatures", MEMBER, forged_certificates, FORGED },
};
const size_t message_attacks_count = sizeof message_attacks / sizeof message_attacks[0];
