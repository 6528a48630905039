/*
 * quote/source/platform/tsm.c - source of evidence configfs-tsm, the kernel's interface to Intel
 * TDX, AMD SEV-SNP and Arm CCA (Linux 6.7 and later).
 *
 * Source: Documentation/ABI/testing/configfs-tsm-report. One folder per request, so that concurrent
 * requests do not replace each other's nonce; its generation is counted all the same, because root
 * can write into any
 * folder. The folder is locked (flock) while it is used: one that can be locked by another process
 * was left by a process that died, and is removed when the next one opens the source.
 */
#include "quote/source/source.h"

#include "base/assert.h"
#include "base/crypto.h"
#include "base/cursor.h"
#include "base/system_clock.h"
#include "quote/source/platform/snp_table.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define PREFIX "assay-"

enum {
    ATTEMPTS_MAX = 8, /* more frequent interference is deliberate */
    NAMES_TRIED_MAX = 4,
    RANDOM_LEN = 8,
    TEXT_MAX = 64,
    TDX_QUOTE_LEN_USUAL_MAX = 8192, /* the kernel's ABI: beyond it the payload is a CWT */
    PRIVILEGE_LEVEL_MAX = 3,
};

struct tsm {
    const struct assay_source_calls *calls;
    char root[PATH_MAX / 2];
    bool has_privilege_level;
    uint32_t privilege_level;
    uint32_t service_manifest_version;
    char service_provider[TEXT_MAX];
    char service_guid[TEXT_MAX];
    uint8_t evidence[ASSAY_EVIDENCE_LEN_MAX];
    uint8_t auxiliary[ASSAY_SOURCE_AUXILIARY_LEN_MAX];
    uint8_t manifest[ASSAY_SOURCE_MANIFEST_LEN_MAX];
};

/* One request: its folder, and how often it has written into it. */
struct attempt {
    struct tsm *tsm;
    char folder[PATH_MAX];
    int lock_fd;
    uint64_t generation; /* before the first write */
    uint64_t writes;
    char *message;
};

/* ------------------------------------------------------------ words */

static const char *get_advice(int error)
{
    switch (error) {
    case EACCES:
    case EPERM: return "run as root, or give this user rights on the folder";
    case ETIMEDOUT:
        return "the host's quoting service did not answer: contact the operator of the host";
    case EINVAL: return "the platform refused the value";
    case EBUSY: return "another request occupies the platform: try again";
    case ENXIO:
    case ENODEV: return "the guest driver has gone: load it again";
    case EIO: return "the platform failed: see the kernel's log";
    default: return "see the kernel's log";
    }
}

static enum assay_status report_failure(struct attempt *a, enum assay_status status,
                                        const char *name, const char *what, int error)
{
    ASSAY_ASSERT(status != ASSAY_OK);
    assay_source_set_message(a->message, "tsm: %s/%s: %s: %s; %s", a->folder, name, what,
                             strerror(error), get_advice(error));
    return status;
}

/* ------------------------------------------------------------ attributes */

static bool path_of(const struct attempt *a, const char *name, char path[static PATH_MAX])
{
    const int n = snprintf(path, PATH_MAX, "%s/%s", a->folder, name);
    return n > 0 && n < PATH_MAX;
}

/* Text attributes end with a newline. */
static enum assay_status read_text(struct attempt *a, const char *name, char text[static TEXT_MAX])
{
    char path[PATH_MAX];
    size_t len = 0;
    int error = 0;
    if (!path_of(a, name, path)) return ASSAY_E_RANGE;
    const enum assay_status status =
        assay_calls_read(a->tsm->calls, path, (uint8_t *)text, TEXT_MAX - 1, &len, &error);
    if (status != ASSAY_OK) return report_failure(a, status, name, "cannot be read", error);
    while (len > 0 && (text[len - 1] == '\n' || text[len - 1] == '\0'))
        len -= 1;
    ASSAY_ASSERT(len < TEXT_MAX);
    text[len] = '\0';
    for (size_t i = 0; i < len; i++)
        if (text[i] < ' ' || text[i] > '~') return ASSAY_E_SYNTAX;
    return ASSAY_OK;
}

static enum assay_status read_number(struct attempt *a, const char *name, uint64_t *value)
{
    char text[TEXT_MAX];
    ASSAY_TRY(read_text(a, name, text));
    uint64_t result = 0;
    size_t digits = 0;
    for (; text[digits] >= '0' && text[digits] <= '9' && digits < 19; digits++)
        result = result * 10 + (uint64_t)(text[digits] - '0');
    if (digits == 0 || text[digits] != '\0') {
        assay_source_set_message(a->message, "tsm: %s/%s: expected a number, found \"%s\"",
                                 a->folder, name, text);
        return ASSAY_E_SYNTAX;
    }
    *value = result;
    return ASSAY_OK;
}

/* Each write counts: the generation must grow by exactly as many. */
static enum assay_status write_value(struct attempt *a, const char *name, struct assay_slice value)
{
    char path[PATH_MAX];
    int error = 0;
    if (!path_of(a, name, path)) return ASSAY_E_RANGE;
    const enum assay_status status = assay_calls_write(a->tsm->calls, path, value, &error);
    if (status == ASSAY_E_NOT_FOUND) {
        assay_source_set_message(
            a->message,
            "tsm: %s/%s is not there: this kernel's tsm has no such option, or %s is no "
            "configfs-tsm",
            a->folder, name, a->tsm->root);
        return ASSAY_E_UNSUPPORTED;
    }
    if (status == ASSAY_E_AGAIN) return status;
    if (status != ASSAY_OK) return report_failure(a, status, name, "cannot be written", error);
    a->writes += 1;
    return ASSAY_OK;
}

static enum assay_status write_text(struct attempt *a, const char *name, const char *text)
{
    return write_value(a, name, assay_slice_over(text, strlen(text)));
}

/* A blob that a provider may not have: then it is empty. */
static enum assay_status read_optional(struct attempt *a, const char *name, uint8_t *bytes,
                                       size_t capacity, size_t *len)
{
    char path[PATH_MAX];
    int error = 0;
    *len = 0;
    if (!path_of(a, name, path)) return ASSAY_E_RANGE;
    const enum assay_status status =
        assay_calls_read(a->tsm->calls, path, bytes, capacity, len, &error);
    if (status == ASSAY_E_NOT_FOUND || error == ENODATA || error == EOPNOTSUPP) {
        *len = 0;
        return ASSAY_OK;
    }
    if (status != ASSAY_OK && status != ASSAY_E_AGAIN)
        return report_failure(a, status, name, "cannot be read", error);
    ASSAY_ASSERT(status != ASSAY_OK || *len <= capacity);
    return status;
}

/* ------------------------------------------------------------ the folder of a request */

static enum assay_status make_folder(struct attempt *a)
{
    ASSAY_ASSERT(a->lock_fd < 0);
    const struct assay_source_calls *const calls = a->tsm->calls;
    for (int tried = 0; tried < NAMES_TRIED_MAX; tried++) {
        uint8_t random[RANDOM_LEN];
        char name[2 * RANDOM_LEN + 1];
        ASSAY_TRY(assay_random(random, sizeof random));
        assay_hex_encode(random, sizeof random, name, sizeof name);
        const int n = snprintf(a->folder, sizeof a->folder, "%s/" PREFIX "%s", a->tsm->root, name);
        if (n < 0 || (size_t)n >= sizeof a->folder) return ASSAY_E_RANGE;
        if (calls->mkdir(calls->context, a->folder) != 0) {
            if (errno == EEXIST) continue;
            const int error = errno;
            assay_source_set_message(a->message,
                                     "tsm: a request folder cannot be made in %s: %s; %s",
                                     a->tsm->root, strerror(error), get_advice(error));
            return error == ENXIO || error == ENODEV ? ASSAY_E_NOT_FOUND : ASSAY_E_IO;
        }
        a->lock_fd = calls->open(calls->context, a->folder, O_RDONLY | O_DIRECTORY);
        if (a->lock_fd >= 0 && calls->lock(calls->context, a->lock_fd) == 0) return ASSAY_OK;
        /* Another process removed it as a leftover, in the instant before it was locked. */
        if (a->lock_fd >= 0) (void)calls->close(calls->context, a->lock_fd);
        a->lock_fd = -1;
        (void)calls->rmdir(calls->context, a->folder);
    }
    assay_source_set_message(
        a->message, "tsm: no request folder in %s stayed ours; another process removes them",
        a->tsm->root);
    return ASSAY_E_AGAIN;
}

static void remove_folder(struct attempt *a)
{
    ASSAY_ASSERT(a->folder[0] != '\0');
    const struct assay_source_calls *const calls = a->tsm->calls;
    (void)calls->rmdir(calls->context, a->folder);
    if (a->lock_fd >= 0) (void)calls->close(calls->context, a->lock_fd);
}

/* Folders of dead processes: their lock is free. */
static void remove_leftovers(const struct tsm *tsm)
{
    const struct assay_source_calls *const calls = tsm->calls;
    char names[ASSAY_CALLS_NAMES_MAX][ASSAY_CALLS_NAME_MAX];
    const ssize_t count = calls->list(calls->context, tsm->root, PREFIX, names);
    ASSAY_ASSERT(count <= ASSAY_CALLS_NAMES_MAX);
    for (ssize_t i = 0; i < count; i++) {
        char path[PATH_MAX];
        if (strlen(names[i]) != strlen(PREFIX) + (size_t)2 * RANDOM_LEN) continue;
        if (snprintf(path, sizeof path, "%s/%s", tsm->root, names[i]) >= (int)sizeof path) continue;
        const int fd = calls->open(calls->context, path, O_RDONLY | O_DIRECTORY);
        if (fd < 0) continue;
        if (calls->lock(calls->context, fd) == 0) (void)calls->rmdir(calls->context, path);
        (void)calls->close(calls->context, fd);
    }
}

/* ------------------------------------------------------------ one attempt */

static enum assay_status write_privilege_level(struct attempt *a)
{
    uint64_t floor = 0;
    char text[TEXT_MAX];
    if (!a->tsm->has_privilege_level) return ASSAY_OK;
    ASSAY_TRY(read_number(a, "privlevel_floor", &floor));
    if (a->tsm->privilege_level < floor) {
        assay_source_set_message(
            a->message, "tsm: privilege level %" PRIu32 " is under this guest's floor %" PRIu64,
            a->tsm->privilege_level, floor);
        return ASSAY_E_RANGE;
    }
    (void)snprintf(text, sizeof text, "%" PRIu32, a->tsm->privilege_level);
    return write_text(a, "privlevel", text);
}

static enum assay_status write_options(struct attempt *a)
{
    char text[TEXT_MAX];
    ASSAY_TRY(write_privilege_level(a));
    if (a->tsm->service_provider[0] == '\0') return ASSAY_OK;
    ASSAY_TRY(write_text(a, "service_provider", a->tsm->service_provider));
    if (a->tsm->service_guid[0] != '\0')
        ASSAY_TRY(write_text(a, "service_guid", a->tsm->service_guid));
    if (a->tsm->service_manifest_version == 0) return ASSAY_OK;
    (void)snprintf(text, sizeof text, "%" PRIu32, a->tsm->service_manifest_version);
    return write_text(a, "service_manifest_version", text);
}

static enum assay_status read_outblob(struct attempt *a, size_t *len)
{
    char path[PATH_MAX];
    int error = 0;
    if (!path_of(a, "outblob", path)) return ASSAY_E_RANGE;
    const enum assay_status status = assay_calls_read(a->tsm->calls, path, a->tsm->evidence,
                                                      sizeof a->tsm->evidence, len, &error);
    if (status == ASSAY_E_AGAIN) return status;
    if (status == ASSAY_E_RANGE) {
        assay_source_set_message(
            a->message,
            "tsm: the platform's evidence is larger than %d bytes, which is all that this kernel "
            "interface and this network carry",
            (int)ASSAY_EVIDENCE_LEN_MAX);
        return status;
    }
    if (status != ASSAY_OK)
        return report_failure(a, status, "outblob", "no evidence was made", error);
    if (*len > 0) return ASSAY_OK;
    assay_source_set_message(a->message, "tsm: %s/outblob is empty: expected evidence", a->folder);
    return ASSAY_E_INVALID;
}

/*
 * A quote over exactly our bytes: the number of writes is that of this process. A
 * mismatch, or EAGAIN (the kernel saw one itself), means that another process wrote in between.
 */
static enum assay_status quote_once(struct attempt *a, const struct assay_source_request *request,
                                    struct assay_source_answer *answer)
{
    uint64_t after = 0;
    size_t evidence_len = 0, auxiliary_len = 0, manifest_len = 0;
    struct tsm *const tsm = a->tsm;
    a->writes = 0;
    ASSAY_TRY(read_number(a, "generation", &a->generation));
    ASSAY_TRY(write_options(a));
    ASSAY_TRY(write_value(a, "inblob",
                          assay_slice_over(request->report_data, sizeof request->report_data)));
    ASSAY_TRY(read_outblob(a, &evidence_len));
    ASSAY_TRY(read_optional(a, "auxblob", tsm->auxiliary, sizeof tsm->auxiliary, &auxiliary_len));
    if (tsm->service_provider[0] != '\0')
        ASSAY_TRY(
            read_optional(a, "manifestblob", tsm->manifest, sizeof tsm->manifest, &manifest_len));
    ASSAY_TRY(read_number(a, "generation", &after));
    if (after != a->generation + a->writes) return ASSAY_E_AGAIN;
    ASSAY_ASSERT(evidence_len > 0 && evidence_len <= sizeof tsm->evidence);
    ASSAY_ASSERT(auxiliary_len <= sizeof tsm->auxiliary && manifest_len <= sizeof tsm->manifest);
    answer->evidence = assay_slice_over(tsm->evidence, evidence_len);
    answer->auxiliary = assay_slice_over(tsm->auxiliary, auxiliary_len);
    answer->manifest = assay_slice_over(tsm->manifest, manifest_len);
    return ASSAY_OK;
}

static bool is_past(uint64_t deadline_ms)
{
    return deadline_ms != 0 && assay_monotonic_is_past(deadline_ms);
}

static enum assay_status quote_undisturbed(struct attempt *a,
                                           const struct assay_source_request *request,
                                           struct assay_source_answer *answer)
{
    for (int attempt = 0; attempt < ATTEMPTS_MAX; attempt++) {
        if (attempt > 0 && is_past(request->deadline_ms)) {
            assay_source_set_message(
                a->message, "tsm: the deadline passed after %d disturbed attempts", attempt);
            return ASSAY_E_TIMEOUT;
        }
        const enum assay_status status = quote_once(a, request, answer);
        if (status != ASSAY_E_AGAIN) return status;
    }
    assay_source_set_message(a->message,
                             "tsm: another process wrote into %s %d times in a row: find it",
                             a->folder, (int)ATTEMPTS_MAX);
    return ASSAY_E_AGAIN;
}

/* ------------------------------------------------------------ what came */

/* Intel TDX DCAP quoting library, appendix 3: version 4 or 5, and the TEE type of TDX. */
static bool is_ecdsa_quote(struct assay_slice evidence)
{
    struct assay_cursor in = assay_cursor_over(evidence.bytes, evidence.len);
    uint16_t version = 0, key_type = 0;
    uint32_t tee = 0;
    return assay_cursor_u16le(&in, &version) == ASSAY_OK &&
           assay_cursor_u16le(&in, &key_type) == ASSAY_OK &&
           assay_cursor_u32le(&in, &tee) == ASSAY_OK && (version == 4 || version == 5) &&
           (key_type == 2 || key_type == 3) && tee == 0x81;
}

static enum assay_status look_at(const struct attempt *a, struct assay_source_answer *answer)
{
    if (strcmp(answer->provider, "tdx_guest") == 0 &&
        answer->evidence.len > TDX_QUOTE_LEN_USUAL_MAX && !is_ecdsa_quote(answer->evidence)) {
        assay_source_set_message(
            a->message,
            "tsm: tdx_guest returned %zu bytes that are no ECDSA quote of version 4 or 5: a "
            "DICE-based CWT (quotes above %d bytes), which this version does not verify",
            answer->evidence.len, (int)TDX_QUOTE_LEN_USUAL_MAX);
        return ASSAY_E_UNSUPPORTED;
    }
    if (strcmp(answer->provider, "sev_guest") == 0) {
        answer->package = ASSAY_KIND_SNP;
        answer->auxiliary_status =
            assay_snp_table_parse(answer->auxiliary.bytes, answer->auxiliary.len,
                                  answer->certificates, &answer->certificate_count);
    }
    ASSAY_ASSERT(answer->certificate_count <= ASSAY_SOURCE_CERTIFICATES_MAX);
    return ASSAY_OK;
}

static enum assay_status read_provider(struct attempt *a, struct assay_source_answer *answer)
{
    char text[TEXT_MAX];
    ASSAY_TRY(read_text(a, "provider", text));
    const size_t len = strlen(text);
    if (len == 0 || len >= sizeof answer->provider) {
        assay_source_set_message(a->message, "tsm: %s/provider: expected a name, found \"%s\"",
                                 a->folder, text);
        return ASSAY_E_INVALID;
    }
    assay_bytes_copy(answer->provider, sizeof answer->provider, text, len + 1);
    return ASSAY_OK;
}

static enum assay_status get_quote(void *state, const struct assay_source_request *request,
                                   struct assay_source_answer *answer,
                                   char message[static ASSAY_SOURCE_MESSAGE_LEN])
{
    struct attempt a = { .tsm = state, .lock_fd = -1, .message = message };
    ASSAY_TRY(make_folder(&a));
    ASSAY_ASSERT(a.lock_fd >= 0);
    enum assay_status status = read_provider(&a, answer);
    if (status == ASSAY_OK) status = quote_undisturbed(&a, request, answer);
    remove_folder(&a);
    return status == ASSAY_OK ? look_at(&a, answer) : status;
}

/* ------------------------------------------------------------ open and close */

static enum assay_status copy_text(char out[static TEXT_MAX], const char *text, const char *name,
                                   char *message)
{
    if (text == NULL) return ASSAY_OK;
    const size_t len = strlen(text);
    if (len == 0 || len >= TEXT_MAX) {
        assay_source_set_message(message, "tsm: %s: expected 1 to %d characters", name,
                                 TEXT_MAX - 1);
        return ASSAY_E_RANGE;
    }
    assay_bytes_copy(out, TEXT_MAX, text, len + 1);
    return ASSAY_OK;
}

static enum assay_status configure_tsm(struct tsm *tsm, const struct assay_source_config *config,
                                       char *message)
{
    const char *const root = config->path != NULL ? config->path : assay_source_tsm()->usual_path;
    const int n = snprintf(tsm->root, sizeof tsm->root, "%s", root);
    if (n <= 0 || (size_t)n >= sizeof tsm->root) {
        assay_source_set_message(message, "tsm: the path is empty or longer than %zu bytes",
                                 sizeof tsm->root - 1);
        return ASSAY_E_RANGE;
    }
    if (config->has_privilege_level && config->privilege_level > PRIVILEGE_LEVEL_MAX) {
        assay_source_set_message(message, "tsm: privilege level %" PRIu32 ": expected 0 to %d",
                                 config->privilege_level, PRIVILEGE_LEVEL_MAX);
        return ASSAY_E_RANGE;
    }
    tsm->calls = config->calls != NULL ? config->calls : assay_source_calls_system();
    tsm->has_privilege_level = config->has_privilege_level;
    tsm->privilege_level = config->privilege_level;
    tsm->service_manifest_version = config->service_manifest_version;
    ASSAY_TRY(
        copy_text(tsm->service_provider, config->service_provider, "service_provider", message));
    return copy_text(tsm->service_guid, config->service_guid, "service_guid", message);
}

static enum assay_status look_for_root(const struct tsm *tsm, char *message)
{
    const struct assay_source_calls *const calls = tsm->calls;
    const int fd = calls->open(calls->context, tsm->root, O_RDONLY | O_DIRECTORY);
    if (fd >= 0) {
        (void)calls->close(calls->context, fd);
        return ASSAY_OK;
    }
    const int error = errno;
    if (error == ENOENT || error == ENOTDIR) {
        assay_source_set_message(
            message,
            "tsm: %s is not there. Expected: Linux 6.7 or later with CONFIG_TSM_REPORTS, configfs "
            "mounted on /sys/kernel/config, and the guest driver of the platform (tdx-guest, "
            "sev-guest, arm-cca-guest) loaded, inside a confidential VM",
            tsm->root);
        return ASSAY_E_NOT_FOUND;
    }
    assay_source_set_message(message, "tsm: %s: %s; %s", tsm->root, strerror(error),
                             get_advice(error));
    return ASSAY_E_IO;
}

static enum assay_status open_tsm(const struct assay_source_config *config, void **state,
                                  char message[static ASSAY_SOURCE_MESSAGE_LEN])
{
    struct tsm *const tsm = calloc(1, sizeof *tsm);
    if (tsm == NULL) return ASSAY_E_MEMORY;
    enum assay_status status = configure_tsm(tsm, config, message);
    if (status == ASSAY_OK) status = look_for_root(tsm, message);
    if (status != ASSAY_OK) {
        free(tsm);
        return status;
    }
    remove_leftovers(tsm);
    ASSAY_ASSERT(tsm->calls != NULL);
    *state = tsm;
    return ASSAY_OK;
}

static void close_tsm(void *state)
{
    free(state);
}

const struct assay_source_driver *assay_source_tsm(void)
{
    static const struct assay_source_driver driver = {
        .name = "tsm",
        .usual_path = "/sys/kernel/config/tsm/report",
        .summary = "configfs-tsm of the kernel: Intel TDX, AMD SEV-SNP, Arm CCA",
        .open = open_tsm,
        .quote = get_quote,
        .close = close_tsm,
    };
    return &driver;
}
