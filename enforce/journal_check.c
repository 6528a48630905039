/*
 * enforce/journal_check.c - reader of the enforcement journal, for the daemon and for `assay
 * audit`.
 *
 * Only the form of a line is looked at, never its JSON: what a line says is covered by its hash.
 */
#include "base/crypto.h"
#include "base/file/file.h"
#include "base/status.h"
#include "enforce/journal_internal.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

/* {"n":12,"prev":"<64>", ... ,"hash":"<64>"} and a newline */
static const char before_number[] = "{\"n\":", before_prev[] = ",\"prev\":\"";
static const char before_hash[] = ",\"hash\":\"", after_hash[] = "\"}";
enum { HEX_LEN = 64, TAIL_LEN = sizeof before_hash - 1 + HEX_LEN + sizeof after_hash - 1 };

/* Returns: false unless text goes on with what is expected; *at is behind it then. */
static bool skip_text(const char *line, size_t len, size_t *at, const char *expected)
{
    const size_t expected_len = strlen(expected);
    if (len - *at < expected_len || strncmp(line + *at, expected, expected_len) != 0) return false;
    *at += expected_len;
    return true;
}

static bool read_number(const char *line, size_t len, size_t *at, uint64_t *number)
{
    const size_t first = *at;
    *number = 0;
    while (*at < len && *at - first < 18 && line[*at] >= '0' && line[*at] <= '9')
        *number = *number * 10 + (uint64_t)(line[(*at)++] - '0');
    return *at > first && line[first] != '0';
}

static bool read_hash(const char *line, size_t len, size_t *at, uint8_t hash[static 32])
{
    if (len - *at < HEX_LEN || assay_hex_decode(line + *at, HEX_LEN, hash, 32) != ASSAY_OK)
        return false;
    *at += HEX_LEN;
    return true;
}

const char *assay_journal_line_check(const char *line, size_t len, struct assay_journal_head *head)
{
    uint8_t prev[32], said[32], hash[32];
    uint64_t number = 0;
    size_t at = 0;
    if (len <= TAIL_LEN || !skip_text(line, len, &at, before_number) ||
        !read_number(line, len, &at, &number) || !skip_text(line, len, &at, before_prev) ||
        !read_hash(line, len, &at, prev))
        return "no line of a journal";
    at = len - TAIL_LEN;
    if (!skip_text(line, len, &at, before_hash) || !read_hash(line, len, &at, said) ||
        !skip_text(line, len, &at, after_hash))
        return "no line of a journal";
    assay_sha256(line, len - TAIL_LEN, hash);
    if (!assay_bytes_equal(hash, said, sizeof hash)) return "the line is not what was hashed";
    if (number != head->number + 1) return "a line is missing or came twice";
    if (!assay_bytes_equal(prev, head->hash, sizeof prev))
        return "it does not follow from the line before";
    head->number = number;
    assay_bytes_copy(head->hash, sizeof head->hash, hash, sizeof hash);
    return NULL;
}

static void set_broken(struct assay_journal_report *report, const char *why)
{
    report->broken = true;
    (void)snprintf(report->message, sizeof report->message, "%s", why);
}

/* One line. Returns: false to stop. */
static bool check_line(const char *line, size_t len, bool whole,
                       const struct assay_journal_head *known, struct assay_journal_report *report)
{
    report->line++;
    const char *const why =
        whole ? assay_journal_line_check(line, len, &report->head) : "no newline ends it";
    if (why != NULL) {
        set_broken(report, why);
        return false;
    }
    report->holds_len += len + 1;
    if (known->number != report->head.number) return true;
    if (assay_bytes_equal(known->hash, report->head.hash, 32)) return true;
    set_broken(report, "another line than the one that was written");
    return false;
}

/* Returns: bytes of a line without its newline, at most capacity; *whole: the newline came. */
static size_t next_line(FILE *file, char *line, size_t capacity, bool *whole)
{
    size_t len = 0;
    *whole = false;
    for (int c; len < capacity && (c = getc(file)) != EOF;) {
        if (c == '\n') {
            *whole = true;
            return len;
        }
        line[len++] = (char)c;
    }
    return len;
}

/* What a crash can leave: bytes of one write, the last one. That one's newline may be there and
 * what is before it not, on some file systems, which read as zeros there; only who knows the head
 * that was written before it takes that for torn. A line that is whole is no crash's, whatever it
 * says. */
static void check_tail(FILE *file, size_t line_len, bool whole, bool has_hole,
                       const struct assay_journal_head *known, struct assay_journal_report *report)
{
    const long end = fseek(file, 0, SEEK_END) == 0 ? ftell(file) : -1;
    if (end < 0 || report->head.number < known->number) return;
    const uint64_t rest = (uint64_t)end - report->holds_len;
    if (whole && (known->number == 0 || rest != line_len + 1 || !has_hole)) return;
    if (rest >= ASSAY_JOURNAL_LINE_MAX) return;
    report->torn_len = rest;
    report->broken = false;
    report->message[0] = '\0';
}

enum assay_status assay_journal_check(const char *path, const struct assay_journal_head *known,
                                      struct assay_journal_report *report)
{
    char line[ASSAY_JOURNAL_LINE_MAX];
    *report = (struct assay_journal_report){ 0 };
    int fd = -1;
    ASSAY_TRY(assay_file_open(path, &fd));
    FILE *file = fdopen(fd, "r");
    if (file == NULL) {
        (void)close(fd);
        return ASSAY_E_IO;
    }
    bool whole = true;
    size_t len = 0;
    for (;;) {
        len = next_line(file, line, sizeof line, &whole);
        if (len == 0 && !whole) break;
        if (!check_line(line, len, whole, known, report)) break;
    }
    const bool has_hole = memchr(line, '\0', len) != NULL; /* blocks that were never written */
    if (report->broken) check_tail(file, len, whole, has_hole, known, report);
    const bool failed = ferror(file) != 0;
    (void)fclose(file);
    if (failed) return ASSAY_E_IO;
    if (!report->broken && report->head.number < known->number) {
        report->line++;
        set_broken(report, "lines are missing at the end");
    }
    return ASSAY_OK;
}
