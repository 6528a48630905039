/*
 * apps/assay/export/export_files.c - targets of lines: stdout, and a folder of files that rotate.
 *
 * A folder has WHAT-00000001.jsonl, WHAT-00000002.jsonl, ...: names are never used again, and a
 * file that is full is never changed. The cursor says which file is written and how many bytes of
 * it count. What a crash left behind them is cut off at the next start, and then written again.
 */
#include "apps/assay/export/export_cursor.h"

#include "apps/assay/core/command.h"
#include "base/assert.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct line_target {
    struct export_target target;
    const struct export_options *options;
    bool has_header; /* stdout */
    /* of a folder */
    struct export_cursor *cursor;
    int fd, folder;        /* -1: not open */
    uint64_t file, length; /* as written; the cursor has what counts */
    uint64_t kept;         /* file that was written when old ones were last removed */
};

static char *make_line(const struct export_options *o, const struct assay_record *record)
{
    return o->format == EXPORT_CSV
               ? assay_telemetry_record_csv(o->what, o->votes, o->identify, record)
               : assay_telemetry_record_jsonl(record);
}

static const char *line_end(const struct export_options *o)
{
    return o->format == EXPORT_CSV ? "\r\n" : "\n";
}

static enum export_outcome fail_delivery(struct export_result *result, const char *what)
{
    (void)snprintf(result->message, sizeof result->message, "%s: %s", what, strerror(errno));
    return EXPORT_LATER;
}

/* ------------------------------------------------------------ stdout */

static bool print_header(struct line_target *t)
{
    const struct export_options *o = t->options;
    if (t->has_header || o->format != EXPORT_CSV) return true;
    char *text = assay_telemetry_record_csv_header(o->what, o->votes, o->identify);
    const bool printed = text != NULL && printf("%s%s", text, line_end(o)) > 0;
    free(text);
    t->has_header = printed;
    return printed;
}

static enum export_outcome print_lines(struct export_target *target,
                                       const struct export_item *items, size_t count,
                                       struct export_result *result)
{
    struct line_target *t = (struct line_target *)target;
    bool printed = print_header(t);
    for (size_t i = 0; i < count && printed; i++) {
        char *text = make_line(t->options, &items[i].record);
        printed = text != NULL && printf("%s%s", text, line_end(t->options)) > 0;
        free(text);
    }
    result->done = count;
    if (printed && fflush(stdout) == 0) return EXPORT_DELIVERED;
    (void)fail_delivery(result, "stdout");
    return EXPORT_MISUSE;
}

static void close_lines(struct export_target *target)
{
    struct line_target *t = (struct line_target *)target;
    if (t->fd >= 0) (void)close(t->fd);
    if (t->folder >= 0) (void)close(t->folder);
    free(t);
}

static struct line_target *make_target(const struct export_options *options,
                                       const struct export_target_type *type, const char *shown)
{
    struct line_target *t = calloc(1, sizeof *t);
    if (t == NULL) return NULL;
    t->target.type = type;
    (void)snprintf(t->target.shown, sizeof t->target.shown, "%s", shown);
    t->options = options;
    t->fd = t->folder = -1;
    return t;
}

int export_open_stdout(const struct export_options *options, struct export_target **out)
{
    static const struct export_target_type type = { .deliver = print_lines, .close = close_lines };
    struct line_target *t = make_target(options, &type, "stdout");
    if (t == NULL) return ASSAY_EXIT_INTERNAL;
    *out = &t->target;
    if (print_header(t)) return ASSAY_EXIT_OK;
    close_lines(*out);
    return ASSAY_EXIT_INTERNAL;
}

/* ------------------------------------------------------------ a folder */

enum { NAME_LEN = 48 };

static void name_file(const struct line_target *t, uint64_t number, char name[static NAME_LEN])
{
    (void)snprintf(name, NAME_LEN, "%s-%08" PRIu64 ".%s", export_what(t->options->what), number,
                   t->options->format == EXPORT_CSV ? "csv" : "jsonl");
}

static bool write_all(int fd, const char *bytes, size_t len)
{
    while (len > 0) {
        const ssize_t put = write(fd, bytes, len);
        if (put < 0 && errno == EINTR) continue;
        if (put < 0) return false;
        bytes += put;
        len -= (size_t)put;
    }
    return true;
}

static bool append_line(struct line_target *t, const char *text)
{
    const char *end = line_end(t->options);
    const size_t len = strlen(text), end_len = strlen(end);
    if (!write_all(t->fd, text, len) || !write_all(t->fd, end, end_len)) return false;
    t->length += len + end_len;
    return true;
}

/* A new file, empty but for the names of the columns. */
static bool create_file(struct line_target *t)
{
    char name[NAME_LEN];
    const struct export_options *o = t->options;
    name_file(t, t->file, name);
    t->fd = openat(t->folder, name,
                   O_WRONLY | O_CREAT | O_TRUNC | O_APPEND | O_CLOEXEC | O_NOFOLLOW, 0640);
    t->length = 0;
    if (t->fd < 0) return false;
    if (o->format != EXPORT_CSV) return true;
    char *text = assay_telemetry_record_csv_header(o->what, o->votes, o->identify);
    const bool written = text != NULL && append_line(t, text);
    free(text);
    return written;
}

/* Removes the files with numbers from low to high; holes between them are nothing special. Out:
 * *newest: the highest number that was there, 0: none. Returns: false, and errno says why */
static bool remove_files(const struct line_target *t, uint64_t low, uint64_t high, uint64_t *newest)
{
    char name[NAME_LEN];
    const int fd = openat(t->folder, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    DIR *const list = fd >= 0 ? fdopendir(fd) : NULL;
    const struct dirent *entry = NULL;
    bool removed = list != NULL;
    *newest = 0;
    if (list == NULL && fd >= 0) (void)close(fd);
    while (list != NULL && (entry = readdir(list)) != NULL) {
        const char *dash = strrchr(entry->d_name, '-');
        const uint64_t number = dash != NULL ? strtoull(dash + 1, NULL, 10) : 0;
        name_file(t, number, name);
        if (number == 0 || strcmp(name, entry->d_name) != 0) continue; /* of others */
        if (number > *newest) *newest = number;
        if (number >= low && number <= high && unlinkat(t->folder, name, 0) != 0) removed = false;
    }
    const int why = errno;
    if (list != NULL) (void)closedir(list);
    errno = why;
    return removed;
}

/* Nothing was written here, as far as the cursor knows: behind all files that are there. */
static bool begin_file(struct line_target *t)
{
    uint64_t newest = 0;
    if (!remove_files(t, 1, 0, &newest)) return false;
    t->file = newest + 1;
    if (!create_file(t)) return false;
    t->cursor->file = t->file;
    t->cursor->length = t->length;
    return export_cursor_save(t->cursor);
}

/* Back to what counts: bytes behind it, and files behind it, are of a batch that was not saved. */
static bool reopen_file(struct line_target *t)
{
    char name[NAME_LEN];
    struct stat info;
    const struct export_cursor *c = t->cursor;
    if (t->fd >= 0) (void)close(t->fd);
    t->fd = -1;
    uint64_t newest = 0;
    if (!remove_files(t, c->file + 1, UINT64_MAX, &newest)) return false;
    t->file = c->file;
    t->length = c->length;
    name_file(t, t->file, name);
    t->fd = openat(t->folder, name, O_WRONLY | O_APPEND | O_CLOEXEC | O_NOFOLLOW);
    if (t->fd < 0 && errno == ENOENT) { /* an operator took it away: the next one */
        t->file++;
        return create_file(t);
    }
    if (t->fd < 0 || fstat(t->fd, &info) != 0) return false;
    if ((uint64_t)info.st_size < t->length) { /* the same: nothing is appended to a torn file */
        (void)close(t->fd);
        t->fd = -1;
        t->file++;
        return create_file(t);
    }
    return ftruncate(t->fd, (off_t)t->length) == 0;
}

static bool rotate_file(struct line_target *t)
{
    if (fsync(t->fd) != 0) return false;
    (void)close(t->fd);
    t->fd = -1;
    t->file++;
    return create_file(t);
}

/* The newest `keep` files stay. Not before the position is saved: until then it may be in one that
 * is old, and a crash would leave those behind it. */
static void remove_old_files(struct export_target *target)
{
    struct line_target *t = (struct line_target *)target;
    uint64_t newest = 0;
    const uint64_t file = t->cursor->file, keep = t->options->keep;
    if (keep == 0 || file <= keep || file == t->kept) return;
    if (remove_files(t, 1, file - keep, &newest)) t->kept = file;
}

static bool append_record(struct line_target *t, const struct assay_record *record)
{
    char *text = make_line(t->options, record);
    bool written = text != NULL;
    if (text == NULL) errno = ENOMEM;
    if (written && t->length > 0 && t->length + strlen(text) > t->options->rotate_bytes)
        written = rotate_file(t);
    written = written && append_line(t, text);
    free(text);
    return written;
}

/* Durably. Returns: false, and errno says why; the file is opened again before the next batch */
static bool append_batch(struct line_target *t, const struct export_item *items, size_t count)
{
    const bool is_current =
        t->fd >= 0 && t->file == t->cursor->file && t->length == t->cursor->length;
    bool written = is_current || reopen_file(t);
    for (size_t i = 0; i < count && written; i++)
        written = append_record(t, &items[i].record);
    written = written && fsync(t->fd) == 0 && fsync(t->folder) == 0;
    if (written) return true;
    const int why = errno;
    if (t->fd >= 0) (void)close(t->fd);
    t->fd = -1;
    errno = why;
    return false;
}

static enum export_outcome write_lines(struct export_target *target,
                                       const struct export_item *items, size_t count,
                                       struct export_result *result)
{
    struct line_target *t = (struct line_target *)target;
    if (!append_batch(t, items, count)) return fail_delivery(result, target->shown);
    /* The caller saves the cursor; until then these bytes do not count. */
    t->cursor->file = t->file;
    t->cursor->length = t->length;
    result->done = count;
    return EXPORT_DELIVERED;
}

int export_open_folder(const struct export_options *options, struct export_cursor *cursor,
                       struct export_target **out)
{
    static const struct export_target_type type = { .deliver = write_lines,
                                                    .saved = remove_old_files,
                                                    .close = close_lines };
    struct line_target *t = make_target(options, &type, options->to);
    if (t == NULL) return ASSAY_EXIT_INTERNAL;
    *out = &t->target;
    t->cursor = cursor;
    t->folder = open(options->to, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (t->folder >= 0 && (cursor->file == 0 ? begin_file(t) : reopen_file(t)))
        return ASSAY_EXIT_OK;
    export_report("%s: %s; expected: a folder that this user may write", options->to,
                  strerror(errno));
    close_lines(*out);
    *out = NULL;
    return ASSAY_EXIT_USAGE;
}
