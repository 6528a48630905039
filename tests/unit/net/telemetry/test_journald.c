/*
 * tests/unit/net/telemetry/test_journald.c - tests of journald records.
 *
 * Records of the journal: a field for each of the line's, none that a value made, nothing lost when
 * nobody takes them.
 */
#include "net/system/journald.h"
#include "net/system/log.h"

#include <criterion/criterion.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <unistd.h>

static char dir[] = "/tmp/assay-journal-XXXXXX";
static char path[64];
static int stand_in = -1, fd = -1;
static struct assay_log log_;
static char *text;
static size_t text_len;
static FILE *file;

static void start(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    cr_assert_not_null(mkdtemp(dir));
    snprintf(path, sizeof path, "%s/socket", dir);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    stand_in = socket(AF_UNIX, SOCK_DGRAM | SOCK_NONBLOCK, 0);
    cr_assert_eq(bind(stand_in, (struct sockaddr *)&address, sizeof address), 0);
    fd = assay_journald_open(path);
    cr_assert_geq(fd, 0);
    file = open_memstream(&text, &text_len);
    assay_log_init(&log_, file, ASSAY_SEVERITY_DEBUG, "alpha");
    assay_log_set_format(ASSAY_LOG_FORMAT_JOURNAL, false);
    assay_log_open_journal(fd);
}

static void stop(void)
{
    assay_log_open_journal(-1);
    assay_log_set_format(ASSAY_LOG_FORMAT_LOGFMT, false);
    fclose(file);
    free(text);
    close(fd);
    if (stand_in >= 0) close(stand_in);
    unlink(path);
    rmdir(dir);
}

/* What the journal was told last, NUL-terminated. */
static const char *told(void)
{
    static char record[2 * ASSAY_JOURNALD_RECORD_MAX];
    const ssize_t len = recv(stand_in, record, sizeof record - 1, 0);
    record[len > 0 ? len : 0] = '\0';
    return record;
}

static size_t record_of(const char *line, char *record, size_t capacity)
{
    const size_t len = assay_journald_record(line, strlen(line), "assayd", record, capacity);
    if (len < capacity) record[len] = '\0';
    return len;
}

Test(net_journald, a_line_has_a_field_for_each_of_its_own, .init = start, .fini = stop)
{
    cr_assert(assay_log_begin(&log_, ASSAY_SEVERITY_WARNING, "epoch_closed"));
    assay_log_uint(&log_, "epoch", 7);
    assay_log_bool(&log_, "certified", true);
    assay_log_text(&log_, "reason", "all is well");
    assay_log_text(&log_, "nothing", "");
    assay_log_text(&log_, "last_word", "x");
    assay_log_end(&log_);
    char expected[1024];
    snprintf(expected, sizeof expected,
             "MESSAGE=event=epoch_closed node=alpha epoch=7 certified=true reason=\"all is well\" "
             "nothing=\"\" last_word=x\nPRIORITY=4\nSYSLOG_IDENTIFIER=%s\n"
             "ASSAY_EVENT=epoch_closed\nASSAY_NODE=alpha\nASSAY_EPOCH=7\n"
             "ASSAY_CERTIFIED=true\nASSAY_REASON=all is well\n"
             "ASSAY_NOTHING=\nASSAY_LAST_WORD=x\n",
             program_invocation_short_name);
    cr_assert_str_eq(told(), expected);
    fflush(file);
    cr_assert_eq(text_len, 0, "said once");
}

Test(net_journald, priorities_are_those_of_syslog, .init = start, .fini = stop)
{
    static const char *const priority[] = { "\nPRIORITY=3\n", "\nPRIORITY=4\n", "\nPRIORITY=6\n",
                                            "\nPRIORITY=7\n" };
    for (int i = 0; i < 4; i++) {
        cr_assert(assay_log_begin(&log_, (enum assay_severity)i, "x"));
        assay_log_end(&log_);
        cr_expect_not_null(strstr(told(), priority[i]));
    }
}

Test(net_journald, no_value_makes_a_field, .init = start, .fini = stop)
{
    static const char bad[] = "a\nPRIORITY=0\nMESSAGE=\"b\" x=y\\";
    cr_assert(assay_log_begin(&log_, ASSAY_SEVERITY_INFO, "x"));
    assay_log_text_n(&log_, "name", bad, sizeof bad - 1);
    assay_log_text(&log_, "after", "1");
    assay_log_end(&log_);
    const char *const record = told();
    size_t lines = 0;
    for (const char *at = record; *at != '\0'; at++)
        lines += *at == '\n';
    cr_assert_eq(lines, 7, "%s", record); /* message, priority, identifier, event, node and two */
    cr_assert_not_null(
        strstr(record, "\nASSAY_NAME=a\\x0aPRIORITY=0\\x0aMESSAGE=\\x22b\\x22 x=y\\x5c\n"), "%s",
        record);
    cr_assert_not_null(strstr(record, "\nASSAY_AFTER=1\n"));
}

Test(net_journald, the_longest_line_has_room, .init = start, .fini = stop)
{
    cr_assert(assay_log_begin(&log_, ASSAY_SEVERITY_INFO, "x"));
    for (int i = 0; i < ASSAY_LOG_LINE_MAX; i++)
        assay_log_uint(&log_, "a", 1);
    assay_log_end(&log_);
    const char *const record = told();
    cr_assert_gt(strlen(record), 2 * ASSAY_LOG_LINE_MAX, "a field for each: %s", record);
    cr_assert_eq(record[strlen(record) - 1], '\n');
    fflush(file);
    cr_assert_eq(text_len, 0);
}

Test(net_journald, a_line_that_was_cut_keeps_what_it_has)
{
    char record[256];
    cr_assert_gt(record_of("<6>event=x reason=\"half a wo\n", record, sizeof record), 0);
    cr_assert_not_null(strstr(record, "ASSAY_EVENT=x\nASSAY_REASON=half a wo\n"), "%s", record);
    cr_assert_gt(record_of("<6>event=x reas\n", record, sizeof record), 0);
    cr_assert_str_eq(strstr(record, "ASSAY_"), "ASSAY_EVENT=x\n");
    cr_assert_gt(record_of("<6>event=x reason=\n", record, sizeof record), 0);
    cr_assert_str_eq(strstr(record, "ASSAY_"), "ASSAY_EVENT=x\nASSAY_REASON=\n");
}

Test(net_journald, what_is_no_line_or_has_no_room_is_no_record)
{
    char record[128];
    cr_assert_eq(record_of("event=x\n", record, sizeof record), 0);
    cr_assert_eq(record_of("<6>event=x", record, sizeof record), 0);
    cr_assert_eq(record_of("<6\n", record, sizeof record), 0);
    cr_assert_eq(record_of("", record, sizeof record), 0);
    const size_t whole = record_of("<6>event=x\n", record, sizeof record);
    for (size_t capacity = 0; capacity <= whole; capacity++)
        cr_assert_eq(record_of("<6>event=x\n", record, capacity), 0);
    cr_assert_eq(record_of("<6>event=x\n", record, whole + 1), whole);
}

/* A journal that reads nothing fills up, and one that has gone refuses: the stream has the line. */
Test(net_journald, what_the_journal_does_not_take_is_not_lost, .init = start, .fini = stop)
{
    unsigned by_stream = 0, in_all = 0;
    for (; in_all < 5000 && by_stream == 0; in_all++) {
        log_.now_ms += ASSAY_LOG_WINDOW_MS;
        cr_assert(assay_log_begin(&log_, ASSAY_SEVERITY_INFO, "full"));
        assay_log_end(&log_);
        fflush(file);
        by_stream = text_len > 0;
    }
    cr_assert_eq(by_stream, 1, "it waited for nobody");
    cr_assert_str_eq(text, "<6>event=full node=alpha\n");
    close(stand_in);
    stand_in = -1;
    cr_assert(assay_log_begin(&log_, ASSAY_SEVERITY_ERROR, "gone"));
    assay_log_end(&log_);
    fflush(file);
    cr_assert_not_null(strstr(text, "<3>event=gone node=alpha\n"));
}

Test(net_journald, other_formats_go_where_they_went, .init = start, .fini = stop)
{
    assay_log_set_format(ASSAY_LOG_FORMAT_JSON, false);
    cr_assert(assay_log_begin(&log_, ASSAY_SEVERITY_INFO, "x"));
    assay_log_end(&log_);
    fflush(file);
    cr_assert_eq(text[0], '{');
    cr_assert_str_eq(told(), "");
}

Test(net_journald, nobody_listens_nothing_is_open)
{
    char long_path[256];
    memset(long_path, 'x', sizeof long_path - 1);
    long_path[sizeof long_path - 1] = '\0';
    cr_assert_eq(assay_journald_open("/nowhere/socket"), -1);
    cr_assert_eq(assay_journald_open(long_path), -1);
}

static void name_stderr(void)
{
    char stream[64];
    struct stat info;
    cr_assert_eq(fstat(STDERR_FILENO, &info), 0);
    snprintf(stream, sizeof stream, "%llu:%llu", (unsigned long long)info.st_dev,
             (unsigned long long)info.st_ino);
    setenv("JOURNAL_STREAM", stream, 1);
}

Test(net_journald, the_stream_is_the_one_that_systemd_named)
{
    int pair[2];
    bool native = true;
    unsetenv("JOURNAL_STREAM");
    cr_assert_not(assay_journald_is_stderr(&native));
    cr_assert_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, pair), 0);
    cr_assert_geq(dup2(pair[0], STDERR_FILENO), 0);
    setenv("JOURNAL_STREAM", "1:2", 1);
    cr_assert_not(assay_journald_is_stderr(&native));
    name_stderr();
    cr_assert(assay_journald_is_stderr(&native));
    cr_assert(native);
    FILE *const other = tmpfile();
    cr_assert_geq(dup2(fileno(other), STDERR_FILENO), 0);
    cr_assert_not(assay_journald_is_stderr(&native), "another stream has its place");
    name_stderr();
    cr_assert(assay_journald_is_stderr(&native));
    cr_assert_not(native, "a file stands in for the stream, and has no socket beside it");
    fclose(other);
}
