/*
 * tests/unit/net/test_challenge_sessions.c - tests of challenge-response sessions: nonces serve
 * once, a session has one piece of evidence and one client, and every bound holds.
 */
#include "net/verifier/challenge_sessions.h"

#include <criterion/criterion.h>
#include <stdlib.h>
#include <string.h>

static struct assay_session_table *sessions;
static uint64_t now_ms;
static const uint8_t alice[32] = { 1 }, bob[32] = { 2 };
static const struct assay_slice evidence = { (const uint8_t *)"quote", 5 };

static void open_table(void)
{
    sessions = calloc(1, sizeof *sessions);
    now_ms = 1000;
    cr_assert_not_null(sessions);
}

static void close_table(void)
{
    assay_session_table_clear(sessions);
    free(sessions);
}

TestSuite(net_challenge_sessions, .init = open_table, .fini = close_table);

/* A nonce and an id of a number. */
static enum assay_status add(const uint8_t *client, uint32_t number, struct assay_session **out)
{
    uint8_t nonce[8] = { 0 }, id[ASSAY_SESSION_ID_LEN] = { 0 };
    assay_bytes_copy(nonce, sizeof nonce, &number, sizeof number);
    assay_bytes_copy(id, sizeof id, &number, sizeof number);
    return assay_session_add(sessions, now_ms, client, assay_slice_over(nonce, sizeof nonce), id,
                             out);
}

/* When this second has had its tries, in the next one. */
static struct assay_session *must_add(const uint8_t *client, uint32_t number)
{
    struct assay_session *session = NULL;
    enum assay_status status = add(client, number, &session);
    if (status == ASSAY_E_AGAIN) {
        now_ms += 1000;
        status = add(client, number, &session);
    }
    cr_assert_eq(status, ASSAY_OK);
    return session;
}

static enum assay_status begin(struct assay_session *session)
{
    return assay_session_begin(sessions, session, now_ms, 7, evidence);
}

Test(net_challenge_sessions, a_session_is_of_its_client)
{
    const struct assay_session *session = must_add(alice, 1);
    cr_expect_eq(assay_session_find(sessions, now_ms, alice, session->id), session);
    cr_expect_null(assay_session_find(sessions, now_ms, bob, session->id));
    const uint8_t other[ASSAY_SESSION_ID_LEN] = { 9 };
    cr_expect_null(assay_session_find(sessions, now_ms, alice, other));
}

Test(net_challenge_sessions, a_session_has_one_piece_of_evidence)
{
    struct assay_session *session = must_add(alice, 1);
    cr_expect_eq(begin(session), ASSAY_OK);
    cr_expect_eq(begin(session), ASSAY_E_STALE);
    assay_session_end(session, strdup("token"));
    cr_expect_eq(begin(session), ASSAY_E_STALE, "a second piece for the same nonce");
    cr_expect_eq(session->state, ASSAY_SESSION_COMPLETE);
    cr_expect_str_eq(session->result, "token");
    session = must_add(alice, 2);
    cr_expect_eq(begin(session), ASSAY_OK);
    assay_session_end(session, NULL);
    cr_expect_eq(session->state, ASSAY_SESSION_FAILED);
    cr_expect_eq(begin(session), ASSAY_E_STALE);
}

/* Whoever had it; a deleted one's nonce was shown, too. */
Test(net_challenge_sessions, a_nonce_serves_once)
{
    struct assay_session *session = must_add(alice, 1);
    cr_expect_eq(add(bob, 1, &session), ASSAY_E_DUPLICATE);
    assay_session_remove(session);
    cr_expect_eq(add(alice, 1, &session), ASSAY_E_DUPLICATE);
}

/* Evidence for one answers the other: it is the report data, which ends in zeros. */
Test(net_challenge_sessions, a_nonce_with_zeros_behind_it_is_the_same)
{
    const uint8_t nonce[64] = { 1, 2, 3, 4, 5, 6, 7, 8 };
    uint8_t id[ASSAY_SESSION_ID_LEN] = { 0 };
    struct assay_session *session = NULL;
    const size_t lens[] = { 9, 8, 64 };
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        const enum assay_status status = assay_session_add(
            sessions, now_ms, alice, assay_slice_over(nonce, lens[i]), id, &session);
        cr_expect_eq(status, i == 0 ? ASSAY_OK : ASSAY_E_DUPLICATE, "%zu bytes", lens[i]);
    }
}

/* As many clients as it takes open and delete sessions, as fast as they may: a nonce is remembered
 * for longer than a session with it can live. */
Test(net_challenge_sessions, no_client_makes_a_nonce_forgotten)
{
    struct assay_session *victim = must_add(alice, 0), *session = NULL;
    const uint64_t end_ms = now_ms + 2 * (uint64_t)ASSAY_SESSION_LIFE_MS;
    uint32_t number = 0;
    assay_session_remove(victim);
    for (; now_ms < end_ms - 2000; now_ms += 25) {
        const uint8_t client[32] = { 3, (uint8_t)(number % 16) };
        if (add(client, ++number, &session) == ASSAY_OK) assay_session_remove(session);
    }
    cr_expect_gt(number, ASSAY_SESSION_NONCES_MAX, "they try as often as it takes");
    now_ms = end_ms - 1;
    cr_expect_eq(add(bob, 0, &session), ASSAY_E_DUPLICATE);
}

Test(net_challenge_sessions, sessions_within_a_second_are_bounded)
{
    struct assay_session *session = NULL;
    uint32_t number = 0, opened = 0;
    for (int i = 0; i < 1000; i++) { /* 690 a second were appraised */
        if (add(alice, ++number, &session) != ASSAY_OK) continue;
        assay_session_remove(session);
        opened++;
    }
    cr_expect_eq(opened, ASSAY_SESSION_CLIENT_SECOND_MAX);
    cr_expect_eq(add(alice, ++number, &session), ASSAY_E_AGAIN);
    cr_expect_eq(add(bob, ++number, &session), ASSAY_OK, "another client has its own");
    for (uint32_t i = 0; i < 1000; i++) {
        const uint8_t client[32] = { 3, (uint8_t)i };
        if (add(client, ++number, &session) != ASSAY_OK) continue;
        assay_session_remove(session);
        opened++;
    }
    cr_expect_eq(opened + 1, ASSAY_SESSION_SECOND_MAX, "however many clients");
    now_ms += 999;
    cr_expect_eq(add(bob, ++number, &session), ASSAY_E_AGAIN);
    now_ms++;
    cr_expect_eq(add(bob, ++number, &session), ASSAY_OK);
}

Test(net_challenge_sessions, clients_and_the_table_are_bounded)
{
    struct assay_session *session = NULL;
    uint32_t number = 0;
    for (size_t i = 0; i < ASSAY_SESSION_CLIENT_MAX; i++)
        (void)must_add(alice, ++number);
    now_ms += 1000;
    cr_expect_eq(add(alice, ++number, &session), ASSAY_E_FULL);
    (void)must_add(bob, ++number);
    uint8_t client[32] = { 3 };
    size_t opened = ASSAY_SESSION_CLIENT_MAX + 1;
    for (; opened < ASSAY_SESSIONS_MAX; opened++) {
        client[1] = (uint8_t)opened;
        (void)must_add(client, ++number);
    }
    client[1] = 255;
    now_ms += 1000;
    cr_expect_eq(add(client, ++number, &session), ASSAY_E_FULL);
    now_ms += ASSAY_SESSION_LIFE_MS;
    (void)must_add(client, ++number); /* all the others have expired */
}

/* Else a relying party with eight clients of its own waits two minutes for a ninth. */
Test(net_challenge_sessions, a_session_whose_result_was_read_frees_its_place)
{
    struct assay_session *session = NULL;
    uint32_t number = 0;
    for (int i = 0; i < 4 * ASSAY_SESSIONS_MAX; i++) {
        session = must_add(alice, ++number);
        cr_assert_eq(begin(session), ASSAY_OK);
        assay_session_end(session, i % 2 == 0 ? strdup("token") : NULL);
        assay_session_set_read(session);
        const struct assay_session copy = *session;
        cr_expect_eq(assay_session_find(sessions, now_ms, alice, copy.id), session,
                     "a client whose connection broke reads it again");
    }
    size_t own = 0;
    for (size_t i = 0; i < ASSAY_SESSIONS_MAX; i++)
        own += sessions->all[i].state != ASSAY_SESSION_FREE;
    cr_expect_eq(own, ASSAY_SESSION_CLIENT_MAX, "it takes no place of others");
    now_ms += 1000;
    for (size_t i = 0; i < ASSAY_SESSION_CLIENT_MAX; i++) { /* none of these is read */
        session = must_add(alice, ++number);
        assay_session_set_read(session);
    }
    now_ms += 1000;
    cr_expect_eq(add(alice, ++number, &session), ASSAY_E_FULL, "what waits has its place");
}

/* A table that is full of read results is not full. */
Test(net_challenge_sessions, read_sessions_of_others_give_their_place_up)
{
    uint32_t number = 0;
    uint8_t client[32] = { 3 };
    for (size_t i = 0; i < ASSAY_SESSIONS_MAX; i++) {
        client[1] = (uint8_t)(i / ASSAY_SESSION_CLIENT_MAX);
        struct assay_session *const session = must_add(client, ++number);
        if (i != 5) continue;
        cr_assert_eq(begin(session), ASSAY_OK);
        assay_session_end(session, strdup("token"));
        assay_session_set_read(session);
    }
    now_ms += 1000;
    struct assay_session *session = NULL;
    cr_expect_eq(add(bob, ++number, &session), ASSAY_OK);
    cr_expect_eq(add(bob, ++number, &session), ASSAY_E_FULL);
}

/* The time of Retry-After: of the client's own sessions where those are too many. */
Test(net_challenge_sessions, a_client_learns_when_a_place_is_free)
{
    uint32_t number = 0;
    struct assay_session *session = must_add(bob, ++number);
    now_ms += 7000;
    const uint64_t first_ms = now_ms;
    for (size_t i = 0; i < ASSAY_SESSION_CLIENT_MAX; i++)
        (void)must_add(alice, ++number);
    now_ms = first_ms + 20000;
    cr_expect_eq(add(alice, ++number, &session), ASSAY_E_FULL);
    const uint64_t wait_ms = assay_session_wait_ms(sessions, now_ms, alice);
    cr_expect_eq(wait_ms, ASSAY_SESSION_LIFE_MS - 20000);
    now_ms += wait_ms - 1;
    cr_expect_eq(add(alice, ++number, &session), ASSAY_E_FULL, "not before");
    now_ms++;
    cr_expect_eq(add(alice, ++number, &session), ASSAY_OK, "and not after");
    const uint8_t other[32] = { 9 };
    cr_expect_eq(assay_session_wait_ms(sessions, first_ms, other), ASSAY_SESSION_LIFE_MS,
                 "the session of bob has expired");
}

Test(net_challenge_sessions, a_session_expires_and_its_evidence_gives_it_time)
{
    struct assay_session *waiting = must_add(alice, 1), *answered = must_add(alice, 2);
    const struct assay_session copy = *waiting;
    now_ms += ASSAY_SESSION_LIFE_MS - 1;
    cr_expect_eq(begin(answered), ASSAY_OK);
    assay_session_end(answered, strdup("token"));
    cr_expect_not_null(assay_session_find(sessions, now_ms, alice, copy.id));
    now_ms++;
    cr_expect_null(assay_session_find(sessions, now_ms, alice, copy.id));
    cr_expect_eq(assay_session_find(sessions, now_ms, alice, answered->id), answered);
}

/* Else a client that posts and deletes has any number of appraisals under way. */
Test(net_challenge_sessions, a_deleted_appraisal_keeps_its_place)
{
    static const uint8_t carol[32] = { 9 };
    uint8_t job[ASSAY_SESSION_WORK_MAX][32];
    uint32_t number = 0;
    for (size_t i = 0; i < ASSAY_SESSION_WORK_MAX; i++) {
        struct assay_session *session = must_add(i == 0 ? alice : bob, ++number);
        cr_assert_eq(begin(session), ASSAY_OK);
        assay_bytes_copy(job[i], sizeof job[i], session->job, sizeof session->job);
        const struct assay_session copy = *session;
        if (i == 0) assay_session_remove(session);
        else now_ms += ASSAY_SESSION_LIFE_MS; /* it expires */
        cr_expect_null(assay_session_find(sessions, now_ms, copy.client, copy.id));
    }
    struct assay_session *late = must_add(carol, ++number);
    cr_expect_eq(begin(late), ASSAY_E_AGAIN);
    cr_expect_eq(late->state, ASSAY_SESSION_WAITING, "it may be sent again");
    struct assay_session *running = assay_session_find_job(sessions, job[0]);
    cr_assert_not_null(running);
    assay_session_end(running, NULL);
    cr_expect_eq(running->state, ASSAY_SESSION_FREE);
    cr_expect_null(assay_session_find_job(sessions, job[0]));
    cr_expect_eq(begin(late), ASSAY_OK);
}

/* Else one with slow evidence has every appraisal, and others none. */
Test(net_challenge_sessions, one_client_does_not_have_every_appraisal)
{
    struct assay_session *first = must_add(alice, 1), *second = must_add(alice, 2);
    cr_assert_eq(begin(first), ASSAY_OK);
    cr_expect_eq(begin(second), ASSAY_E_AGAIN);
    assay_session_remove(first);
    cr_expect_eq(begin(second), ASSAY_E_AGAIN, "the deleted one is under way");
    cr_expect_eq(begin(must_add(bob, 3)), ASSAY_OK);
}

/* Verdicts on evidence of members go by its digest: a client must not make one of them. */
Test(net_challenge_sessions, an_appraisal_has_no_digest_of_evidence)
{
    struct assay_session *one = must_add(alice, 1), *other = must_add(bob, 2);
    uint8_t digest[32];
    assay_sha256(evidence.bytes, evidence.len, digest);
    cr_assert_eq(begin(one), ASSAY_OK);
    cr_assert_eq(begin(other), ASSAY_OK);
    cr_expect_arr_eq(one->evidence, digest, sizeof digest);
    cr_expect_arr_neq(one->job, digest, sizeof digest);
    cr_expect_arr_neq(one->job, other->job, sizeof digest, "two sessions, one piece of evidence");
    cr_expect_eq(assay_session_find_job(sessions, one->job), one);
    cr_expect_null(assay_session_find_job(sessions, digest));
}
