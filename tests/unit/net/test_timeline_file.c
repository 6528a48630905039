/*
 * tests/unit/net/test_timeline_file.c - tests of the stored timeline.
 *
 * net/timeline/timeline_file.h: what happened is still told after a restart, and numbers go on.
 */
#include "net/timeline/timeline_file.h"

#include "engine/messages/message.h"
#include "tests/unit/apps/folder.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static struct folder folder;
static struct assay_timeline timeline;
static struct assay_timeline_file *file;

static void set_up(void)
{
    folder = folder_make();
}

static void tear_down(void)
{
    assay_timeline_file_close(&file);
    folder_remove(&folder);
}

TestSuite(net_timeline_file, .init = set_up, .fini = tear_down);

static const char *path(void)
{
    return folder_at(&folder, "timeline");
}

static void reopen(void)
{
    assay_timeline_file_close(&file);
    cr_assert_eq(assay_timeline_file_open(path(), &timeline, &file), ASSAY_OK);
}

static void happen(uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        struct assay_timeline_event *event =
            assay_timeline_add(&timeline, "new", ASSAY_SLOT_ALL);
        event->at_unix_ms = 1000 + event->seq;
        event->epoch = event->seq / 3;
        event->slot = (uint16_t)(event->seq % 5);
        event->a = 2 * event->seq;
        event->b = UINT64_MAX - event->seq;
        (void)snprintf(event->code, sizeof event->code, "code_%u", (unsigned)event->seq);
        (void)snprintf(event->text, sizeof event->text, "text of %u", (unsigned)event->seq);
        cr_assert_eq(assay_timeline_file_append(file, event), ASSAY_OK);
    }
}

/* Everything from first to last is told, as it was. */
static void expect_told(uint64_t first, uint64_t last)
{
    const struct assay_timeline_event *event = assay_timeline_find_after(&timeline, 0);
    cr_assert_eq(timeline.last, last);
    for (uint64_t seq = first; seq <= last; seq++) {
        char code[ASSAY_TIMELINE_CODE], text[ASSAY_TIMELINE_TEXT];
        cr_assert_not_null(event, "%u", (unsigned)seq);
        cr_assert_eq(event->seq, seq, "found %u, expected %u", (unsigned)event->seq, (unsigned)seq);
        (void)snprintf(code, sizeof code, "code_%u", (unsigned)seq);
        (void)snprintf(text, sizeof text, "text of %u", (unsigned)seq);
        cr_expect_str_eq(event->code, code);
        cr_expect_str_eq(event->text, text);
        cr_expect_eq(event->at_unix_ms, 1000 + seq);
        cr_expect_eq(event->epoch, seq / 3);
        cr_expect_eq(event->slot, seq % 5);
        cr_expect_eq(event->a, 2 * seq);
        cr_expect_eq(event->b, UINT64_MAX - seq);
        event = assay_timeline_find_after(&timeline, seq);
    }
    cr_assert_null(event);
}

Test(net_timeline_file, goes_on_with_its_numbers_after_a_restart)
{
    struct stat info;
    reopen();
    cr_assert_eq(timeline.last, 0);
    cr_assert_eq(stat(path(), &info), 0);
    cr_expect_eq(info.st_mode & 07777, 0600);
    happen(5);
    reopen();
    expect_told(1, 5);
    happen(3);
    reopen();
    expect_told(1, 8);
}

/* One that takes the number of the newest like it is told in its place. */
Test(net_timeline_file, what_took_the_place_of_the_one_before_is_told)
{
    reopen();
    for (uint64_t i = 1; i <= 3 * ASSAY_TIMELINE_ALIKE_MAX; i++) {
        struct assay_timeline_event *event = assay_timeline_add(&timeline, "again", 2);
        event->a = i;
        cr_assert_eq(assay_timeline_file_append(file, event), ASSAY_OK);
    }
    reopen();
    cr_assert_eq(timeline.last, ASSAY_TIMELINE_ALIKE_MAX);
    for (uint64_t seq = 1; seq < timeline.last; seq++)
        cr_expect_eq(assay_timeline_find_after(&timeline, seq - 1)->a, seq);
    cr_expect_eq(assay_timeline_find_after(&timeline, timeline.last - 1)->a,
                 3 * ASSAY_TIMELINE_ALIKE_MAX);
}

Test(net_timeline_file, keeps_the_newest_of_many_and_no_more_room)
{
    struct stat info;
    reopen();
    happen(2 * ASSAY_TIMELINE_MAX + 100);
    reopen();
    expect_told(ASSAY_TIMELINE_MAX + 101, 2 * ASSAY_TIMELINE_MAX + 100);
    cr_assert_eq(stat(path(), &info), 0);
    cr_expect_eq(info.st_size, (off_t)ASSAY_TIMELINE_MAX * ASSAY_TIMELINE_RECORD_LEN);
}

static void spoil(uint64_t seq, unsigned at)
{
    uint8_t byte = 0;
    const off_t place =
        (off_t)(seq % ASSAY_TIMELINE_MAX) * ASSAY_TIMELINE_RECORD_LEN + (off_t)at;
    const int fd = open(path(), O_RDWR | O_CLOEXEC);
    cr_assert_eq(pread(fd, &byte, 1, place), 1);
    byte ^= 1;
    cr_assert_eq(pwrite(fd, &byte, 1, place), 1);
    cr_assert_eq(close(fd), 0);
}

Test(net_timeline_file, what_is_damaged_and_all_before_it_is_gone)
{
    reopen();
    happen(9);
    for (unsigned at = 0; at < ASSAY_TIMELINE_RECORD_LEN; at++) {
        spoil(4, at);
        reopen();
        expect_told(5, 9);
        spoil(4, at); /* and back */
    }
    reopen();
    expect_told(1, 9);
    spoil(9, 0);
    reopen();
    expect_told(1, 8);
    happen(1); /* in its place */
    reopen();
    expect_told(1, 9);
}

Test(net_timeline_file, every_cut_of_the_file_leaves_whole_records)
{
    reopen();
    happen(3);
    for (off_t len = 4 * ASSAY_TIMELINE_RECORD_LEN; len >= 0; len -= 7) {
        assay_timeline_file_close(&file);
        cr_assert_eq(truncate(path(), len), 0);
        reopen();
        const uint64_t whole = (uint64_t)len / ASSAY_TIMELINE_RECORD_LEN;
        expect_told(1, whole > 0 ? whole - 1 : 0); /* record 0 of the file is number 1024's */
    }
}

Test(net_timeline_file, a_record_in_the_place_of_another_is_none)
{
    uint8_t record[ASSAY_TIMELINE_RECORD_LEN];
    reopen();
    happen(3);
    const int fd = open(path(), O_RDWR | O_CLOEXEC);
    cr_assert_eq(pread(fd, record, sizeof record, 3 * ASSAY_TIMELINE_RECORD_LEN), sizeof record);
    cr_assert_eq(pwrite(fd, record, sizeof record, 2 * ASSAY_TIMELINE_RECORD_LEN), sizeof record);
    cr_assert_eq(close(fd), 0);
    reopen();
    expect_told(3, 3);
}

Test(net_timeline_file, what_is_no_file_of_ours_is_refused, .timeout = 10)
{
    static struct assay_timeline other;
    cr_assert_eq(mkdir(folder_at(&folder, "folder"), 0700), 0);
    cr_expect_eq(assay_timeline_file_open(folder_at(&folder, "folder"), &other, &file),
                 ASSAY_E_IO);
    cr_assert_eq(mkfifo(folder_at(&folder, "pipe"), 0600), 0);
    cr_expect_eq(assay_timeline_file_open(folder_at(&folder, "pipe"), &other, &file), ASSAY_E_IO);
    cr_assert_eq(symlink(path(), folder_at(&folder, "link")), 0);
    cr_expect_eq(assay_timeline_file_open(folder_at(&folder, "link"), &other, &file), ASSAY_E_IO);
    cr_expect_null(file);
    cr_expect_eq(assay_timeline_file_open("/dev/full", &other, &file), ASSAY_E_IO, "no file");
}
