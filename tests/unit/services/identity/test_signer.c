/*
 * tests/unit/services/identity/test_signer.c - tests of one holder's side of signing sessions.
 *
 * Goals of docs/identity.md 4: whoever answers or does not, a pair of nonces serves one list while
 * fewer than t indices are hostile or rolled back; nothing is signed for another epoch than the
 * newest; a third that uses up its limits leaves the subjects theirs; only what is wrong convicts.
 */
#include "base/crypto.h"
#include "services/identity/signing_lie.h"
#include "tests/unit/services/identity/signing_world.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static const uint32_t one_each[WORLD_HOLDERS] = { 1, 1, 1, 1, 1 };
static const uint8_t first_three[] = { 1, 2, 3 };

Test(signer, any_threshold_of_holders_signs_certificates_and_tokens)
{
    static const uint32_t several[WORLD_HOLDERS] = { 3, 1, 2, 1, 2 };
    static const uint8_t five[] = { 1, 3, 4, 6, 9 };
    struct world *w = world_new(5, several);
    struct world_attempt a = world_attempt(w, 1, 1, five, 't', 1, 7);
    a.items = 3;
    assay_bytes_copy(a.item[1], 3, "c\1\10", 3);
    assay_bytes_copy(a.item[2], 3, "c\1\11", 3);
    cr_assert_eq(world_run(w, &a), ASSAY_OK);
    for (uint32_t i = 0; i < a.items; i++)
        cr_assert(world_verifies(w, &a, i));
    cr_assert_eq(w->journal_entries, 4u * 3u); /* four holders, three items */
    world_free(w);
}

Test(signer, the_others_sign_when_a_third_is_silent)
{
    static const uint8_t rest[] = { 1, 4, 5 };
    struct world *w = world_new(3, one_each);
    struct world_attempt a = world_attempt(w, 0, 1, first_three, 'c', 0, 1);
    struct world_attempt b = world_attempt(w, 0, 2, rest, 'c', 0, 1);
    cr_assert_eq(world_request(w, &a, 0), ASSAY_OK); /* 1 and 2 do not answer */
    cr_assert_eq(world_run(w, &b), ASSAY_OK);
    cr_assert(world_verifies(w, &b, 0));
    world_free(w);
}

/* --- snapshots (docs/identity.md 4.7) */

/* What a holder answered: a nonce and the list that it was used for. */
struct used {
    uint8_t commitments[32], list[32];
};

static void record_use(const struct world *w, const struct world_attempt *a, uint32_t place,
                       struct used *used, uint32_t *count)
{
    struct used one;
    assay_sha256(a->commitments[place], a->commitments_len[place], one.commitments);
    world_list_digest(w, a, one.list);
    for (uint32_t i = 0; i < *count; i++)
        cr_assert(!assay_bytes_equal(used[i].commitments, one.commitments, 32) ||
                      assay_bytes_equal(used[i].list, one.list, 32),
                  "a nonce was used for two lists");
    used[(*count)++] = one;
}

static uint32_t draw_below(uint32_t below)
{
    uint32_t value = 0;
    group_draw((uint8_t *)&value, sizeof value);
    return value % below;
}

/* The second list for a victim that was rolled back: holder 0 is hostile, 1 the victim, 2 honest.
 * Holder 2 lends what it has: from the same session again, from another one, after a restart; in
 * each of several attempts. */
static void draw_second_list(struct world *w, struct world_attempt *b, struct world_attempt *other)
{
    switch (draw_below(5)) {
    case 0: break; /* what it had committed in this session */
    case 1: (void)world_request(w, b, 2); break;
    case 2:
        other->name[40] = (uint8_t)draw_below(3);
        if (world_request(w, other, 2) != ASSAY_OK) break;
        assay_bytes_copy(b->commitments[2], sizeof b->commitments[2], other->commitments[2],
                         sizeof b->commitments[2]);
        assay_bytes_copy(b->commit_signature[2], 64, other->commit_signature[2], 64);
        break;
    case 3:
        world_restart(w, 2);
        (void)world_request(w, b, 2);
        break;
    case 4: assay_bytes_copy(b->name, 32, w->group.holder[draw_below(2)].node_id, 32); break;
    }
    if (draw_below(4) != 0) world_forge_commitments(w, b, 0);
}

/* The victim's echo and answer for a list; holder 2 is requested to echo under each session that
 * it may have joined. */
static bool try_list(struct world *w, struct world_attempt *b, struct world_attempt *other)
{
    if (draw_below(4) != 0 && world_list(w, b, 1) != ASSAY_OK) return false;
    if (world_list(w, b, 2) != ASSAY_OK) {
        struct world_attempt renamed = *b;
        assay_bytes_copy(renamed.name, sizeof renamed.name, other->name, sizeof renamed.name);
        if (world_list(w, &renamed, 2) == ASSAY_OK)
            assay_bytes_copy(b->echo_signature[2], 64, renamed.echo_signature[2], 64);
    }
    world_forge_echo(w, b, 0);
    return world_echoes(w, b, 1) == ASSAY_OK;
}

static uint32_t attack(struct world *w, struct world_holder *snapshot, uint8_t name)
{
    struct used used[16];
    uint32_t count = 0;
    struct world_attempt a = world_attempt(w, 0, name, first_three, 'c', 3, 1), other = a;
    const uint32_t moment = draw_below(2);
    cr_assert_eq(world_request(w, &a, 1), ASSAY_OK);
    (void)world_request(w, &a, 2);
    world_forge_commitments(w, &a, 0);
    struct world_attempt b = a;
    assay_bytes_copy(snapshot, sizeof *snapshot, w->holder[1], sizeof *snapshot);
    if (world_list(w, &a, 1) == ASSAY_OK && moment == 1)
        assay_bytes_copy(snapshot, sizeof *snapshot, w->holder[1], sizeof *snapshot);
    (void)world_list(w, &a, 2);
    world_forge_echo(w, &a, 0);
    if (world_echoes(w, &a, 1) == ASSAY_OK) record_use(w, &a, 1, used, &count);
    if (draw_below(2) == 0 && world_echoes(w, &a, 2) == ASSAY_OK)
        record_use(w, &a, 2, used, &count);
    for (uint32_t attempt = 0; attempt < 6; attempt++) {
        assay_bytes_copy(w->holder[1], sizeof *snapshot, snapshot,
                         sizeof *snapshot); /* the same memory again */
        draw_second_list(w, &b, &other);
        if (try_list(w, &b, &other)) record_use(w, &b, 1, used, &count);
    }
    return count;
}

Test(signer, no_nonce_serves_two_lists_with_a_hostile_and_a_rolled_back_holder)
{
    struct world *w = world_new(3, one_each);
    struct world_holder *snapshot = calloc(1, sizeof *snapshot);
    uint32_t answered = 0;
    cr_assert_not_null(snapshot);
    for (uint32_t seed = 0; seed < 2000; seed++) {
        answered += attack(w, snapshot, (uint8_t)(1 + seed % 200));
        world_close_epoch(w);
        for (uint32_t i = 1; i < 3; i++)
            world_restart(w, i); /* so that 2 has joined nothing of the new epoch */
    }
    cr_assert_geq(answered, 2000u, "the attack itself must work as far as the rules let it");
    free(snapshot);
    world_free(w);
}

/* With t indices hostile or rolled back the rules cannot hold: the test above would see it. */
Test(signer, the_rules_are_what_stops_it)
{
    struct world *w = world_new(3, one_each);
    struct world_attempt a = world_attempt(w, 0, 1, first_three, 'c', 3, 1);
    struct world_holder *snapshot = calloc(2, sizeof *snapshot);
    cr_assert_not_null(snapshot);
    for (uint32_t i = 1; i < 3; i++) {
        cr_assert_eq(world_request(w, &a, i), ASSAY_OK);
        assay_bytes_copy(&snapshot[i - 1], sizeof *snapshot, w->holder[i], sizeof *snapshot);
    }
    uint8_t list[2][32];
    for (uint32_t round = 0; round < 2; round++) {
        world_forge_commitments(w, &a, 0);
        world_forge_echo(w, &a, 0);
        for (uint32_t i = 1; i < 3; i++) {
            assay_bytes_copy(w->holder[i], sizeof *snapshot, &snapshot[i - 1],
                             sizeof *snapshot); /* both are rolled back */
            cr_assert_eq(world_list(w, &a, i), ASSAY_OK);
        }
        cr_assert_eq(world_echoes(w, &a, 1), ASSAY_OK);
        world_list_digest(w, &a, list[round]);
    }
    cr_assert_arr_neq(list[0], list[1], 32);
    free(snapshot);
    world_free(w);
}

Test(signer, a_copied_machine_draws_other_nonces_in_another_session)
{
    struct world *w = world_new(3, one_each);
    struct world_attempt a = world_attempt(w, 0, 1, first_three, 'c', 3, 1);
    struct world_attempt b = world_attempt(w, 0, 2, first_three, 'c', 3, 1);
    struct world_holder *snapshot = calloc(1, sizeof *snapshot);
    cr_assert_not_null(snapshot);
    w->entropy_byte = 9; /* the copy has the same random bytes, clocks and counter */
    assay_bytes_copy(snapshot, sizeof *snapshot, w->holder[1], sizeof *snapshot);
    cr_assert_eq(world_request(w, &a, 1), ASSAY_OK);
    assay_bytes_copy(w->holder[1], sizeof *snapshot, snapshot, sizeof *snapshot);
    cr_assert_eq(world_request(w, &b, 1), ASSAY_OK);
    cr_assert_arr_neq(a.commitments[1], b.commitments[1], 32);
    free(snapshot);
    world_free(w);
}

/* Copies lent to one name with other signers would give their share away in three answers. */
Test(signer, a_copied_machine_draws_other_nonces_with_other_signers_under_one_name)
{
    static const uint8_t others[] = { 1, 2, 4 };
    struct world *w = world_new(3, one_each);
    struct world_attempt a = world_attempt(w, 0, 1, first_three, 'c', 3, 1);
    struct world_attempt b = world_attempt(w, 0, 1, others, 'c', 3, 1);
    struct world_holder *snapshot = calloc(1, sizeof *snapshot);
    cr_assert_not_null(snapshot);
    w->entropy_byte = 9; /* the copy has the same random bytes, clocks and counter */
    assay_bytes_copy(snapshot, sizeof *snapshot, w->holder[1], sizeof *snapshot);
    cr_assert_eq(world_request(w, &a, 1), ASSAY_OK);
    assay_bytes_copy(w->holder[1], sizeof *snapshot, snapshot, sizeof *snapshot);
    cr_assert_eq(world_request(w, &b, 1), ASSAY_OK);
    cr_assert_arr_neq(a.commitments[1], b.commitments[1], 32);
    free(snapshot);
    world_free(w);
}

/* --- life of nonces (docs/identity.md 4.6) */

Test(signer, nonces_end_with_their_session_after_two_seconds_a_pause_or_a_jump_of_the_date)
{
    struct world *w = world_new(3, one_each);
    for (uint8_t way = 0; way < 6; way++) {
        struct world_attempt a = world_attempt(w, 0, (uint8_t)(20 + way), first_three, 'c', 3, way);
        for (uint32_t i = 0; i < 3; i++)
            cr_assert_eq(world_request(w, &a, i), ASSAY_OK);
        for (uint32_t i = 0; i < 3; i++)
            cr_assert_eq(world_list(w, &a, i), ASSAY_OK);
        const struct assay_cosigner_time before = w->now;
        switch (way) {
        case 0: world_pass(w, ASSAY_COSIGNER_LIFE_MS); break;
        case 1:
            w->now.monotonic_ms += 400;
            w->now.wall_ms += 400;
            break;
        case 2: w->now.wall_ms += 300; break;
        case 3: w->now.wall_ms -= 300; break;
        case 4: w->now.monotonic_ms -= 1; break;
        case 5: world_close_epoch(w); break;
        }
        cr_assert_eq(world_echoes(w, &a, 1), ASSAY_E_NOT_FOUND, "way %u", (unsigned)way);
        for (uint32_t i = 0; i < WORLD_SLOTS; i++)
            cr_assert(
                assay_bytes_all_zero(&w->holder[1]->nonces[i], sizeof w->holder[1]->nonces[i]));
        if (way != 0) w->now = before;
        world_pass(w, ASSAY_COSIGNER_LIFE_MS); /* the other holders have theirs yet */
    }
    world_free(w);
}

Test(signer, an_answer_is_given_once)
{
    struct world *w = world_new(3, one_each);
    struct world_attempt a = world_attempt(w, 0, 1, first_three, 'c', 3, 1);
    cr_assert_eq(world_run(w, &a), ASSAY_OK);
    cr_assert_eq(world_echoes(w, &a, 1), ASSAY_E_NOT_FOUND);
    cr_assert_eq(world_request(w, &a, 1), ASSAY_E_DUPLICATE);
    world_free(w);
}

/* --- epochs (docs/identity.md 4.11) */

Test(signer, nothing_is_signed_but_for_the_newest_epoch_that_is_young_and_unfenced)
{
    struct world *w = world_new(3, one_each);
    struct world_attempt a = world_attempt(w, 0, 1, first_three, 'c', 3, 1);
    a.epoch -= 1;
    cr_assert_eq(world_request(w, &a, 1), ASSAY_E_STALE);
    a.epoch += 2;
    cr_assert_eq(world_request(w, &a, 1), ASSAY_E_EARLY);
    a.epoch -= 1;
    w->epoch.live[3] = false;
    world_close_epoch(w);
    a.epoch = w->epoch.epoch;
    cr_assert_eq(world_request(w, &a, 1), ASSAY_E_INVALID);
    w->epoch.live[3] = true;
    w->epoch.fenced = true;
    world_close_epoch(w);
    a.epoch = w->epoch.epoch;
    cr_assert_eq(world_request(w, &a, 1), ASSAY_E_INVALID);
    w->epoch.fenced = false;
    w->group.era += 1; /* the generation is of another era */
    world_close_epoch(w);
    a.epoch = w->epoch.epoch;
    cr_assert_eq(world_request(w, &a, 1), ASSAY_E_CHAIN);
    w->group.era -= 1;
    w->group.generation -= 1; /* the generation before the one in force */
    world_close_epoch(w);
    a.epoch = w->epoch.epoch;
    cr_assert_eq(world_request(w, &a, 1), ASSAY_E_CHAIN);
    w->group.generation += 1;
    world_close_epoch(w);
    a.epoch = w->epoch.epoch;
    world_pass(w, 3 * w->epoch.period_ms - 50); /* no quorum for so long */
    cr_assert_eq(world_request(w, &a, 1), ASSAY_OK);
    a.name[40] ^= 1;
    world_pass(w, 50);
    cr_assert_eq(world_request(w, &a, 1), ASSAY_E_TIMEOUT);
    struct assay_cosigner_epoch old = w->epoch;
    old.epoch -= 1;
    cr_assert_eq(assay_cosigner_on_epoch(&w->holder[1]->signer, &w->group, w->key->share, &old),
                 ASSAY_E_STALE);
    world_free(w);
}

Test(signer, of_two_processes_with_one_store_the_one_that_offered_last_signs)
{
    struct world *w = world_new(3, one_each);
    const uint8_t older[32] = { 1 }, newer[32] = { 2 };
    struct world_attempt a = world_attempt(w, 0, 1, first_three, 'c', 3, 1);
    assay_cosigner_set_link(&w->holder[1]->signer, older);
    assay_bytes_copy(w->epoch.link_key, 32, older, 32);
    world_close_epoch(w);
    a.epoch = w->epoch.epoch;
    cr_assert_eq(world_request(w, &a, 1), ASSAY_OK);
    assay_bytes_copy(w->epoch.link_key, 32, newer, 32); /* a copy of it started, and offered */
    world_close_epoch(w);
    a.epoch = w->epoch.epoch;
    cr_assert_eq(world_request(w, &a, 1), ASSAY_E_STRANGER);
    assay_cosigner_set_link(&w->holder[1]->signer, newer);
    cr_assert_eq(world_request(w, &a, 1), ASSAY_OK);
    world_free(w);
}

/* --- bounds (docs/identity.md 4.12, 4.13) */

Test(signer, a_hostile_coordinator_leaves_each_subject_its_part)
{
    struct world *w = world_new(3, one_each);
    uint32_t joined = 0;
    for (uint8_t name = 1; name < 60; name++) { /* opens sessions of all kinds and leaves them */
        struct world_attempt a =
            world_attempt(w, 0, name, first_three, 'c', 3, (uint8_t)(name % 3));
        joined += world_request(w, &a, 1) == ASSAY_OK;
        if (name % 5 == 0) world_pass(w, ASSAY_COSIGNER_LIFE_MS);
    }
    cr_assert_eq(joined, WORLD_JOINS / WORLD_HOLDERS);
    for (uint8_t name = 1; name <= 2; name++) { /* at once */
        struct world_attempt a = world_attempt(w, 3, name, first_three, 'c', 3, 0);
        cr_assert_eq(world_run(w, &a), ASSAY_OK);
        cr_assert(world_verifies(w, &a, 0));
    }
    world_free(w);
}

/* Every other holder opens as many as it likes, for its own keys and for those of others. */
Test(signer, sessions_of_all_other_coordinators_end_none_of_a_holder)
{
    struct world *w = world_new(3, one_each);
    struct world_attempt own = world_attempt(w, 3, 1, first_three, 'c', 3, 1);
    struct world_attempt other = world_attempt(w, 3, 2, first_three, 'c', 4, 2);
    for (uint32_t place = 0; place < 3; place++)
        cr_assert_eq(world_request(w, &own, place), ASSAY_OK);
    for (uint8_t i = 0; i < 7 * (ASSAY_COSIGNER_PLACES + 1); i++) {
        const uint32_t from = i % 7 < 3 ? i % 7 : i % 7 + 1;
        const uint32_t subject = i % 2 == 0 ? from : 5;
        struct world_attempt a =
            world_attempt(w, from, (uint8_t)(10 + i), first_three, 'c', (uint8_t)subject, i);
        cr_assert_eq(world_request(w, &a, 1), ASSAY_OK, "each ends one of its own");
    }
    for (uint32_t place = 0; place < 3; place++)
        cr_assert_eq(world_request(w, &other, place), ASSAY_OK);
    for (uint32_t i = 0; i < 2; i++) {
        struct world_attempt *a = i == 0 ? &own : &other;
        for (uint32_t place = 0; place < 3; place++)
            cr_assert_eq(world_list(w, a, place), ASSAY_OK);
        for (uint32_t place = 0; place < 3; place++)
            cr_assert_eq(world_echoes(w, a, place), ASSAY_OK);
        cr_assert(world_verifies(w, a, 0));
    }
    world_free(w);
}

Test(signer, one_session_more_than_its_places_ends_the_oldest_of_a_coordinator)
{
    struct world *w = world_new(3, one_each);
    struct world_attempt a[ASSAY_COSIGNER_PLACES + 1];
    for (uint8_t i = 0; i <= ASSAY_COSIGNER_PLACES; i++) {
        a[i] = world_attempt(w, 0, (uint8_t)(1 + i), first_three, 'c', 3, i);
        for (uint32_t place = 0; place < 3; place++)
            cr_assert_eq(world_request(w, &a[i], place), ASSAY_OK);
        world_pass(w, 100);
    }
    cr_assert_eq(world_list(w, &a[0], 1), ASSAY_E_NOT_FOUND);
    for (uint32_t i = 1; i <= ASSAY_COSIGNER_PLACES; i++)
        cr_assert_eq(world_list(w, &a[i], 1), ASSAY_OK);
    world_free(w);
}

Test(signer, a_coordinator_has_its_part_of_the_sessions_of_an_epoch)
{
    struct world *w = world_new(3, one_each);
    uint32_t joined = 0;
    for (uint8_t name = 1; name < 60; name++) { /* for its own key */
        struct world_attempt a =
            world_attempt(w, 3, name, first_three, 'c', 3, (uint8_t)(name % 3));
        joined += world_request(w, &a, 1) == ASSAY_OK;
    }
    cr_assert_eq(joined, WORLD_JOINS / WORLD_HOLDERS);
    struct world_attempt other = world_attempt(w, 4, 1, first_three, 'c', 4, 1);
    cr_assert_eq(world_request(w, &other, 1), ASSAY_OK);
    world_free(w);
}

Test(signer, a_coordinator_gets_four_answers_of_a_text_and_takes_none_of_another)
{
    struct world *w = world_new(3, one_each);
    for (uint8_t i = 0; i < 3 * (ASSAY_COSIGNER_ANSWERS_MIN + 1); i++) {
        const uint32_t coordinator = i % 3 == 2 ? 3 : i % 3; /* two strangers and the subject */
        struct world_attempt a =
            world_attempt(w, coordinator, (uint8_t)(1 + i), first_three, 'c', 3, 1);
        cr_assert_eq(world_run(w, &a),
                     i < 3 * ASSAY_COSIGNER_ANSWERS_MIN ? ASSAY_OK : ASSAY_E_RATE);
    }
    world_free(w);
}

/* What is not derived counts as a session of the epoch, too. */
Test(signer, requests_that_fail_use_up_the_part_of_their_coordinator)
{
    struct world *w = world_new(3, one_each);
    uint32_t derived = 0;
    for (uint8_t name = 1; name < 60; name++) {
        struct world_attempt a = world_attempt(w, 0, name, first_three, 'c', 200, 1);
        const enum assay_status status = world_request(w, &a, 1);
        cr_assert(status == ASSAY_E_NOT_FOUND || status == ASSAY_E_FULL);
        derived += status == ASSAY_E_NOT_FOUND;
    }
    cr_assert_eq(derived, WORLD_JOINS / WORLD_HOLDERS);
    struct world_attempt other = world_attempt(w, 3, 1, first_three, 'c', 3, 1);
    cr_assert_eq(world_request(w, &other, 1), ASSAY_OK);
    world_free(w);
}

Test(signer, who_is_no_holder_coordinates_nothing)
{
    struct world *w = world_new(3, one_each);
    struct world_attempt a = world_attempt(w, 0, 1, first_three, 'c', 3, 1);
    a.name[0] ^= 1;
    cr_assert_eq(world_request(w, &a, 1), ASSAY_E_STRANGER);
    world_free(w);
}

Test(signer, a_token_is_for_the_daemon_of_its_subject_alone)
{
    struct world *w = world_new(3, one_each);
    struct world_attempt a = world_attempt(w, 0, 1, first_three, 't', 3, 1);
    cr_assert_eq(world_request(w, &a, 1), ASSAY_E_LANE);
    struct world_attempt b = world_attempt(w, 3, 1, first_three, 't', 3, 1);
    cr_assert_eq(world_run(w, &b), ASSAY_OK);
    cr_assert(world_verifies(w, &b, 0));
    world_free(w);
}

Test(signer, a_message_is_of_the_coordinator_that_its_session_names)
{
    struct world *w = world_new(3, one_each);
    struct world_attempt a = world_attempt(w, 0, 1, first_three, 'c', 3, 1);
    static uint8_t bytes[ASSAY_SIGNING_MESSAGE_MAX];
    struct assay_signing_message m = { .kind = ASSAY_SIGNING_ECHOES, .count = 1 };
    const uint8_t signature[64] = { 0 };
    const struct assay_cosigner_entropy entropy = { { 1 }, { 2 } };
    struct assay_slice out;
    assay_bytes_copy(m.name, sizeof m.name, a.name, sizeof m.name);
    m.part[0] = assay_slice_over(signature, 64);
    cr_assert_eq(assay_signing_encode(&m, bytes, sizeof bytes, &out), ASSAY_OK);
    cr_assert_eq(assay_cosigner_on_message(&w->holder[1]->signer, w->now, &entropy,
                                           w->group.holder[2].node_id, out, w->out),
                 ASSAY_E_STRANGER);
    world_free(w);
}

/* --- convictions (docs/identity.md 4.8, 4.10) */

static struct assay_signing_lie lie_of(const struct world *w, const struct world_attempt *a,
                                       uint32_t place, uint8_t *tbs)
{
    struct assay_signing_lie lie;
    struct assay_signing_session session;
    struct assay_slice part[ASSAY_SIGNING_PARTS_MAX];
    uint8_t digest[32];
    world_session(w, a, &session, digest);
    (void)world_parts(w, a, part);
    const struct assay_signing_answers all = {
        .session = &session,
        .part = part,
        .place = place,
        .answers = assay_slice_over(a->answers[place], a->answers_len[place]),
        .signature = a->answer_signature[place],
    };
    assay_signing_lie_of_answer(&w->group, &all, 0, a->index[place], world_tbs(a->item[0], tbs),
                                &lie);
    return lie;
}

/* The signature of what the holder would have sent. */
static void sign_answers(const struct world *w, struct world_attempt *a, uint32_t place)
{
    struct assay_signing_session session;
    uint8_t digest[32], list[32], own[32], statement[32];
    world_session(w, a, &session, digest);
    world_list_digest(w, a, list);
    assay_sha256(a->commitments[place], a->commitments_len[place], own);
    assay_signing_answer_digest(digest, w->group.holder[place].node_id, own, list,
                                assay_slice_over(a->answers[place], a->answers_len[place]),
                                statement);
    assay_sodium_link_sign(&w->seed[place], statement, a->answer_signature[place]);
}

Test(signer, a_wrong_answer_convicts_its_signer_and_a_right_one_nobody)
{
    for (int token = 0; token < 2; token++) {
        struct world *w = world_new(3, one_each);
        struct world_attempt a =
            world_attempt(w, 3, 1, first_three, token ? 't' : 'c', 3, (uint8_t)(1 + token));
        uint8_t tbs[256];
        cr_assert_eq(world_run(w, &a), ASSAY_OK);
        for (uint32_t i = 0; i < 3; i++) {
            const struct assay_signing_lie right = lie_of(w, &a, i, tbs);
            cr_assert_eq(assay_signing_lie_verify(&w->group, &right), ASSAY_E_INVALID);
        }
        a.answers[1][0] ^= 1;
        struct assay_signing_lie lie = lie_of(w, &a, 1, tbs);
        cr_assert_eq(assay_signing_lie_verify(&w->group, &lie), ASSAY_E_SIGNATURE); /* not signed */
        sign_answers(w, &a, 1);
        lie = lie_of(w, &a, 1, tbs);
        cr_assert_eq(assay_signing_lie_verify(&w->group, &lie), ASSAY_OK);
        /* another generation, era or chain, for which it was right or never made */
        struct assay_signing_group other = w->group;
        other.generation += 1;
        cr_assert_eq(assay_signing_lie_verify(&other, &lie), ASSAY_E_SIGNATURE);
        other = w->group;
        other.era += 1;
        cr_assert_eq(assay_signing_lie_verify(&other, &lie), ASSAY_E_SIGNATURE);
        lie.index = 1; /* of another holder */
        cr_assert_eq(assay_signing_lie_verify(&w->group, &lie), ASSAY_E_RANGE);
        world_free(w);
    }
}

/* docs/identity.md 4.5: shares are read where they are; what changes there must not be answered
 * with, since each wrong answer that is signed convicts. */
Test(signer, a_holder_whose_share_changed_in_memory_is_silent_and_not_convicted)
{
    for (int token = 0; token < 2; token++) {
        struct world *w = world_new(3, one_each);
        struct world_attempt a =
            world_attempt(w, 3, 1, first_three, token ? 't' : 'c', 3, (uint8_t)(1 + token));
        w->key->share[2].bytes[5] ^= 1;
        cr_assert_neq(world_run(w, &a), ASSAY_OK);
        cr_assert_eq(a.answers_len[1], 0u, "no answer has left");
        cr_assert_gt(a.answers_len[0], 0u, "that of a sound holder has");
        world_free(w);
    }
}

static struct assay_signing_statement echo_of(const struct world *w, const struct world_attempt *a,
                                              uint32_t place)
{
    struct assay_signing_statement s = { .is_answer = false };
    struct assay_signing_session session;
    world_session(w, a, &session, s.session);
    world_list_digest(w, a, s.list);
    assay_bytes_copy(s.signature, 64, a->echo_signature[place], 64);
    return s;
}

Test(signer, two_lists_with_one_commitment_convict_and_a_name_used_twice_frames_nobody)
{
    struct world *w = world_new(3, one_each);
    struct world_attempt a = world_attempt(w, 0, 1, first_three, 'c', 3, 1);
    struct assay_signing_lie lie = { .kind = ASSAY_SIGNING_LIE_TWO_LISTS };
    cr_assert_eq(world_run(w, &a), ASSAY_OK);
    struct world_attempt b = a;
    world_close_epoch(w);
    b.epoch = w->epoch.epoch;
    cr_assert_eq(world_run(w, &b), ASSAY_OK); /* the same name, in the next epoch */
    assay_bytes_copy(lie.node_id, 32, w->group.holder[1].node_id, 32);
    lie.statement[0] = echo_of(w, &a, 1);
    lie.statement[1] = echo_of(w, &b, 1);
    for (int i = 0; i < 2; i++) {
        const struct world_attempt *from = i == 0 ? &a : &b;
        assay_sha256(from->commitments[1], from->commitments_len[1], lie.commitments);
        cr_assert_eq(assay_signing_lie_verify(&w->group, &lie), ASSAY_E_SIGNATURE);
    }
    lie.statement[0] = lie.statement[1];
    cr_assert_eq(assay_signing_lie_verify(&w->group, &lie), ASSAY_E_INVALID);
    struct world_attempt c = b; /* its key signs another list with the same commitments */
    world_forge_commitments(w, &c, 0);
    world_forge_echo(w, &c, 1);
    lie.statement[0] = echo_of(w, &c, 1);
    cr_assert_eq(assay_signing_lie_verify(&w->group, &lie), ASSAY_OK);
    lie.node_id[0] ^= 1;
    cr_assert_eq(assay_signing_lie_verify(&w->group, &lie), ASSAY_E_STRANGER);
    world_free(w);
}

/* --- hostile bytes */

/* Every truncation, one byte more, and every bit: nothing is read that is not written back. */
static void try_bytes(const uint8_t *bytes, size_t len)
{
    static uint8_t again[ASSAY_SIGNING_MESSAGE_MAX];
    struct assay_signing_message m;
    struct assay_signing_lie lie;
    struct assay_slice out;
    const struct assay_slice in = assay_slice_over(bytes, len);
    if (assay_signing_decode(in, &m) == ASSAY_OK) {
        cr_assert_eq(assay_signing_encode(&m, again, sizeof again, &out), ASSAY_OK);
        cr_assert(assay_slice_equal(in, out));
    }
    if (assay_signing_lie_decode(in, &lie) == ASSAY_OK) {
        cr_assert_eq(assay_signing_lie_encode(&lie, again, sizeof again, &out), ASSAY_OK);
        cr_assert(assay_slice_equal(in, out));
    }
}

static void try_all(const uint8_t *bytes, size_t len)
{
    struct assay_signing_message m;
    struct assay_signing_lie lie;
    uint8_t *copy = malloc(len + 1);
    cr_assert_not_null(copy);
    for (size_t cut = 0; cut < len; cut++) {
        assay_bytes_copy(copy, cut, bytes, cut);
        cr_assert_neq(assay_signing_decode(assay_slice_over(copy, cut), &m), ASSAY_OK);
        cr_assert_neq(assay_signing_lie_decode(assay_slice_over(copy, cut), &lie), ASSAY_OK);
    }
    assay_bytes_copy(copy, len, bytes, len);
    copy[len] = 0;
    cr_assert_neq(assay_signing_decode(assay_slice_over(copy, len + 1), &m), ASSAY_OK);
    cr_assert_neq(assay_signing_lie_decode(assay_slice_over(copy, len + 1), &lie), ASSAY_OK);
    for (size_t bit = 0; bit < len * 8; bit++) {
        copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
        try_bytes(copy, len);
        copy[bit / 8] ^= (uint8_t)(1 << bit % 8);
    }
    free(copy);
}

Test(signer, hostile_bytes_of_messages_and_proofs_are_refused_or_read_back_the_same)
{
    struct world *w = world_new(3, one_each);
    struct world_attempt a = world_attempt(w, 0, 1, first_three, 'c', 3, 1);
    static uint8_t bytes[ASSAY_SIGNING_LIE_MAX];
    uint8_t tbs[256];
    struct assay_slice out;
    for (uint32_t i = 0; i < 3; i++)
        cr_assert_eq(world_request(w, &a, i), ASSAY_OK);
    try_all(w->out->message.bytes, w->out->message.len);
    for (uint32_t i = 0; i < 3; i++)
        cr_assert_eq(world_list(w, &a, i), ASSAY_OK);
    try_all(w->out->message.bytes, w->out->message.len);
    for (uint32_t i = 0; i < 3; i++)
        cr_assert_eq(world_echoes(w, &a, i), ASSAY_OK);
    try_all(w->out->message.bytes, w->out->message.len);
    struct assay_signing_lie lie = lie_of(w, &a, 1, tbs);
    cr_assert_eq(assay_signing_lie_encode(&lie, bytes, sizeof bytes, &out), ASSAY_OK);
    try_all(out.bytes, out.len);
    lie = (struct assay_signing_lie){ .kind = ASSAY_SIGNING_LIE_TWO_LISTS };
    lie.statement[0] = lie.statement[1] = echo_of(w, &a, 1);
    cr_assert_eq(assay_signing_lie_encode(&lie, bytes, sizeof bytes, &out), ASSAY_OK);
    try_all(out.bytes, out.len);
    world_free(w);
}
