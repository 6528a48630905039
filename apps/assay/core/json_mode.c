/*
 * apps/assay/core/json_mode.c - error documents of --json, made from the lines on stderr.
 */
#define _GNU_SOURCE /* fopencookie */
#include "apps/assay/core/json_mode.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/print.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { CAPTURED_MAX = 2048 };

static struct {
    bool asked;
    FILE *out, *err; /* those of the process, while ours stand in their place */
    char *text;      /* what was printed */
    size_t text_len;
    char captured[CAPTURED_MAX]; /* the first bytes of stderr */
    size_t captured_len;
} mode;

/* At once to where stderr goes: last words of an assertion must not be lost. */
static ssize_t on_stderr_write(void *cookie, const char *bytes, size_t len)
{
    (void)cookie;
    for (size_t i = 0; i < len && mode.captured_len + 1 < sizeof mode.captured; i++)
        mode.captured[mode.captured_len++] = bytes[i];
    for (size_t done = 0; done < len;) {
        const ssize_t count = write(STDERR_FILENO, bytes + done, len - done);
        if (count <= 0) break;
        done += (size_t)count;
    }
    return (ssize_t)len;
}

void cli_json_mode_start(void)
{
    mode.asked = true;
    FILE *const out = open_memstream(&mode.text, &mode.text_len);
    FILE *const err = fopencookie(NULL, "w", (cookie_io_functions_t){ .write = on_stderr_write });
    if (out == NULL || err == NULL) {
        if (out != NULL) (void)fclose(out);
        if (err != NULL) (void)fclose(err);
        return;
    }
    (void)setvbuf(err, NULL, _IONBF, 0);
    mode.out = stdout;
    mode.err = stderr;
    stdout = out;
    stderr = err;
}

bool cli_json_mode_is_on(void)
{
    return mode.asked;
}

static const char *code_of(int status)
{
    switch (status) {
    case ASSAY_EXIT_USAGE: return "usage";
    case ASSAY_EXIT_UNREACHABLE: return "unreachable";
    case ASSAY_EXIT_DENIED: return "denied";
    case ASSAY_EXIT_NOT_FOUND: return "not_found";
    case ASSAY_EXIT_CONFLICT: return "conflict";
    case ASSAY_EXIT_TIMEOUT: return "timeout";
    case ASSAY_EXIT_MALFORMED: return "malformed";
    default: return "internal";
    }
}

/* The first line is the error; the rest is the synopsis. */
static bool print_error(int status)
{
    struct assay_json *const data = assay_json_object();
    mode.captured[mode.captured_len] = '\0';
    mode.captured[strcspn(mode.captured, "\n")] = '\0';
    const char *const detail =
        strncmp(mode.captured, "assay: ", 7) == 0 ? mode.captured + 7 : mode.captured;
    assay_json_set_text(data, "code", code_of(status));
    assay_json_set_text(data, "detail", detail[0] != '\0' ? detail : "it failed without a word");
    return cli_print_envelope("assay.error", data) == ASSAY_EXIT_OK;
}

int cli_json_mode_finish(int status)
{
    if (mode.out == NULL) return status;
    (void)fclose(stdout);
    (void)fclose(stderr);
    stdout = mode.out;
    stderr = mode.err;
    mode.out = NULL;
    bool sound = fwrite(mode.text, 1, mode.text_len, stdout) == mode.text_len;
    if (mode.text_len == 0 && status != ASSAY_EXIT_OK) sound = print_error(status);
    sound = fflush(stdout) == 0 && sound;
    free(mode.text);
    return sound ? status : ASSAY_EXIT_INTERNAL;
}
