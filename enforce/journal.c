/*
 * enforce/journal.c - writer of the enforcement journal.
 */
#include "base/assert.h"
#include "base/crypto.h"
#include "base/file/file.h"
#include "base/rfc3339.h"
#include "base/system_clock.h"
#include "enforce/journal_internal.h"
#include "net/json/json.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct assay_journal {
    struct assay_journal_config config;
    char path[PATH_MAX];
    int fd;
    uint64_t len; /* of the chain: what lies behind is half a line of ours */
    struct assay_journal_head head;
    uint64_t lost;
};

const char *assay_journal_kind_name(enum assay_journal_kind kind)
{
    switch (kind) {
#define NAME_OF(symbol, text)                                                                      \
    case symbol: return (text);
        ASSAY_JOURNAL_LIST(NAME_OF)
#undef NAME_OF
    }
    ASSAY_UNREACHABLE("an entry outside the list");
}

/* --------------------------------------------------------------- the head in the store */

static const struct assay_store_key head_key = { .number = ASSAY_JOURNAL_META };

static enum assay_status save_head(struct assay_journal *self)
{
    struct assay_store *const store = self->config.store;
    uint8_t bytes[ASSAY_JOURNAL_HEAD_LEN];
    if (store == NULL) return ASSAY_OK;
    for (unsigned i = 0; i < 8; i++)
        bytes[i] = (uint8_t)(self->head.number >> (56 - 8 * i));
    assay_bytes_copy(bytes + 8, 32, self->head.hash, 32);
    enum assay_status status =
        assay_store_put(store, ASSAY_STORE_META, &head_key, assay_slice_over(bytes, sizeof bytes));
    if (status == ASSAY_OK) status = assay_store_commit(store);
    if (status != ASSAY_OK) store->ops->rollback(store);
    return status;
}

static enum assay_status load_head(struct assay_store *store, struct assay_journal_head *head)
{
    uint8_t bytes[ASSAY_JOURNAL_HEAD_LEN];
    size_t len = 0;
    *head = (struct assay_journal_head){ 0 };
    if (store == NULL) return ASSAY_OK;
    const enum assay_status status =
        assay_store_get(store, ASSAY_STORE_META, &head_key, bytes, sizeof bytes, &len);
    if (status == ASSAY_E_NOT_FOUND) return ASSAY_OK;
    if (status != ASSAY_OK) return status;
    if (len != sizeof bytes) return ASSAY_E_VERSION;
    for (unsigned i = 0; i < 8; i++)
        head->number = head->number << 8 | bytes[i];
    assay_bytes_copy(head->hash, 32, bytes + 8, 32);
    return ASSAY_OK;
}

/* --------------------------------------------------------------- one line */

static void set_order(struct assay_json *line, const struct assay_order *order)
{
    assay_json_set_text(line, "order", assay_order_name(order->kind));
    assay_json_set_uint(line, "era", order->era);
    assay_json_set_uint(line, "epoch", order->epoch);
    assay_json_set_uint(line, "seq", order->seq);
    assay_json_set_uint(line, "incarnation", order->incarnation);
}

/* Returns: a text of malloc, without the hash and the closing brace; NULL without memory. */
static char *compose_line(const struct assay_journal *self, const struct assay_journal_entry *entry)
{
    char at[ASSAY_RFC3339_MS_LEN + 1];
    struct assay_json *line = assay_json_object();
    assay_rfc3339_format_ms(self->config.unix_ms(), at);
    assay_json_set_uint(line, "n", self->head.number + 1);
    assay_json_set_hex(line, "prev", self->head.hash, 32);
    assay_json_set_text(line, "at", at);
    assay_json_set_text(line, "entry", assay_journal_kind_name(entry->kind));
    if (self->lost > 0) assay_json_set_uint(line, "lost", self->lost);
    if (entry->target != NULL) assay_json_set_text(line, "target", entry->target);
    if (entry->driver != NULL) assay_json_set_text(line, "driver", entry->driver);
    if (entry->dry_run) assay_json_set_bool(line, "dry_run", true);
    if (entry->order != NULL) set_order(line, entry->order);
    if (entry->has_status) assay_json_set_text(line, "status", assay_status_symbol(entry->status));
    if (entry->text != NULL && entry->text[0] != '\0')
        assay_json_set_text_n(line, "text", entry->text,
                              strnlen(entry->text, ASSAY_JOURNAL_TEXT_MAX));
    char *const text = assay_json_print(line, 0);
    assay_json_free(&line);
    if (text != NULL) text[strlen(text) - 1] = '\0';
    return text;
}

/* What a write left half done must not be in front of the next line. */
static bool write_line(struct assay_journal *self, const char *line, size_t len)
{
    if (ftruncate(self->fd, (off_t)self->len) != 0) return false;
    for (size_t done = 0; done < len;) {
        const ssize_t n =
            pwrite(self->fd, line + done, len - done, (off_t)(self->len + (uint64_t)done));
        if (n < 0 && errno == EINTR) continue;
        if (n <= 0) return false;
        done += (size_t)n;
    }
    return fdatasync(self->fd) == 0;
}

static bool append_line(struct assay_journal *self, const struct assay_journal_entry *entry)
{
    char line[ASSAY_JOURNAL_LINE_MAX], hex[65];
    uint8_t hash[32];
    char *const text = compose_line(self, entry);
    if (text == NULL) return false;
    const size_t text_len = strlen(text);
    assay_sha256(text, text_len, hash);
    assay_hex_encode(hash, sizeof hash, hex, sizeof hex);
    const int len = snprintf(line, sizeof line, "%s,\"hash\":\"%s\"}\n", text, hex);
    free(text);
    if (len < 0 || (size_t)len >= sizeof line) return false;
    struct assay_journal_head head = self->head;
    ASSAY_ASSERT(assay_journal_line_check(line, (size_t)len - 1, &head) == NULL);
    if (!write_line(self, line, (size_t)len)) return false;
    self->head = head;
    self->len += (uint64_t)len;
    return true;
}

void assay_journal_append(struct assay_journal *journal, const struct assay_journal_entry *entry)
{
    if (journal == NULL) return;
    if (!append_line(journal, entry)) {
        journal->lost++;
        return;
    }
    journal->lost = 0;
    /* A head that is not kept is one line behind: a chain may be longer than the state of it.
     * */
    assay_status_ignore(save_head(journal), "the store says so itself when it is asked next");
}

/* --------------------------------------------------------------- open and close */

static enum assay_status set_failed(char *message, const char *path, const char *what)
{
    (void)snprintf(message, ASSAY_JOURNAL_MESSAGE_LEN, "%.160s: %.90s", path, what);
    return ASSAY_E_IO;
}

static bool open_file(struct assay_journal *self)
{
    self->fd = open(self->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
    return self->fd >= 0 && assay_file_sync_folder(self->path) == ASSAY_OK;
}

static const char *basename_of(const char *path)
{
    const char *const slash = strrchr(path, '/');
    return slash != NULL ? slash + 1 : path;
}

/* Out of the way, under a name that nothing has. */
static enum assay_status set_aside(struct assay_journal *self,
                                   const struct assay_journal_report *report,
                                   char message[static ASSAY_JOURNAL_MESSAGE_LEN])
{
    char aside[PATH_MAX + 32];
    for (unsigned i = 1; i <= 1000; i++) {
        (void)snprintf(aside, sizeof aside, "%s.broken-%u", self->path, i);
        if (access(aside, F_OK) == 0) continue;
        if (rename(self->path, aside) != 0 && errno != ENOENT) break;
        (void)snprintf(message, ASSAY_JOURNAL_MESSAGE_LEN,
                       "line %llu: %.100s; it was set aside as %.100s",
                       (unsigned long long)report->line, report->message, basename_of(aside));
        self->head = (struct assay_journal_head){ 0 };
        self->len = 0;
        return ASSAY_OK;
    }
    return set_failed(message, self->path, strerror(errno));
}

/* A link, a folder, a FIFO in the place of the file: it is never followed or opened. */
static bool is_no_file(const char *path)
{
    struct stat about;
    return lstat(path, &about) == 0 && !S_ISREG(about.st_mode);
}

/* As assay_journal_check, and a file that is missing or is none at all is broken too. */
static enum assay_status check_file(const char *path, const struct assay_journal_head *known,
                                    struct assay_journal_report *report)
{
    const char *what = "it is no regular file";
    if (!is_no_file(path)) {
        const enum assay_status status = assay_journal_check(path, known, report);
        if (status != ASSAY_E_NOT_FOUND || known->number == 0) return status;
        what = "the whole file is missing";
    }
    *report = (struct assay_journal_report){ .broken = true, .line = 1 };
    (void)snprintf(report->message, sizeof report->message, "%s", what);
    return ASSAY_OK;
}

/* What is there becomes what is appended to. */
static enum assay_status take_over_file(struct assay_journal *self,
                                        char message[static ASSAY_JOURNAL_MESSAGE_LEN])
{
    struct assay_journal_head known;
    struct assay_journal_report report = { 0 };
    ASSAY_TRY(load_head(self->config.store, &known));
    const enum assay_status status = check_file(self->path, &known, &report);
    char why[ASSAY_FILE_MESSAGE_LEN];
    if (status != ASSAY_OK && status != ASSAY_E_NOT_FOUND)
        return set_failed(message, self->path,
                          assay_file_read_fault(self->path, status, why) ? why : strerror(errno));
    if (report.broken) ASSAY_TRY(set_aside(self, &report, message));
    else {
        self->head = report.head;
        self->len = report.holds_len;
    }
    if (!open_file(self)) return set_failed(message, self->path, strerror(errno));
    if (report.torn_len > 0)
        (void)snprintf(message, ASSAY_JOURNAL_MESSAGE_LEN,
                       "%llu bytes of a line that a crash left half written were taken away",
                       (unsigned long long)report.torn_len);
    const struct assay_journal_entry first = { .kind = self->head.number == 0
                                                           ? ASSAY_JOURNAL_BEGIN
                                                           : ASSAY_JOURNAL_REPAIRED,
                                               .text = message };
    if (self->head.number > 0 && report.torn_len == 0) return ASSAY_OK;
    if (!append_line(self, &first)) return set_failed(message, self->path, strerror(errno));
    return save_head(self);
}

enum assay_status assay_journal_open(const struct assay_journal_config *config,
                                     struct assay_journal **out,
                                     char message[static ASSAY_JOURNAL_MESSAGE_LEN])
{
    struct assay_journal *self = calloc(1, sizeof *self);
    message[0] = '\0';
    if (self == NULL) return ASSAY_E_MEMORY;
    self->fd = -1;
    self->config = *config;
    if (self->config.unix_ms == NULL) self->config.unix_ms = assay_unix_ms;
    const int len = snprintf(self->path, sizeof self->path, "%s", config->path);
    enum assay_status status = ASSAY_E_RANGE;
    if (len > 0 && (size_t)len < sizeof self->path) status = take_over_file(self, message);
    if (status == ASSAY_OK) *out = self;
    else assay_journal_close(&self);
    return status;
}

struct assay_journal_head assay_journal_get_head(const struct assay_journal *journal)
{
    return journal != NULL ? journal->head : (struct assay_journal_head){ 0 };
}

uint64_t assay_journal_count_lost(const struct assay_journal *journal)
{
    return journal != NULL ? journal->lost : 0;
}

void assay_journal_close(struct assay_journal **journal)
{
    if (*journal == NULL) return;
    if ((*journal)->fd >= 0) (void)close((*journal)->fd);
    free(*journal);
    *journal = NULL;
}
