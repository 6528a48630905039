/*
 * apps/demo/enclave/load.c - load of the demo's replica group: so many requests a second to one
 * enclave, whose state is their number.
 *
 * A state has every request that is due when it is given, as a program does that puts what waits
 * into one transaction. It is sealed, durable and certified before its requests count.
 */
#include "apps/demo/enclave/enclave.h"

#include <stdlib.h>

enum {
    REQUESTS_MAX = 4000000,
    WINDOW = 4096, /* states in flight, as the library has it */
    PRINT_MS = 500,
};

typedef unsigned long long llu;

struct flow {
    struct enclave_counter *counter;
    double start_us, each_us;
    uint64_t given, certified; /* requests */
    uint64_t first, confirmed; /* index of the first state, and of the one certified last */
    uint64_t requests[WINDOW]; /* given with the state of that index, modulo */
    uint32_t *us;              /* of each request, until it was certified */
    uint64_t full;
    uint64_t print_at_ms;
};

/* Requests arrive at their times, whether the ones before are certified or not: late is late. */
static enum assay_continuity_result submit_state(struct flow *f)
{
    const double due = (enclave_now_us() - f->start_us) / f->each_us;
    const uint64_t wanted = due < REQUESTS_MAX ? (uint64_t)due + 1 : REQUESTS_MAX;
    const uint64_t state = f->counter->count + (wanted - f->given);
    uint64_t index = 0;
    if (wanted == f->given || enclave_is_stopped()) return ASSAY_CONTINUITY_OK;
    const enum assay_continuity_result result =
        assay_continuity_update(f->counter->handle, &state, sizeof state, &index);
    if (result == ASSAY_CONTINUITY_FULL) {
        f->full++;
        return ASSAY_CONTINUITY_OK;
    }
    if (result != ASSAY_CONTINUITY_OK) return result;
    f->counter->count = state;
    f->given = wanted;
    f->requests[index % WINDOW] = wanted;
    return ASSAY_CONTINUITY_OK;
}

static void receive_results(struct flow *f)
{
    const uint64_t now = enclave_get_status(f->counter).certified;
    const double at_us = enclave_now_us() - f->start_us;
    for (; f->confirmed < now; f->confirmed++)
        for (const uint64_t end = f->requests[(f->confirmed + 1) % WINDOW]; f->certified < end;
             f->certified++)
            f->us[f->certified] = (uint32_t)(at_us - (double)f->certified * f->each_us);
    if (enclave_now_ms() < f->print_at_ms) return;
    f->print_at_ms = enclave_now_ms() + PRINT_MS;
    enclave_print("at %llu", (llu)f->certified);
}

static int compare_times(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return (x > y) - (x < y);
}

static int print_report(struct flow *f, double seconds)
{
    const uint64_t n = f->certified;
    if (n == 0) return enclave_fail("no request");
    qsort(f->us, n, sizeof *f->us, compare_times);
    const uint32_t half = f->us[n / 2], most = f->us[(n - 1) * 99 / 100], all = f->us[n - 1];
    enclave_print("load %llu rate %.0f states %.0f p50 %.2f p99 %.2f longest %.0f full %llu",
                  (llu)n, (double)n / seconds, (double)(f->confirmed - f->first + 1) / seconds,
                  half / 1e3, most / 1e3, all / 1e3, (llu)f->full);
    const struct assay_continuity_status s = enclave_get_status(f->counter);
    enclave_print("certified %llu %s", (llu)s.certified, enclave_format_hex(s.certified_digest));
    return ENCLAVE_OK;
}

static int run_flow(struct enclave_counter *counter, unsigned rate)
{
    static struct flow f;
    f = (struct flow){ .counter = counter,
                       .each_us = 1e6 / rate,
                       .confirmed = enclave_get_status(counter).certified,
                       .us = malloc(REQUESTS_MAX * sizeof *f.us),
                       .start_us = enclave_now_us() };
    f.first = f.confirmed + 1;
    enum assay_continuity_result result =
        f.us != NULL ? ASSAY_CONTINUITY_OK : ASSAY_CONTINUITY_SYSTEM;
    uint64_t until_ms = UINT64_MAX;
    while (result == ASSAY_CONTINUITY_OK && enclave_now_ms() < until_ms) {
        if (enclave_is_stopped() && until_ms == UINT64_MAX)
            until_ms = enclave_now_ms() + ENCLAVE_PATIENCE_MS;
        result = submit_state(&f);
        if (result == ASSAY_CONTINUITY_OK) result = assay_continuity_step(counter->handle, 1);
        receive_results(&f);
        if ((enclave_is_stopped() || f.given == REQUESTS_MAX) && f.certified == f.given) break;
    }
    const double seconds = (enclave_now_us() - f.start_us) / 1e6;
    int status = ENCLAVE_OK;
    if (result != ASSAY_CONTINUITY_OK) status = enclave_report_end(counter, result);
    else if (f.certified < f.given)
        status =
            enclave_fail("%llu of %llu requests were certified", (llu)f.certified, (llu)f.given);
    else status = print_report(&f, seconds);
    free(f.us);
    return status;
}

int enclave_run_load(int argc, char **argv)
{
    struct enclave_counter counter = { .handle = NULL };
    const unsigned rate = (unsigned)strtoul(argv[3], NULL, 10);
    (void)argc;
    if (rate == 0) return ENCLAVE_USAGE;
    int status = enclave_start_counter(&counter, argv);
    if (status == ENCLAVE_OK) status = run_flow(&counter, rate);
    assay_continuity_close(&counter.handle);
    return status;
}
