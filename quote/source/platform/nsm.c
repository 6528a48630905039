/*
 * quote/source/platform/nsm.c - source of evidence of an AWS Nitro enclave: its Nitro Secure
 * Module.
 *
 * Source: include/uapi/linux/nsm.h (Linux 6.8; the older driver of AWS has the same layout on
 * 64-bit machines): one ioctl with a request and room for an answer, whose length the driver sets.
 * It needs CAP_SYS_ADMIN. report_data travels as the nonce (docs/protocol.md 3.8).
 */
#include "quote/source/platform/nsm_message.h"
#include "quote/source/source.h"

#include "base/assert.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>

struct nsm_piece {
    uint64_t address;
    uint64_t len;
};

struct nsm_raw {
    struct nsm_piece request;
    struct nsm_piece response;
};

#define NSM_IOCTL_RAW _IOWR(0x0A, 0x0, struct nsm_raw)
_Static_assert(NSM_IOCTL_RAW == 0xC0200A00u, "the driver's number");

struct nsm {
    const struct assay_source_calls *calls;
    char path[PATH_MAX];
    int fd;
    uint8_t request[ASSAY_NSM_REQUEST_LEN_MAX];
    uint8_t response[ASSAY_NSM_ANSWER_LEN_MAX];
};

static enum assay_status open_device(struct nsm *nsm, char *message)
{
    ASSAY_ASSERT(nsm->calls != NULL);
    nsm->fd = nsm->calls->open(nsm->calls->context, nsm->path, O_RDWR);
    if (nsm->fd >= 0) return ASSAY_OK;
    const int error = errno;
    if (error == ENOENT || error == ENXIO || error == ENODEV) {
        assay_source_set_message(
            message,
            "nsm: %s is not there. Expected: a Nitro enclave with the nsm driver (Linux 6.8 or "
            "later: CONFIG_NSM; before: the nsm module of the enclave's image)",
            nsm->path);
        return ASSAY_E_NOT_FOUND;
    }
    assay_source_set_message(message, "nsm: %s: %s; the device needs root", nsm->path,
                             strerror(error));
    return ASSAY_E_IO;
}

/* A file or a socket that was named by mistake would only be found out by the first quote. */
static enum assay_status check_device(struct nsm *nsm, char *message)
{
    ASSAY_ASSERT(nsm->fd >= 0);
    const int answer = nsm->calls->is_device(nsm->calls->context, nsm->fd);
    if (answer == 1) return ASSAY_OK;
    if (answer == 0)
        assay_source_set_message(
            message,
            "nsm: %s is no character device. Expected: the device of the nsm driver, "
            "usually /dev/nsm",
            nsm->path);
    else assay_source_set_message(message, "nsm: %s: %s", nsm->path, strerror(errno));
    (void)nsm->calls->close(nsm->calls->context, nsm->fd);
    return answer == 0 ? ASSAY_E_INVALID : ASSAY_E_IO;
}

static enum assay_status open_nsm(const struct assay_source_config *config, void **state,
                                  char message[static ASSAY_SOURCE_MESSAGE_LEN])
{
    struct nsm *const nsm = calloc(1, sizeof *nsm);
    if (nsm == NULL) return ASSAY_E_MEMORY;
    const char *const path = config->path != NULL ? config->path : assay_source_nsm()->usual_path;
    enum assay_status status = ASSAY_OK;
    const int n = snprintf(nsm->path, sizeof nsm->path, "%s", path);
    nsm->calls = config->calls != NULL ? config->calls : assay_source_calls_system();
    if (n <= 0 || (size_t)n >= sizeof nsm->path) {
        assay_source_set_message(message, "nsm: the path is empty or longer than %zu bytes",
                                 sizeof nsm->path - 1);
        status = ASSAY_E_RANGE;
    }
    if (status == ASSAY_OK) status = open_device(nsm, message);
    if (status == ASSAY_OK) status = check_device(nsm, message);
    if (status != ASSAY_OK) {
        free(nsm);
        return status;
    }
    ASSAY_ASSERT(nsm->fd >= 0);
    *state = nsm;
    return ASSAY_OK;
}

/* One exchange with the module. Out: the answer's bytes, in nsm->response. */
static enum assay_status exchange_message(struct nsm *nsm, size_t request_len, size_t *response_len,
                                          char *message)
{
    ASSAY_ASSERT(nsm->fd >= 0 && request_len <= sizeof nsm->request);
    struct nsm_raw raw = {
        .request = { (uint64_t)(uintptr_t)nsm->request, request_len },
        .response = { (uint64_t)(uintptr_t)nsm->response, sizeof nsm->response },
    };
    int result = 0;
    do
        result = nsm->calls->ioctl(nsm->calls->context, nsm->fd, NSM_IOCTL_RAW, &raw);
    while (result != 0 && errno == EINTR);
    if (result != 0) {
        const int error = errno;
        assay_source_set_message(message, "nsm: %s: the module cannot be queried: %s%s", nsm->path,
                                 strerror(error),
                                 error == EPERM || error == EACCES ? "; it takes CAP_SYS_ADMIN"
                                 : error == ENOTTY                 ? "; this is another device"
                                                                   : "");
        return error == ENOTTY ? ASSAY_E_INVALID : ASSAY_E_IO;
    }
    if (raw.response.len > sizeof nsm->response) {
        assay_source_set_message(message, "nsm: %s: an answer of %llu bytes in a buffer of %zu",
                                 nsm->path, (unsigned long long)raw.response.len,
                                 sizeof nsm->response);
        return ASSAY_E_RANGE;
    }
    *response_len = (size_t)raw.response.len;
    return ASSAY_OK;
}

static enum assay_status get_quote(void *state, const struct assay_source_request *request,
                                   struct assay_source_answer *answer,
                                   char message[static ASSAY_SOURCE_MESSAGE_LEN])
{
    struct nsm *const nsm = state;
    struct assay_nsm_answer parsed;
    struct assay_writer w = assay_writer_over(nsm->request, sizeof nsm->request);
    size_t response_len = 0;
    const struct assay_nsm_request asked = {
        .nonce = assay_slice_over(request->report_data, sizeof request->report_data),
        .public_key = request->public_key,
    };
    enum assay_status status = assay_nsm_request_encode(&asked, &w);
    if (status != ASSAY_OK) {
        assay_source_set_message(message, "nsm: a public key of %zu bytes, expected at most %d",
                                 request->public_key.len, (int)ASSAY_NSM_PUBLIC_KEY_LEN_MAX);
        return status;
    }
    ASSAY_TRY(exchange_message(nsm, w.len, &response_len, message));
    status = assay_nsm_answer_parse(nsm->response, response_len, &parsed);
    if (status != ASSAY_OK) {
        assay_source_set_message(message,
                                 "nsm: %s: the module's answer of %zu bytes is malformed: %s",
                                 nsm->path, response_len, assay_status_text(status));
        return status;
    }
    if (parsed.error[0] != '\0') {
        assay_source_set_message(message, "nsm: the module refused: %s", parsed.error);
        return ASSAY_E_UNSUPPORTED;
    }
    (void)snprintf(answer->provider, sizeof answer->provider, "nsm");
    ASSAY_ASSERT(parsed.document.len > 0);
    answer->evidence = parsed.document;
    return ASSAY_OK;
}

static void close_nsm(void *state)
{
    struct nsm *const nsm = state;
    ASSAY_ASSERT(nsm->fd >= 0);
    (void)nsm->calls->close(nsm->calls->context, nsm->fd);
    free(nsm);
}

const struct assay_source_driver *assay_source_nsm(void)
{
    static const struct assay_source_driver driver = {
        .name = "nsm",
        .usual_path = "/dev/nsm",
        .summary = "AWS Nitro enclave: documents of its Nitro Secure Module",
        .open = open_nsm,
        .quote = get_quote,
        .close = close_nsm,
    };
    return &driver;
}
