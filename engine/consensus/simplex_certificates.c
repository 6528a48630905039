/*
 * engine/consensus/simplex_certificates.c - certificates: assembled from votes, received from
 * peers, served.
 *
 * docs/protocol.md 5.6, 5.7. Of each view and type the first one stored is the primary. Another one
 * of the same statement (other voters in its bitmap) is accepted only when a proposal under
 * consideration commits to that very bitmap: voters hold and have stored the bodies that a proposal
 * relies on.
 */
#include "engine/consensus/simplex_internal.h"

#include "base/bitmap.h"

/* --- room */

/* Marks what a block that may still matter commits to: notarised, or of a view not over yet. */
static void mark_relied_on(struct assay_simplex *s)
{
    for (uint32_t i = 0; i < s->certificate_top; i++)
        s->certificates[i].relied = false;
    for (uint32_t i = 0; i < assay_blocks_count(s->config.blocks); i++) {
        const struct assay_block *block = assay_blocks_at(s->config.blocks, i);
        if (!block->used || block->header.epoch != s->base.epoch) continue;
        if (!block->notarised && block->header.view < s->view) continue;
        if (block->header.view < s->final_view) continue;
        uint32_t index = assay_sx_find_certificate(s, block->header.parent_proof);
        if (index != SX_NONE) s->certificates[index].relied = true;
        for (size_t at = 0; at < block->nulls.len; at += 32) {
            index = assay_sx_find_certificate(s, block->nulls.bytes + at);
            if (index != SX_NONE) s->certificates[index].relied = true;
        }
    }
}

/* Drops what is below the last final view, or what nothing relies on. Returns: whether any. */
static bool remove_unreferenced(struct assay_simplex *s, bool below_final)
{
    bool any = false;
    if (!below_final) mark_relied_on(s);
    for (uint32_t i = 0; i < s->certificate_top; i++) {
        struct sx_certificate *certificate = &s->certificates[i];
        if (!certificate->used || i == s->final_certificate) continue;
        const bool old = certificate->statement.view < s->final_view;
        if (below_final ? !old : certificate->primary || certificate->relied) continue;
        ASSAY_ASSERT(certificate->stored || s->unstored > 0);
        certificate->primary = false; /* of a view that is forgotten */
        assay_sx_index_remove(s, i);
        any = true;
    }
    return any;
}

static uint32_t find_free_slot(struct assay_simplex *s)
{
    uint32_t index = assay_sx_index_alloc(s);
    if (index == SX_NONE && (remove_unreferenced(s, true) || remove_unreferenced(s, false)))
        index = assay_sx_index_alloc(s);
    return index;
}

/* Returns: the new entry, or SX_NONE when there is no room. */
static uint32_t store_certificate(struct assay_simplex *s,
                                  const struct assay_vote_certificate *certificate,
                                  struct assay_slice payload)
{
    ASSAY_ASSERT(payload.len <= s->certificate_len);
    ASSAY_ASSERT(payload.len > 0 && certificate->statement.epoch == s->base.epoch);

    const uint32_t index = find_free_slot(s);
    if (index == SX_NONE) return SX_NONE;
    struct sx_certificate *entry = &s->certificates[index];
    ASSAY_ASSERT(!entry->used && index != s->final_certificate);
    entry->used = true;
    entry->stored = false;
    entry->primary = false;
    entry->statement = certificate->statement;
    assay_bytes_copy(entry->commitment, 32, certificate->commitment, 32);
    assay_bytes_copy(entry->payload, s->certificate_len, payload.bytes, payload.len);
    entry->payload_len = (uint32_t)payload.len;
    assay_sx_index_add(s, index);
    if (s->unstored++ == 0 || index < s->unstored_from) s->unstored_from = index;
    ASSAY_ASSERT(s->unstored <= s->certificate_top &&
                 s->certificate_top <= s->config.certificate_max);
    return index;
}

/* One certificate for all views of a range: those of single views in it are no longer needed. */
static void on_range_certificate(struct assay_simplex *s, uint32_t index)
{
    struct sx_certificate *entry = &s->certificates[index];
    const struct assay_vote_statement *st = &entry->statement;
    const uint32_t first = assay_sx_find_statement(s, st->type, st->view, st->block_id);
    ASSAY_ASSERT(first != SX_NONE);
    if (first != index && s->certificates[first].primary) return;
    entry->primary = true;
    s->range_added = true;
    struct sx_view *range = assay_sx_find_tally(s, st->type, st->view);
    if (range != NULL && range->view == st->view) range->certificate[ASSAY_VOTE_NULLIFY] = index;
    if (st->type != ASSAY_VOTE_NULLIFY_4096) return;
    for (uint64_t view = st->view; view < st->view + ASSAY_RANGES_VIEWS;
         view += ASSAY_RANGE_VIEWS) {
        const uint32_t inside =
            assay_sx_find_statement(s, ASSAY_VOTE_NULLIFY_64, view, st->block_id);
        const struct sx_view *page = assay_sx_find_tally(s, ASSAY_VOTE_NULLIFY_64, view);
        if (inside != SX_NONE && page == NULL) s->certificates[inside].primary = false;
    }
}

/* A verified certificate is in the table: what follows from it. */
static void on_certificate(struct assay_simplex *s, uint32_t index,
                           struct assay_simplex_actions *out)
{
    struct sx_certificate *entry = &s->certificates[index];
    const struct assay_vote_statement *st = &entry->statement;
    ASSAY_ASSERT(entry->used && !entry->primary);
    ASSAY_ASSERT(st->epoch == s->base.epoch && st->view > 0);
    if (assay_vote_span(st->type) > 1) {
        on_range_certificate(s, index);
        return;
    }
    /* Of an E that was handed out, one certificate is enough: that of a tail of it may arrive
     * later, and name a body that is not stored. */
    if (st->type == ASSAY_VOTE_FINALISE && st->view > s->final_view && !s->done)
        assay_sx_set_final(s, st->view, st->block_id, index);
    if (!assay_sx_in_window(s, st->view)) return;

    struct sx_view *v = assay_sx_open_view(s, st->view);
    if (v->certificate[st->type] != SX_NONE) {
        v->another |= st->type == ASSAY_VOTE_NOTARISE;
        return;
    }
    v->certificate[st->type] = index;
    entry->primary = true;
    if (st->type != ASSAY_VOTE_NOTARISE) return;
    if (s->notarised_view < st->view) s->notarised_view = st->view;
    struct assay_block *block = assay_blocks_find(s->config.blocks, st->block_id);
    if (block != NULL) block->notarised = true;
    assay_sx_try_finalise(s, v, out);
    ASSAY_ASSERT(assay_sx_view_is_valid(s, v));
}

/* --- from votes */

bool assay_sx_assemble_certificate(struct assay_simplex *s, struct sx_view *v,
                                   enum assay_vote_type type, const uint8_t id[static 32],
                                   struct assay_simplex_actions *out)
{
    ASSAY_ASSERT(assay_sx_view_is_valid(s, v));

    if (v->certificate[type] != SX_NONE) return false;
    if (!assay_quorum(assay_sx_weight(s, v, type, id), s->voters->total_weight)) return false;

    uint8_t bitmap[ASSAY_MEMBERS_MAX / 8] = { 0 };
    uint8_t signatures[SX_SEATS_MAX * ASSAY_P256_SIGNATURE_LEN];
    uint8_t bytes[ASSAY_CERTIFICATE_LEN_MAX];
    struct assay_writer sigs = assay_writer_over(signatures, sizeof signatures);
    for (uint32_t seat = 0; seat < s->seat_count; seat++) { /* seats ascend with slots */
        const struct sx_received *received = &v->received[seat];
        if (!received->verified[type]) continue;
        if (type != ASSAY_VOTE_NULLIFY && !assay_bytes_equal(received->id[type], id, 32)) continue;
        const uint32_t slot = s->slot_of[seat];
        assay_bit_add(bitmap, slot);
        assay_writer_put(&sigs, received->signature[type], ASSAY_P256_SIGNATURE_LEN);
    }
    const struct assay_vote_statement statement = assay_sx_statement(s, v, type, id);
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_certificate_encode(&statement, assay_slice_over(bitmap, (s->voters->count + 7) / 8),
                             assay_slice_over(signatures, sigs.len), &w);
    ASSAY_ASSERT(!sigs.full && !w.full);
    ASSAY_ASSERT(sigs.len > 0 && sigs.len <= s->seat_count * (size_t)ASSAY_P256_SIGNATURE_LEN);

    struct assay_vote_certificate made;
    const struct assay_slice payload = assay_slice_over(bytes, w.len);
    const enum assay_status again = assay_certificate_decode(payload, s->voters->count, &made);
    ASSAY_ASSERT(again == ASSAY_OK);
    ASSAY_ASSERT(assay_certificate_weight(&made, s->voters) == ASSAY_OK);
    const uint32_t index = store_certificate(s, &made, payload);
    if (index == SX_NONE) return false; /* the next vote or resend tries again */
    on_certificate(s, index, out);
    return true;
}

/* --- from peers */

/* Signatures already verified one by one are not verified again; other bytes are. */
static enum assay_status verify_certificate(const struct assay_simplex *s,
                                            const struct assay_vote_certificate *certificate)
{
    ASSAY_ASSERT(certificate->statement.epoch == s->base.epoch);

    const struct assay_vote_statement *st = &certificate->statement;
    const struct sx_view *v = assay_sx_find_tally(s, st->type, st->view);
    const enum assay_vote_type type = assay_vote_kind(st->type);
    struct assay_cursor c =
        assay_cursor_over(certificate->signatures.bytes, certificate->signatures.len);
    ASSAY_TRY(assay_certificate_weight(certificate, s->voters));
    for (uint32_t seat = 0; seat < s->seat_count; seat++) {
        const uint32_t slot = s->slot_of[seat];
        const uint8_t *signature = NULL;
        if (!assay_bitmap_has(certificate->bitmap, slot)) continue;
        ASSAY_TRY(assay_cursor_take(&c, ASSAY_P256_SIGNATURE_LEN, &signature));
        const struct sx_received *received = v == NULL ? NULL : &v->received[seat];
        if (received != NULL && received->verified[type] &&
            assay_bytes_equal(received->id[type], certificate->statement.block_id, 32) &&
            assay_bytes_equal(received->signature[type], signature, ASSAY_P256_SIGNATURE_LEN))
            continue;
        if (!assay_p256_verify(s->voters->voting_key[slot], certificate->digest, signature,
                               ASSAY_S_LOW))
            return ASSAY_E_SIGNATURE;
    }
    return assay_cursor_end(&c);
}

static void record_votes(struct assay_simplex *s, const struct assay_vote_certificate *certificate,
                         struct assay_simplex_actions *out)
{
    struct assay_cursor c =
        assay_cursor_over(certificate->signatures.bytes, certificate->signatures.len);
    if (!assay_sx_is_counted(s, &certificate->statement)) return;
    for (uint32_t seat = 0; seat < s->seat_count; seat++) {
        const uint8_t *signature = NULL;
        if (!assay_bitmap_has(certificate->bitmap, s->slot_of[seat])) continue;
        const enum assay_status taken = assay_cursor_take(&c, ASSAY_P256_SIGNATURE_LEN, &signature);
        ASSAY_ASSERT(taken == ASSAY_OK); /* verify() walked the same bytes */
        assay_sx_record_vote(s, &certificate->statement, (uint16_t)seat, signature, out);
    }
    ASSAY_ASSERT(assay_cursor_left(&c) == 0);
}

/* Of a range: once, unless a wider one covers it. One that starts far ahead of the running view is
 * accepted when that view is in reach. */
static enum assay_status check_range_needed(const struct assay_simplex *s,
                                            const struct assay_vote_statement *st)
{
    ASSAY_ASSERT(assay_vote_span(st->type) > 1);
    if (st->view <= s->final_view) return ASSAY_E_STALE;
    if (st->view > s->view && !assay_sx_in_window(s, st->view)) return ASSAY_E_EARLY;
    const uint32_t held = assay_sx_find_range_certificate(s, st->view);
    if (held == SX_NONE) return ASSAY_OK;
    const uint64_t span = assay_vote_span(s->certificates[held].statement.type);
    return span < assay_vote_span(st->type) ? ASSAY_OK : ASSAY_E_DUPLICATE;
}

/* Of one view: the first of its kind. Of the last view one more notarisation: the one that the next
 * leader names may arrive before its proposal, and neighbours relay it only once. */
static enum assay_status check_view_needed(const struct assay_simplex *s,
                                           const struct assay_vote_statement *st)
{
    if (!assay_sx_in_window(s, st->view)) return st->view > s->view ? ASSAY_E_EARLY : ASSAY_E_STALE;
    const struct sx_view *v = assay_sx_find_view(s, st->view);
    if (st->type == ASSAY_VOTE_FINALISE) return ASSAY_E_DUPLICATE;
    if (v == NULL || v->certificate[st->type] == SX_NONE) return ASSAY_OK;
    const bool parent = st->type == ASSAY_VOTE_NOTARISE && st->view + 1 == s->view;
    return s->config.neighbours && parent && !v->another ? ASSAY_OK : ASSAY_E_DUPLICATE;
}

/* Cheap reasons to refuse. */
static enum assay_status check_needed(struct assay_simplex *s,
                                      const struct assay_vote_certificate *certificate)
{
    ASSAY_ASSERT(certificate->statement.view > 0);

    const struct assay_vote_statement *st = &certificate->statement;
    const bool range = assay_vote_span(st->type) > 1;
    if (assay_vote_last(st) < s->final_view) return ASSAY_E_STALE;
    /* Finality from any view: it is how the furthest behind catch up. Of an E that was handed out
     * it moves nothing, and what is known of a tail of it needs no second entry. */
    if (st->type == ASSAY_VOTE_FINALISE && st->view > s->final_view) {
        const bool is_known =
            assay_sx_find_statement(s, st->type, st->view, st->block_id) != SX_NONE;
        return s->done && is_known ? ASSAY_E_DUPLICATE : ASSAY_OK;
    }
    if (assay_sx_find_certificate(s, certificate->commitment) != SX_NONE) return ASSAY_E_DUPLICATE;
    const enum assay_status needed = range ? check_range_needed(s, st) : check_view_needed(s, st);
    if (needed == ASSAY_OK || needed == ASSAY_E_EARLY) return needed;
    /* Out of the store: a block that we voted for relied on it, and others may ask for it. */
    if (!s->running && needed == ASSAY_E_DUPLICATE) return ASSAY_OK;
    return assay_sx_is_certificate_wanted(s, certificate->commitment) ? ASSAY_OK : needed;
}

enum assay_status assay_sx_receive_certificate(struct assay_simplex *s, uint16_t from,
                                               struct assay_slice payload,
                                               struct assay_simplex_actions *out)
{
    struct assay_vote_certificate certificate;
    ASSAY_TRY(assay_certificate_verify_payload(payload, &certificate));
    const struct assay_vote_statement *st = &certificate.statement;
    const enum assay_status place = assay_sx_check_position(s, st->chain_id, st->era, st->epoch);
    if (place == ASSAY_E_EARLY && st->epoch == s->base.epoch + 1)
        return assay_sx_buffer_early(s, from, ASSAY_MESSAGE_CERTIFICATE, payload);
    if (place == ASSAY_E_STALE && st->epoch + 1 == s->base.epoch)
        assay_sx_send_last_epoch(s, from, out);
    if (place != ASSAY_OK) return place;
    /* Only now: another epoch's roster may have had, or will have, another number of slots. */
    ASSAY_TRY(assay_certificate_fits(&certificate, s->voters->count));

    const enum assay_status needed = check_needed(s, &certificate);
    if (needed == ASSAY_E_STALE) assay_sx_send_help(s, from, st->view, out);
    if (needed != ASSAY_OK) return needed;
    if (payload.len > s->certificate_len) return ASSAY_E_RANGE;
    ASSAY_TRY(verify_certificate(s, &certificate));

    const uint32_t index = store_certificate(s, &certificate, payload);
    if (index == SX_NONE) return ASSAY_E_FULL;
    ASSAY_ASSERT(assay_vote_last(&s->certificates[index].statement) >= s->final_view);
    on_certificate(s, index, out);
    record_votes(s, &certificate, out);
    return ASSAY_OK;
}

bool assay_sx_verify_certificate(const struct assay_simplex *s, struct assay_slice payload,
                                 struct assay_vote_certificate *certificate)
{
    if (assay_certificate_decode(payload, s->voters->count, certificate) != ASSAY_OK) return false;
    const struct assay_vote_statement *st = &certificate->statement;
    return assay_sx_check_position(s, st->chain_id, st->era, st->epoch) == ASSAY_OK &&
           verify_certificate(s, certificate) == ASSAY_OK;
}

/* --- whose it is */

bool assay_simplex_expected_sender(const struct assay_simplex *s, struct assay_slice payload,
                                   uint16_t *slot)
{
    struct assay_vote_certificate certificate;
    ASSAY_ASSERT(assay_sx_is_valid(s));
    if (!s->begun || assay_certificate_verify_payload(payload, &certificate) != ASSAY_OK)
        return false;
    const struct assay_vote_statement *st = &certificate.statement;
    if (assay_sx_check_position(s, st->chain_id, st->era, st->epoch) != ASSAY_OK) return false;
    const uint64_t after = assay_vote_last(st) + 1;
    const struct sx_view *v = assay_sx_find_view(s, after > s->view ? after : s->view);
    if (v == NULL || !v->has_leader) return false;
    *slot = v->leader;
    return true;
}

/* --- serving */

void assay_sx_send_certificate(struct assay_simplex *s, uint32_t index, uint16_t to,
                               struct assay_simplex_actions *out)
{
    ASSAY_ASSERT(index < s->certificate_top);

    const struct sx_certificate *certificate = &s->certificates[index];
    ASSAY_ASSERT(certificate->used);
    assay_sx_send(s, to, ASSAY_MESSAGE_CERTIFICATE,
                  assay_slice_over(certificate->payload, certificate->payload_len), out);
}

enum assay_status assay_sx_receive_certificate_pull(struct assay_simplex *s, uint16_t from,
                                                    struct assay_slice payload,
                                                    struct assay_simplex_actions *out)
{
    uint32_t era = 0;
    uint64_t epoch = 0;
    struct assay_slice list = { 0 };
    ASSAY_TRY(assay_certificate_pull_decode(payload, &era, &epoch, &list));
    ASSAY_TRY(assay_sx_check_position(s, s->config.chain_id, era, epoch));
    if (from == ASSAY_SLOT_SELF) return ASSAY_E_STRANGER;
    ASSAY_ASSERT(list.len > 0 && list.len % 32 == 0);
    for (size_t at = 0; at < list.len; at += 32) {
        const uint32_t index = assay_sx_find_certificate(s, list.bytes + at);
        if (index != SX_NONE) assay_sx_send_certificate(s, index, from, out);
    }
    return ASSAY_OK;
}
