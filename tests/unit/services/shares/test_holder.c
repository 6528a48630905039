/*
 * tests/unit/services/shares/test_holder.c - tests of a holder.
 *
 * One holder at its listener (docs/services.md 5.10 to 5.12): what it asks of whom, what it stores
 * and says, to whom it gives. The other sides are played by the test.
 */
#include "tests/support/services/holder_bench.h"
#include "tests/support/seed.h"

/* Member 3, slot 0 of cluster 1, misses what clusters 0 and 2 have. */
static struct bench *missing(void)
{
    struct bench *b = fresh(3);
    for (uint32_t i = 0; i < SLOTS; i++)
        have(b, i);
    have(b, 6);
    cr_assert(assay_share_registry_find(b->r, b->id)->synced);
    crawl(b);
    return b;
}

static enum assay_status fetch(struct bench *b, uint32_t member, uint32_t slot)
{
    const struct assay_share_from from = from_member(b, member);
    const struct assay_share_piece piece = piece_of(b, slot);
    return give(b, member, &from, &piece);
}

/* --- taking */

Test(holder, a_share_is_stored_before_it_is_confirmed)
{
    struct bench *b = missing();
    cr_assert(asks(b, 0), "the origin's equal slot");
    cr_assert_eq(assay_share_holder_status(b->h).missing, 1);
    cr_assert_eq(fetch(b, 0, 0), ASSAY_OK);
    cr_assert_eq(b->out.effect[0].act, ASSAY_SHARE_ACT_PERSIST);
    cr_assert_eq(b->out.effect[1].act, ASSAY_SHARE_ACT_SUBMIT);
    cr_assert_eq(b->out.effect[1].payload, ASSAY_SHARE_PAYLOAD_HAVE);
    cr_assert_eq(assay_share_holder_status(b->h).kept, 1);
    cr_assert_eq(assay_share_holder_status(b->h).missing, 0);
    tick(b, 100000);
    cr_assert_eq(b->out.count, 0, "it is said once");
    done(b);
}

Test(holder, the_next_cluster_is_asked_and_after_a_round_there_is_a_pause)
{
    struct bench *b = missing();
    cr_assert(asks(b, 0));
    cr_assert_eq(b->out.wake_at_ms, ASSAY_SHARE_PATIENCE_MS);
    tick(b, 1999);
    cr_assert_eq(b->out.count, 0);
    tick(b, 2000);
    cr_assert(asks(b, 6), "the next cluster that has it");
    tick(b, 4000);
    cr_assert_eq(b->out.count, 0, "a round is over: 2 s");
    cr_assert_eq(b->out.wake_at_ms, 6000);
    tick(b, 6000);
    cr_assert(asks(b, 0));
    tick(b, 8000);
    cr_assert(asks(b, 6));
    tick(b, 10000);
    cr_assert_eq(b->out.wake_at_ms, 14000, "4 s");
    uint64_t last = 0, pause = 0;
    for (uint32_t i = 0; i < 40; i++) {
        last = b->now_ms;
        tick(b, b->out.wake_at_ms);
        if (b->now_ms - last > pause) pause = b->now_ms - last;
    }
    cr_assert_eq(pause, 60000, "and no longer than 60 s");
    done(b);
}

Test(holder, what_is_no_share_is_refused_and_its_giver_is_shown)
{
    struct bench *b = missing();
    const struct assay_share_from from = from_member(b, 0);
    struct assay_share_piece piece = piece_of(b, 0);
    piece.share.bytes[0] ^= 1;
    cr_assert_eq(give(b, 0, &from, &piece), ASSAY_E_INVALID);
    cr_assert_null(effect_of(b, ASSAY_SHARE_ACT_PERSIST));
    const struct assay_share_effect *effect = effect_of(b, ASSAY_SHARE_ACT_SUBMIT);
    struct assay_share_lie_record lie;
    cr_assert_not_null(effect);
    cr_assert_eq(effect->payload, ASSAY_SHARE_PAYLOAD_LIE);
    cr_assert_eq(assay_share_lie_record_decode(effect->bytes, &lie), ASSAY_OK);
    cr_assert(assay_share_lie_record_check(&b->r->config.home, &lie));
    cr_assert_eq(assay_share_registry_apply_lie(b->r, &lie, &b->facts), ASSAY_SHARE_APPLIED);
    cr_assert_eq(b->facts.fact[0].member, 0);
    cr_assert(asks(b, 6), "and the next one is asked at once");
    cr_assert_eq(fetch(b, 6, 0), ASSAY_OK);
    cr_assert_eq(assay_share_holder_status(b->h).kept, 1);
    done(b);
}

Test(holder, evidence_that_does_not_stand_ends_the_exchange)
{
    struct bench *b = missing();
    const struct assay_share_from from = from_member(b, 0);
    struct assay_share_message m, offer = { .kind = ASSAY_SHARE_OFFER };
    struct assay_slice bytes;
    cr_assert_eq(assay_share_message_decode(b->out.effect[0].bytes, &m), ASSAY_OK);
    assay_bytes_copy(offer.nonce_a, 32, m.nonce_a, 32);
    offer.evidence = assay_slice_over("no", 2);
    cr_assert_eq(assay_share_message_encode(&offer, b->bytes, sizeof b->bytes, &bytes), ASSAY_OK);
    const struct assay_share_from other = from_member(b, 1);
    cr_assert_eq(message(b, &other, bytes), ASSAY_E_STALE, "another's link");
    cr_assert_eq(message(b, &from, bytes), ASSAY_OK);
    cr_assert_eq(b->out.effect[0].act, ASSAY_SHARE_ACT_VERIFY);
    const uint64_t serial = b->out.effect[0].serial;
    assay_share_holder_on_verified(b->h, b->r, &b->epoch, serial, false, b->now_ms, &b->out);
    cr_assert(asks(b, 6), "the next one");
    assay_share_holder_on_verified(b->h, b->r, &b->epoch, serial, true, b->now_ms, &b->out);
    cr_assert_eq(b->out.count, 0, "too late");
    done(b);
}

Test(holder, an_owner_hands_over_what_waits_and_nothing_else)
{
    struct bench *b = fresh(1);
    const struct assay_share_from owner = { .link = 9 };
    const uint8_t unknown[32] = { 1 };
    struct assay_share_piece piece = piece_of(b, 1);
    crawl(b);
    cr_assert_eq(b->out.count, 0);
    cr_assert_eq(
        assay_share_holder_start_handover(b->h, b->r, &b->epoch, &owner, unknown, 0, &b->out),
        ASSAY_E_NOT_FOUND);
    cr_assert_eq(
        assay_share_holder_start_handover(b->h, b->r, &b->epoch, &owner, b->id, 0, &b->out),
        ASSAY_OK);
    cr_assert_eq(b->out.effect[0].link, 9);
    piece.share.bytes[0] ^= 1;
    cr_assert_eq(give(b, MEMBERS, &owner, &piece), ASSAY_E_INVALID);
    cr_assert_null(effect_of(b, ASSAY_SHARE_ACT_SUBMIT), "an owner's slip convicts nobody");
    piece.share.bytes[0] ^= 1;
    cr_assert_eq(
        assay_share_holder_start_handover(b->h, b->r, &b->epoch, &owner, b->id, 0, &b->out),
        ASSAY_OK);
    cr_assert_eq(give(b, MEMBERS, &owner, &piece), ASSAY_OK);
    cr_assert_eq(b->out.effect[0].act, ASSAY_SHARE_ACT_PERSIST);
    cr_assert_eq(b->out.effect[1].payload, ASSAY_SHARE_PAYLOAD_HAVE);
    for (uint32_t i = 0; i < ASSAY_SHARE_WAITING_EPOCHS; i++)
        close_epoch(b);
    facts(b);
    cr_assert_eq(b->out.effect[0].act, ASSAY_SHARE_ACT_ERASE, "it was not confirmed in time");
    done(b);
}

static enum assay_status offer(struct bench *b, uint64_t link)
{
    const struct assay_share_from owner = { .link = link };
    return assay_share_holder_start_handover(b->h, b->r, &b->epoch, &owner, b->id, b->now_ms,
                                             &b->out);
}

Test(holder, strangers_that_offer_a_share_leave_room_for_holders)
{
    struct bench *b = fresh(1);
    crawl(b);
    cr_assert_eq(offer(b, 1), ASSAY_OK);
    cr_assert_eq(offer(b, 1), ASSAY_E_FULL, "one of each");
    for (uint64_t link = 2; link <= ASSAY_SHARE_TAKING_MAX / 2; link++)
        cr_assert_eq(offer(b, link), ASSAY_OK);
    cr_assert_eq(offer(b, 99), ASSAY_E_FULL, "half of all");
    tick(b, ASSAY_SHARE_PATIENCE_MS);
    cr_assert_eq(offer(b, 99), ASSAY_OK);
    done(b);
}

/* A client of an address connects as often as it likes, and its exchanges outlive its connections:
 * those of its address are counted. */
Test(holder, one_site_that_offers_shares_leaves_room_for_others)
{
    struct bench *b = fresh(1);
    struct assay_share_from owner = { .site = { [15] = 1 } };
    crawl(b);
    for (owner.link = 1; owner.link <= 5; owner.link++)
        cr_expect_eq(assay_share_holder_start_handover(b->h, b->r, &b->epoch, &owner, b->id,
                                                       b->now_ms, &b->out),
                     owner.link <= 4 ? ASSAY_OK : ASSAY_E_FULL, "link %u", (unsigned)owner.link);
    owner.site[15] = 2;
    cr_expect_eq(assay_share_holder_start_handover(b->h, b->r, &b->epoch, &owner, b->id, b->now_ms,
                                                   &b->out),
                 ASSAY_OK);
    tick(b, ASSAY_SHARE_PATIENCE_MS);
    owner.site[15] = 1;
    owner.link = 9;
    cr_expect_eq(assay_share_holder_start_handover(b->h, b->r, &b->epoch, &owner, b->id, b->now_ms,
                                                   &b->out),
                 ASSAY_OK);
    done(b);
}

/* --- keeping */

/* Member 0 keeps its share. */
static struct bench *keeping(void)
{
    struct bench *b = fresh(0);
    const struct assay_share_from owner = { .link = 9 };
    const struct assay_share_piece piece = piece_of(b, 0);
    crawl(b);
    cr_assert_eq(
        assay_share_holder_start_handover(b->h, b->r, &b->epoch, &owner, b->id, 0, &b->out),
        ASSAY_OK);
    cr_assert_eq(give(b, MEMBERS, &owner, &piece), ASSAY_OK);
    for (uint32_t i = 0; i < SLOTS; i++)
        have(b, i);
    crawl(b);
    cr_assert_eq(assay_share_holder_status(b->h).kept, 1);
    return b;
}

Test(holder, everything_is_wiped_when_the_slot_moves_and_not_before)
{
    struct bench *b = keeping();
    b->standing[0] = ASSAY_SHARE_STAND_SUSPENDED;
    close_epoch(b);
    facts(b);
    cr_assert_null(effect_of(b, ASSAY_SHARE_ACT_WIPE), "nobody else is there: it may come back");
    cr_assert_not_null(assay_share_holder_piece(b->h, b->id, false));
    list(b, SPARE, 0);
    facts(b);
    cr_assert_eq(b->out.effect[0].act, ASSAY_SHARE_ACT_WIPE);
    cr_assert_null(assay_share_holder_piece(b->h, b->id, false));
    cr_assert(!assay_share_holder_status(b->h).seated);
    done(b);
}

Test(holder, what_was_stored_comes_back_and_is_said_again)
{
    struct bench *b = keeping();
    uint8_t stored[ASSAY_SHARE_STORED_MAX + 1];
    struct assay_slice out;
    cr_assert_eq(assay_share_holder_stored(b->h, b->id, stored, sizeof stored, &out), ASSAY_OK);
    b->r->row[0].have[0] &= ~1u; /* it was killed before its record was final */
    start(b, 0);
    for (size_t len = 0; len < out.len; len++)
        cr_assert_eq(assay_share_holder_load(b->h, assay_slice_over(stored, len)),
                     ASSAY_E_VERSION);
    stored[out.len] = 0;
    cr_assert_eq(assay_share_holder_load(b->h, assay_slice_over(stored, out.len + 1)),
                 ASSAY_E_VERSION);
    cr_assert_eq(assay_share_holder_load(b->h, out), ASSAY_OK);
    cr_assert_eq(assay_share_holder_load(b->h, out), ASSAY_E_DUPLICATE);
    crawl(b);
    cr_assert_eq(b->out.count, 1);
    cr_assert_eq(b->out.effect[0].payload, ASSAY_SHARE_PAYLOAD_HAVE);
    done(b);
}

/* Slot 1 went to a spare member: the id is dealt anew, and member 0 deals. */
static struct bench *dealing(void)
{
    struct bench *b = keeping();
    b->standing[1] = ASSAY_SHARE_STAND_NONE;
    list(b, SPARE, 0);
    close_epoch(b);
    const struct assay_share_row *row = assay_share_registry_find(b->r, b->id);
    cr_assert_eq(assay_share_registry_find_reshare(b->r, row)->dealers, 5);
    facts(b);
    return b;
}

/* What the fuzzer begins with is of this version. */
Test(holder, the_seed_of_the_fuzzer_is_loaded)
{
    static uint8_t bytes[1 + ASSAY_SHARE_STORED_MAX] = { 9 }; /* of fuzz_share_records.c */
    struct bench *b = keeping();
    struct assay_slice out;
    cr_assert_eq(assay_share_holder_stored(b->h, b->id, bytes + 1, sizeof bytes - 1, &out),
                 ASSAY_OK);
    const struct assay_slice seed =
        seed_of("services_share_records", "stored", assay_slice_over(bytes, out.len + 1));
    cr_assert_eq(seed.bytes[0], 9);
    start(b, 0);
    cr_expect_eq(assay_share_holder_load(b->h, assay_slice_over(seed.bytes + 1, seed.len - 1)),
                 ASSAY_OK);
    done(b);
}

Test(holder, it_deals_the_same_after_a_crash)
{
    struct bench *b = dealing();
    uint8_t stored[ASSAY_SHARE_STORED_MAX];
    struct assay_slice out;
    struct assay_share_list_record first, again;
    cr_assert_eq(b->out.effect[0].act, ASSAY_SHARE_ACT_PERSIST, "its seed is stored first");
    cr_assert_eq(b->out.effect[1].payload, ASSAY_SHARE_PAYLOAD_DEAL);
    cr_assert_eq(assay_share_list_record_decode(b->out.effect[1].bytes, &first), ASSAY_OK);
    cr_assert_eq(assay_share_holder_stored(b->h, b->id, stored, sizeof stored, &out), ASSAY_OK);
    start(b, 0);
    cr_assert_eq(assay_share_holder_load(b->h, out), ASSAY_OK);
    crawl(b);
    const struct assay_share_effect *effect = effect_of(b, ASSAY_SHARE_ACT_SUBMIT);
    cr_assert_eq(effect->payload, ASSAY_SHARE_PAYLOAD_DEAL);
    cr_assert_eq(assay_share_list_record_decode(effect->bytes, &again), ASSAY_OK);
    cr_assert(assay_bytes_equal(first.line[0].digest, again.line[0].digest, 32));
    close_epoch(b);
    facts(b);
    effect = effect_of(b, ASSAY_SHARE_ACT_SUBMIT);
    cr_assert_eq(assay_share_list_record_decode(effect->bytes, &again), ASSAY_OK);
    cr_assert_eq(again.line[0].attempt, first.line[0].attempt + 1);
    cr_assert(!assay_bytes_equal(first.line[0].digest, again.line[0].digest, 32),
              "another attempt is another polynomial");
    done(b);
}

/* --- giving */

static enum assay_status asked_by(struct bench *b, const struct assay_share_from *from,
                                  enum assay_share_purpose purpose, uint8_t nonce, uint8_t box)
{
    struct assay_share_message m = { .kind = ASSAY_SHARE_ASK, .purpose = purpose,
                                     .era = b->epoch.era, .epoch = b->epoch.epoch, .count = 1,
                                     .nonce_a = { nonce }, .box = { box },
                                     .ids = assay_slice_over(b->id, 32) };
    struct assay_slice bytes;
    cr_assert_eq(assay_share_message_encode(&m, b->bytes, sizeof b->bytes, &bytes), ASSAY_OK);
    return message(b, from, bytes);
}

Test(holder, it_gives_to_equal_slots_and_deals_to_its_own_cluster)
{
    struct bench *b = keeping();
    struct assay_share_from from = from_member(b, 3);
    const struct assay_share_from outsider = { .link = 1 };
    cr_assert_eq(asked_by(b, &from, ASSAY_SHARE_FETCH, 1, 1), ASSAY_OK);
    cr_assert_eq(b->out.effect[0].act, ASSAY_SHARE_ACT_QUOTE);
    cr_assert_eq(asked_by(b, &from, ASSAY_SHARE_DEAL, 1, 1), ASSAY_E_LANE, "another cluster's");
    cr_assert_eq(asked_by(b, &from, ASSAY_SHARE_HAND, 1, 1), ASSAY_E_LANE);
    cr_assert_eq(asked_by(b, &outsider, ASSAY_SHARE_FETCH, 1, 1), ASSAY_E_LANE);
    from = from_member(b, 4);
    cr_assert_eq(asked_by(b, &from, ASSAY_SHARE_FETCH, 1, 1), ASSAY_E_LANE, "slot 1");
    from = from_member(b, 2);
    cr_assert_eq(asked_by(b, &from, ASSAY_SHARE_FETCH, 1, 1), ASSAY_E_LANE, "its own cluster");
    cr_assert_eq(asked_by(b, &from, ASSAY_SHARE_DEAL, 1, 1), ASSAY_OK);
    from = from_member(b, SPARE);
    cr_assert_eq(asked_by(b, &from, ASSAY_SHARE_FETCH, 1, 1), ASSAY_E_STRANGER, "no slot");
    from = from_member(b, 6);
    b->standing[6] = ASSAY_SHARE_STAND_SUSPENDED;
    close_epoch(b);
    cr_assert_eq(asked_by(b, &from, ASSAY_SHARE_FETCH, 1, 1), ASSAY_E_STRANGER, "it lost its slot");
    from = from_member(b, 3);
    b->epoch.epoch++;
    cr_assert_eq(asked_by(b, &from, ASSAY_SHARE_FETCH, 1, 1), ASSAY_OK);
    done(b);
}

/* Plays the taker of an exchange to its end. Returns: how many pieces it got. */
static uint32_t pieces_given(struct bench *b, uint32_t member, enum assay_share_purpose purpose)
{
    const struct assay_share_from from = from_member(b, member);
    struct assay_share_message m;
    struct assay_slice bytes;
    cr_assert_eq(asked_by(b, &from, purpose, 1, 1), ASSAY_OK);
    assay_share_holder_on_quote(b->h, b->r, &b->epoch, b->out.effect[0].serial,
                                assay_slice_over("q", 1), 0, &b->out);
    cr_assert_eq(assay_share_message_decode(b->out.effect[0].bytes, &m), ASSAY_OK);
    m.kind = ASSAY_SHARE_PROOF;
    m.evidence = assay_slice_over("p", 1);
    cr_assert_eq(assay_share_message_encode(&m, b->bytes, sizeof b->bytes, &bytes), ASSAY_OK);
    cr_assert_eq(message(b, &from, bytes), ASSAY_OK);
    assay_share_holder_on_verified(b->h, b->r, &b->epoch, b->out.effect[0].serial, true, 0,
                                   &b->out);
    cr_assert_eq(assay_share_message_decode(b->out.effect[0].bytes, &m), ASSAY_OK);
    cr_assert_eq(m.kind, ASSAY_SHARE_GIVE);
    /* Boxes of the model are in the clear: behind its head, and the context of the exchange. */
    const uint8_t *gift = m.sealed.bytes + ASSAY_SODIUM_BOX_OVERHEAD + 32;
    return (uint32_t)gift[0] << 8 | gift[1];
}

Test(holder, it_gives_what_it_said_that_it_deals_and_nothing_else)
{
    struct bench *b = dealing();
    struct assay_share_list_record said;
    cr_assert_eq(assay_share_list_record_decode(b->out.effect[1].bytes, &said), ASSAY_OK);
    cr_assert_eq(pieces_given(b, 2, ASSAY_SHARE_DEAL), 0, "it is not final");
    cr_assert_eq(assay_share_registry_apply_deal(b->r, 0, &said, &b->facts), ASSAY_SHARE_APPLIED);
    cr_assert_eq(pieces_given(b, 2, ASSAY_SHARE_DEAL), 1);
    done(b);
    b = dealing(); /* another program, or another store, announced it: no lie is told */
    say_dealt(b, 0, &b->commitments);
    cr_assert_eq(pieces_given(b, 2, ASSAY_SHARE_DEAL), 0);
    done(b);
}

/* A member that has one slot after the other, each of whose shares of one generation it fetched of
 * the equal slot of another cluster, would have the secret alone. */
Test(holder, a_slot_that_was_given_away_waits_for_the_next_generation)
{
    struct bench *b = keeping();
    cr_assert_eq(pieces_given(b, 3, ASSAY_SHARE_FETCH), 1);
    list(b, SPARE, 1);
    b->standing[3] = ASSAY_SHARE_STAND_SUSPENDED;
    close_epoch(b);
    cr_assert_eq(b->r->cluster[1].seat[0].member, SPARE);
    cr_assert_eq(pieces_given(b, SPARE, ASSAY_SHARE_FETCH), 0, "others had it before");
    struct assay_share_row *row = &b->r->row[0];
    cr_assert_eq(row->gone, 1);
    row->gone = 0; /* as when the next generation is made */
    cr_assert_eq(pieces_given(b, SPARE, ASSAY_SHARE_FETCH), 1);
    done(b);
}

Test(holder, it_gives_nothing_before_the_other_has_proved_itself)
{
    struct bench *b = keeping();
    const struct assay_share_from from = from_member(b, 3);
    struct assay_share_message m;
    struct assay_slice bytes;
    cr_assert_eq(asked_by(b, &from, ASSAY_SHARE_FETCH, 1, 1), ASSAY_OK);
    assay_share_holder_on_quote(b->h, b->r, &b->epoch, b->out.effect[0].serial,
                                assay_slice_over("q", 1), 0, &b->out);
    cr_assert_eq(assay_share_message_decode(b->out.effect[0].bytes, &m), ASSAY_OK);
    cr_assert_eq(m.kind, ASSAY_SHARE_OFFER);
    m.kind = ASSAY_SHARE_PROOF;
    m.evidence = assay_slice_over("p", 1);
    cr_assert_eq(assay_share_message_encode(&m, b->bytes, sizeof b->bytes, &bytes), ASSAY_OK);
    cr_assert_eq(message(b, &from, bytes), ASSAY_OK);
    cr_assert_eq(b->out.count, 1);
    cr_assert_eq(b->out.effect[0].act, ASSAY_SHARE_ACT_VERIFY);
    const uint64_t serial = b->out.effect[0].serial;
    assay_share_holder_on_verified(b->h, b->r, &b->epoch, serial, false, 0, &b->out);
    cr_assert_eq(b->out.count, 0);
    assay_share_holder_on_verified(b->h, b->r, &b->epoch, serial, true, 0, &b->out);
    cr_assert_eq(b->out.count, 0, "it is over");
    done(b);
}

Test(holder, a_reader_gets_a_share_when_its_read_is_final)
{
    struct bench *b = keeping();
    const struct assay_share_from reader = { .link = 4 };
    struct assay_share_read_record read = { .nonce = { 7 }, .box = { 8 } };
    read.reader.kind = ASSAY_SHARE_READER_ACCOUNT;
    assay_bytes_copy(read.id, 32, b->id, 32);
    cr_assert_eq(asked_by(b, &reader, ASSAY_SHARE_LET, 7, 8), ASSAY_E_LANE, "not before");
    cr_assert_eq(assay_share_registry_apply_read(b->r, &read, &b->facts), ASSAY_SHARE_APPLIED);
    facts(b);
    cr_assert_eq(asked_by(b, &reader, ASSAY_SHARE_LET, 7, 9), ASSAY_E_LANE, "another box");
    cr_assert_eq(asked_by(b, &reader, ASSAY_SHARE_LET, 6, 8), ASSAY_E_LANE, "another nonce");
    cr_assert_eq(asked_by(b, &reader, ASSAY_SHARE_LET, 7, 8), ASSAY_OK);
    cr_assert_eq(b->out.effect[0].act, ASSAY_SHARE_ACT_QUOTE);
    done(b);
}

/* The next change of the id by its owner, whose key is of zeros here. */
static struct assay_share_order order_of(const struct bench *b)
{
    const struct assay_share_row *row = assay_share_registry_find(b->r, b->id);
    return (struct assay_share_order){ .birth = row->birth, .version = row->version + 1 };
}

/* A reader's exchange up to its proof. Returns: what the holder made of that; b->out: what it does.
 */
static enum assay_status proof_of_reader(struct bench *b, const struct assay_share_from *reader)
{
    struct assay_share_message m;
    struct assay_slice bytes;
    assay_share_holder_on_quote(b->h, b->r, &b->epoch, b->out.effect[0].serial,
                                assay_slice_over("q", 1), 0, &b->out);
    cr_assert_eq(assay_share_message_decode(b->out.effect[0].bytes, &m), ASSAY_OK);
    m.kind = ASSAY_SHARE_PROOF;
    m.evidence = (struct assay_slice){ 0 };
    cr_assert_eq(assay_share_message_encode(&m, b->bytes, sizeof b->bytes, &bytes), ASSAY_OK);
    return message(b, reader, bytes);
}

static struct bench *with_read(const struct assay_share_from *reader)
{
    struct bench *b = keeping();
    struct assay_share_read_record read = { .nonce = { 7 }, .box = { 8 } };
    read.reader.kind = ASSAY_SHARE_READER_ACCOUNT;
    assay_bytes_copy(read.id, 32, b->id, 32);
    cr_assert_eq(assay_share_registry_apply_read(b->r, &read, &b->facts), ASSAY_SHARE_APPLIED);
    facts(b);
    cr_assert_eq(asked_by(b, reader, ASSAY_SHARE_LET, 7, 8), ASSAY_OK);
    return b;
}

/* docs/services.md 5.12: a read that is final is of use as long as its reader is on the list. */
Test(holder, a_reader_that_was_taken_off_the_list_gets_nothing)
{
    const struct assay_share_from reader = { .link = 4 };
    struct bench *b = with_read(&reader);
    cr_assert_eq(proof_of_reader(b, &reader), ASSAY_OK);
    cr_assert_eq(b->out.effect[0].act, ASSAY_SHARE_ACT_SEND, "it is given while it is one");
    cr_assert_eq(asked_by(b, &reader, ASSAY_SHARE_LET, 7, 8), ASSAY_OK);
    struct assay_share_readers_record other = { .order = order_of(b), .reader_count = 1 };
    other.reader[0].kind = ASSAY_SHARE_READER_ACCOUNT;
    other.reader[0].name[0] = 1;
    cr_assert_eq(assay_share_registry_apply_readers(b->r, &other, &b->facts), ASSAY_SHARE_APPLIED);
    cr_assert_eq(proof_of_reader(b, &reader), ASSAY_E_LANE, "in the midst of an exchange");
    cr_assert_eq(b->out.count, 0);
    facts(b);
    cr_assert_eq(asked_by(b, &reader, ASSAY_SHARE_LET, 7, 8), ASSAY_E_LANE);
    done(b);
}

static void put_again(struct bench *b)
{
    struct assay_share_put_record put = { .k = K, .reader_count = 1, .digest = { 1 } };
    close_epoch(b);
    put.birth.epoch = b->r->epoch;
    put.reader[0].kind = ASSAY_SHARE_READER_ACCOUNT;
    cr_assert_eq(assay_share_registry_apply_put(b->r, 0, &put, &b->facts), ASSAY_SHARE_APPLIED);
}

static void delete_it(struct bench *b)
{
    const struct assay_share_delete_record gone = { .order = order_of(b) };
    cr_assert_eq(assay_share_registry_apply_delete(b->r, &gone, &b->facts), ASSAY_SHARE_APPLIED);
}

Test(holder, what_its_owner_deleted_is_erased_and_its_reads_are_over)
{
    const struct assay_share_from reader = { .link = 4 };
    struct bench *b = with_read(&reader);
    delete_it(b);
    facts(b);
    cr_assert_not_null(effect_of(b, ASSAY_SHARE_ACT_ERASE));
    cr_assert_eq(assay_share_holder_status(b->h).kept, 0);
    put_again(b);
    facts(b);
    cr_assert_eq(asked_by(b, &reader, ASSAY_SHARE_LET, 7, 8), ASSAY_E_LANE);
    done(b);
}

/* It hears of none of it, and has the share of an id of the same name. */
Test(holder, what_was_deleted_and_put_again_while_it_was_away_is_erased)
{
    struct bench *b = keeping();
    cr_assert_eq(assay_share_holder_status(b->h).kept, 1);
    delete_it(b);
    put_again(b);
    crawl(b);
    cr_assert_not_null(effect_of(b, ASSAY_SHARE_ACT_ERASE));
    cr_assert_eq(assay_share_holder_status(b->h).kept, 0);
    done(b);
}

/* It comes back when the new one has been dealt anew as well. */
Test(holder, what_was_put_again_and_dealt_anew_while_it_was_away_is_erased)
{
    struct bench *b = keeping();
    delete_it(b);
    put_again(b);
    b->r->row[0].synced = true;
    b->r->row[0].generation = 2;
    crawl(b);
    cr_assert_not_null(effect_of(b, ASSAY_SHARE_ACT_ERASE));
    cr_assert_null(assay_share_holder_piece(b->h, b->id, false));
    done(b);
}

/* What a new era does to a stored share is asked before (docs/services.md 5.15), and is what the
 * crawl does then. */
static void expect_fate(struct bench *b, enum assay_share_fate fate)
{
    const bool erases = fate != ASSAY_SHARE_STAYS;
    cr_assert_eq(assay_share_holder_fate(b->h, b->r, b->id), fate);
    crawl(b);
    cr_assert_eq(effect_of(b, ASSAY_SHARE_ACT_ERASE) != NULL, erases);
    done(b);
}

Test(holder, what_is_erased_is_what_its_fate_says)
{
    struct bench *b = keeping();
    expect_fate(b, ASSAY_SHARE_STAYS);
    b = keeping();
    delete_it(b);
    expect_fate(b, ASSAY_SHARE_UNLISTED);
    b = keeping();
    delete_it(b);
    put_again(b);
    expect_fate(b, ASSAY_SHARE_REPLACED);
    for (uint32_t generation = 1; generation <= 3; generation++) { /* of another put */
        b = keeping();
        b->r->row[0].generation = generation;
        b->r->row[0].attempt = assay_share_put_attempt(b->r->row[0].put_epoch + 1);
        expect_fate(b, ASSAY_SHARE_REPLACED);
    }
    for (uint32_t waits = 0; waits < 2; waits++) { /* of other commitments */
        b = keeping();
        b->r->row[0].digest[0] ^= 1;
        b->r->row[0].synced = waits == 0;
        b->r->synced_count -= waits;
        expect_fate(b, ASSAY_SHARE_REPLACED);
    }
    b = keeping();
    b->r->row[0].attempt++;
    expect_fate(b, ASSAY_SHARE_REPLACED);
    b = keeping();
    b->r->row[0].generation = 2; /* of this put: its share is fetched */
    b->r->row[0].attempt++;
    expect_fate(b, ASSAY_SHARE_STAYS);
}

/* More ids are to be checked than there is room for: the facts behind them are noted all the same.
 */
Test(holder, facts_behind_a_full_queue_are_noted)
{
    const struct assay_share_from reader = { .link = 4 };
    struct bench *b = keeping();
    struct assay_share_read_record read = { .nonce = { 7 }, .box = { 8 } };
    read.reader.kind = ASSAY_SHARE_READER_ACCOUNT;
    assay_bytes_copy(read.id, 32, b->id, 32);
    cr_assert_eq(assay_share_registry_apply_read(b->r, &read, &b->facts), ASSAY_SHARE_APPLIED);
    cr_assert_eq(b->facts.count, 1);
    b->facts.fact[1] = b->facts.fact[0];
    b->facts.fact[0].kind = ASSAY_SHARE_SYNCED;
    b->facts.count = 2;
    b->h->queue_count = ASSAY_SHARE_QUEUE_MAX;
    facts(b);
    cr_assert_eq(asked_by(b, &reader, ASSAY_SHARE_LET, 7, 8), ASSAY_OK, "the read is known");
    delete_it(b);
    b->facts.fact[1] = b->facts.fact[0];
    b->facts.fact[0].kind = ASSAY_SHARE_SYNCED;
    b->facts.count = 2;
    b->h->queue_count = ASSAY_SHARE_QUEUE_MAX;
    facts(b);
    for (uint32_t i = 0; i < b->h->read_count; i++)
        cr_assert_not(assay_bytes_equal(b->h->read[i].id, b->id, 32), "its reads are over");
    done(b);
}

Test(holder, bytes_of_anybody_change_nothing)
{
    struct bench *b = keeping();
    const struct assay_share_from from = from_member(b, 3);
    uint8_t bytes[200];
    for (uint32_t i = 0; i < 20000; i++) {
        host_random(b, bytes, 32);
        const size_t len = bytes[0] % 32u;
        cr_assert_neq(message(b, &from, assay_slice_over(bytes, len)), ASSAY_OK);
        cr_assert_eq(b->out.count, 0);
    }
    done(b);
}
