/*
 * tests/unit/apps/test_export.c - tests of what `assay export` reads and where it left off.
 *
 * Whatever a daemon does with its numbers, each event is read once, and each hole is a record; and
 * a folder has each record once, wherever a crash cuts in between writing and saving.
 */
#include "apps/assay/core/command.h"
#include "apps/assay/export/export_cursor.h"
#include "apps/assay/export/export_source.h"
#include "apps/client.h"
#include "tests/unit/apps/folder.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* ------------------------------------------------------------ a daemon */

enum { EVENTS_MAX = 400, PAGE = 7, EPOCHS_MAX = 20 };

static struct {
    uint64_t seq, at_unix_ms;
} events[EVENTS_MAX];
static size_t event_count;
static uint64_t last_seq, gone_seq, boot, now_ms;
static const char *chain_id, *node_id, *node;
static bool has_gone_seq;
static uint64_t epochs[EPOCHS_MAX];
static size_t epoch_count;

void export_report(const char *format, ...)
{
    (void)format;
}

void assay_client_fault(const char *socket_path, enum assay_status status,
                        char message[static ASSAY_CLIENT_FAULT_LEN])
{
    (void)socket_path;
    (void)status;
    message[0] = '\0';
}

static void happen(void)
{
    cr_assert_lt(event_count, EVENTS_MAX);
    events[event_count].seq = ++last_seq;
    events[event_count++].at_unix_ms = ++now_ms;
}

static void remove_event(size_t index)
{
    for (size_t i = index; i + 1 < event_count; i++)
        events[i] = events[i + 1];
    event_count--;
}

/* The event comes again: it has the next number. */
static void repeat(size_t index)
{
    remove_event(index);
    happen();
}

static void evict(size_t count)
{
    for (; count > 0; count--) {
        if (events[0].seq > gone_seq) gone_seq = events[0].seq;
        remove_event(0);
    }
}

/* Another daemon answers. */
static void replace_daemon(const char *chain, const char *id, const char *name)
{
    boot++;
    chain_id = chain;
    node_id = id;
    node = name;
}

static void lose_timeline(void)
{
    boot++;
    event_count = 0;
    last_seq = gone_seq = 0;
}

static struct assay_json *make_timeline(uint64_t since)
{
    char text[20];
    struct assay_json *data = assay_json_object(), *list = assay_json_array();
    size_t at = 0, taken = 0;
    while (at < event_count && events[at].seq <= since)
        at++;
    for (; at < event_count && taken < PAGE; at++, taken++) {
        struct assay_json *event = assay_json_object();
        assay_json_set_uint(event, "seq", events[at].seq);
        assay_json_set_uint(event, "at_unix_ms", events[at].at_unix_ms);
        assay_json_set_text(event, "event", "code");
        assay_json_append(list, event);
    }
    (void)snprintf(text, sizeof text, "%" PRIx64, boot);
    assay_json_set_text(data, "boot", text);
    assay_json_set_uint(data, "last_seq", last_seq);
    if (has_gone_seq) assay_json_set_uint(data, "gone_seq", gone_seq);
    assay_json_set(data, "events", list);
    if (at < event_count) assay_json_set_uint(data, "next_since", events[at - 1].seq);
    return data;
}

static struct assay_json *make_epochs(uint64_t since)
{
    struct assay_json *data = assay_json_object(), *list = assay_json_array();
    for (size_t i = 0; i < epoch_count; i++) {
        if (epochs[i] < since) continue;
        struct assay_json *epoch = assay_json_object(), *members = assay_json_array();
        for (unsigned slot = 0; slot < 3; slot++) {
            struct assay_json *member = assay_json_object();
            assay_json_set_uint(member, "slot", slot);
            assay_json_append(members, member);
        }
        assay_json_set_uint(epoch, "epoch", epochs[i]);
        assay_json_set(epoch, "members", members);
        assay_json_append(list, epoch);
    }
    assay_json_set_text(data, "chain_id", chain_id);
    assay_json_set(data, "epochs", list);
    return data;
}

static struct assay_json *make_status(void)
{
    struct assay_json *data = assay_json_object();
    assay_json_set_text(data, "chain_id", chain_id);
    assay_json_set_text(data, "node_id", node_id);
    return data;
}

enum assay_status assay_client_request(const char *socket_path, const char *request,
                                       unsigned timeout_ms, struct assay_json **document)
{
    (void)socket_path;
    (void)timeout_ms;
    const bool is_timeline = strncmp(request, "timeline", 8) == 0;
    const char *number = strchr(request, '=');
    const uint64_t since = number != NULL ? strtoull(number + 1, NULL, 10) : 0;
    const bool is_status = strcmp(request, "status") == 0;
    *document = assay_json_object();
    assay_json_set_text(*document, "schema",
                        is_timeline ? "assay.timeline"
                        : is_status ? "assay.status"
                                    : "assay.export");
    assay_json_set_text(*document, "node", node);
    assay_json_set(*document, "data",
                   is_timeline ? make_timeline(since)
                   : is_status ? make_status()
                               : make_epochs(since));
    return ASSAY_OK;
}

/* ------------------------------------------------------------ reading */

static struct export_options options = { .socket = "socket",
                                         .what = ASSAY_RECORD_EVENTS,
                                         .format = EXPORT_JSONL,
                                         .until = INT64_MAX,
                                         .rotate_bytes = 4096,
                                         .identify = true };
static struct export_source source;
static struct export_queue queue;
static struct folder folder;
static struct export_cursor cursor = { .lock = -1 };
static struct export_target *target;

static void start(void)
{
    boot = 100;
    now_ms = 1000;
    event_count = epoch_count = 0;
    last_seq = gone_seq = 0;
    has_gone_seq = true;
    chain_id = "c0";
    node_id = "1d";
    node = "alpha";
    source = (struct export_source){ .options = &options };
    char message[EXPORT_MESSAGE_LEN];
    cr_assert_eq(export_source_identify(&source, message), EXPORT_READ_ALL);
    folder = folder_make();
}

static void stop(void)
{
    export_queue_free(&queue);
    if (target != NULL) target->type->close(target);
    target = NULL;
    export_cursor_close(&cursor);
    folder_remove(&folder);
    options.what = ASSAY_RECORD_EVENTS;
}

TestSuite(apps_export, .init = start, .fini = stop);

static void read_all(void)
{
    char message[EXPORT_MESSAGE_LEN];
    enum export_read read = EXPORT_READ_MORE;
    for (int turns = 0; read == EXPORT_READ_MORE; turns++) {
        cr_assert_lt(turns, 200, "it ends");
        if (!source.has_origin)
            cr_assert_eq(export_source_identify(&source, message), EXPORT_READ_ALL);
        read = export_source_read(&source, &queue, message);
    }
    cr_assert_eq(read, EXPORT_READ_ALL, "%s", message);
}

/* Another exporter, which knows what was delivered. */
static void restart_exporter(void)
{
    if (queue.count > 0) source.position = queue.items[queue.head + queue.count - 1].after;
    source.scans = false;
}

/* "1 2 gap 5": the numbers of events, or of epochs and slots. Frees them. */
static const char *read_numbers(void)
{
    static char text[4096];
    size_t len = 0;
    text[0] = '\0';
    read_all();
    for (size_t i = 0; i < queue.count; i++) {
        const struct assay_json *fields = queue.items[queue.head + i].record.fields;
        const bool gap = strcmp(assay_json_text(fields, "kind", ""), "gap") == 0;
        const char *blank = i > 0 ? " " : "";
        const int put = gap ? snprintf(text + len, sizeof text - len, "%sgap", blank)
                            : snprintf(text + len, sizeof text - len, "%s%" PRIu64, blank,
                                       assay_json_uint(fields, "seq",
                                                       assay_json_uint(fields, "epoch", 0) * 10 +
                                                           assay_json_uint(fields, "slot", 0)));
        len += (size_t)put;
    }
    restart_exporter();
    export_queue_drop(&queue, queue.count);
    return text;
}

Test(apps_export, each_event_is_read_once)
{
    for (int i = 0; i < 20; i++)
        happen();
    cr_expect_str_eq(read_numbers(), "1 2 3 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 19 20");
    cr_expect_str_eq(read_numbers(), "");
    happen();
    cr_expect_str_eq(read_numbers(), "21");
}

Test(apps_export, a_restart_of_the_daemon_repeats_nothing)
{
    for (int i = 0; i < 20; i++)
        happen();
    (void)read_numbers();
    boot++;
    cr_expect_str_eq(read_numbers(), "", "its numbers go on");
    boot++;
    happen();
    happen();
    cr_expect_str_eq(read_numbers(), "21 22");
    boot++;
    repeat(event_count - 1); /* the newest of those that were read has another number */
    repeat(3);
    cr_expect_str_eq(read_numbers(), "23 24");
}

Test(apps_export, numbers_that_begin_anew_lose_nothing)
{
    for (int i = 0; i < 20; i++)
        happen();
    (void)read_numbers();
    lose_timeline();
    for (int i = 0; i < 3; i++)
        happen();
    cr_expect_str_eq(read_numbers(), "gap 1 2 3");
    cr_expect_str_eq(read_numbers(), "");
    /* More than before: the highest number alone does not show it. */
    lose_timeline();
    for (int i = 0; i < 9; i++)
        happen();
    cr_expect_str_eq(read_numbers(), "gap 1 2 3 4 5 6 7 8 9");
    /* A power cut took the newest two, whose numbers came again. */
    boot++;
    remove_event(8);
    remove_event(7);
    last_seq = 7;
    for (int i = 0; i < 4; i++)
        happen();
    cr_expect_str_eq(read_numbers(), "gap 8 9 10 11");
    lose_timeline();
    cr_expect_str_eq(read_numbers(), "gap", "also when nothing has happened since");
    happen();
    cr_expect_str_eq(read_numbers(), "1");
}

/* The clock of the machine was set back: times tell nothing. */
Test(apps_export, a_clock_that_was_set_back_hides_nothing)
{
    for (int i = 0; i < 20; i++)
        happen();
    (void)read_numbers();
    lose_timeline();
    now_ms = 500;
    for (int i = 0; i < 3; i++)
        happen();
    cr_expect_str_eq(read_numbers(), "gap 1 2 3");
    lose_timeline();
    now_ms = 100;
    for (int i = 0; i < 9; i++)
        happen();
    evict(3); /* the first number that is left is higher than the last that was exported */
    cr_expect_str_eq(read_numbers(), "gap 4 5 6 7 8 9");
    boot++; /* the newest two are lost in a power cut, and the clock again */
    remove_event(event_count - 1);
    remove_event(event_count - 1);
    last_seq = 7;
    now_ms = 50;
    happen();
    happen();
    cr_expect_str_eq(read_numbers(), "gap 8 9");
    cr_expect_str_eq(read_numbers(), "");
}

/* No record may have the name of one daemon and the content of another. */
Test(apps_export, nothing_is_recorded_before_the_daemon_that_answers_is_identified)
{
    static const char *const others[][3] = { { "c1", "1d", "alpha" }, /* another chain */
                                             { "c0", "2e", "alpha" }, /* node */
                                             { "c0", "2e", "beta" } };
    char message[EXPORT_MESSAGE_LEN];
    for (size_t what = 0; what < 2; what++)
        for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
            stop();
            start();
            options.what = what == 0 ? ASSAY_RECORD_EVENTS : ASSAY_RECORD_SCORES;
            if (what == 1 && i == 1) continue; /* rows are the same on all nodes */
            happen();
            epochs[epoch_count++] = 5;
            read_all();
            const size_t count = queue.count;
            happen();
            epochs[epoch_count++] = 6;
            replace_daemon(others[i][0], others[i][1], others[i][2]);
            cr_expect_eq(export_source_read(&source, &queue, message), EXPORT_READ_MORE);
            cr_expect_not(source.has_origin);
            cr_expect_eq(queue.count, count, "nothing of it");
        }
}

Test(apps_export, a_timeline_without_the_number_of_what_is_gone_is_refused)
{
    char message[EXPORT_MESSAGE_LEN];
    happen();
    has_gone_seq = false;
    cr_expect_eq(export_source_read(&source, &queue, message), EXPORT_READ_REFUSED);
    cr_expect_not_null(strstr(message, "gone_seq"));
    cr_expect_eq(queue.count, 0);
}

Test(apps_export, what_was_evicted_is_a_gap_once)
{
    for (int i = 0; i < 5; i++)
        happen();
    (void)read_numbers();
    for (int i = 0; i < 30; i++)
        happen();
    evict(20);
    cr_expect_str_eq(read_numbers(), "gap 21 22 23 24 25 26 27 28 29 30 31 32 33 34 35");
    evict(10);
    cr_expect_str_eq(read_numbers(), "", "those had been read");
    for (int i = 0; i < 3; i++)
        happen();
    evict(event_count);
    cr_expect_str_eq(read_numbers(), "gap", "also when none is left");
    cr_expect_str_eq(read_numbers(), "");
}

Test(apps_export, rows_go_on_in_the_middle_of_an_epoch)
{
    options.what = ASSAY_RECORD_SCORES;
    epochs[epoch_count++] = 5;
    epochs[epoch_count++] = 6;
    read_all();
    cr_assert_eq(queue.count, 6);
    source.position = queue.items[queue.head + 3].after; /* four rows were delivered */
    export_queue_drop(&queue, queue.count);
    cr_expect_str_eq(read_numbers(), "61 62");
    epochs[epoch_count++] = 9;
    cr_expect_str_eq(read_numbers(), "gap 90 91 92");
    cr_expect_str_eq(read_numbers(), "");
}

/* ------------------------------------------------------------ a folder */

static void open_folder(void)
{
    if (target != NULL) target->type->close(target);
    target = NULL;
    export_cursor_close(&cursor);
    static char path[sizeof folder.path + 8];
    (void)snprintf(path, sizeof path, "%s/out", folder.path);
    options.to = path;
    cr_assert_eq(export_cursor_open(options.to, options.what, &cursor), ASSAY_EXIT_OK);
    cr_assert(export_cursor_bind(&cursor, &source.origin));
    cr_assert_eq(export_open_folder(&options, &cursor, &target), ASSAY_EXIT_OK);
    target->origin = &source.origin;
    source.position = cursor.position;
    source.scans = false;
}

static void write_batch(bool save)
{
    const struct export_item *items = NULL;
    struct export_result result = { 0 };
    const size_t count = export_queue_batch(&queue, &items);
    if (count == 0) return;
    cr_assert_eq(target->type->deliver(target, items, count, &result), EXPORT_DELIVERED, "%s",
                 result.message);
    cursor.position = items[count - 1].after;
    if (save) {
        cr_assert(export_cursor_save(&cursor));
        target->type->saved(target);
    }
    export_queue_drop(&queue, count);
}

/* Numbers of all lines of all files, in order, must be 1 to count. */
static void expect_lines(uint64_t count)
{
    uint64_t expected = 1;
    for (unsigned number = 1;; number++) {
        char path[600], line[2048];
        (void)snprintf(path, sizeof path, "%s/events-%08u.jsonl", options.to, number);
        FILE *file = fopen(path, "r");
        if (file == NULL) break;
        while (fgets(line, sizeof line, file) != NULL) {
            const char *seq = strstr(line, "\"seq\":");
            cr_assert_not_null(seq, "%s: %s", path, line);
            cr_assert_eq(strtoull(seq + 6, NULL, 10), expected, "%s: expected %u, found %s", path,
                         (unsigned)expected, seq);
            expected++;
        }
        (void)fclose(file);
    }
    cr_assert_eq(expected, count + 1, "%u of %u", (unsigned)expected - 1, (unsigned)count);
}

/* A crash after writing, before saving; in the middle of a line; with and without a new file. */
Test(apps_export, a_folder_has_each_record_once_after_a_crash)
{
    for (unsigned turn = 0; turn < 25; turn++) {
        open_folder();
        expect_lines(cursor.position.seq); /* what was saved, and nothing behind it */
        for (unsigned i = 0; i < 1 + turn % 14; i++)
            happen();
        read_all();
        write_batch(turn % 3 != 0);
        if (turn % 6 == 0) { /* and half a line more */
            char path[600];
            (void)snprintf(path, sizeof path, "%s/events-%08u.jsonl", options.to,
                           (unsigned)cursor.file);
            const int fd = open(path, O_WRONLY | O_APPEND | O_CLOEXEC);
            cr_assert(fd >= 0 && write(fd, "{\"seq\":", 7) == 7);
            (void)close(fd);
        }
    }
    open_folder();
    read_all();
    write_batch(true);
    expect_lines(last_seq);
    cr_expect_gt(cursor.file, 3, "it rotates");
}

static bool has_file(uint64_t number)
{
    char path[600];
    (void)snprintf(path, sizeof path, "%s/events-%08" PRIu64 ".jsonl", options.to, number);
    return access(path, F_OK) == 0;
}

/* Whatever a crash leaves, the saved position is there, and nothing is behind it. */
Test(apps_export, a_crash_takes_no_file_of_the_position_and_leaves_none_behind_it)
{
    char path[600];
    options.keep = 2;
    open_folder();
    happen();
    read_all();
    write_batch(true);
    const uint64_t saved = cursor.file;
    for (unsigned i = 0; i < 240; i++)
        happen();
    read_all();
    write_batch(false);
    const uint64_t newest = cursor.file;
    cr_assert_gt(newest, saved + 4, "it rotates");
    cr_expect(has_file(saved), "old files stay until the position is saved");
    (void)snprintf(path, sizeof path, "%s/events-%08" PRIu64 ".jsonl", options.to, saved + 1);
    cr_assert_eq(unlink(path), 0); /* a hole */
    open_folder();
    for (uint64_t number = saved + 1; number <= newest; number++)
        cr_expect_not(has_file(number), "%u is behind the position", (unsigned)number);
    expect_lines(1);
    read_all();
    write_batch(true);
    cr_expect_eq(cursor.file, newest);
    for (uint64_t number = 1; number <= newest; number++)
        cr_expect_eq(has_file(number), number + options.keep > newest, "%u", (unsigned)number);
    cr_assert_eq(unlink(cursor.path), 0);
    open_folder(); /* without a position: no number comes again, no file is changed */
    cr_expect_eq(cursor.file, newest + 1);
    options.keep = 0;
}

Test(apps_export, a_cursor_belongs_to_one_node_and_one_exporter)
{
    struct export_cursor second;
    struct assay_record_origin other = source.origin;
    open_folder();
    cr_expect_eq(export_cursor_open(options.to, options.what, &second), ASSAY_EXIT_CONFLICT);
    happen();
    read_all();
    write_batch(true);
    open_folder();
    cr_expect_eq(cursor.position.seq, 1);
    (void)snprintf(other.node_id, sizeof other.node_id, "2e");
    cr_expect_not(export_cursor_bind(&cursor, &other));
}
