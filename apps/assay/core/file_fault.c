/*
 * apps/assay/core/file_fault.c - error messages about input files that cannot be read, identical in
 * every command.
 */
#include "apps/assay/core/file_fault.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/print.h"
#include "base/file/kind.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* Decoder errors for files of another kind, or truncated ones. */
static bool is_of_form(enum assay_status status)
{
    return assay_status_class(status) == ASSAY_CLASS_INPUT && status != ASSAY_E_NOT_FOUND &&
           status != ASSAY_E_DUPLICATE && status != ASSAY_E_SIGNATURE &&
           status != ASSAY_E_CHAIN && status != ASSAY_E_STALE;
}

/* A key that others may read, or in a folder that others may write. */
static bool is_loose_key(const char *path, char *text, size_t size)
{
    struct assay_file_kind kind;
    char message[ASSAY_FILE_MESSAGE_LEN];
    const size_t len = strlen(path);
    if (!assay_file_kind_at(path, &kind) || !kind.is_secret ||
        !assay_file_secret_fault(path, message))
        return false;
    const bool named = strncmp(message, path, len) == 0 && strncmp(message + len, ": ", 2) == 0;
    (void)snprintf(text, size, "%s", named ? message + len + 2 : message);
    return true;
}

const char *cli_file_fault_of(const char *path, enum assay_status status, const char *expected)
{
    static char text[ASSAY_FILE_MESSAGE_LEN];
    struct assay_file_kind kind;
    const bool is_known =
        assay_file_kind_at(path, &kind) && strcmp(kind.id, "binary") != 0;
    /* A key of the right kind: its permissions are wrong, or those of its folder. */
    if (is_known && status == ASSAY_E_INVALID && strcmp(kind.text, expected) == 0 &&
        is_loose_key(path, text, sizeof text))
        return text;
    /* Of a document its type says more than its length. */
    const bool is_document =
        is_known && strcmp(kind.id, "text") != 0 && strcmp(kind.text, expected) != 0;
    if (!is_document && assay_file_read_fault(path, status, text)) return text;
    /* The permissions of a key file are checked before it is read. */
    const bool is_refused =
        status == ASSAY_E_IO && is_known && !kind.is_secret && strcmp(kind.text, expected) != 0;
    if (!is_known || (!is_of_form(status) && !is_refused)) return cli_file_fault(path, status);
    if (strcmp(kind.text, expected) == 0)
        (void)snprintf(text, sizeof text, "is %s, but damaged or cut short: %s (%s)", kind.text,
                       assay_status_text(status), assay_status_symbol(status));
    else
        (void)snprintf(text, sizeof text, "is %s, expected %s (%s)", kind.text, expected,
                       assay_status_symbol(status));
    return text;
}

const char *cli_output_fault(const char *path, enum assay_status status)
{
    const int why = errno; /* of the write that failed just now */
    return status == ASSAY_E_IO && why != 0 ? strerror(why) : cli_file_fault(path, status);
}

const char *cli_file_fault(const char *path, enum assay_status status)
{
    static char text[ASSAY_FILE_MESSAGE_LEN];
    struct stat info;
    const bool is_there = stat(path, &info) == 0;
    const int why = errno;
    if (status == ASSAY_E_NOT_FOUND && !is_there && why == ENOENT) return "no such file";
    /* A file that could not be written is not there either: what hindered that is not known here.
     */
    if (status == ASSAY_E_IO && !is_there && why != ENOENT) return strerror(why);
    if (assay_file_read_fault(path, status, text)) return text;
    if (status == ASSAY_E_IO && is_there && access(path, R_OK) != 0) return strerror(errno);
    if (status == ASSAY_E_IO && is_there && is_loose_key(path, text, sizeof text)) return text;
    (void)snprintf(text, sizeof text, "%s (%s)", assay_status_text(status),
                   assay_status_symbol(status));
    return text;
}

int cli_print_file_fault(bool json, const char *option, const char *path, enum assay_status status)
{
    if (status == ASSAY_E_MEMORY)
        return cli_print_error(json, ASSAY_EXIT_INTERNAL, "internal", "out of memory");
    const bool is_missing = status == ASSAY_E_NOT_FOUND;
    return cli_print_error(json, is_missing ? ASSAY_EXIT_NOT_FOUND : ASSAY_EXIT_USAGE,
                           is_missing ? "not_found" : "usage", "%s%s: %s", option, path,
                           cli_file_fault(path, status));
}

int cli_print_folder_fault(bool json, const char *option, const char *dir, const char *where,
                           enum assay_status status)
{
    struct stat info;
    if (status == ASSAY_E_MEMORY)
        return cli_print_error(json, ASSAY_EXIT_INTERNAL, "internal", "out of memory");
    if (stat(dir, &info) == 0 && !S_ISDIR(info.st_mode))
        return cli_print_error(json, ASSAY_EXIT_USAGE, "usage",
                               "%s%s: is a file, expected a folder", option, dir);
    if (status == ASSAY_E_NOT_FOUND)
        return cli_print_error(json, ASSAY_EXIT_NOT_FOUND, "not_found", "%s%s: no such folder",
                               option, dir);
    return cli_print_error(json, ASSAY_EXIT_USAGE, "usage", "%s%s%s%s: %s", option, dir,
                           where != NULL ? "/" : "", where != NULL ? where : "",
                           assay_status_text(status));
}

int cli_operator_key_exit(const char *path, enum assay_status status)
{
    struct assay_file_kind kind;
    if (status == ASSAY_E_NOT_FOUND) return ASSAY_EXIT_NOT_FOUND;
    if (assay_status_class(status) == ASSAY_CLASS_INPUT) return ASSAY_EXIT_MALFORMED;
    const bool other = assay_file_kind_at(path, &kind) && !kind.is_secret;
    return status == ASSAY_E_IO && other ? ASSAY_EXIT_MALFORMED : ASSAY_EXIT_INTERNAL;
}
