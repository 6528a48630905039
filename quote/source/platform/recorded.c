/*
 * quote/source/platform/recorded.c - source of recorded evidence in files, for tests and
 * demonstrations.
 *
 * path is one file, replayed for every request, or a folder with a file for each report_data: 128
 * hexadecimal digits and ".bin". A file ".aux" next to it is included. Recordings do not answer the
 * request: every answer is marked so, and a network does not accept it as evidence.
 */
#include "quote/source/source.h"

#include "base/assert.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ROOT_MAX = PATH_MAX / 2 };

struct recorded {
    const struct assay_source_calls *calls;
    bool is_folder;
    char root[ROOT_MAX];
    uint8_t evidence[ASSAY_EVIDENCE_LEN_MAX];
    uint8_t auxiliary[ASSAY_SOURCE_AUXILIARY_LEN_MAX];
};

static enum assay_status look_at(struct recorded *recorded, char *message)
{
    ASSAY_ASSERT(recorded->calls != NULL);
    const struct assay_source_calls *const calls = recorded->calls;
    int fd = calls->open(calls->context, recorded->root, O_RDONLY | O_DIRECTORY);
    recorded->is_folder = fd >= 0;
    if (fd < 0) fd = calls->open(calls->context, recorded->root, O_RDONLY | O_NONBLOCK);
    if (fd < 0) {
        const int error = errno;
        assay_source_set_message(
            message, "recorded: %s: %s; expected a file of evidence or a folder of them",
            recorded->root, strerror(error));
        return error == ENOENT ? ASSAY_E_NOT_FOUND : ASSAY_E_IO;
    }
    (void)calls->close(calls->context, fd);
    assay_source_set_message(
        message,
        "recorded: evidence is replayed from %s. For tests and teaching only: no verdict will bind "
        "it to fresh report_data",
        recorded->root);
    return ASSAY_OK;
}

static enum assay_status open_recorded(const struct assay_source_config *config, void **state,
                                       char message[static ASSAY_SOURCE_MESSAGE_LEN])
{
    ASSAY_ASSERT(config->path != NULL); /* there is no usual one */
    struct recorded *const recorded = calloc(1, sizeof *recorded);
    if (recorded == NULL) return ASSAY_E_MEMORY;
    enum assay_status status = ASSAY_OK;
    const int n = snprintf(recorded->root, sizeof recorded->root, "%s", config->path);
    recorded->calls = config->calls != NULL ? config->calls : assay_source_calls_system();
    if (n <= 0 || (size_t)n >= sizeof recorded->root) {
        assay_source_set_message(message, "recorded: the path is empty or longer than %zu bytes",
                                 sizeof recorded->root - 1);
        status = ASSAY_E_RANGE;
    }
    if (status == ASSAY_OK) status = look_at(recorded, message);
    if (status != ASSAY_OK) {
        free(recorded);
        return status;
    }
    ASSAY_ASSERT(recorded->root[0] != '\0');
    *state = recorded;
    return ASSAY_OK;
}

/* The file of a request, without its ending. */
static void stem_of(const struct recorded *recorded, const struct assay_source_request *request,
                    char stem[static PATH_MAX])
{
    char name[2 * ASSAY_SOURCE_REPORT_DATA_LEN + 1];
    assay_hex_encode(request->report_data, sizeof request->report_data, name, sizeof name);
    const int n = snprintf(stem, PATH_MAX, "%s/%s", recorded->root, name);
    ASSAY_ASSERT(n > 0 && n < PATH_MAX - 8);
}

static enum assay_status read_next_to(struct recorded *recorded, const char *path,
                                      struct assay_slice *auxiliary, char *message)
{
    size_t len = 0;
    int error = 0;
    const enum assay_status status = assay_calls_read(recorded->calls, path, recorded->auxiliary,
                                                      sizeof recorded->auxiliary, &len, &error);
    if (status == ASSAY_E_NOT_FOUND) return ASSAY_OK;
    if (status != ASSAY_OK) {
        assay_source_set_message(message, "recorded: %s: %s", path, strerror(error));
        return status;
    }
    ASSAY_ASSERT(len <= sizeof recorded->auxiliary);
    *auxiliary = assay_slice_over(recorded->auxiliary, len);
    return ASSAY_OK;
}

static enum assay_status get_quote(void *state, const struct assay_source_request *request,
                                   struct assay_source_answer *answer,
                                   char message[static ASSAY_SOURCE_MESSAGE_LEN])
{
    struct recorded *const recorded = state;
    char stem[PATH_MAX], path[PATH_MAX + 8];
    size_t len = 0;
    int error = 0;
    if (recorded->is_folder) stem_of(recorded, request, stem);
    else (void)snprintf(stem, sizeof stem, "%s", recorded->root);
    (void)snprintf(path, sizeof path, "%s%s", stem, recorded->is_folder ? ".bin" : "");
    const enum assay_status status = assay_calls_read(recorded->calls, path, recorded->evidence,
                                                      sizeof recorded->evidence, &len, &error);
    if (status != ASSAY_OK || len == 0) {
        assay_source_set_message(message, "recorded: %s: %s", path,
                                 status == ASSAY_OK ? "the file is empty" : strerror(error));
        return status == ASSAY_OK ? ASSAY_E_INVALID : status;
    }
    (void)snprintf(path, sizeof path, "%s.aux", stem);
    ASSAY_TRY(read_next_to(recorded, path, &answer->auxiliary, message));
    (void)snprintf(answer->provider, sizeof answer->provider, "recorded");
    ASSAY_ASSERT(len > 0 && len <= sizeof recorded->evidence);
    answer->evidence = assay_slice_over(recorded->evidence, len);
    answer->is_recorded = true;
    return ASSAY_OK;
}

static void close_recorded(void *state)
{
    free(state);
}

const struct assay_source_driver *assay_source_recorded(void)
{
    static const struct assay_source_driver driver = {
        .name = "recorded",
        .summary = "evidence replayed from files: for tests and teaching, never fresh",
        .open = open_recorded,
        .quote = get_quote,
        .close = close_recorded,
    };
    return &driver;
}
