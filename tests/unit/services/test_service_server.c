/*
 * tests/unit/services/test_service_server.c - tests of the service server.
 *
 * net/services/server/service_server.h, spoken to as programs do (docs/services.md 4.1).
 */
#include "tests/unit/services/service_server_fixture.h"

#include <poll.h>
#include <sys/resource.h>

TestSuite(service_server, .init = set_up, .fini = tear_down);

Test(service_server, a_program_is_told_where_the_ledger_is_and_goes_on_with_it)
{
    struct assay_service_stream s;
    uint8_t bytes[1024];
    follow(&s, replicas_of_1);
    cr_assert_null(hear(&s), "the ledger has not begun");
    begin();
    const struct assay_service_message *m = hear(&s);
    cr_assert_not_null(m);
    cr_assert_eq(m->verb, ASSAY_SERVICE_BEGIN);
    cr_assert_arr_eq(m->chain_id, chain, 32);
    cr_assert_eq(m->slot, 2);
    cr_assert_eq(m->members, MEMBERS);
    cr_assert_eq(m->member[3].standing, ASSAY_REGISTRY_STAND_FULL);
    cr_assert_eq(m->node[3][0], 4);
    cr_assert_eq(m->count, 4, "every group's: a service is followed as a whole");
    cr_assert_eq(m->plan.len, plan_len);
    for (uint32_t i = 0; i < 3; i++)
        cr_assert_not_null(hear(&s));
    m = hear(&s);
    cr_assert_not_null(m);
    struct assay_writer w = assay_writer_over(plan_bytes, sizeof plan_bytes);
    cr_assert_eq(assay_registry_encode(registry, 3, &w), ASSAY_OK);
    cr_assert_eq(m->document.len, w.len);
    cr_assert(assay_bytes_equal(m->document.bytes, w.bytes, w.len));
    cr_assert_null(hear(&s));
    const struct assay_slice payload = replica_record(1, 3, bytes);
    assay_service_server_on_record(server, 3, ASSAY_SERVICE_REPLICA, payload);
    m = hear(&s);
    cr_assert_not_null(m);
    cr_assert_eq(m->verb, ASSAY_SERVICE_RECORD);
    cr_assert_eq(m->slot, 3);
    cr_assert_eq(m->node_id[0], 4);
    cr_assert_eq(m->payload.len, payload.len);
    cr_assert(assay_registry_group(assay_service_server_registry(server), 1)->member[3].listed);
    moment->epoch = 1;
    moment->member[1].standing = ASSAY_REGISTRY_STAND_SUSPENDED;
    assay_service_server_on_epoch_closed(server, registry, moment);
    m = hear(&s);
    cr_assert_not_null(m);
    cr_assert_eq(m->verb, ASSAY_SERVICE_CLOSE);
    cr_assert_eq(m->epoch, 1);
    cr_assert_eq(m->member[1].standing, ASSAY_REGISTRY_STAND_SUSPENDED);
    cr_assert_not(assay_registry_group(assay_service_server_registry(server), 1)->member[3].listed,
                  "after a close it is the ledger's own");
    assay_service_stream_close(&s);
}

Test(service_server, records_of_other_services_are_not_told)
{
    struct assay_service_stream tasks, replicas;
    uint8_t bytes[1024];
    begin();
    follow(&tasks, executors);
    follow(&replicas, replicas_of_0);
    hear_beginning(&tasks);
    hear_beginning(&replicas);
    assay_service_server_on_record(server, 1, ASSAY_SERVICE_REPLICA, replica_record(0, 1, bytes));
    cr_assert_null(hear(&tasks));
    cr_assert_not_null(hear(&replicas));
    struct assay_service_server_snapshot look;
    assay_service_server_get_snapshot(server, &look);
    cr_assert_eq(look.clients, 2);
    cr_assert_eq(look.following, 2);
    cr_assert_eq(look.applied[ASSAY_SERVICE_REPLICA], 1);
    assay_service_server_on_record(server, 1, ASSAY_SERVICE_REPLICA, replica_record(0, 1, bytes));
    assay_service_server_get_snapshot(server, &look);
    cr_assert_eq(look.idle[ASSAY_SERVICE_REPLICA], 1, "the same again changes nothing");
    assay_service_stream_close(&tasks);
    assay_service_stream_close(&replicas);
}

Test(service_server, who_followed_the_ledger_of_before_dials_again)
{
    struct assay_service_stream s;
    begin();
    follow(&s, replicas_of_0);
    hear_beginning(&s);
    begin();
    cr_assert(is_hung_up(&s));
    assay_service_stream_close(&s);
}

Test(service_server, what_no_program_says_ends_the_connection)
{
    static const struct assay_service_message wrong[] = {
        { .verb = ASSAY_SERVICE_SUBMIT,
          .kind = ASSAY_SERVICE_REPLICA,
          .payload = { plan_bytes, 1 } },
        { .verb = ASSAY_SERVICE_EVIDENCE, .serial = 1 },
    };
    struct assay_service_stream s;
    begin();
    for (size_t i = 0; i < sizeof wrong / sizeof wrong[0]; i++) {
        dial(&s, replicas_of_0);
        say(&s, &wrong[i]);
        cr_assert(is_hung_up(&s), "%zu", i);
        assay_service_stream_close(&s);
    }
    follow(&s, replicas_of_0);
    hear_beginning(&s);
    say(&s, &(struct assay_service_message){ .verb = ASSAY_SERVICE_FOLLOW,
                                             .service = ASSAY_SERVICE_CONTINUITY });
    cr_assert(is_hung_up(&s), "it follows already");
    assay_service_stream_close(&s);
    dial(&s, replicas_of_0);
    cr_assert_eq(write(s.fd, "\xff\xff\xff\xff", 4), 4);
    cr_assert(is_hung_up(&s), "no message is so long");
    assay_service_stream_close(&s);
}

Test(service_server, a_record_is_handed_on_and_what_can_never_be_is_said)
{
    struct assay_service_stream s;
    const struct assay_service_message m = { .verb = ASSAY_SERVICE_SUBMIT,
                                             .kind = ASSAY_SERVICE_REPLICA,
                                             .payload = { plan_bytes, 3 } };
    static const enum assay_status later[] = { ASSAY_OK, ASSAY_E_DUPLICATE, ASSAY_E_AGAIN,
                                               ASSAY_E_FULL };
    begin();
    follow(&s, replicas_of_0);
    hear_beginning(&s);
    for (size_t i = 0; i < sizeof later / sizeof later[0]; i++) {
        submit_says = later[i];
        say(&s, &m);
        cr_assert_eq(submitted, i + 1);
        cr_assert_null(hear(&s), "it may be said again");
    }
    submit_says = ASSAY_E_SIGNATURE;
    say(&s, &m);
    const struct assay_service_message *told = hear(&s);
    cr_assert_not_null(told);
    cr_assert_eq(told->verb, ASSAY_SERVICE_REFUSED);
    cr_assert_eq(told->kind, ASSAY_SERVICE_REPLICA);
    cr_assert_gt(told->why.len, 0);
    assay_service_stream_close(&s);
}

Test(service_server, quotes_are_asked_for_one_after_the_other)
{
    struct assay_service_stream s;
    uint8_t expected[64];
    begin();
    follow(&s, executors);
    hear_beginning(&s);
    ask(&s, 5);
    ask(&s, 6);
    cr_assert_eq(quotes_asked, 1);
    assay_service_report_data(chain, ASSAY_SERVICE_FOR_TASKS, assay_slice_over(plan_bytes, 2),
                              expected);
    cr_assert_arr_eq(quoted_for, expected, 64);
    assay_service_server_on_quote(server, assay_slice_over("evidence", 8));
    const struct assay_service_message *m = hear(&s);
    cr_assert_not_null(m);
    cr_assert_eq(m->verb, ASSAY_SERVICE_EVIDENCE);
    cr_assert_eq(m->serial, 5);
    cr_assert_eq(m->evidence.len, 8);
    cr_assert_eq(quotes_asked, 2);
    assay_service_server_on_quote(server, assay_slice_over("", 0));
    m = hear(&s);
    cr_assert_not_null(m);
    cr_assert_eq(m->serial, 6);
    cr_assert_eq(m->evidence.len, 0, "there is none");
    assay_service_stream_close(&s);
}

Test(service_server, a_quote_that_cannot_be_asked_for_now_is_asked_for_again)
{
    struct assay_service_stream s;
    begin();
    follow(&s, executors);
    hear_beginning(&s);
    quote_says = false;
    ask(&s, 5);
    cr_assert_gt(quotes_asked, 1);
    quote_says = true;
    const unsigned before = quotes_asked;
    turn();
    cr_assert_eq(quotes_asked, before + 1);
    turn();
    cr_assert_eq(quotes_asked, before + 1, "it is on its way");
    cr_assert_eq(assay_service_server_wake_at(server), ASSAY_SERVICE_SERVER_REQUEST_TIMEOUT_MS);
    now_ms = ASSAY_SERVICE_SERVER_REQUEST_TIMEOUT_MS;
    const struct assay_service_message *m = hear(&s);
    cr_assert_not_null(m, "nobody waits for ever");
    cr_assert_eq(m->evidence.len, 0);
    assay_service_stream_close(&s);
}

Test(service_server, a_verdict_has_the_standing_of_the_node)
{
    struct assay_service_stream s;
    moment->member[2].standing = ASSAY_REGISTRY_STAND_WARNING;
    begin();
    follow(&s, requestors);
    hear_beginning(&s);
    show(&s, 8, 3);
    cr_assert_eq(judged_asked, 1);
    cr_assert_null(hear(&s));
    assay_service_server_on_verdict(server, judging + 1, true); /* another's */
    assay_service_server_on_verdict(server, judging, true);
    const struct assay_service_message *m = hear(&s);
    cr_assert_not_null(m);
    cr_assert_eq(m->verb, ASSAY_SERVICE_VERDICT);
    cr_assert_eq(m->serial, 8);
    cr_assert(m->good);
    cr_assert_eq(m->standing, ASSAY_REGISTRY_STAND_WARNING);
    judge_says = false;
    show(&s, 9, 99);
    m = hear(&s);
    cr_assert_not_null(m, "nobody will judge it");
    cr_assert_not(m->good);
    cr_assert_eq(m->standing, ASSAY_REGISTRY_STAND_NONE);
    assay_service_stream_close(&s);
}

Test(service_server, more_than_is_waited_for_is_answered_at_once)
{
    struct assay_service_stream s;
    begin();
    follow(&s, requestors);
    hear_beginning(&s);
    for (uint64_t i = 0; i < ASSAY_SERVICE_SERVER_REQUESTS_EACH; i++)
        show(&s, i, 1);
    cr_assert_null(hear(&s));
    show(&s, 77, 1);
    const struct assay_service_message *m = hear(&s);
    cr_assert_not_null(m);
    cr_assert_eq(m->serial, 77);
    cr_assert_not(m->good);
    for (uint64_t i = 0; i < ASSAY_SERVICE_SERVER_REQUESTS_EACH;
         i++) { /* the others one after the other */
        cr_assert_eq(judged_asked, i + 1);
        assay_service_server_on_verdict(server, judging, true);
        m = hear(&s);
        cr_assert_not_null(m);
        cr_assert_eq(m->serial, i);
        cr_assert(m->good);
    }
    assay_service_stream_close(&s);
}

Test(service_server, a_node_that_takes_over_owes_nothing_that_was_asked_before)
{
    struct assay_service_stream executor, requestor;
    begin();
    follow(&executor, executors);
    follow(&requestor, requestors);
    hear_beginning(&executor);
    hear_beginning(&requestor);
    show(&requestor, 1, 1);
    ask(&executor, 2);
    cr_assert_eq(
        assay_service_server_rebind(server, &world, assay_slice_over(plan_bytes, plan_len)),
        ASSAY_OK);
    const struct assay_service_message *m = hear(&requestor);
    cr_assert_not_null(m);
    cr_assert_eq(m->verb, ASSAY_SERVICE_VERDICT);
    cr_assert_not(m->good);
    cr_assert_eq(quotes_asked, 2, "asked again of who is there now");
    assay_service_stream_close(&executor);
    assay_service_stream_close(&requestor);
}

Test(service_server, who_does_not_read_is_dropped_and_the_others_go_on)
{
    struct assay_service_stream slow, quick;
    uint8_t bytes[1024];
    const struct assay_slice payload = replica_record(0, 1, bytes);
    begin();
    follow(&slow, replicas_of_0);
    follow(&quick, replicas_of_0);
    hear_beginning(&quick);
    struct assay_service_server_snapshot look = { .clients = 2 };
    for (unsigned i = 0; look.clients == 2; i++) {
        assay_service_server_on_record(server, 1, ASSAY_SERVICE_REPLICA, payload);
        cr_assert_not_null(hear(&quick));
        cr_assert_lt(i, 200000);
        assay_service_server_get_snapshot(server, &look);
    }
    assay_service_server_on_record(server, 1, ASSAY_SERVICE_REPLICA, payload);
    cr_assert_not_null(hear(&quick));
    assay_service_stream_close(&slow);
    assay_service_stream_close(&quick);
}

/* A program that cannot be accepted stays in the backlog: the daemon does not wake for it without
 * end, and accepts it later. */
Test(service_server, without_descriptors_programs_wait)
{
    struct pollfd fds[ASSAY_SERVICE_SERVER_FDS_MAX];
    struct assay_service_stream replica;
    struct rlimit limit, none;
    begin();
    turn();
    const size_t sockets = assay_service_server_poll(server, fds, ASSAY_SERVICE_SERVER_FDS_MAX);
    dial(&replica, replicas_of_0);
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &limit), 0);
    none = (struct rlimit){ .rlim_cur = 3, .rlim_max = limit.rlim_max };
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    assay_service_server_step(server, now_ms += 10);
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &limit), 0);
    cr_expect_eq(assay_service_server_poll(server, fds, ASSAY_SERVICE_SERVER_FDS_MAX), 0,
                 "a listener would be readable at once");
    const uint64_t wake_ms = assay_service_server_wake_at(server);
    cr_expect_gt(wake_ms, now_ms);
    cr_assert_leq(wake_ms, now_ms + 1000);
    assay_service_server_step(server, now_ms = wake_ms - 1);
    cr_expect_eq(assay_service_server_poll(server, fds, ASSAY_SERVICE_SERVER_FDS_MAX), 0,
                 "it waits");
    assay_service_server_step(server, now_ms = wake_ms);
    cr_expect_eq(assay_service_server_poll(server, fds, ASSAY_SERVICE_SERVER_FDS_MAX), sockets + 1,
                 "it is accepted");
    assay_service_stream_close(&replica);
}
