/*
 * tests/unit/net/test_timeline_log.c - tests of the stored timeline.
 *
 * net/timeline/timeline_log.h: events are still there after a restart, and numbers go on.
 */
#include "net/timeline/timeline_log.h"

#include "base/crypto.h"
#include "base/writer.h"
#include "engine/messages/message.h"
#include "tests/unit/apps/folder.h"

#include <criterion/criterion.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static struct folder folder;
static struct assay_timeline_log *timeline;

static void set_up(void)
{
    folder = folder_make();
}

static void tear_down(void)
{
    assay_timeline_log_destroy(&timeline);
    folder_remove(&folder);
}

TestSuite(net_timeline_log, .init = set_up, .fini = tear_down);

static const char *path(void)
{
    return folder_at(&folder, "timeline");
}

static void reopen_with(uint32_t kept_max)
{
    assay_timeline_log_destroy(&timeline);
    cr_assert_eq(assay_timeline_log_create(kept_max, &timeline), ASSAY_OK);
    cr_assert_eq(assay_timeline_log_open(timeline, path()), ASSAY_OK);
}

static void reopen(void)
{
    reopen_with(ASSAY_TIMELINE_KEPT_USUAL);
}

static struct assay_timeline_event event_of(uint64_t seq)
{
    struct assay_timeline_event event = { .at_unix_ms = 1000 + seq,
                                          .epoch = seq / 3,
                                          .slot = (uint16_t)(seq % 5),
                                          .a = 2 * seq,
                                          .b = UINT64_MAX - seq };
    (void)snprintf(event.code, sizeof event.code, "code_%u", (unsigned)seq);
    (void)snprintf(event.name, sizeof event.name, "node-%u", (unsigned)seq % 5);
    (void)snprintf(event.text, sizeof event.text, "text of %u", (unsigned)seq);
    return event;
}

static void add_events(uint64_t count)
{
    for (uint64_t i = 0; i < count; i++) {
        const struct assay_timeline_event event = event_of(assay_timeline_log_last(timeline) + 1);
        cr_assert_eq(assay_timeline_log_add(timeline, &event), ASSAY_OK);
    }
}

/* Exactly the events from first to last are there, as they were; skipped: without this one. */
static void expect_events(uint64_t first, uint64_t last, uint64_t skipped)
{
    struct assay_timeline_event event;
    uint64_t since = 0;
    for (uint64_t seq = first; seq <= last; seq++) {
        if (seq == skipped) continue;
        struct assay_timeline_event expected = event_of(seq);
        cr_assert(assay_timeline_log_find_after(timeline, since, &event, NULL), "%u",
                  (unsigned)seq);
        cr_assert_eq(event.seq, seq, "found %u, expected %u", (unsigned)event.seq, (unsigned)seq);
        cr_expect_str_eq(event.code, expected.code);
        cr_expect_str_eq(event.name, expected.name);
        cr_expect_str_eq(event.text, expected.text);
        cr_expect_eq(event.at_unix_ms, expected.at_unix_ms);
        cr_expect_eq(event.epoch, expected.epoch);
        cr_expect_eq(event.slot, expected.slot);
        cr_expect_eq(event.a, expected.a);
        cr_expect_eq(event.b, expected.b);
        cr_expect_eq(event.count, 1);
        cr_expect_eq(event.first_seq, seq);
        since = seq;
    }
    cr_assert_not(assay_timeline_log_find_after(timeline, since, &event, NULL));
}

static bool has_gap(uint64_t since)
{
    struct assay_timeline_event event;
    bool gap = false;
    (void)assay_timeline_log_find_after(timeline, since, &event, &gap);
    return gap;
}

Test(net_timeline_log, continues_with_its_numbers_after_a_restart)
{
    struct stat info;
    reopen();
    cr_assert_eq(assay_timeline_log_last(timeline), 0);
    cr_assert_eq(stat(path(), &info), 0);
    cr_expect_eq(info.st_mode & 07777, 0600);
    add_events(5);
    reopen();
    expect_events(1, 5, 0);
    add_events(3);
    reopen();
    expect_events(1, 8, 0);
    cr_expect_not(has_gap(0));
}

Test(net_timeline_log, repeats_are_one_event_after_a_restart_as_well)
{
    struct assay_timeline_event event = { .code = "evidence_missing", .text = "absent" };
    reopen();
    for (event.epoch = 5; event.epoch < 105; event.epoch++) {
        cr_assert_eq(assay_timeline_log_add(timeline, &event), ASSAY_OK);
        if (event.epoch % 10 == 0) reopen();
    }
    reopen();
    cr_assert(assay_timeline_log_find_after(timeline, 0, &event, NULL));
    cr_expect_eq(event.seq, 100);
    cr_expect_eq(event.count, 100);
    cr_expect_eq(event.first_epoch, 5);
    cr_expect_eq(event.epoch, 104);
    cr_expect_not(assay_timeline_log_find_after(timeline, event.seq, &event, NULL));
    cr_expect_not(has_gap(0));
}

Test(net_timeline_log, the_file_is_bounded_and_what_is_gone_is_known)
{
    struct stat info;
    reopen();
    add_events(ASSAY_TIMELINE_KEPT_USUAL + 100);
    cr_expect(has_gap(0));
    reopen();
    cr_expect(has_gap(0), "also after a restart");
    cr_expect_eq(assay_timeline_log_last(timeline), ASSAY_TIMELINE_KEPT_USUAL + 100);
    cr_assert_eq(stat(path(), &info), 0);
    cr_expect_leq(info.st_size, (off_t)ASSAY_TIMELINE_HEADER_LEN +
                                    (off_t)ASSAY_TIMELINE_MAX * ASSAY_TIMELINE_RECORD_LEN);
}

/* What changes something, and what may repeat. */
static void count_events(size_t *changes, size_t *others)
{
    struct assay_timeline_event event = { 0 };
    *changes = *others = 0;
    while (assay_timeline_log_find_after(timeline, event.seq, &event, NULL))
        ++*(strcmp(event.code, "hold") == 0 ? changes : others);
}

/* node.history_events: a higher bound retains more, a lower one gives up what may repeat first; and
 * what was given up is gone, also when the bound is higher again. */
Test(net_timeline_log, the_bound_may_change_between_two_runs)
{
    enum { LOW = ASSAY_TIMELINE_KEPT_MIN, HIGH = 4 * LOW, CHANGES = 300 };
    size_t changes = 0, others = 0;
    struct stat info;
    reopen_with(HIGH);
    for (unsigned i = 0; i < CHANGES; i++) {
        struct assay_timeline_event event = { .code = "hold", .epoch = i, .slot = 1 };
        (void)snprintf(event.text, sizeof event.text, "reason %u", i);
        cr_assert_eq(assay_timeline_log_add(timeline, &event), ASSAY_OK);
    }
    add_events(HIGH - CHANGES);
    count_events(&changes, &others);
    cr_expect_eq(changes, CHANGES);
    cr_expect_eq(others, HIGH - CHANGES);
    cr_expect_not(has_gap(0));
    reopen_with(LOW);
    count_events(&changes, &others);
    cr_expect_eq(changes, CHANGES, "a transition goes after all that may repeat");
    cr_expect_eq(others, LOW - CHANGES);
    cr_expect(has_gap(0), "readers are told");
    cr_assert_eq(stat(path(), &info), 0);
    cr_expect_eq(info.st_mode & 07777, 0600);
    reopen_with(HIGH);
    count_events(&changes, &others);
    cr_expect_eq(changes + others, LOW, "the file has no more than that");
    add_events(1);
    cr_expect_eq(assay_timeline_log_last(timeline), HIGH + 1, "numbers go on");
}

static void flip_bit(uint64_t seq, unsigned at)
{
    uint8_t byte = 0;
    const off_t place =
        ASSAY_TIMELINE_HEADER_LEN + (off_t)(seq - 1) * ASSAY_TIMELINE_RECORD_LEN + (off_t)at;
    const int fd = open(path(), O_RDWR | O_CLOEXEC);
    cr_assert_eq(pread(fd, &byte, 1, place), 1);
    byte ^= 1;
    cr_assert_eq(pwrite(fd, &byte, 1, place), 1);
    cr_assert_eq(close(fd), 0);
}

Test(net_timeline_log, a_damaged_record_is_skipped_and_noticed)
{
    reopen();
    add_events(9);
    for (unsigned at = 0; at < ASSAY_TIMELINE_RECORD_LEN; at++) {
        flip_bit(4, at);
        reopen();
        expect_events(1, 9, 4);
        cr_assert(has_gap(3));
        flip_bit(4, at); /* and back */
    }
    reopen();
    expect_events(1, 9, 0);
    cr_expect_not(has_gap(0));
    flip_bit(9, 0);
    reopen();
    expect_events(1, 8, 0);
    add_events(1); /* in its place */
    reopen();
    expect_events(1, 9, 0);
}

Test(net_timeline_log, every_cut_of_the_file_leaves_complete_records)
{
    reopen();
    add_events(3);
    const off_t most = ASSAY_TIMELINE_HEADER_LEN + 3 * ASSAY_TIMELINE_RECORD_LEN;
    for (off_t len = most; len >= ASSAY_TIMELINE_HEADER_LEN; len -= 7) {
        assay_timeline_log_destroy(&timeline);
        cr_assert_eq(truncate(path(), len), 0);
        reopen();
        expect_events(1, (uint64_t)(len - ASSAY_TIMELINE_HEADER_LEN) / ASSAY_TIMELINE_RECORD_LEN,
                      0);
    }
}

/* A number that is there already, as after a copy of a record. */
Test(net_timeline_log, a_number_occurs_once)
{
    uint8_t record[ASSAY_TIMELINE_RECORD_LEN];
    enum { FIRST = ASSAY_TIMELINE_HEADER_LEN, SECOND = FIRST + ASSAY_TIMELINE_RECORD_LEN };
    reopen();
    add_events(3);
    const int fd = open(path(), O_RDWR | O_CLOEXEC);
    cr_assert_eq(pread(fd, record, sizeof record, FIRST), sizeof record);
    cr_assert_eq(pwrite(fd, record, sizeof record, SECOND), sizeof record);
    cr_assert_eq(close(fd), 0);
    reopen();
    expect_events(1, 3, 2);
}

/* --- the file of an earlier release: 1,024 records of 250 bytes, by number, without a header */

static void write_old_record(int fd, const struct assay_timeline_event *e)
{
    uint8_t record[250], digest[32];
    struct assay_writer w = assay_writer_over(record, sizeof record);
    const uint64_t numbers[] = { e->seq, e->at_unix_ms, e->epoch, e->a, e->b };
    for (size_t i = 0; i < 5; i++)
        assay_writer_u64be(&w, numbers[i]);
    assay_writer_u16be(&w, e->slot);
    assay_writer_put(&w, e->code, 40);
    assay_writer_put(&w, e->text, 160);
    assay_sha256(record, w.len, digest);
    assay_writer_put(&w, digest, 8);
    cr_assert_eq(w.len, sizeof record);
    cr_assert_eq(pwrite(fd, record, sizeof record, (off_t)(e->seq % 1024) * 250), sizeof record);
}

static void write_old_file(uint64_t last)
{
    const int fd = open(path(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    cr_assert_geq(fd, 0);
    for (uint64_t seq = 1; seq <= last; seq++) {
        struct assay_timeline_event event = event_of(seq);
        event.seq = seq;
        write_old_record(fd, &event);
    }
    cr_assert_eq(close(fd), 0);
}

/* The disk is full while the new file is written. */
Test(net_timeline_log, an_upgrade_that_fails_leaves_the_old_file)
{
    struct assay_timeline_event event;
    const struct rlimit some = { 200000, 200000 };
    write_old_file(500);
    cr_assert_neq(signal(SIGXFSZ, SIG_IGN), SIG_ERR);
    cr_assert_eq(setrlimit(RLIMIT_FSIZE, &some), 0);
    for (int i = 0; i < 2; i++) {
        assay_timeline_log_destroy(&timeline);
        cr_assert_eq(assay_timeline_log_create(ASSAY_TIMELINE_KEPT_USUAL, &timeline), ASSAY_OK);
        cr_expect_eq(assay_timeline_log_open(timeline, path()), ASSAY_E_IO);
        cr_expect_eq(assay_timeline_log_last(timeline), 500);
        cr_expect(assay_timeline_log_find_after(timeline, 0, &event, NULL));
        cr_expect_eq(event.seq, 1);
    }
}

Test(net_timeline_log, the_file_of_an_earlier_release_is_taken_over)
{
    struct assay_timeline_event event;
    write_old_file(1500);
    for (int i = 0; i < 2; i++) {
        uint64_t since = 0, count = 0;
        reopen();
        cr_expect(has_gap(0));
        while (assay_timeline_log_find_after(timeline, since, &event, NULL)) {
            const struct assay_timeline_event expected = event_of(event.seq);
            cr_assert_eq(event.seq, 477 + count++);
            cr_assert_str_eq(event.text, expected.text);
            cr_assert_eq(event.epoch, expected.epoch);
            since = event.seq;
        }
        cr_expect_eq(count, 1024);
        cr_expect_eq(assay_timeline_log_last(timeline), 1500);
    }
}

Test(net_timeline_log, a_file_that_cannot_be_read_stays_next_to_the_new_one)
{
    static const char later[] = "assay timeline 3, of a later release, with records of its own";
    char found[sizeof later] = "";
    int fd = open(path(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    cr_assert_eq(write(fd, later, sizeof later), sizeof later);
    cr_assert_eq(close(fd), 0);
    reopen();
    add_events(3);
    reopen();
    expect_events(1, 3, 0);
    fd = open(folder_at(&folder, "timeline.unread"), O_RDONLY | O_CLOEXEC);
    cr_assert_eq(read(fd, found, sizeof found), sizeof found);
    cr_assert_eq(close(fd), 0);
    cr_expect_str_eq(found, later);
}

Test(net_timeline_log, what_is_no_regular_file_is_refused, .timeout = 120)
{
    struct assay_timeline_event event = event_of(1);
    cr_assert_eq(assay_timeline_log_create(ASSAY_TIMELINE_KEPT_USUAL, &timeline), ASSAY_OK);
    cr_assert_eq(mkdir(folder_at(&folder, "folder"), 0700), 0);
    cr_expect_eq(assay_timeline_log_open(timeline, folder_at(&folder, "folder")), ASSAY_E_IO);
    cr_assert_eq(mkfifo(folder_at(&folder, "pipe"), 0600), 0);
    cr_expect_eq(assay_timeline_log_open(timeline, folder_at(&folder, "pipe")), ASSAY_E_IO);
    cr_assert_eq(symlink(path(), folder_at(&folder, "link")), 0);
    cr_expect_eq(assay_timeline_log_open(timeline, folder_at(&folder, "link")), ASSAY_E_IO);
    cr_expect_eq(assay_timeline_log_open(timeline, "/dev/full"), ASSAY_E_IO, "no file");
    cr_expect_eq(assay_timeline_log_add(timeline, &event), ASSAY_OK, "in memory all the same");
}
