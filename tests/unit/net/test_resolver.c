/*
 * tests/unit/net/test_resolver.c - names are asked beside the caller, one question of each at most.
 */
#include "net/system/resolver.h"

#include "base/assert.h"

#include <criterion/criterion.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <time.h>

static sem_t gate;
static atomic_uint asked, most;

static void sleep_ms(unsigned ms)
{
    const struct timespec t = { .tv_sec = ms / 1000, .tv_nsec = (long)(ms % 1000) * 1000000 };
    (void)nanosleep(&t, NULL);
}

/* "slow" waits for the gate. */
static size_t canned(void *context, const char *host,
                   char numbers[ASSAY_RESOLVER_NUMBERS_MAX][ASSAY_RESOLVER_NUMBER_LEN])
{
    ASSAY_ASSERT(context == &gate); /* Criterion keeps something for each thread that asserts */
    const unsigned now = atomic_fetch_add(&asked, 1) + 1;
    if (now > atomic_load(&most)) atomic_store(&most, now);
    if (strcmp(host, "slow") == 0)
        while (sem_wait(&gate) != 0) {}
    atomic_fetch_sub(&asked, 1);
    if (strcmp(host, "nowhere") == 0) return 0;
    (void)snprintf(numbers[0], ASSAY_RESOLVER_NUMBER_LEN, "192.0.2.%zu", strlen(host));
    return 1;
}

static struct assay_resolver *made(void)
{
    struct assay_resolver *r = NULL;
    cr_assert_eq(sem_init(&gate, 0, 0), 0);
    cr_assert_eq(assay_resolver_open(canned, &gate, &r), ASSAY_OK);
    return r;
}

/* The threads are detached, and the leak sanitizer must not look while one of them ends. */
static void close_quietly(struct assay_resolver **r)
{
    assay_resolver_close(r);
    cr_assert_null(*r);
    sleep_ms(50);
}

static bool wait_for(struct assay_resolver *r, struct assay_resolver_answer *answer)
{
    for (int i = 0; i < 5000; i++) {
        if (assay_resolver_next(r, answer)) return true;
        sleep_ms(1);
    }
    return false;
}

Test(resolver, answers_each_asker)
{
    struct assay_resolver *r = made();
    struct assay_resolver_answer answer;
    cr_assert_not(assay_resolver_next(r, &answer));
    cr_assert_eq(assay_resolver_request(r, 3, "abc"), ASSAY_OK);
    cr_assert(wait_for(r, &answer));
    cr_assert_eq(answer.asker, 3);
    cr_assert_eq(answer.count, 1);
    cr_assert_str_eq(answer.host, "abc");
    cr_assert_str_eq(answer.numbers[0], "192.0.2.3");
    cr_assert_eq(assay_resolver_request(r, 3, "nowhere"), ASSAY_OK);
    cr_assert(wait_for(r, &answer));
    cr_assert_eq(answer.count, 0);
    cr_assert_not(assay_resolver_next(r, &answer));
    close_quietly(&r);
    assay_resolver_close(&r);
}

Test(resolver, several_share_it_and_each_has_its_own_answer)
{
    struct assay_resolver *r = made();
    struct assay_resolver_answer answer;
    cr_assert_eq(assay_resolver_request(r, 0, "abc"), ASSAY_OK);
    cr_assert_eq(assay_resolver_request(r, 1, "ab"), ASSAY_OK);
    bool is_answered = false;
    for (int i = 0; i < 5000 && !is_answered; i++) {
        is_answered = assay_resolver_next_of(r, 1, &answer);
        if (!is_answered) sleep_ms(1);
    }
    cr_assert(is_answered);
    cr_expect(answer.asker == 1 && strcmp(answer.host, "ab") == 0);
    cr_expect_not(assay_resolver_next_of(r, 1, &answer), "once");
    cr_assert(wait_for(r, &answer));
    cr_expect_eq(answer.asker, 0);
    cr_expect_not(assay_resolver_next_of(r, 0, &answer));
    close_quietly(&r);
}

Test(resolver, a_slow_name_holds_up_its_own_asker_alone)
{
    struct assay_resolver *r = made();
    struct assay_resolver_answer answer;
    cr_assert_eq(assay_resolver_request(r, 0, "slow"), ASSAY_OK);
    cr_assert_eq(assay_resolver_request(r, 0, "abc"), ASSAY_E_AGAIN, "one question at a time");
    cr_assert_eq(assay_resolver_request(r, 1, "ab"), ASSAY_OK);
    cr_assert(wait_for(r, &answer));
    cr_assert_eq(answer.asker, 1);
    sem_post(&gate);
    cr_assert(wait_for(r, &answer));
    cr_assert_eq(answer.asker, 0);
    cr_assert_eq(assay_resolver_request(r, 0, "abc"), ASSAY_OK, "taken: it may ask again");
    close_quietly(&r);
}

Test(resolver, asks_few_names_at_once_and_all_in_the_end)
{
    enum { ASKERS = 100 };
    struct assay_resolver *r = made();
    struct assay_resolver_answer answer;
    bool answered[ASKERS] = { false };
    for (uint32_t i = 0; i < ASKERS; i++)
        cr_assert_eq(assay_resolver_request(r, i, "slow"), ASSAY_OK);
    for (int i = 0; i < ASKERS; i++)
        sem_post(&gate);
    for (int i = 0; i < ASKERS; i++) {
        cr_assert(wait_for(r, &answer));
        cr_assert_not(answered[answer.asker]);
        answered[answer.asker] = true;
    }
    cr_assert_leq(atomic_load(&most), ASSAY_RESOLVER_THREADS_MAX);
    close_quietly(&r);
}

Test(resolver, closes_while_a_name_is_still_asked)
{
    struct assay_resolver *r = made();
    cr_assert_eq(assay_resolver_request(r, 0, "slow"), ASSAY_OK);
    while (atomic_load(&asked) == 0) sleep_ms(1);
    close_quietly(&r);
    sem_post(&gate);
    while (atomic_load(&asked) != 0) sleep_ms(1);
    sleep_ms(50); /* the last one frees what was shared */
}

/* Of one link alone: libzmq would ask for the zone anew, where nobody may (net/zmq/dial.c). */
Test(resolver, gives_no_number_with_a_zone)
{
    struct assay_resolver *r = NULL;
    struct assay_resolver_answer answer;
    cr_assert_eq(assay_resolver_open(NULL, NULL, &r), ASSAY_OK);
    cr_assert_eq(assay_resolver_request(r, 0, "fe80::1%lo"), ASSAY_OK);
    cr_assert(wait_for(r, &answer));
    cr_assert_eq(answer.count, 0);
    cr_assert_eq(assay_resolver_request(r, 0, "fe80::1"), ASSAY_OK);
    cr_assert(wait_for(r, &answer));
    cr_assert_eq(answer.count, 1);
    assay_resolver_close(&r);
}

Test(resolver, asks_the_system)
{
    struct assay_resolver *r = NULL;
    struct assay_resolver_answer answer;
    char longest[ASSAY_RESOLVER_HOST_MAX + 1];
    cr_assert_eq(assay_resolver_open(NULL, NULL, &r), ASSAY_OK);
    cr_assert_eq(assay_resolver_request(r, 0, "localhost"), ASSAY_OK);
    cr_assert(wait_for(r, &answer));
    cr_assert_gt(answer.count, 0);
    for (size_t i = 0; i < answer.count; i++)
        cr_assert(strcmp(answer.numbers[i], "127.0.0.1") == 0 ||
                      strcmp(answer.numbers[i], "[::1]") == 0,
                  "%s", answer.numbers[i]);
    memset(longest, 'a', sizeof longest);
    longest[sizeof longest - 1] = '\0';
    cr_assert_eq(assay_resolver_request(r, 0, longest), ASSAY_E_RANGE);
    close_quietly(&r);
}
