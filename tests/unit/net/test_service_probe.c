/*
 * tests/unit/net/test_service_probe.c - tests of the service probe.
 *
 * Members serve one another through the enclave's counter; the suspended get nothing.
 */
#include "engine/engine.h"
#include "net/services/service_probe.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

enum { SELF = 1, MEMBERS = 4 };

static struct assay_traffic_counters counters;
static struct assay_service_probe *service;
static struct assay_workload *workload;
static char path[64];
static int listener = -1, enclave = -1;

static void open_service(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    (void)snprintf(path, sizeof path, "/tmp/assay-counter-%d.sock", (int)getpid());
    (void)unlink(path);
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
    cr_assert_eq(bind(listener, (const struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(listen(listener, 4), 0);
    cr_assert_eq(assay_workload_create(path, &workload), ASSAY_OK);
    cr_assert_eq(assay_service_probe_create(SELF, MEMBERS, workload, &counters, &service),
                 ASSAY_OK);
}

static void close_service(void)
{
    assay_service_probe_destroy(&service);
    assay_workload_destroy(&workload);
    if (enclave >= 0) close(enclave);
    close(listener);
    (void)unlink(path);
}

/* The enclave's side: read what was asked, say that. */
static void enclave_says(const char *expected, const char *answer)
{
    char bytes[256] = "";
    if (enclave < 0) enclave = accept(listener, NULL, NULL);
    cr_assert_geq(enclave, 0);
    const ssize_t n = recv(enclave, bytes, sizeof bytes - 1, MSG_DONTWAIT);
    cr_assert(n >= 0 || expected[0] == '\0');
    cr_assert_str_eq(bytes, expected);
    cr_assert_eq(send(enclave, answer, strlen(answer), MSG_NOSIGNAL), (ssize_t)strlen(answer));
}

static struct assay_slice ask_of(uint64_t ticket)
{
    static uint8_t bytes[16];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    assay_service_probe_request_encode(ticket, &w);
    return assay_slice_over(bytes, w.len);
}

static struct assay_service_probe_message next_message(void)
{
    struct assay_service_probe_message message;
    cr_assert(assay_service_probe_next(service, &message));
    return message;
}

Test(net_service_probe, a_member_in_good_standing_is_served, .init = open_service,
     .fini = close_service)
{
    struct assay_service_probe_message message;
    assay_service_probe_on_request(service, 0, 2, ask_of(77));
    cr_assert_not(assay_service_probe_next(service, &message));
    enclave_says("increment\n", "41\n");
    assay_workload_step(workload, 1);
    message = next_message();
    cr_assert_eq(message.to, 2);
    cr_assert_not(message.ask);
    cr_assert_eq(message.answer.ticket, 77);
    cr_assert_eq(message.answer.outcome, ASSAY_SERVICE_PROBE_DONE);
    cr_assert_eq(message.answer.value, 41);
    cr_assert_eq(counters.value[ASSAY_COUNT_SERVICE_ANSWERED], 1);
}

Test(net_service_probe, answers_go_back_in_the_order_of_the_questions, .init = open_service,
     .fini = close_service)
{
    assay_service_probe_on_request(service, 0, 2, ask_of(1));
    assay_service_probe_on_request(service, 0, 3, ask_of(2));
    assay_service_probe_on_request(service, 0, 2, ask_of(3));
    enclave_says("increment\nincrement\nincrement\n", "10\n11\n1");
    assay_workload_step(workload, 1);
    cr_assert_eq(next_message().answer.value, 10);
    const struct assay_service_probe_message second = next_message();
    cr_assert_eq(second.to, 3);
    cr_assert_eq(second.answer.value, 11);
    enclave_says("", "2\n");
    assay_workload_step(workload, 2);
    cr_assert_eq(next_message().answer.value, 12, "a line may come in pieces");
}

Test(net_service_probe, the_suspended_are_told_so_and_counted, .init = open_service,
     .fini = close_service)
{
    assay_service_probe_refuse(service, 3, ask_of(5));
    const struct assay_service_probe_message message = next_message();
    cr_assert_eq(message.to, 3);
    cr_assert_eq(message.answer.outcome, ASSAY_SERVICE_PROBE_SUSPENDED);
    cr_assert_eq(counters.value[ASSAY_COUNT_SERVICE_SUSPENDED], 1);
    cr_assert_eq(accept(listener, NULL, NULL), -1, "the enclave was not bothered");
}

Test(net_service_probe, an_enclave_that_refuses_is_unavailable, .init = open_service,
     .fini = close_service)
{
    assay_service_probe_on_request(service, 0, 2, ask_of(1));
    enclave_says("increment\n", "suspended\n");
    assay_workload_step(workload, 1);
    cr_assert_eq(next_message().answer.outcome, ASSAY_SERVICE_PROBE_UNAVAILABLE);
}

Test(net_service_probe, an_enclave_that_is_away_dead_or_slow_is_unavailable, .init = open_service,
     .fini = close_service)
{
    /* slow */
    assay_service_probe_on_request(service, 0, 2, ask_of(1));
    cr_assert_eq(assay_workload_wake_at(workload), ASSAY_WORKLOAD_TIMEOUT_MS);
    assay_workload_step(workload, ASSAY_WORKLOAD_TIMEOUT_MS - 1);
    struct assay_service_probe_message message;
    cr_assert_not(assay_service_probe_next(service, &message));
    assay_workload_step(workload, ASSAY_WORKLOAD_TIMEOUT_MS);
    cr_assert_eq(next_message().answer.outcome, ASSAY_SERVICE_PROBE_UNAVAILABLE);
    /* dead */
    assay_service_probe_on_request(service, 2000, 2, ask_of(2));
    close(accept(listener, NULL, NULL)); /* the first connection */
    enclave = accept(listener, NULL, NULL);
    close(enclave);
    enclave = -1;
    assay_workload_step(workload, 2001);
    cr_assert_eq(next_message().answer.outcome, ASSAY_SERVICE_PROBE_UNAVAILABLE);
    /* away */
    (void)unlink(path);
    assay_service_probe_on_request(service, 3000, 2, ask_of(3));
    cr_assert_eq(next_message().answer.outcome, ASSAY_SERVICE_PROBE_UNAVAILABLE);
}

Test(net_service_probe, nonsense_from_the_enclave_ends_the_connection, .init = open_service,
     .fini = close_service)
{
    char flood[ASSAY_WORKLOAD_LINE_MAX + 2];
    for (size_t i = 0; i < sizeof flood; i++)
        flood[i] = 'x';
    flood[sizeof flood - 1] = '\0';
    assay_service_probe_on_request(service, 0, 2, ask_of(1));
    enclave_says("increment\n", flood);
    assay_workload_step(workload, 1);
    cr_assert_eq(next_message().answer.outcome, ASSAY_SERVICE_PROBE_UNAVAILABLE);
}

Test(net_service_probe, bounds_what_waits_for_the_enclave, .init = open_service,
     .fini = close_service)
{
    for (uint64_t i = 0; i < ASSAY_WORKLOAD_PENDING_MAX + 5; i++)
        assay_service_probe_on_request(service, 0, (uint16_t)(100 + i / 4), ask_of(i));
    cr_assert_eq(counters.value[ASSAY_COUNT_SERVICE_BUSY], 5);
    cr_assert_eq(next_message().answer.outcome, ASSAY_SERVICE_PROBE_BUSY);
}

/* No member takes the places of the others. */
Test(net_service_probe, bounds_what_waits_for_one_member, .init = open_service,
     .fini = close_service)
{
    for (uint64_t i = 0; i < ASSAY_WORKLOAD_PENDING_MAX; i++)
        assay_service_probe_on_request(service, 0, 2, ask_of(i));
    cr_assert_eq(counters.value[ASSAY_COUNT_SERVICE_BUSY], ASSAY_WORKLOAD_PENDING_MAX - 4);
    assay_service_probe_on_request(service, 0, 3, ask_of(1));
    cr_assert_eq(counters.value[ASSAY_COUNT_SERVICE_BUSY], ASSAY_WORKLOAD_PENDING_MAX - 4);
}

Test(net_service_probe, a_node_without_an_enclave_says_so)
{
    cr_assert_eq(assay_service_probe_create(SELF, MEMBERS, NULL, &counters, &service), ASSAY_OK);
    assay_service_probe_on_request(service, 0, 2, ask_of(1));
    cr_assert_eq(next_message().answer.outcome, ASSAY_SERVICE_PROBE_UNAVAILABLE);
    assay_service_probe_destroy(&service);
}

static struct assay_slice answer_of(uint64_t ticket, enum assay_service_probe_outcome outcome,
                                    uint64_t value)
{
    static uint8_t bytes[32];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    const struct assay_service_probe_answer answer = { ticket, outcome, value };
    assay_service_probe_answer_encode(&answer, &w);
    return assay_slice_over(bytes, w.len);
}

Test(net_service_probe, asks_the_others_in_turn_and_takes_one_answer, .init = open_service,
     .fini = close_service)
{
    const uint16_t expected[] = { 2, 3, 0, 2 };
    struct assay_service_probe_snapshot snapshot;
    for (size_t i = 0; i < sizeof expected / sizeof expected[0]; i++) {
        assay_service_probe_step(service);
        const struct assay_service_probe_message message = next_message();
        cr_assert(message.ask);
        cr_assert_eq(message.to, expected[i]);
        const uint64_t ticket = message.answer.ticket;
        /* another member, another ticket: nobody asked them */
        assay_service_probe_on_answer(service, (uint16_t)(message.to + 1),
                                      answer_of(ticket, ASSAY_SERVICE_PROBE_DONE, 9));
        assay_service_probe_on_answer(service, message.to,
                                      answer_of(ticket + 1, ASSAY_SERVICE_PROBE_DONE, 9));
        assay_service_probe_on_answer(service, message.to,
                                      answer_of(ticket, ASSAY_SERVICE_PROBE_DONE, 100 + i));
        assay_service_probe_on_answer(service, message.to,
                                      answer_of(ticket, ASSAY_SERVICE_PROBE_DONE, 9));
        assay_service_probe_get_snapshot(service, &snapshot);
        cr_assert_eq(snapshot.last_got, 100 + i);
        cr_assert_eq(snapshot.last_got_from, expected[i]);
        cr_assert_not(snapshot.refused_by_last);
    }
    cr_assert_eq(counters.value[ASSAY_COUNT_SERVICE_RECEIVED], 4);
    cr_assert_eq(counters.value[ASSAY_COUNT_SERVICE_UNSOLICITED], 12);
    assay_service_probe_step(service);
    const struct assay_service_probe_message last = next_message();
    assay_service_probe_on_answer(service, last.to,
                                  answer_of(last.answer.ticket, ASSAY_SERVICE_PROBE_SUSPENDED, 0));
    assay_service_probe_get_snapshot(service, &snapshot);
    cr_assert(snapshot.refused_by_last);
}

Test(net_service_probe, payloads_are_exact)
{
    uint8_t bytes[18] = { 0 };
    uint64_t ticket = 0;
    struct assay_service_probe_answer answer;
    for (size_t len = 0; len < 8; len++)
        cr_assert_eq(assay_service_probe_request_decode(assay_slice_over(bytes, len), &ticket),
                     ASSAY_E_TRUNCATED);
    cr_assert_eq(assay_service_probe_request_decode(assay_slice_over(bytes, 9), &ticket),
                 ASSAY_E_TRAILING);
    for (size_t len = 0; len < 17; len++)
        cr_assert_eq(assay_service_probe_answer_decode(assay_slice_over(bytes, len), &answer),
                     ASSAY_E_TRUNCATED);
    cr_assert_eq(assay_service_probe_answer_decode(assay_slice_over(bytes, 18), &answer),
                 ASSAY_E_TRAILING);
    for (unsigned outcome = 0; outcome < 256; outcome++) {
        bytes[8] = (uint8_t)outcome;
        cr_assert_eq(assay_service_probe_answer_decode(assay_slice_over(bytes, 17), &answer),
                     outcome <= ASSAY_SERVICE_PROBE_UNAVAILABLE ? ASSAY_OK : ASSAY_E_RANGE);
    }
}

Test(net_service_probe, malformed_questions_are_counted, .init = open_service,
     .fini = close_service)
{
    const uint8_t junk[3] = { 1, 2, 3 };
    assay_service_probe_on_request(service, 0, 2, assay_slice_over(junk, 3));
    assay_service_probe_refuse(service, 2, assay_slice_over(junk, 3));
    assay_service_probe_on_answer(service, 2, assay_slice_over(junk, 3));
    cr_assert_eq(counters.value[ASSAY_COUNT_SERVICE_MALFORMED], 3);
    struct assay_service_probe_message message;
    cr_assert_not(assay_service_probe_next(service, &message));
}
