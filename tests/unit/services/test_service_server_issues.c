/*
 * tests/unit/services/test_service_server_issues.c - tests of certificates and tokens that a daemon
 * requests of its holder's process, in the service server and its table (docs/identity.md 4.18).
 */
#include "tests/unit/services/service_server_fixture.h"

static const struct assay_service_socket signer_socket = { ASSAY_SERVICE_ROLE_SIGNER, 0 };
static uint8_t evidence[] = "what is stored";

static void set_up_with_key(void)
{
    set_up();
    assay_service_server_close(&server);
    make_plan_with_key();
    cr_assert_eq(assay_service_server_open(path, assay_slice_over(plan_bytes, plan_len), chain,
                                           &world, &server, message),
                 ASSAY_OK, "%s", message);
    begin();
    has_shown =
        (struct assay_service_server_shown){ .standing = { evidence, 6 }, .keys = { evidence, 4 } };
}

TestSuite(service_server_issues, .init = set_up_with_key, .fini = tear_down);

static struct assay_issuance_name name_of(uint8_t member, unsigned number)
{
    struct assay_issuance_name name = { .product = ASSAY_SERVICE_CERTIFICATE,
                                        .node_id = { member } };
    (void)snprintf(name.name, sizeof name.name, "k%u", number);
    return name;
}

static enum assay_status request(uint8_t member, unsigned number,
                                 const struct assay_issuance **issue)
{
    const struct assay_issuance_name name = name_of(member, number);
    const enum assay_status status = assay_service_server_issue(server, &name, member == 3, issue);
    turn();
    return status;
}

static enum assay_status state_of(uint8_t member, unsigned number)
{
    const struct assay_issuance *issue;
    return request(member, number, &issue);
}

static uint64_t hear_issue(struct assay_service_stream *s, const char *name)
{
    const struct assay_service_message *m = hear(s);
    cr_assert_not_null(m);
    cr_assert_eq(m->verb, ASSAY_SERVICE_ISSUE);
    cr_expect(assay_slice_equal(m->name, assay_slice_over(name, strlen(name))), "%.*s",
              (int)m->name.len, (const char *)m->name.bytes);
    cr_expect(m->proven.len == 6 && m->keys.len == 4 && m->epoch == moment->epoch);
    return m->serial;
}

static void answer(struct assay_service_stream *s, uint64_t serial,
                   enum assay_service_outcome outcome)
{
    say(s, &(struct assay_service_message){ .verb = ASSAY_SERVICE_ISSUED,
                                            .serial = serial,
                                            .outcome = outcome,
                                            .issued = { evidence, 5 } });
    turn();
}

static void begin_signer(struct assay_service_stream *s)
{
    follow(s, signer_socket);
    hear_beginning(s);
}

Test(service_server_issues, without_a_holders_process_nothing_is_at_work)
{
    const struct assay_issuance *issue;
    cr_expect_eq(request(3, 1, &issue), ASSAY_E_NOT_FOUND);
    cr_expect_null(issue);
}

Test(service_server_issues, a_product_is_requested_once_in_an_epoch)
{
    static struct assay_service_stream s;
    const struct assay_issuance *issue;
    begin_signer(&s);
    cr_expect_eq(state_of(3, 1), ASSAY_E_AGAIN);
    cr_expect_eq(state_of(3, 1), ASSAY_E_AGAIN, "at work");
    answer(&s, hear_issue(&s, "k1"), ASSAY_SERVICE_OUTCOME_DONE);
    cr_expect_null(hear(&s), "once");
    cr_assert_eq(request(3, 1, &issue), ASSAY_OK);
    cr_expect_eq((int)issue->outcome, (int)ASSAY_SERVICE_OUTCOME_DONE);
    cr_expect_eq(issue->len, 5);
    cr_expect_arr_eq(issue->bytes, evidence, 5);
    now_ms += ASSAY_ISSUANCE_KEPT_MS;
    turn();
    cr_expect_eq(state_of(3, 1), ASSAY_OK, "as long as the epoch lasts");
    moment->epoch++;
    assay_service_server_on_epoch_closed(server, registry, moment);
    cr_assert_eq(hear(&s)->verb, ASSAY_SERVICE_CLOSE);
    cr_expect_eq(state_of(3, 1), ASSAY_E_AGAIN, "of another epoch");
    (void)hear_issue(&s, "k1");
    assay_service_stream_close(&s);
}

/* docs/http.md 8: after "at work" a client asks again a second later; epochs may be shorter. */
Test(service_server_issues, what_was_issued_is_the_answer_for_seconds_also_behind_a_close)
{
    static struct assay_service_stream s;
    begin_signer(&s);
    cr_expect_eq(state_of(3, 1), ASSAY_E_AGAIN);
    answer(&s, hear_issue(&s, "k1"), ASSAY_SERVICE_OUTCOME_DONE);
    for (unsigned i = 0; i < 2; i++) {
        now_ms += ASSAY_ISSUANCE_AGAIN_MS;
        moment->epoch++;
        assay_service_server_on_epoch_closed(server, registry, moment);
        cr_assert_eq(hear(&s)->verb, ASSAY_SERVICE_CLOSE);
        cr_expect_eq(state_of(3, 1), ASSAY_OK, "epoch %u", i);
    }
    assay_service_stream_close(&s);
}

/* Of an earlier epoch, of another connection, or of nothing. */
Test(service_server_issues, an_answer_to_another_request_is_none)
{
    static struct assay_service_stream s, other;
    begin_signer(&other);
    begin_signer(&s);
    cr_expect_eq(state_of(3, 1), ASSAY_E_AGAIN);
    const uint64_t old = hear_issue(&s, "k1");
    answer(&other, old, ASSAY_SERVICE_OUTCOME_DONE);
    cr_expect_eq(state_of(3, 1), ASSAY_E_AGAIN, "of the process that it was sent to");
    moment->epoch++;
    assay_service_server_on_epoch_closed(server, registry, moment);
    cr_assert_eq(hear(&s)->verb, ASSAY_SERVICE_CLOSE);
    cr_expect_eq(state_of(3, 1), ASSAY_E_AGAIN);
    const uint64_t serial = hear_issue(&s, "k1");
    answer(&s, old, ASSAY_SERVICE_OUTCOME_DONE);
    answer(&s, serial + 1, ASSAY_SERVICE_OUTCOME_DONE);
    cr_expect_eq(state_of(3, 1), ASSAY_E_AGAIN);
    answer(&s, serial, ASSAY_SERVICE_OUTCOME_DONE);
    cr_expect_eq(state_of(3, 1), ASSAY_OK);
    assay_service_stream_close(&s);
    assay_service_stream_close(&other);
}

Test(service_server_issues, what_was_sent_to_a_process_that_ended_is_sent_to_the_next_one)
{
    static struct assay_service_stream s, next;
    begin_signer(&s);
    cr_expect_eq(state_of(3, 1), ASSAY_E_AGAIN);
    (void)hear_issue(&s, "k1");
    assay_service_stream_close(&s);
    turn();
    begin_signer(&next);
    answer(&next, hear_issue(&next, "k1"), ASSAY_SERVICE_OUTCOME_DONE);
    cr_expect_eq(state_of(3, 1), ASSAY_OK);
    assay_service_stream_close(&next);
}

/* docs/http.md 5: an outage of the authority is seen in figures of the node. */
Test(service_server_issues, that_a_holders_process_is_there_and_what_it_answers_is_counted)
{
    static struct assay_service_stream s;
    struct assay_service_server_snapshot seen;
    assay_service_server_get_snapshot(server, &seen);
    cr_expect_not(seen.has_signer);
    begin_signer(&s);
    assay_service_server_get_snapshot(server, &seen);
    cr_expect(seen.has_signer);
    cr_expect_eq(state_of(3, 1), ASSAY_E_AGAIN);
    answer(&s, hear_issue(&s, "k1"), ASSAY_SERVICE_OUTCOME_FEW_HOLDERS);
    cr_expect_eq(state_of(3, 2), ASSAY_E_AGAIN);
    answer(&s, hear_issue(&s, "k2"), ASSAY_SERVICE_OUTCOME_DONE);
    assay_service_server_get_snapshot(server, &seen);
    cr_expect_eq(seen.issues[ASSAY_SERVICE_OUTCOME_FEW_HOLDERS], 1);
    cr_expect_eq(seen.issues[ASSAY_SERVICE_OUTCOME_DONE], 1);
    cr_expect_eq(seen.issues[ASSAY_SERVICE_OUTCOME_STALE], 0);
    assay_service_stream_close(&s);
    turn();
    assay_service_server_get_snapshot(server, &seen);
    cr_expect_not(seen.has_signer, "the process ended");
}

/* docs/services.md 4.1.1: it is for holders of the group key. */
Test(service_server_issues, programs_of_other_roles_answer_nothing)
{
    static struct assay_service_stream s;
    const struct assay_service_socket executors_ = { ASSAY_SERVICE_ROLE_EXECUTOR, 0 };
    follow(&s, executors_);
    hear_beginning(&s);
    answer(&s, 1, ASSAY_SERVICE_OUTCOME_DONE);
    cr_expect(is_hung_up(&s));
    assay_service_stream_close(&s);
}

Test(service_server_issues, a_node_without_the_evidence_says_so)
{
    static struct assay_service_stream s;
    const struct assay_issuance *issue;
    begin_signer(&s);
    has_shown = (struct assay_service_server_shown){ .standing = { NULL, 0 } };
    cr_expect_eq(state_of(3, 1), ASSAY_E_AGAIN);
    cr_assert_eq(request(3, 1, &issue), ASSAY_OK);
    cr_expect_eq((int)issue->outcome, (int)ASSAY_SERVICE_OUTCOME_STALE);
    cr_expect_null(hear(&s));
    assay_service_stream_close(&s);
}

/* A hostile client requests every key of every other member. */
Test(service_server_issues, requests_for_keys_of_others_take_no_place_of_the_own_member)
{
    static struct assay_service_stream s;
    unsigned taken = 0;
    begin_signer(&s);
    for (unsigned i = 0; i < 1000; i++)
        taken += state_of((uint8_t)(10 + i % 200), i) == ASSAY_E_AGAIN;
    cr_expect_eq(taken, ASSAY_ISSUANCES_AT_WORK_MAX);
    cr_expect_eq(state_of(3, 7), ASSAY_E_AGAIN, "there is a place");
    answer(&s, hear_issue(&s, "k0"), ASSAY_SERVICE_OUTCOME_DONE);
    answer(&s, hear_issue(&s, "k7"), ASSAY_SERVICE_OUTCOME_DONE);
    cr_expect_eq(state_of(3, 7), ASSAY_OK, "the next one that is sent");
    for (unsigned i = 0; i < 1000; i++) { /* what is done makes room */
        const struct assay_service_message *m = hear(&s);
        if (m != NULL) answer(&s, m->serial, ASSAY_SERVICE_OUTCOME_DONE);
        (void)state_of((uint8_t)(10 + i % 200), i);
    }
    cr_expect_eq(state_of(3, 7), ASSAY_OK, "it has not been displaced");
    assay_service_stream_close(&s);
}

/* --- the table alone */

static struct assay_issuance_queue table;

static void fail_with(enum assay_service_outcome outcome, uint64_t at_ms)
{
    const struct assay_issuance *sent = assay_issuance_send_next(&table, at_ms);
    cr_assert_not_null(sent);
    assay_issuance_on_answer(&table, sent->serial, outcome, assay_slice_over(evidence, 2), at_ms);
}

static enum assay_status ask_at(uint64_t at_ms)
{
    const struct assay_issuance *issue;
    const struct assay_issuance_name name = name_of(3, 1);
    return assay_issuance_request(&table, ASSAY_ISSUANCE_OWN, &name, at_ms, &issue);
}

Test(issue_queue, what_failed_is_requested_again_later_and_later)
{
    uint64_t at = 5000, wait = ASSAY_ISSUANCE_AGAIN_MS;
    assay_issuance_clear(&table);
    cr_expect_eq(ask_at(at), ASSAY_E_AGAIN);
    for (unsigned i = 0; i < 8; i++) {
        fail_with(ASSAY_SERVICE_OUTCOME_STALE, at);
        cr_expect_eq(ask_at(at + wait - 1), ASSAY_OK, "attempt %u", i);
        at += wait;
        cr_expect_eq(ask_at(at), ASSAY_E_AGAIN, "attempt %u", i);
        if (wait < ASSAY_ISSUANCE_AGAIN_MAX_MS) wait *= 2;
    }
}

/* A client that asks again each second is answered the same, also behind a close. */
Test(issue_queue, that_a_process_has_no_share_is_the_answer_until_there_is_another_one)
{
    uint64_t at = 5000;
    assay_issuance_clear(&table);
    cr_expect_eq(ask_at(at), ASSAY_E_AGAIN);
    for (unsigned i = 0; i < 40; i++) {
        if (assay_issuance_is_waiting(&table)) fail_with(ASSAY_SERVICE_OUTCOME_NO_KEY, at);
        if (i % 7 == 6) assay_issuance_on_close(&table, at);
        at += 1000;
        cr_expect_eq(ask_at(at), ASSAY_OK, "request %u", i);
    }
    assay_issuance_on_close(&table, at);
    at += ASSAY_ISSUANCE_AGAIN_MS;
    cr_expect_eq(ask_at(at), ASSAY_OK);
    cr_assert(assay_issuance_is_waiting(&table), "it is requested again behind each close");
    fail_with(ASSAY_SERVICE_OUTCOME_DONE, at);
    cr_expect_eq(ask_at(at), ASSAY_OK);
    assay_issuance_on_close(&table, at + ASSAY_ISSUANCE_KEPT_MS);
    cr_expect_eq(ask_at(at + ASSAY_ISSUANCE_KEPT_MS), ASSAY_E_AGAIN, "of another epoch");
}

/* Epochs of 1.5 s: a close ends most attempts, and the client asks again each second. */
Test(issue_queue, that_holders_are_too_few_is_the_answer_over_closes_until_a_product_succeeds)
{
    uint64_t at = 5000;
    unsigned attempts = 0;
    assay_issuance_clear(&table);
    cr_expect_eq(ask_at(at), ASSAY_E_AGAIN);
    fail_with(ASSAY_SERVICE_OUTCOME_FEW_HOLDERS, at);
    for (unsigned i = 0; i < 90; i++) {
        at += 500;
        if (i % 3 == 2) assay_issuance_on_close(&table, at);
        if (assay_issuance_is_waiting(&table)) {
            static const enum assay_service_outcome next[] = { ASSAY_SERVICE_OUTCOME_NEXT_EPOCH,
                                                               ASSAY_SERVICE_OUTCOME_FEW_HOLDERS,
                                                               ASSAY_SERVICE_OUTCOME_BUSY };
            fail_with(next[attempts++ % 3], at);
        }
        if (i % 2 == 0) continue;
        const struct assay_issuance *issue;
        const struct assay_issuance_name name = name_of(3, 1);
        cr_expect_eq(assay_issuance_request(&table, ASSAY_ISSUANCE_OWN, &name, at, &issue),
                     ASSAY_OK, "request %u", i);
        cr_expect_eq((int)issue->outcome, (int)ASSAY_SERVICE_OUTCOME_FEW_HOLDERS);
        cr_expect_eq(issue->len, 2, "with its sentence");
    }
    cr_expect_geq(attempts, 15, "it is requested again all the time: %u times", attempts);
    at += ASSAY_ISSUANCE_AGAIN_MS;
    assay_issuance_on_close(&table, at);
    cr_expect_eq(ask_at(at), ASSAY_OK);
    fail_with(ASSAY_SERVICE_OUTCOME_DONE, at);
    const struct assay_issuance *issue;
    const struct assay_issuance_name name = name_of(3, 1);
    cr_expect_eq(assay_issuance_request(&table, ASSAY_ISSUANCE_OWN, &name, at, &issue), ASSAY_OK);
    cr_expect_eq((int)issue->outcome, (int)ASSAY_SERVICE_OUTCOME_DONE);
}

/* A holder that hangs: each attempt lasts longer than an epoch, and no answer comes. */
Test(issue_queue, attempts_that_closes_end_are_too_few_holders_after_three)
{
    uint64_t at = 5000;
    assay_issuance_clear(&table);
    for (unsigned i = 0; i < ASSAY_ISSUANCE_CLOSES_MAX; i++) {
        cr_expect_eq(ask_at(at), ASSAY_E_AGAIN, "attempt %u", i);
        cr_assert_not_null(assay_issuance_send_next(&table, at));
        at += 1500;
        assay_issuance_on_close(&table, at);
    }
    for (unsigned i = 0; i < 100; i++) { /* longer than a refusal is retained */
        const struct assay_issuance *issue;
        const struct assay_issuance_name name = name_of(3, 1);
        at += ASSAY_ISSUANCE_AGAIN_MS;
        cr_expect_eq(assay_issuance_request(&table, ASSAY_ISSUANCE_OWN, &name, at, &issue),
                     ASSAY_OK, "request %u", i);
        cr_expect_eq((int)issue->outcome, (int)ASSAY_SERVICE_OUTCOME_FEW_HOLDERS);
        (void)assay_issuance_send_next(&table, at);
        at += 500;
        assay_issuance_on_close(&table, at);
    }
    at += ASSAY_ISSUANCE_AGAIN_MS;
    cr_expect_eq(ask_at(at), ASSAY_OK);
    fail_with(ASSAY_SERVICE_OUTCOME_DONE, at);
    cr_expect_eq(ask_at(at), ASSAY_OK);
}

static enum assay_status hang_at(unsigned number, uint64_t at_ms)
{
    const struct assay_issuance *issue;
    const struct assay_issuance_name name = name_of(3, number);
    const enum assay_status status =
        assay_issuance_request(&table, ASSAY_ISSUANCE_OWN, &name, at_ms, &issue);
    (void)assay_issuance_send_next(&table, at_ms);
    return status;
}

/* The other places have answers of this epoch, so the next name gets that of the first one. */
Test(issue_queue, closes_of_a_name_do_not_count_for_the_one_that_takes_its_place)
{
    enum { HUNG = ASSAY_ISSUANCES_MAX, NEXT };
    uint64_t at = 5000;
    assay_issuance_clear(&table);
    for (unsigned i = 0; i + 1 < ASSAY_ISSUANCE_CLOSES_MAX; i++) {
        cr_expect_eq(hang_at(HUNG, at), ASSAY_E_AGAIN, "attempt %u", i);
        assay_issuance_on_close(&table, at);
    }
    for (unsigned i = 1; i < ASSAY_ISSUANCES_MAX; i++) {
        const struct assay_issuance *issue;
        const struct assay_issuance_name name = name_of(3, i);
        at++;
        cr_assert_eq(assay_issuance_request(&table, ASSAY_ISSUANCE_OWN, &name, at, &issue),
                     ASSAY_E_AGAIN);
        fail_with(ASSAY_SERVICE_OUTCOME_DONE, at);
    }
    for (unsigned i = 0; i < ASSAY_ISSUANCE_CLOSES_MAX; i++) {
        cr_expect_eq(hang_at(NEXT, at), ASSAY_E_AGAIN, "after %u closes", i);
        assay_issuance_on_close(&table, at);
    }
    cr_expect_eq(hang_at(NEXT, at), ASSAY_OK);
}

Test(issue_queue, another_cause_replaces_the_one_before_and_an_old_one_expires)
{
    assay_issuance_clear(&table);
    cr_expect_eq(ask_at(5000), ASSAY_E_AGAIN);
    fail_with(ASSAY_SERVICE_OUTCOME_FEW_HOLDERS, 5000);
    cr_expect_eq(ask_at(6000), ASSAY_OK);
    fail_with(ASSAY_SERVICE_OUTCOME_STALE, 6000);
    assay_issuance_on_close(&table, 7000);
    cr_expect_eq(ask_at(7000), ASSAY_E_AGAIN, "of the newest attempt nothing is retained");
    fail_with(ASSAY_SERVICE_OUTCOME_FEW_HOLDERS, 7000);
    assay_issuance_on_close(&table, 7000 + ASSAY_ISSUANCE_REFUSAL_MS);
    cr_expect_eq(ask_at(7000 + ASSAY_ISSUANCE_REFUSAL_MS), ASSAY_E_AGAIN);
}

Test(issue_queue, what_the_ledger_does_not_support_is_not_requested_again_in_the_epoch)
{
    assay_issuance_clear(&table);
    cr_expect_eq(ask_at(0), ASSAY_E_AGAIN);
    fail_with(ASSAY_SERVICE_OUTCOME_BELOW_THRESHOLD, 0);
    cr_expect_eq(ask_at(UINT32_MAX), ASSAY_OK);
    assay_issuance_clear(&table);
    cr_expect_eq(ask_at(UINT32_MAX), ASSAY_E_AGAIN);
}

Test(issue_queue, of_an_earlier_epoch_products_alone_are_kept)
{
    assay_issuance_clear(&table);
    cr_expect_eq(ask_at(0), ASSAY_E_AGAIN);
    fail_with(ASSAY_SERVICE_OUTCOME_BELOW_THRESHOLD, 0);
    assay_issuance_on_close(&table, 1);
    cr_expect_eq(ask_at(1), ASSAY_E_AGAIN, "a refusal");
    assay_issuance_on_close(&table, 2);
    cr_expect_null(assay_issuance_send_next(&table, 2), "a request, of which nothing is known");
    cr_expect_eq(ask_at(3), ASSAY_E_AGAIN);
    fail_with(ASSAY_SERVICE_OUTCOME_DONE, 3);
    assay_issuance_on_close(&table, 2 + ASSAY_ISSUANCE_KEPT_MS);
    cr_expect_eq(ask_at(2 + ASSAY_ISSUANCE_KEPT_MS), ASSAY_OK);
    assay_issuance_on_close(&table, 3 + ASSAY_ISSUANCE_KEPT_MS);
    cr_expect_eq(ask_at(3 + ASSAY_ISSUANCE_KEPT_MS), ASSAY_E_AGAIN);
}

Test(issue_queue, another_key_of_the_name_has_no_part_of_it)
{
    const struct assay_issuance *issue;
    struct assay_issuance_name name = name_of(3, 1);
    assay_issuance_clear(&table);
    cr_expect_eq(ask_at(0), ASSAY_E_AGAIN);
    fail_with(ASSAY_SERVICE_OUTCOME_DONE, 0);
    name.spki_sha256[31] = 1;
    cr_expect_eq(assay_issuance_request(&table, ASSAY_ISSUANCE_OWN, &name, 1, &issue),
                 ASSAY_E_AGAIN);
    cr_expect_eq(ask_at(1), ASSAY_OK);
}

Test(issue_queue, a_process_that_does_not_answer_ends_the_request)
{
    assay_issuance_clear(&table);
    cr_expect_eq(assay_issuance_wake_at(&table), UINT64_MAX);
    cr_expect_eq(ask_at(100), ASSAY_E_AGAIN);
    cr_assert_not_null(assay_issuance_send_next(&table, 100));
    cr_expect_null(assay_issuance_send_next(&table, 100), "one at a time");
    cr_expect_eq(assay_issuance_wake_at(&table), 100 + ASSAY_ISSUANCE_TIMEOUT_MS);
    assay_issuance_expire(&table, 99 + ASSAY_ISSUANCE_TIMEOUT_MS);
    cr_expect_eq(ask_at(99 + ASSAY_ISSUANCE_TIMEOUT_MS), ASSAY_E_AGAIN);
    assay_issuance_expire(&table, 100 + ASSAY_ISSUANCE_TIMEOUT_MS);
    cr_expect_eq(ask_at(100 + ASSAY_ISSUANCE_TIMEOUT_MS), ASSAY_OK);
}
