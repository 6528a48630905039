/*
 * apps/assay/proofs/forensics_signed.c - signed statements of one epoch in several stores, and
 * the pairs of them that convict their signer (docs/protocol.md 5.23).
 */
#include "apps/assay/proofs/forensics_signed.h"

#include "base/assert.h"
#include "engine/ledger/records/envelope.h"
#include "engine/ledger/records/record.h"

#include <stdlib.h>

enum { OFFENCE_ROOM = 2 * ASSAY_SIGNED_LEN_MAX + 64 };

enum statement_kind { VOTE, PROPOSAL, ENVELOPE };

struct statement {
    enum statement_kind kind;
    uint32_t slot;
    uint64_t view, last; /* views that it is about; an envelope: 0 */
    uint8_t digest[32], signature[64];
    uint8_t *bytes; /* as an OFFENCE contains it */
    size_t len;
};

struct cli_signed {
    uint8_t chain_id[32];
    uint32_t era;
    uint64_t epoch;
    const struct assay_voter_table *voters;
    struct statement *statement;
    size_t count, room;
    enum assay_status status; /* of the collection that runs */
    enum assay_store_class class_;
    struct cli_offence *offence;
    size_t offences;
};

struct cli_signed *cli_signed_create(const uint8_t chain_id[static 32], uint32_t era,
                                     uint64_t epoch, const struct assay_voter_table *voters)
{
    struct cli_signed *all = calloc(1, sizeof *all);
    if (all == NULL) return NULL;
    assay_bytes_copy(all->chain_id, 32, chain_id, 32);
    all->era = era;
    all->epoch = epoch;
    all->voters = voters;
    return all;
}

void cli_signed_free(struct cli_signed **all)
{
    struct cli_signed *s = *all;
    if (s == NULL) return;
    for (size_t i = 0; i < s->count; i++)
        free(s->statement[i].bytes);
    for (size_t i = 0; i < s->offences; i++)
        free(s->offence[i].record);
    free(s->statement);
    free(s->offence);
    free(s);
    *all = NULL;
}

size_t cli_signed_count(const struct cli_signed *all)
{
    return all->count;
}

/* --- collection */

static bool is_of_epoch(const struct cli_signed *all, const uint8_t chain_id[static 32],
                        uint32_t era, uint64_t epoch)
{
    return era == all->era && epoch == all->epoch &&
           assay_bytes_equal(chain_id, all->chain_id, 32);
}

static bool is_voter(const struct cli_signed *all, uint32_t slot)
{
    return slot < all->voters->count && all->voters->voting_key[slot] != NULL;
}

/* What its member has signed. A hostile store may have any number of others, so they are left out
 * before anything is compared. Takes a copy of the bytes; sets all->status without memory. */
static void add_statement(struct cli_signed *all, struct statement *s, struct assay_slice bytes)
{
    if (!is_voter(all, s->slot) || bytes.len > ASSAY_SIGNED_LEN_MAX ||
        !assay_p256_verify(all->voters->voting_key[s->slot], s->digest, s->signature, ASSAY_S_LOW))
        return;
    if (all->count == all->room) {
        const size_t room = all->room == 0 ? 256 : 2 * all->room;
        struct statement *grown = realloc(all->statement, room * sizeof *grown);
        if (grown == NULL) {
            all->status = ASSAY_E_MEMORY;
            return;
        }
        all->statement = grown;
        all->room = room;
    }
    s->bytes = malloc(bytes.len);
    if (s->bytes == NULL) {
        all->status = ASSAY_E_MEMORY;
        return;
    }
    s->len = bytes.len;
    assay_bytes_copy(s->bytes, bytes.len, bytes.bytes, bytes.len);
    all->statement[all->count++] = *s;
}

static void add_vote(struct cli_signed *all, struct assay_slice payload)
{
    struct assay_vote vote;
    if (assay_vote_decode(payload, &vote) != ASSAY_OK ||
        !is_of_epoch(all, vote.statement.chain_id, vote.statement.era, vote.statement.epoch))
        return;
    struct statement s = { .kind = VOTE,
                           .slot = vote.slot,
                           .view = vote.statement.view,
                           .last = assay_vote_last(&vote.statement) };
    assay_bytes_copy(s.digest, 32, vote.digest, 32);
    assay_bytes_copy(s.signature, 64, vote.signature, 64);
    add_statement(all, &s, payload);
}

/* One vote of each voter that the certificate names. */
static void add_certificate(struct cli_signed *all, const struct assay_vote_certificate *c)
{
    size_t at = 0;
    if (assay_certificate_fits(c, all->voters->count) != ASSAY_OK) return;
    for (uint32_t slot = 0; slot < all->voters->count && slot <= UINT16_MAX; slot++) {
        uint8_t bytes[ASSAY_VOTE_LEN_MAX];
        struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
        if (!assay_bitmap_has(c->bitmap, slot)) continue;
        assay_vote_encode(&c->statement, (uint16_t)slot, c->signatures.bytes + 64 * at++, &w);
        ASSAY_ASSERT(!w.full);
        add_vote(all, assay_slice_over(bytes, w.len));
    }
}

static void add_proposal(struct cli_signed *all, struct assay_slice payload)
{
    struct assay_proposal p;
    uint8_t head[ASSAY_PROPOSAL_HEAD_LEN_MAX];
    struct assay_writer w = assay_writer_over(head, sizeof head);
    if (assay_proposal_decode(payload, &p) != ASSAY_OK ||
        !is_of_epoch(all, p.header.chain_id, p.header.era, p.header.epoch))
        return;
    struct statement s = {
        .kind = PROPOSAL, .slot = p.header.leader, .view = p.header.view, .last = p.header.view
    };
    assay_bytes_copy(s.digest, 32, p.id, 32);
    assay_bytes_copy(s.signature, 64, p.signature, 64);
    assay_proposal_head_encode(p.header_bytes, p.signature, &w);
    if (!w.full) add_statement(all, &s, assay_slice_over(head, w.len));
}

static void add_envelope(struct cli_signed *all, struct assay_slice payload)
{
    struct assay_envelope e;
    uint32_t slot = 0;
    if (assay_envelope_decode(payload, &e) != ASSAY_OK ||
        !is_of_epoch(all, e.chain_id, e.era, e.epoch))
        return;
    while (slot < all->voters->count &&
           !assay_bytes_equal(all->voters->node_id[slot], e.node_id, 32))
        slot++;
    struct statement s = { .kind = ENVELOPE, .slot = slot };
    assay_bytes_copy(s.digest, 32, e.digest, 32);
    assay_bytes_copy(s.signature, 64, e.signature, 64);
    add_statement(all, &s, payload);
}

static bool visit_item(void *context, const struct assay_store_key *key, struct assay_slice value)
{
    struct cli_signed *all = context;
    struct assay_vote_certificate certificate;
    struct assay_cursor tails;
    (void)key;
    switch (all->class_) {
    case ASSAY_STORE_FINALITY:
        if (assay_finality_open(value, &certificate, &tails) == ASSAY_OK)
            add_certificate(all, &certificate);
        break;
    case ASSAY_STORE_CERTIFICATE:
        if (assay_certificate_verify_payload(value, &certificate) == ASSAY_OK)
            add_certificate(all, &certificate);
        break;
    case ASSAY_STORE_VOTE: add_vote(all, value); break;
    case ASSAY_STORE_BLOCK:
    case ASSAY_STORE_PROPOSAL: add_proposal(all, value); break;
    case ASSAY_STORE_ENVELOPE: add_envelope(all, value); break;
    case ASSAY_STORE_META:
    case ASSAY_STORE_STATE:
    case ASSAY_STORE_BALLOT:
    case ASSAY_STORE_RECORD:
    case ASSAY_STORE_ORDER:
    case ASSAY_STORE_EVIDENCE:
    case ASSAY_STORE_SCORE:
    case ASSAY_STORE_CHANGE:
    case ASSAY_STORE_BOUNDARY:
    case ASSAY_STORE_ANCHOR:
    case ASSAY_STORE_COLLATERAL:
    case ASSAY_STORE_SERVICE:
    case ASSAY_STORE_SERVICE_ANCHOR: break;
    }
    return all->status == ASSAY_OK;
}

static int by_place(const void *left, const void *right)
{
    const struct statement *a = left, *b = right;
    if (a->slot != b->slot) return a->slot < b->slot ? -1 : 1;
    if (a->kind != b->kind) return a->kind < b->kind ? -1 : 1;
    if (a->view != b->view) return a->view < b->view ? -1 : 1;
    const int digests = assay_bytes_compare(a->digest, b->digest, 32);
    return digests != 0 ? digests : assay_bytes_compare(a->signature, b->signature, 64);
}

/* Both stores have most of it. */
static void unite(struct cli_signed *all)
{
    size_t kept = 0;
    if (all->count > 0) qsort(all->statement, all->count, sizeof *all->statement, by_place);
    for (size_t i = 0; i < all->count; i++) {
        struct statement *s = &all->statement[i];
        if (kept > 0 && by_place(&all->statement[kept - 1], s) == 0) free(s->bytes);
        else all->statement[kept++] = *s;
    }
    all->count = kept;
}

enum assay_status cli_signed_collect(struct cli_signed *all, struct assay_store *store)
{
    static const enum assay_store_class classes[] = {
        ASSAY_STORE_FINALITY, ASSAY_STORE_CERTIFICATE, ASSAY_STORE_VOTE,
        ASSAY_STORE_BLOCK,    ASSAY_STORE_PROPOSAL,    ASSAY_STORE_ENVELOPE,
    };
    const struct assay_store_key from = { .era = all->era, .epoch = all->epoch };
    struct assay_store_key to = from;
    to.number = UINT64_MAX;
    for (size_t i = 0; i < sizeof to.id; i++)
        to.id[i] = 0xff;
    all->status = ASSAY_OK;
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        all->class_ = classes[i];
        ASSAY_TRY(assay_store_scan(store, classes[i], &from, &to, false, visit_item, all));
        ASSAY_TRY(all->status);
    }
    unite(all);
    return ASSAY_OK;
}

/* --- pairs */

/* Whether the ledger would read this as a proof: the pair contradicts by the rule of the number. */
static bool convicts(unsigned number, const struct statement *a, const struct statement *b,
                     uint8_t record[static OFFENCE_ROOM], size_t *len)
{
    struct assay_record r;
    struct assay_writer w = assay_writer_over(record, OFFENCE_ROOM);
    if (assay_record_put_offence(&w, number, assay_slice_over(a->bytes, a->len),
                                 assay_slice_over(b->bytes, b->len)) != ASSAY_OK)
        return false;
    *len = w.len;
    return assay_record_decode(assay_slice_over(record, w.len), &r) == ASSAY_OK;
}

static bool is_found(const struct cli_signed *all, uint32_t slot, unsigned number)
{
    for (size_t i = 0; i < all->offences; i++)
        if (all->offence[i].slot == slot && all->offence[i].number == number) return true;
    return false;
}

static enum assay_status note_offence(struct cli_signed *all, unsigned number,
                                      const struct statement *s, uint64_t view,
                                      struct assay_slice record)
{
    struct cli_offence *grown =
        realloc(all->offence, (all->offences + 1) * sizeof *all->offence);
    if (grown == NULL) return ASSAY_E_MEMORY;
    all->offence = grown;
    struct cli_offence *o = &grown[all->offences];
    *o = (struct cli_offence){ .slot = s->slot, .number = number, .view = view };
    o->record = malloc(record.len);
    if (o->record == NULL) return ASSAY_E_MEMORY;
    o->len = record.len;
    assay_bytes_copy(o->record, record.len, record.bytes, record.len);
    all->offences++;
    return ASSAY_OK;
}

/* By the numbers of 5.23 of this kind of statement. */
static enum assay_status compare_pair(struct cli_signed *all, struct statement *a,
                                      struct statement *b)
{
    static const unsigned first[] = { [VOTE] = 1, [PROPOSAL] = 4, [ENVELOPE] = 8 };
    static const unsigned last[] = { [VOTE] = 3, [PROPOSAL] = 4, [ENVELOPE] = 8 };
    uint8_t record[OFFENCE_ROOM];
    for (unsigned number = first[a->kind]; number <= last[a->kind]; number++) {
        size_t len = 0;
        if (is_found(all, a->slot, number) || !convicts(number, a, b, record, &len)) continue;
        ASSAY_TRY(note_offence(all, number, a, b->view, assay_slice_over(record, len)));
    }
    return ASSAY_OK;
}

static int by_slot(const void *left, const void *right)
{
    const struct cli_offence *a = left, *b = right;
    if (a->slot != b->slot) return a->slot < b->slot ? -1 : 1;
    return (a->number > b->number) - (a->number < b->number);
}

enum assay_status cli_signed_find(struct cli_signed *all, const struct cli_offence **offences,
                                  size_t *count)
{
    /* In their order: of one member and kind together, by ascending views. */
    for (size_t i = 0; i < all->count; i++) {
        struct statement *const a = &all->statement[i];
        size_t from = i;
        while (from > 0 && all->statement[from - 1].slot == a->slot &&
               all->statement[from - 1].kind == a->kind && all->statement[from - 1].view == a->view)
            from--;
        for (size_t j = from; j < all->count; j++) {
            struct statement *const b = &all->statement[j];
            if (b->slot != a->slot || b->kind != a->kind || b->view > a->last) break;
            if (i != j) ASSAY_TRY(compare_pair(all, a, b));
        }
    }
    if (all->offences > 0) qsort(all->offence, all->offences, sizeof *all->offence, by_slot);
    *offences = all->offence;
    *count = all->offences;
    return ASSAY_OK;
}
