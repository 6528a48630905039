/*
 * net/system/journald.c - systemd journal client. The journal finds out by itself who sent a record
 * and of which unit that is.
 */
#include "net/system/journald.h"

#include "base/bytes.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

/* systemd says which stream standard error is; another one may have taken its place since. */
bool assay_journald_is_stderr(bool *native)
{
    char own[64];
    struct stat info;
    const char *const stream = getenv("JOURNAL_STREAM");
    *native = false;
    if (stream == NULL || fstat(STDERR_FILENO, &info) != 0) return false;
    (void)snprintf(own, sizeof own, "%llu:%llu", (unsigned long long)info.st_dev,
                   (unsigned long long)info.st_ino);
    *native = S_ISSOCK(info.st_mode);
    return strcmp(own, stream) == 0;
}

int assay_journald_open(const char *path)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    const size_t len = strlen(path);
    if (len >= sizeof address.sun_path) return -1;
    assay_bytes_copy(address.sun_path, sizeof address.sun_path, path, len + 1);
    const int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    if (fd < 0) return -1;
    if (connect(fd, (const struct sockaddr *)&address, sizeof address) == 0) return fd;
    (void)close(fd);
    return -1;
}

struct record {
    char *bytes;
    size_t len, capacity;
};

static void append_bytes(struct record *record, const char *text, size_t len)
{
    ASSAY_ASSERT(record->len <= record->capacity);
    if (len > record->capacity - record->len) {
        record->capacity = record->len; /* full, for what follows as well */
        return;
    }
    assay_bytes_copy(record->bytes + record->len, record->capacity - record->len, text, len);
    record->len += len;
}

/* Keys of the log are [a-z0-9_], static text; those of the journal [A-Z0-9_]. */
static void append_key(struct record *record, const char *key, size_t len)
{
    append_bytes(record, "ASSAY_", 6);
    for (size_t i = 0; i < len; i++) {
        const char upper = (char)(key[i] >= 'a' && key[i] <= 'z' ? key[i] - 'a' + 'A' : key[i]);
        append_bytes(record, &upper, 1);
    }
    append_bytes(record, "=", 1);
}

/* One field of the line, and the blank behind it. A value in quotes has none inside: they are
 * escaped. A line that was cut ends where it ends. Returns: what follows. */
static const char *append_field(struct record *record, const char *at, const char *end)
{
    ASSAY_ASSERT(at < end);
    const char *const equals = memchr(at, '=', (size_t)(end - at));
    if (equals == NULL) return end; /* cut within a key */
    const char *value = equals + 1;
    const bool quoted = value < end && *value == '"';
    if (quoted) value++;
    const char *past = memchr(value, quoted ? '"' : ' ', (size_t)(end - value));
    if (past == NULL) past = end;
    append_key(record, at, (size_t)(equals - at));
    append_bytes(record, value, (size_t)(past - value));
    append_bytes(record, "\n", 1);
    if (quoted && past < end) past++;
    return past < end ? past + 1 : end;
}

size_t assay_journald_record(const char *line, size_t len, const char *identifier, char *bytes,
                             size_t capacity)
{
    ASSAY_ASSERT(bytes != NULL && identifier != NULL);
    struct record record = { .bytes = bytes, .capacity = capacity };
    if (len < 4 || line[0] != '<' || line[2] != '>' || line[len - 1] != '\n') return 0;
    append_bytes(&record, "MESSAGE=", 8);
    append_bytes(&record, line + 3, len - 3);
    append_bytes(&record, "PRIORITY=", 9);
    append_bytes(&record, line + 1, 1);
    append_bytes(&record, "\nSYSLOG_IDENTIFIER=", 19);
    append_bytes(&record, identifier, strlen(identifier));
    append_bytes(&record, "\n", 1);
    const char *const end = line + len - 1;
    for (const char *at = line + 3; at < end;)
        at = append_field(&record, at, end);
    return record.len < record.capacity ? record.len : 0;
}

bool assay_journald_send(int fd, const char *line, size_t len)
{
    ASSAY_ASSERT(fd >= 0);
    char record[ASSAY_JOURNALD_RECORD_MAX];
    const size_t record_len =
        assay_journald_record(line, len, program_invocation_short_name, record, sizeof record);
    if (record_len == 0) return false;
    return send(fd, record, record_len, MSG_NOSIGNAL | MSG_DONTWAIT) == (ssize_t)record_len;
}
