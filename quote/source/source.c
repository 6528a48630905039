/*
 * quote/source/source.c - table of sources of evidence, and shared code.
 */
#include "quote/source/source.h"

#include "base/assert.h"
#include "base/system_clock.h"
#include "quote/package.h"
#include "quote/verify.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct assay_source {
    const struct assay_source_driver *driver;
    void *state;
};

const struct assay_source_driver *assay_source_at(size_t index)
{
    switch (index) {
    case 0: return assay_source_tsm();
    case 1: return assay_source_gramine();
    case 2: return assay_source_nsm();
    case 3: return assay_source_recorded();
#ifdef ASSAY_WITH_TPM_SOURCE
    case 4: return assay_source_tpm();
#endif
    default: return NULL;
    }
}

const struct assay_source_driver *assay_source_find(const char *name)
{
    ASSAY_ASSERT(name != NULL);
    const struct assay_source_driver *driver = NULL;
    for (size_t i = 0; (driver = assay_source_at(i)) != NULL; i++)
        if (strcmp(driver->name, name) == 0) return driver;
    return NULL;
}

const char *assay_source_role_text(enum assay_source_role role)
{
    switch (role) {
#define ROLE_TEXT(symbol, number, text)                                                            \
    case symbol: return text;
        ASSAY_SOURCE_ROLE_LIST(ROLE_TEXT)
#undef ROLE_TEXT
    }
    return NULL;
}

void assay_source_set_message(char message[static ASSAY_SOURCE_MESSAGE_LEN], const char *format,
                              ...)
{
    va_list arguments;
    va_start(arguments, format);
    (void)vsnprintf(message, ASSAY_SOURCE_MESSAGE_LEN, format, arguments);
    va_end(arguments);
}

static enum assay_status unknown_name(const char *name,
                                      char message[static ASSAY_SOURCE_MESSAGE_LEN])
{
    char names[128] = "";
    size_t used = 0;
    const struct assay_source_driver *driver = NULL;
    for (size_t i = 0; (driver = assay_source_at(i)) != NULL; i++) {
        const int n =
            snprintf(names + used, sizeof names - used, "%s%s", i == 0 ? "" : ", ", driver->name);
        if (n < 0 || (size_t)n >= sizeof names - used) break;
        used += (size_t)n;
    }
    assay_source_set_message(
        message, "\"%s\" is no source of evidence in this build: expected one of %s", name, names);
    return ASSAY_E_NOT_FOUND;
}

enum assay_status assay_source_open(const struct assay_source_config *config,
                                    struct assay_source **out,
                                    char message[static ASSAY_SOURCE_MESSAGE_LEN])
{
    ASSAY_ASSERT(config != NULL);
    ASSAY_ASSERT(config->name != NULL);
    message[0] = '\0';
    const struct assay_source_driver *const driver = assay_source_find(config->name);
    if (driver == NULL) return unknown_name(config->name, message);
    if (config->path == NULL && driver->usual_path == NULL) {
        assay_source_set_message(message, "source \"%s\" has no usual path: configure one",
                                 driver->name);
        return ASSAY_E_RANGE;
    }
    struct assay_source *const source = calloc(1, sizeof *source);
    if (source == NULL) return ASSAY_E_MEMORY;
    source->driver = driver;
    ASSAY_ASSERT(driver->open != NULL && driver->quote != NULL && driver->close != NULL);
    const enum assay_status status = driver->open(config, &source->state, message);
    if (status != ASSAY_OK) {
        free(source);
        return status;
    }
    *out = source;
    return ASSAY_OK;
}

static bool is_past(uint64_t deadline_ms)
{
    return deadline_ms != 0 && assay_monotonic_is_past(deadline_ms);
}

/*
 * Platforms hand out buffers of their own size; the source cuts what follows the declared end
 * (docs/protocol.md 3.5). An unknown kind is not changed: verify reports the reason.
 */
static void cut_tail(struct assay_slice *evidence)
{
    enum assay_evidence_kind kind = ASSAY_KIND_NONE;
    size_t len = 0;
    if (assay_evidence_detect(evidence->bytes, evidence->len, &kind) != ASSAY_OK) return;
    if (assay_evidence_length(kind, evidence->bytes, evidence->len, &len) != ASSAY_OK) return;
    ASSAY_ASSERT(len <= evidence->len);
    evidence->len = len;
}

enum assay_status assay_source_quote(struct assay_source *source,
                                     const struct assay_source_request *request,
                                     struct assay_source_answer *answer,
                                     char message[static ASSAY_SOURCE_MESSAGE_LEN])
{
    ASSAY_ASSERT(source != NULL);
    ASSAY_ASSERT(source->driver != NULL);
    message[0] = '\0';
    if (is_past(request->deadline_ms)) {
        assay_source_set_message(message, "%s: the deadline had passed already",
                                 source->driver->name);
        return ASSAY_E_TIMEOUT;
    }
    struct assay_source_answer result = { 0 };
    ASSAY_TRY(source->driver->quote(source->state, request, &result, message));
    ASSAY_ASSERT(result.evidence.len > 0);
    ASSAY_ASSERT(result.evidence.len <= ASSAY_EVIDENCE_LEN_MAX);
    cut_tail(&result.evidence);
    *answer = result;
    return ASSAY_OK;
}

enum assay_status assay_source_pack(const struct assay_source_answer *answer,
                                    struct assay_writer *w)
{
    ASSAY_ASSERT(answer->certificate_count <= ASSAY_SOURCE_CERTIFICATES_MAX);
    struct assay_slice written;
    struct assay_package package = { .kind = answer->package, .main = answer->evidence };
    for (size_t i = 0; i < answer->certificate_count; i++) {
        if (answer->certificates[i].role == ASSAY_SOURCE_CRL) continue; /* collateral's */
        ASSAY_ASSERT(package.certificate_count < ASSAY_PACKAGE_CERTIFICATES_MAX);
        package.certificates[package.certificate_count++] = answer->certificates[i].bytes;
    }
    if (answer->package != ASSAY_KIND_NONE) assay_package_encode(&package, w);
    else assay_writer_put(w, answer->evidence.bytes, answer->evidence.len);
    return assay_writer_finish(w, &written);
}

const struct assay_source_driver *assay_source_driver_of(const struct assay_source *source)
{
    ASSAY_ASSERT(source != NULL && source->driver != NULL);
    return source->driver;
}

void assay_source_close(struct assay_source **source)
{
    ASSAY_ASSERT(source != NULL);
    if (*source == NULL) return;
    (*source)->driver->close((*source)->state);
    free(*source);
    *source = NULL;
}
