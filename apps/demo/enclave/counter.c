/*
 * apps/demo/enclave/counter.c - demo enclave whose state is a counter: a state counts when the
 * group has certified it.
 */
#include "apps/demo/enclave/enclave.h"

#include <stdlib.h>

enum { READ_MS = 100 };

typedef unsigned long long llu;

struct assay_continuity_status enclave_get_status(const struct enclave_counter *counter)
{
    struct assay_continuity_status status = { .size = sizeof status };
    if (assay_continuity_get_status(counter->handle, &status) != ASSAY_OK)
        status = (struct assay_continuity_status){ .size = 0 };
    return status;
}

int enclave_report_end(const struct enclave_counter *counter, enum assay_continuity_result result)
{
    const struct assay_continuity_status s = enclave_get_status(counter);
    if (result == ASSAY_CONTINUITY_ROLLBACK)
        enclave_print("rollback handed %llu %s certified %llu %s", (llu)s.given,
                      enclave_format_hex(s.given_digest), (llu)s.certified,
                      enclave_format_hex(s.certified_digest));
    else if (result == ASSAY_CONTINUITY_FENCED)
        enclave_print("fenced session %llu at state %llu", (llu)s.session, (llu)s.certified);
    else if (result == ASSAY_CONTINUITY_HALTED)
        enclave_print("halted at state %llu: the group's memory is gone; the state is kept",
                      (llu)s.certified);
    else
        return enclave_fail("%s at state %llu: %s (%s)", assay_continuity_name(result),
                            (llu)s.certified, assay_continuity_reason(counter->handle),
                            assay_continuity_describe(result));
    return ENCLAVE_REFUSED;
}

/* A real enclave creates its instance when it is provisioned, and never because its folder is
 * empty. */
int enclave_start_counter(struct enclave_counter *counter, char **argv)
{
    struct assay_continuity_options options;
    if (!enclave_read_options(argv[0], argv[1], argv[4], &options)) return ENCLAVE_ERROR;
    options.folder = argv[2];
    enum assay_continuity_result result = enclave_has_instance(argv[2])
                                              ? assay_continuity_open(&options, &counter->handle)
                                              : assay_continuity_create(&options, &counter->handle);
    if (result == ASSAY_CONTINUITY_OK) result = ASSAY_CONTINUITY_IN_DOUBT;
    const uint64_t until_ms = enclave_now_ms() + ENCLAVE_PATIENCE_MS;
    while (enclave_is_pending(result, until_ms))
        result = assay_continuity_start(counter->handle, ENCLAVE_WAIT_MS);
    if (result != ASSAY_CONTINUITY_OK) return enclave_report_end(counter, result);
    const struct assay_continuity_status s = enclave_get_status(counter);
    size_t len = 0;
    const uint64_t *const count = assay_continuity_state(counter->handle, &len, NULL);
    if (len == sizeof *count) counter->count = *count;
    enclave_print("found %llu %s session %llu", (llu)s.certified,
                  enclave_format_hex(s.certified_digest), (llu)s.session);
    enclave_print("runs %llu", (llu)s.certified);
    return ENCLAVE_OK;
}

static int advance_state(struct enclave_counter *counter)
{
    const uint64_t until_ms = enclave_now_ms() + ENCLAVE_PATIENCE_MS, next = counter->count + 1;
    enum assay_continuity_result result =
        assay_continuity_save(counter->handle, &next, sizeof next, ENCLAVE_WAIT_MS);
    const uint64_t index = enclave_get_status(counter).given;
    while (enclave_is_pending(result, until_ms))
        result = assay_continuity_wait(counter->handle, index, ENCLAVE_WAIT_MS);
    if (result != ASSAY_CONTINUITY_OK) return enclave_report_end(counter, result);
    counter->count = next;
    return ENCLAVE_OK;
}

/* Reads repeatedly: each time the group confirms that this is the newest session. */
static int confirm_repeatedly(struct enclave_counter *counter)
{
    bool has_read = false, has_doubted = false;
    while (!enclave_is_stopped()) {
        enum assay_continuity_result result =
            assay_continuity_confirm(counter->handle, ENCLAVE_WAIT_MS);
        const llu index = enclave_get_status(counter).certified;
        if (result == ASSAY_CONTINUITY_OK && !has_read) enclave_print("read %llu", index);
        if (result == ASSAY_CONTINUITY_OK) has_read = true;
        if (result == ASSAY_CONTINUITY_IN_DOUBT && !has_doubted)
            enclave_print("doubts %llu", index);
        if (result == ASSAY_CONTINUITY_IN_DOUBT) has_doubted = true;
        else if (result != ASSAY_CONTINUITY_OK) return enclave_report_end(counter, result);
        result = assay_continuity_step(counter->handle, READ_MS);
        if (result != ASSAY_CONTINUITY_OK) return enclave_report_end(counter, result);
    }
    return ENCLAVE_OK;
}

int enclave_run_counter(int argc, char **argv)
{
    struct enclave_counter counter = { .handle = NULL };
    const uint64_t until = strtoull(argv[3], NULL, 10);
    int status = enclave_start_counter(&counter, argv);
    while (status == ENCLAVE_OK && enclave_get_status(&counter).certified < until &&
           !enclave_is_stopped())
        status = advance_state(&counter);
    const struct assay_continuity_status s = enclave_get_status(&counter);
    if (status == ENCLAVE_OK)
        enclave_print("certified %llu %s", (llu)s.certified,
                      enclave_format_hex(s.certified_digest));
    if (status == ENCLAVE_OK && argc > 5) status = confirm_repeatedly(&counter);
    assay_continuity_close(&counter.handle);
    return status;
}
