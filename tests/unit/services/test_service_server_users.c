/*
 * tests/unit/services/test_service_server_users.c - tests of local users at the service server.
 *
 * net/services/server/service_server.h: no local program, however many connections it opens and
 * whatever it asks for, keeps a program of another user waiting for more than its turn
 * (docs/services.md 4.1.2).
 */
#include "tests/unit/services/service_server_fixture.h"

enum { GREEDY = 1001, MODEST = 2001, MANY = 12, STEPS = 1500 };

/* Every socket is for a group, so the kernel lets users in whom the desk has to tell apart. */
static void set_up_shared(void)
{
    set_up();
    assay_service_server_close(&server);
    for (uint32_t i = 0; i < ASSAY_SERVICE_SOCKETS_MAX; i++)
        cr_assert_eq(chmod(place_of(assay_service_socket_at(i), false), 02750), 0);
    cr_assert_eq(assay_service_server_open(path, assay_slice_over(plan_bytes, plan_len), chain,
                                           &world, &server, message),
                 ASSAY_OK, "%s", message);
    begin();
}

TestSuite(service_server_users, .init = set_up_shared, .fini = tear_down);

static struct assay_service_stream greedy[MANY], modest, other;

static void follow_as(uint32_t uid, struct assay_service_stream *s,
                      struct assay_service_socket socket_of)
{
    struct assay_service_message m = { .verb = ASSAY_SERVICE_FOLLOW,
                                       .service = assay_service_of_role(socket_of.role),
                                       .group = socket_of.group };
    dials_as = uid;
    dial(s, socket_of);
    /* Who is turned away at once may be gone before it has said anything. */
    assay_status_ignore(assay_service_send(s, &m), "it is looked at next");
    turn();
}

/* What comes behind what is told of the ledger. */
static const struct assay_service_message *hear_answer(struct assay_service_stream *s)
{
    const struct assay_service_message *m = hear(s);
    while (m != NULL && (m->verb == ASSAY_SERVICE_BEGIN || m->verb == ASSAY_SERVICE_DOCUMENT))
        m = hear(s);
    return m;
}

static bool is_crowded_out(struct assay_service_stream *s, const char *words)
{
    char why[ASSAY_SERVICE_WHY_MAX + 1] = "";
    const struct assay_service_message *m = hear_answer(s);
    if (m == NULL || m->verb != ASSAY_SERVICE_CROWDED) return false;
    assay_bytes_copy(why, sizeof why, m->why.bytes, m->why.len);
    cr_expect_not_null(strstr(why, words), "%s", why);
    return is_hung_up(s);
}

static void close_all(struct assay_service_stream *s, size_t count)
{
    for (size_t i = 0; i < count; i++)
        if (s[i].in != NULL) assay_service_stream_close(&s[i]);
}

/* A user that takes all places of a socket leaves one to another user. */
static void expect_place(struct assay_service_socket at)
{
    const uint32_t places = assay_service_places(at.role);
    char name[ASSAY_SERVICE_SOCKET_NAME];
    assay_service_socket_name(at, name);
    cr_assert_leq(places, MANY);
    for (uint32_t i = 0; i < places; i++)
        follow_as(GREEDY, &greedy[i], at);
    follow_as(MODEST, &modest, at);
    hear_beginning(&modest);
    cr_expect(is_crowded_out(&greedy[places - 1], "its place goes to another user"));
    assay_service_stream_close(&greedy[places - 1]);
    for (unsigned again = 0; again < 50; again++) { /* none loses its place for it */
        follow_as(GREEDY, &greedy[places - 1], at);
        cr_assert(is_crowded_out(&greedy[places - 1], "places are taken"));
        assay_service_stream_close(&greedy[places - 1]);
        cr_assert_not(is_hung_up(&modest), "socket %s", name);
    }
    /* Its oldest connection stays. */
    cr_expect_not(is_hung_up(&greedy[0]));
    close_all(greedy, MANY);
    assay_service_stream_close(&modest);
    turn();
}

Test(service_server_users, every_user_gets_a_place_of_each_socket)
{
    for (uint32_t k = 0; k < ASSAY_SERVICE_SOCKETS_MAX; k++) {
        const struct assay_service_socket at = assay_service_socket_at(k);
        const enum assay_service service = assay_service_of_role(at.role);
        /* Those that the plan has. */
        if (service != ASSAY_SERVICE_SHARES && service != ASSAY_SERVICE_IDENTITY && at.group <= 1)
            expect_place(at);
    }
}

Test(service_server_users, as_many_users_as_there_are_places_have_one_each)
{
    const uint32_t places = assay_service_places(executors.role);
    static struct assay_service_stream each[MANY];
    for (uint32_t i = 0; i < places; i++)
        follow_as(GREEDY, &greedy[i], executors);
    for (uint32_t i = 1; i < places; i++) {
        follow_as(MODEST + i, &each[i], executors);
        hear_beginning(&each[i]);
    }
    follow_as(MODEST, &other, executors);
    cr_expect(is_crowded_out(&other, "all 4 places are taken, 0 by this user"));
    for (uint32_t i = 1; i < places; i++)
        cr_expect_not(is_hung_up(&each[i]), "user %u", (unsigned)i);
    cr_expect_not(is_hung_up(&greedy[0]));
    struct assay_service_server_snapshot look;
    assay_service_server_get_snapshot(server, &look);
    cr_expect_eq(look.clients, places);
    cr_expect_eq(look.connections_preempted, places - 1);
    cr_expect_eq(look.connections_refused, 1);
    close_all(greedy, MANY);
    close_all(each, MANY);
    assay_service_stream_close(&other);
}

Test(service_server_users, the_log_says_who_has_the_places_and_not_more_than_once_a_minute)
{
    const uint32_t places = assay_service_places(requestors.role);
    for (uint32_t i = 0; i < places; i++)
        follow_as(GREEDY, &greedy[i], requestors);
    cr_expect_eq(crowds, 0);
    follow_as(MODEST, &modest, requestors);
    cr_assert_eq(crowds, 1);
    cr_expect(crowded_last.given);
    cr_expect_eq(crowded_last.uid, MODEST);
    cr_expect_eq(crowded_last.had, 0);
    cr_expect_eq(crowded_last.of, GREEDY);
    cr_expect_eq(crowded_last.held, places);
    cr_expect_eq(crowded_last.places, places);
    for (unsigned i = 0; i < 4; i++) {
        follow_as(GREEDY, &greedy[places], requestors);
        cr_expect(is_crowded_out(&greedy[places], "places are taken"));
        assay_service_stream_close(&greedy[places]);
        cr_expect_eq(crowds, 2 + i / 2, "call %u: that it is refused is said apart", i);
        if (i == 1) now_ms += ASSAY_SERVICE_SERVER_CROWD_LOG_MS;
    }
    cr_expect_not(crowded_last.given);
    cr_expect_eq(crowded_last.had, places - 1);
    close_all(greedy, MANY);
    assay_service_stream_close(&modest);
}

static void ask_as(struct assay_service_stream *s, bool quote, uint64_t serial)
{
    if (quote) ask(s, serial);
    else show(s, serial, 3);
}

static void serve_one(bool quote)
{
    if (quote) assay_service_server_on_quote(server, assay_slice_over("evidence", 8));
    else assay_service_server_on_verdict(server, judging, true);
    turn();
}

static bool is_served(const struct assay_service_message *m, uint64_t serial)
{
    return m != NULL && m->serial == serial && (m->good || m->evidence.len > 0);
}

/* One connection may not have all that wait at a socket, not even among those of its own user. */
Test(service_server_users, a_connection_gives_up_questions_for_another_one)
{
    const struct assay_service_socket at[] = { requestors, executors };
    for (unsigned quote = 0; quote < 2; quote++) {
        follow_as(GREEDY, &greedy[0], at[quote]);
        follow_as(GREEDY, &modest, at[quote]);
        for (uint64_t i = 0; i < 2 * ASSAY_SERVICE_SERVER_REQUESTS_EACH; i++)
            ask_as(&greedy[0], quote != 0, i);
        ask_as(&modest, quote != 0, 77);
        cr_expect_null(hear_answer(&modest), "it waits for its turn");
        serve_one(quote != 0); /* that the node was at */
        serve_one(quote != 0);
        cr_expect(is_served(hear_answer(&modest), 77), "turns %u", quote);
        close_all(greedy, MANY);
        assay_service_stream_close(&modest);
        turn();
        serve_one(quote != 0); /* what the node was at for who has gone */
    }
}

/* The goal, for quotes and verdicts: a program of another user has its answer when the node is done
 * with one question of each other user of its socket, and with what it was at. The greedy one opens
 * all connections that it can, dials again, and asks for all that is taken. */
static void nobody_waits_for_more_than_its_turn(bool quote)
{
    enum { USERS = 3 };
    const struct assay_service_socket at = quote ? executors : requestors;
    static struct assay_service_stream user[USERS];
    uint64_t asked[USERS] = { 0 }, since[USERS] = { 0 }, served = 0, seed = 7, answers = 0;
    for (uint32_t i = 0; i < USERS - 1; i++)
        follow_as(MODEST + i, &user[i], at);
    for (unsigned step = 0; step < STEPS; step++) {
        seed = seed * 6364136223846793005u + 1442695040888963407u;
        const uint32_t drawn = (uint32_t)(seed >> 33);
        struct assay_service_stream *g = &greedy[drawn % MANY];
        if (g->in == NULL || drawn % 64 == 0 || is_hung_up(g)) {
            if (g->in != NULL) assay_service_stream_close(g);
            follow_as(GREEDY, g, at);
        }
        for (uint64_t n = 0; n < 1 + drawn % 4; n++) {
            const struct assay_service_message m = { .verb = quote ? ASSAY_SERVICE_QUOTE
                                                                   : ASSAY_SERVICE_VERIFY,
                                                     .serial = n,
                                                     .purpose = ASSAY_SERVICE_FOR_TASKS,
                                                     .statement = { plan_bytes, 2 },
                                                     .evidence = { plan_bytes, 4 } };
            assay_status_ignore(assay_service_send(g, &m), "it may have been put out");
        }
        turn();
        for (uint32_t i = 0; i < USERS - 1; i++) {
            const struct assay_service_message *m = hear_answer(&user[i]);
            if (asked[i] != 0 && m != NULL) {
                cr_assert(is_served(m, asked[i]), "user %u, step %u: no answer", (unsigned)i, step);
                cr_assert_leq(served - since[i], USERS, "user %u, step %u", (unsigned)i, step);
                asked[i] = 0;
                answers++;
            }
            cr_assert(asked[i] == 0 || served - since[i] <= USERS, "user %u waits, step %u",
                      (unsigned)i, step);
            if (asked[i] != 0 || drawn % (3 + i) != 0) continue;
            asked[i] = step + 1;
            since[i] = served;
            ask_as(&user[i], quote, asked[i]);
        }
        if (drawn % 3 == 0) {
            serve_one(quote);
            served++;
        }
    }
    cr_expect_gt(answers, STEPS / 16);
    close_all(greedy, MANY);
    close_all(user, USERS);
}

Test(service_server_users, nobody_waits_for_more_than_its_turn_with_quotes, .timeout = 600)
{
    nobody_waits_for_more_than_its_turn(true);
}

Test(service_server_users, nobody_waits_for_more_than_its_turn_with_verdicts, .timeout = 600)
{
    nobody_waits_for_more_than_its_turn(false);
}

/* A question that waits longer than one may wait has no answer; one whose turn came has all of its
 * time: what the node was at before it does not take it away. */
Test(service_server_users, a_turn_has_its_own_time)
{
    follow_as(GREEDY, &greedy[0], requestors);
    follow_as(MODEST, &modest, requestors);
    ask_as(&greedy[0], false, 1);
    now_ms += 1;
    ask_as(&modest, false, 2);
    now_ms += ASSAY_SERVICE_SERVER_REQUEST_TIMEOUT_MS - 1; /* nobody judged the first one */
    turn();
    cr_expect_eq(judged_asked, 2, "it is the other one's turn");
    now_ms += ASSAY_SERVICE_SERVER_REQUEST_TIMEOUT_MS - 1;
    turn();
    cr_expect_null(hear_answer(&modest), "it is judged still");
    serve_one(false);
    cr_expect(is_served(hear_answer(&modest), 2));
    close_all(greedy, MANY);
    assay_service_stream_close(&modest);
}

static unsigned hand_in(struct assay_service_stream *s, unsigned count)
{
    const struct assay_service_message m = { .verb = ASSAY_SERVICE_SUBMIT,
                                             .kind = ASSAY_SERVICE_TRANSFER,
                                             .payload = { plan_bytes, 3 } };
    const unsigned before = submitted;
    for (unsigned i = 0; i < count; i++)
        say(s, &m);
    return submitted - before;
}

Test(service_server_users, records_of_an_epoch_are_left_for_every_user_of_a_socket)
{
    const unsigned many = 2 * ASSAY_SERVICE_SERVER_RECORDS;
    now_ms = 5 * ASSAY_SERVICE_SERVER_REJECTED_WINDOW_MS;
    follow_as(GREEDY, &greedy[0], requestors);
    follow_as(GREEDY, &greedy[1], requestors);
    follow_as(MODEST, &modest, requestors);
    for (unsigned epoch = 0; epoch < 2; epoch++) {
        const unsigned first = hand_in(&greedy[0], many);
        cr_expect_eq(hand_in(&greedy[1], many), 0, "connections of one user have it together");
        const unsigned second = hand_in(&modest, many);
        cr_expect_gt(first, ASSAY_SERVICE_SERVER_RECORDS / 8);
        cr_expect_eq(second, first, "as much as the other one");
        moment->epoch++;
        assay_service_server_on_epoch_closed(server, registry, moment);
    }
    /* And nobody is kept from what is there when the other one has gone. */
    close_all(greedy, MANY);
    turn();
    cr_expect_gt(hand_in(&modest, many), ASSAY_SERVICE_SERVER_RECORDS / 2);
    assay_service_stream_close(&modest);
}

Test(service_server_users, records_in_vain_of_one_user_leave_others_theirs)
{
    now_ms = 5 * ASSAY_SERVICE_SERVER_REJECTED_WINDOW_MS;
    follow_as(GREEDY, &greedy[0], requestors);
    follow_as(GREEDY, &greedy[1], requestors);
    follow_as(MODEST, &modest, requestors);
    submit_says = ASSAY_E_SIGNATURE;
    cr_expect_eq(hand_in(&greedy[0], 2 * ASSAY_SERVICE_SERVER_REJECTED_MAX),
                 ASSAY_SERVICE_SERVER_REJECTED_MAX / 2);
    cr_expect_eq(hand_in(&greedy[1], 2 * ASSAY_SERVICE_SERVER_REJECTED_MAX), 0);
    submit_says = ASSAY_OK;
    cr_expect_eq(hand_in(&modest, 1), 1, "its record is looked at in the same second");
    close_all(greedy, MANY);
    assay_service_stream_close(&modest);
}

/* The greedy one is another connection for each question, then another user for each, more of them
 * than are remembered: each comes behind those that were there before it. */
Test(service_server_users, dialling_again_gains_nothing)
{
    for (unsigned users = 0; users < 2; users++) {
        const uint32_t before = MODEST;
        follow_as(before, &modest, executors);
        follow_as(before, &other, executors); /* the node is at its question */
        ask_as(&other, true, 1);
        for (uint32_t i = 0; i < 20; i++) {
            ask_as(&modest, true, 100 + i);
            follow_as(users != 0 ? GREEDY + i : before, &greedy[0], executors);
            ask_as(&greedy[0], true, 5);
            serve_one(true); /* of who dialled before */
            if (i > 0) cr_assert_null(hear_answer(&modest), "its question has not been asked yet");
            serve_one(true);
            cr_assert(is_served(hear_answer(&modest), 100 + i), "turn %u of %u", (unsigned)i,
                      users);
            assay_service_stream_close(&greedy[0]);
            turn();
        }
        serve_one(true);
        assay_service_stream_close(&modest);
        assay_service_stream_close(&other);
        turn();
    }
}

/* --- proofs: each reads the store */

enum { CROWD = 3, LAST = 77, PER_SECOND = ASSAY_SERVICE_SERVER_PROOFS_MAX };

static void open_with_key(void)
{
    static uint8_t bytes[] = "what is stored";
    assay_service_server_close(&server);
    make_plan_with_key();
    has_boundary = (struct assay_service_server_boundary){ .boundary = { bytes, 5 } };
    cr_assert_eq(assay_service_server_open(path, assay_slice_over(plan_bytes, plan_len), chain,
                                           &world, &server, message),
                 ASSAY_OK, "%s", message);
    begin();
}

static bool requests_voters;

static void send_prove(struct assay_service_stream *s, uint64_t epoch)
{
    const struct assay_service_message m = {
        .verb = ASSAY_SERVICE_PROVE, .era = 1, .epoch = epoch, .with_voters = requests_voters
    };
    cr_assert_eq(assay_service_send(s, &m), ASSAY_OK);
}

static void request_all_they_can(void)
{
    for (uint64_t k = 0; k < ASSAY_SERVICE_SERVER_REQUESTS_EACH; k++)
        for (size_t i = 0; i < CROWD; i++)
            send_prove(&greedy[i], k);
    proofs_read = 0;
    assay_service_server_step(server, now_ms);
    cr_expect_leq(proofs_read, ASSAY_SERVICE_SERVER_PROOFS_PER_STEP, "%u in one step", proofs_read);
}

Test(service_server_users, nobody_waits_for_more_than_its_turn_with_proofs)
{
    open_with_key();
    for (size_t i = 0; i < CROWD; i++)
        follow_as(GREEDY, &greedy[i], signers);
    follow_as(MODEST, &modest, signers);
    for (unsigned round = 0; round < 3; round++) {
        request_all_they_can();
        request_all_they_can();
        send_prove(&modest, LAST);
        watched_epoch = LAST;
        was_watched_proven = false;
        for (unsigned i = 0; i < 2 && !was_watched_proven; i++)
            assay_service_server_step(server, now_ms);
        cr_expect(was_watched_proven, "round %u: it waits behind what the others requested", round);
        while (hear_answer(&modest) != NULL) {
        }
        for (size_t i = 0; i < CROWD; i++)
            while (hear_answer(&greedy[i]) != NULL) {
            }
    }
    close_all(greedy, CROWD);
    assay_service_stream_close(&modest);
}

/* Requests until the second has no more of them for this user. Returns: so many were read */
static unsigned request_proofs(struct assay_service_stream *s)
{
    const unsigned before = proofs_read;
    for (uint64_t i = 0; i < 2 * PER_SECOND; i++) {
        send_prove(s, i);
        (void)hear_answer(s);
    }
    return proofs_read - before;
}

Test(service_server_users, proofs_of_a_second_are_limited_in_equal_parts)
{
    open_with_key();
    now_ms = 5000;
    follow_as(GREEDY, &greedy[0], signers);
    proofs_read = 0;
    cr_expect_eq(request_proofs(&greedy[0]), PER_SECOND);
    cr_expect_leq(assay_service_server_wake_at(server),
                  now_ms + ASSAY_SERVICE_SERVER_PROOFS_WINDOW_MS, "what waits is read then");
    proofs_read = 0;
    now_ms += ASSAY_SERVICE_SERVER_PROOFS_WINDOW_MS;
    turn();
    cr_expect_eq(proofs_read, ASSAY_SERVICE_SERVER_REQUESTS_EACH);
    now_ms += ASSAY_SERVICE_SERVER_PROOFS_WINDOW_MS;
    follow_as(MODEST, &modest, signers);
    cr_expect_eq(request_proofs(&greedy[0]), PER_SECOND / 2);
    cr_expect_eq(request_proofs(&modest), PER_SECOND / 2, "it has its part");
    assay_service_stream_close(&greedy[0]);
    assay_service_stream_close(&modest);
}

/* A table of voters reads a state. */
Test(service_server_users, tables_of_voters_count_as_many_proofs)
{
    open_with_key();
    now_ms = 5000;
    requests_voters = true;
    follow_as(GREEDY, &greedy[0], signers);
    proofs_read = 0;
    cr_expect_eq(request_proofs(&greedy[0]), PER_SECOND / ASSAY_SERVICE_SERVER_PROOFS_OF_VOTERS);
    assay_service_stream_close(&greedy[0]);
}

/* An event loop that sleeps until wake_at serves all that wait. */
Test(service_server_users, proofs_that_wait_are_due_at_once)
{
    open_with_key();
    follow_as(GREEDY, &greedy[0], signers);
    turn();
    for (uint64_t k = 0; k < ASSAY_SERVICE_SERVER_REQUESTS_EACH; k++)
        send_prove(&greedy[0], k);
    proofs_read = 0;
    assay_service_server_step(server, now_ms);
    while (proofs_read < ASSAY_SERVICE_SERVER_REQUESTS_EACH) {
        cr_assert_leq(assay_service_server_wake_at(server), now_ms);
        assay_service_server_step(server, now_ms);
    }
    assay_service_stream_close(&greedy[0]);
}

Test(service_server_users, every_user_gets_a_place_of_the_socket_of_holders_of_the_group_key)
{
    open_with_key();
    expect_place(signers);
}
