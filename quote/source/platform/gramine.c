/*
 * quote/source/platform/gramine.c - source of evidence of an SGX enclave under Gramine:
 * /dev/attestation.
 *
 * Source: Gramine documentation, "Attestation and Secret Provisioning", low-level interface. The
 * pseudo-files are the enclave's own: what is written is read back by the same process only, and
 * one at a time, so one handle is one user of them.
 */
#include "quote/source/source.h"

#include "base/assert.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TYPE_MAX = 32 };

struct gramine {
    const struct assay_source_calls *calls;
    char root[PATH_MAX / 2];
    uint8_t evidence[ASSAY_EVIDENCE_LEN_MAX];
};

static void path_of(const struct gramine *gramine, const char *name, char path[static PATH_MAX])
{
    const int n = snprintf(path, PATH_MAX, "%s/%s", gramine->root, name);
    ASSAY_ASSERT(n > 0 && n < PATH_MAX); /* the root takes half of it at most */
}

/* Only "dcap" makes quotes that can be verified outside Intel. */
static enum assay_status check_type(const struct gramine *gramine, char *message)
{
    char path[PATH_MAX];
    char type[TYPE_MAX + 1] = "";
    size_t len = 0;
    int error = 0;
    path_of(gramine, "attestation_type", path);
    const enum assay_status status =
        assay_calls_read(gramine->calls, path, (uint8_t *)type, TYPE_MAX, &len, &error);
    if (status == ASSAY_E_NOT_FOUND) {
        assay_source_set_message(
            message,
            "gramine: %s is not there. Expected: this process runs as an SGX enclave under Gramine "
            "(gramine-sgx), whose manifest has sgx.remote_attestation = \"dcap\"",
            path);
        return ASSAY_E_NOT_FOUND;
    }
    if (status != ASSAY_OK) {
        assay_source_set_message(message, "gramine: %s: %s", path, strerror(error));
        return status;
    }
    while (len > 0 && (type[len - 1] == '\n' || type[len - 1] == '\0'))
        len -= 1;
    ASSAY_ASSERT(len <= TYPE_MAX);
    type[len] = '\0';
    if (strcmp(type, "dcap") == 0) return ASSAY_OK;
    for (size_t i = 0; i < len; i++)
        if (type[i] < ' ' || type[i] > '~') type[i] = '?';
    assay_source_set_message(
        message,
        "gramine: %s has \"%s\", expected \"dcap\": set sgx.remote_attestation = \"dcap\" in the "
        "manifest and sign it again",
        path, type);
    return ASSAY_E_UNSUPPORTED;
}

static enum assay_status open_gramine(const struct assay_source_config *config, void **state,
                                      char message[static ASSAY_SOURCE_MESSAGE_LEN])
{
    struct gramine *const gramine = calloc(1, sizeof *gramine);
    if (gramine == NULL) return ASSAY_E_MEMORY;
    const char *const root =
        config->path != NULL ? config->path : assay_source_gramine()->usual_path;
    enum assay_status status = ASSAY_OK;
    const int n = snprintf(gramine->root, sizeof gramine->root, "%s", root);
    if (n <= 0 || (size_t)n >= sizeof gramine->root) {
        assay_source_set_message(message, "gramine: the path is empty or longer than %zu bytes",
                                 sizeof gramine->root - 1);
        status = ASSAY_E_RANGE;
    }
    gramine->calls = config->calls != NULL ? config->calls : assay_source_calls_system();
    if (status == ASSAY_OK) status = check_type(gramine, message);
    if (status != ASSAY_OK) {
        free(gramine);
        return status;
    }
    ASSAY_ASSERT(gramine->calls != NULL);
    *state = gramine;
    return ASSAY_OK;
}

static enum assay_status get_quote(void *state, const struct assay_source_request *request,
                                   struct assay_source_answer *answer,
                                   char message[static ASSAY_SOURCE_MESSAGE_LEN])
{
    struct gramine *const gramine = state;
    char path[PATH_MAX];
    size_t len = 0;
    int error = 0;
    path_of(gramine, "user_report_data", path);
    enum assay_status status = assay_calls_write(
        gramine->calls, path, assay_slice_over(request->report_data, sizeof request->report_data),
        &error);
    if (status != ASSAY_OK) {
        assay_source_set_message(message, "gramine: %s: 64 bytes cannot be written: %s", path,
                                 strerror(error));
        return status;
    }
    path_of(gramine, "quote", path);
    status = assay_calls_read(gramine->calls, path, gramine->evidence, sizeof gramine->evidence,
                              &len, &error);
    if (status == ASSAY_OK && len == 0) status = ASSAY_E_INVALID;
    if (status != ASSAY_OK) {
        assay_source_set_message(
            message,
            "gramine: %s: no quote: %s. Is the machine's quoting service (aesmd, or the in-process "
            "quote provider) running?",
            path, error != 0 ? strerror(error) : "the file is empty");
        return status;
    }
    (void)snprintf(answer->provider, sizeof answer->provider, "dcap");
    ASSAY_ASSERT(len > 0 && len <= sizeof gramine->evidence);
    answer->evidence = assay_slice_over(gramine->evidence, len);
    return ASSAY_OK;
}

static void close_gramine(void *state)
{
    free(state);
}

const struct assay_source_driver *assay_source_gramine(void)
{
    static const struct assay_source_driver driver = {
        .name = "gramine",
        .usual_path = "/dev/attestation",
        .summary = "SGX enclave under Gramine: quotes of its own",
        .open = open_gramine,
        .quote = get_quote,
        .close = close_gramine,
    };
    return &driver;
}
