/*
 * apps/config/yaml.c - bounded configuration files, through the strict reader of quote/yaml/.
 */
#include "apps/config/yaml.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PIPE_WAIT_MS = 3000 };

enum assay_status assay_config_fail(const struct assay_config_file *file, enum assay_status status,
                                    const char *key, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    status = assay_yaml_fail_list(&file->document, status, key, format, args);
    va_end(args);
    return status;
}

static enum assay_status fail_whole(const struct assay_config_file *file, enum assay_status status,
                                    const char *what, const char *why)
{
    (void)snprintf(file->message, ASSAY_CONFIG_MESSAGE_MAX, "%.300s: %.100s%.100s", file->path,
                   what, why);
    return status;
}

/* ------------------------------------------------------------ reading */

static enum assay_status read_stream(struct assay_config_file *file, FILE *in)
{
    const char *size = "is larger than 262144 bytes";
    _Static_assert(ASSAY_CONFIG_LEN_MAX == 262144, "as the message says");
    file->bytes = malloc(ASSAY_CONFIG_LEN_MAX + 1); /* one more: a longer file shows itself */
    if (file->bytes == NULL) return fail_whole(file, ASSAY_E_MEMORY, "no memory", "");
    file->len = fread(file->bytes, 1, ASSAY_CONFIG_LEN_MAX + 1, in);
    if (ferror(in)) return fail_whole(file, ASSAY_E_IO, "cannot be read: ", strerror(errno));
    if (file->len > ASSAY_CONFIG_LEN_MAX) return fail_whole(file, ASSAY_E_RANGE, size, "");
    return ASSAY_OK;
}

bool assay_config_other_kind(struct assay_slice text, struct assay_file_kind *kind)
{
    static const char *const written[] = { "empty", "text",        "json",      "card",
                                           "html",  "policy-yaml", "plan-yaml", "config-yaml" };
    *kind = assay_file_kind_of(text);
    for (size_t i = 0; i < sizeof written / sizeof written[0]; i++)
        if (strcmp(kind->id, written[i]) == 0) return false;
    return true;
}

/* A pipe is read like a file, but one that nothing writes to is not waited for. errno: ETIMEDOUT */
static FILE *open_stream(const char *path)
{
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
    if (fd < 0) return NULL;
    struct pollfd readable = { .fd = fd, .events = POLLIN };
    const int ready = poll(&readable, 1, PIPE_WAIT_MS);
    if (ready == 0) errno = ETIMEDOUT;
    FILE *in = ready > 0 && fcntl(fd, F_SETFL, 0) == 0 ? fdopen(fd, "rb") : NULL;
    if (in == NULL) {
        const int why = errno;
        (void)close(fd);
        errno = why;
    }
    return in;
}

enum assay_status assay_config_read(struct assay_config_file *file)
{
    FILE *in = open_stream(file->path);
    if (in == NULL && errno == ETIMEDOUT)
        return fail_whole(file, ASSAY_E_IO, "is a pipe that nothing is written to",
                          ", expected a text in YAML");
    if (in == NULL)
        return fail_whole(file, errno == ENOENT ? ASSAY_E_NOT_FOUND : ASSAY_E_IO,
                          "cannot be opened: ", strerror(errno));
    const enum assay_status status = read_stream(file, in);
    (void)fclose(in);
    struct assay_file_kind kind;
    char what[8 + ASSAY_FILE_KIND_TEXT];
    if (status != ASSAY_OK ||
        !assay_config_other_kind(assay_slice_over(file->bytes, file->len), &kind))
        return status;
    (void)snprintf(what, sizeof what, "is %s", kind.text);
    return fail_whole(file, ASSAY_E_SYNTAX, what, ", expected a text in YAML");
}

/* ------------------------------------------------------------ the face */

static enum assay_status open_text(struct assay_config_file *file, struct assay_slice text)
{
    file->document.text = text;
    const enum assay_status status = assay_yaml_open(&file->document);
    file->data = file->document.data;
    return status;
}

enum assay_status assay_config_open(struct assay_config_file *file)
{
    _Static_assert((int)ASSAY_CONFIG_MESSAGE_MAX == (int)ASSAY_YAML_MESSAGE_MAX, "one buffer");
    file->document =
        (struct assay_yaml){ .name = file->path, .schema = file->schema, .message = file->message };
    (void)fail_whole(file, ASSAY_E_MEMORY, "no memory", ""); /* until something else is wrong */
    ASSAY_TRY(assay_config_read(file));
    return open_text(file, assay_slice_over(file->bytes, file->len));
}

enum assay_status assay_config_open_text(struct assay_config_file *file, struct assay_slice text,
                                         const struct assay_yaml_origin *lines, size_t line_count)
{
    file->document = (struct assay_yaml){ .name = file->path,
                                          .schema = file->schema,
                                          .message = file->message,
                                          .lines = lines,
                                          .line_count = line_count };
    (void)fail_whole(file, ASSAY_E_MEMORY, "no memory", "");
    return open_text(file, text);
}

void assay_config_close(struct assay_config_file *file)
{
    assay_yaml_close(&file->document);
    free(file->bytes);
    file->data = NULL;
    file->bytes = NULL;
}
