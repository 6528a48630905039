/*
 * tests/unit/services/shares/test_shares_names.c - tests of holders that are listed by a name.
 */
#include "tests/unit/services/shares/holder_processes.h"

#include <stdatomic.h>

static atomic_uint resolving, most;
static atomic_bool is_over;

/* Slower than a holder may be. */
static size_t resolve_slowly(void *context, const char *host,
                             char numbers[ASSAY_RESOLVER_NUMBERS_MAX][ASSAY_RESOLVER_NUMBER_LEN])
{
    (void)context;
    (void)host;
    (void)sleep(4);
    (void)snprintf(numbers[0], ASSAY_RESOLVER_NUMBER_LEN, "127.0.0.1");
    return 1;
}

/* Until the test is over. */
static size_t resolve_never(void *context, const char *host,
                            char numbers[ASSAY_RESOLVER_NUMBERS_MAX][ASSAY_RESOLVER_NUMBER_LEN])
{
    (void)context;
    (void)host;
    (void)numbers;
    const unsigned now = atomic_fetch_add(&resolving, 1) + 1;
    if (now > atomic_load(&most)) atomic_store(&most, now);
    while (!atomic_load(&is_over))
        (void)usleep(10000);
    atomic_fetch_sub(&resolving, 1);
    return 0;
}

Test(services_shares_runtime, holders_whose_names_resolve_slowly_are_reached, .timeout = 600)
{
    w.host = "localhost";
    w.resolve = resolve_slowly;
    open_world(1, SLOTS, 16);
    put(1);
    cr_expect(reads(SOON_MS));
    close_world();
}

/* Five slots, and several attempts of each: no thread for each of them. */
Test(services_shares_runtime, names_that_never_resolve_hold_a_bounded_number_of_threads,
     .timeout = 600)
{
    w.host = "localhost";
    w.resolve = resolve_never;
    open_world(1, SLOTS, 16);
    struct assay_share_client *client = put_begin(1);
    cr_expect_eq(run_for(client, 9000).state, ASSAY_SHARE_CLIENT_WORKS);
    cr_expect_eq(atomic_load(&most), ASSAY_RESOLVER_THREADS_MAX);
    assay_holder_client_close(&client);
    atomic_store(&is_over, true);
    while (atomic_load(&resolving) > 0)
        (void)usleep(1000);
    (void)usleep(50000);
    close_world();
}
