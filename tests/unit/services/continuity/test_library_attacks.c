/*
 * tests/unit/services/continuity/test_library_attacks.c - libassay-continuity with a host that
 * renames and plants files, disks that fail at each call, and arguments that cannot be. Goal: the
 * last certified state is never lost by the library itself, and no input ends the process.
 */
#include "tests/unit/services/continuity/library_bench.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/un.h>

/* --- a disk that fails: the library's calls that change a folder go through here */

enum { NEVER = 1 << 30 };

static struct disk {
    int left;   /* calls that still succeed */
    int fails;  /* then so many that do not; a crash: all of them */
    int reason; /* errno */
    int calls;
} disk = { .left = NEVER };

static bool disk_fails(void)
{
    disk.calls++;
    if (disk.left > 0) disk.left--;
    else if (disk.fails > 0) {
        disk.fails--;
        errno = disk.reason;
        return true;
    }
    return false;
}

static void set_disk(int left, int fails, int reason)
{
    disk = (struct disk){ .left = left, .fails = fails, .reason = reason };
}

int fsync(int fd)
{
    return disk_fails() ? -1 : (int)syscall(SYS_fsync, fd);
}

int rename(const char *from, const char *to)
{
    return disk_fails() ? -1 : (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int link(const char *from, const char *to)
{
    return disk_fails() ? -1 : (int)syscall(SYS_linkat, AT_FDCWD, from, AT_FDCWD, to, 0);
}

int unlink(const char *path)
{
    return disk_fails() ? -1 : (int)syscall(SYS_unlinkat, AT_FDCWD, path, 0);
}

/* --- a clock that the host sets, of the thread of the test alone */

static _Thread_local int64_t clock_s;

int clock_gettime(clockid_t id, struct timespec *now)
{
    const int failed = (int)syscall(SYS_clock_gettime, id, now);
    now->tv_sec += clock_s;
    return failed;
}

TestSuite(services_library_attacks, .init = set_up, .fini = tear_down, .timeout = 600);

/* Files whose names begin so. */
static int count_files(const char *folder, const char *prefix)
{
    DIR *const files = opendir(folder);
    int count = 0;
    cr_assert_not_null(files);
    for (const struct dirent *d; (d = readdir(files)) != NULL;)
        if (strncmp(d->d_name, prefix, strlen(prefix)) == 0) count++;
    closedir(files);
    return count;
}

/* --- crashes and failures at each call */

/* The process ends at call n: what it does later has no effect. Two states are given meanwhile.
 * Returns: whether it has made n calls */
static bool crash_at(const char *folder, int n)
{
    uint64_t index = 0, shown = 0;
    size_t len = 0;
    set_disk(n, NEVER, EIO);
    struct assay_continuity *c = open_folder(folder, false);
    enum assay_continuity_result result = start_within(c);
    (void)assay_continuity_state(c, NULL, &index);
    for (uint64_t to = index + 2; index < to && result == ASSAY_CONTINUITY_OK;) {
        const uint64_t value = index + 1;
        result = assay_continuity_update(c, &value, sizeof value, &index);
        if (result == ASSAY_CONTINUITY_OK) result = wait_within(c, index);
        if (result == ASSAY_CONTINUITY_OK) shown = index;
    }
    assay_continuity_close(&c);
    const bool is_reached = disk.calls >= n;
    set_disk(NEVER, 0, 0);
    c = start_folder(folder, false);
    const uint64_t *const found = assay_continuity_state(c, &len, &index);
    cr_assert_geq(index, shown, "call %d", n);
    cr_assert(len == sizeof *found && *found == index, "call %d", n);
    cr_expect_eq(count_states(folder), 1);
    cr_expect_eq(count_files(folder, ".state"), 0, "call %d: temporary files are removed", n);
    assay_continuity_close(&c);
    close_epochs(1);
    return is_reached;
}

Test(services_library_attacks, a_crash_at_any_call_loses_no_certified_state)
{
    const char *const folder = in_root("a");
    const uint64_t first = 1;
    bool is_reached = true;
    struct assay_continuity *c = start_folder(folder, true);
    expect_result(c, assay_continuity_update(c, &first, sizeof first, NULL), ASSAY_CONTINUITY_OK);
    expect_result(c, wait_within(c, 1), ASSAY_CONTINUITY_OK);
    assay_continuity_close(&c);
    for (int n = 0; is_reached && n < 60; n++)
        is_reached = crash_at(folder, n);
    cr_expect_not(is_reached);
}

/* One call fails, and the program tries again, in the same session. */
Test(services_library_attacks, a_birth_goes_on_after_a_call_that_failed)
{
    static const int calls[INSTANCES] = { 1, 2, 4, 6 };
    char name[16];
    for (int i = 0; i < INSTANCES; i++) {
        (void)snprintf(name, sizeof name, "b%d", i);
        struct assay_continuity *c = open_folder(in_root(name), true);
        set_disk(calls[i] - 1, 1, EIO);
        expect_result(c, start_within(c), ASSAY_CONTINUITY_STORAGE);
        cr_expect_not_null(strstr(assay_continuity_reason(c), "identity: Input/output error"), "%s",
                           assay_continuity_reason(c));
        expect_result(c, start_within(c), ASSAY_CONTINUITY_OK);
        set_disk(NEVER, 0, 0);
        save_text(c, "one");
        assay_continuity_close(&c);
    }
}

/* --- names and files that the host chooses */

/* What is sealed decides which state a file has; the name that it has now is the one that stays. */
Test(services_library_attacks, a_state_under_another_name_is_not_removed)
{
    const char *const folder = in_root("a");
    struct assay_continuity *c = start_folder(folder, true);
    save_text(c, "one");
    assay_continuity_close(&c);
    run_command("mv %s/state-* %s/state-00000000000000000001-0000000000000000", folder, folder);
    for (int i = 0; i < 2; i++) {
        c = start_folder(folder, false);
        expect_text(c, "one", 1);
        cr_expect_eq(count_states(folder), 1);
        assay_continuity_close(&c);
    }
    c = start_folder(folder, false);
    save_text(c, "two");
    cr_expect_eq(count_states(folder), 1);
    assay_continuity_close(&c);
}

/* A place of the certified index that cannot be read, beside the certified state. */
Test(services_library_attacks, a_file_that_cannot_be_read_hides_no_other)
{
    const char *const folder = in_root("a");
    struct assay_continuity *c = start_folder(folder, true);
    save_text(c, "one");
    assay_continuity_close(&c);
    run_command("mkdir %s/state-00000000000000000001-0000000000000000; mkdir "
                "%s/state-00000000000000000001-ffffffffffffffff",
                folder, folder);
    c = start_folder(folder, false);
    expect_text(c, "one", 1);
    save_text(c, "two");
    assay_continuity_close(&c);
    run_command("rm %s/state-00000000000000000002-*; mkdir %s/state-00000000000000000002-1", folder,
                folder);
    expect_start(folder, ASSAY_CONTINUITY_ROLLBACK);
    run_command("mkdir %s/state-00000000000000000002-0000000000000001; true %s", folder, folder);
    c = open_folder(folder, false);
    expect_result(c, start_within(c), ASSAY_CONTINUITY_STORAGE);
    cr_expect_not_null(
        strstr(assay_continuity_reason(c), "state-00000000000000000002-0000000000000001: Is a"),
        "%s", assay_continuity_reason(c));
    assay_continuity_close(&c);
}

/* Killed while it wrote a state. */
Test(services_library_attacks, half_written_files_are_removed)
{
    const char *const folder = in_root("a");
    struct assay_continuity *c = start_folder(folder, true);
    save_text(c, "one");
    assay_continuity_close(&c);
    run_command("echo x >%s/.state-00000000000000000002-0000000000000001.new; "
                "echo x >%s/.identity.new",
                folder, folder);
    c = start_folder(folder, false);
    expect_text(c, "one", 1);
    cr_expect_eq(count_files(folder, ".state"), 0);
    cr_expect_eq(count_files(folder, ".identity"), 0);
    assay_continuity_close(&c);
}

/* The folder of a program that runs is exchanged for one of another instance. */
Test(services_library_attacks, the_identity_of_another_instance_is_not_replaced)
{
    const char *const a = in_root("a"), *const b = in_root("b");
    struct assay_continuity *c = start_folder(b, true);
    save_text(c, "of b");
    assay_continuity_close(&c);
    c = start_folder(a, true);
    save_text(c, "of a");
    assay_continuity_close(&c);
    c = open_folder(a, false);
    run_command("rm -rf %1$s; cp -a %2$s %1$s", a, b);
    const enum assay_continuity_result result = start_within(c);
    cr_expect(result != ASSAY_CONTINUITY_OK, "%s", assay_continuity_name(result));
    assay_continuity_close(&c);
    c = start_folder(a, false);
    expect_text(c, "of b", 1);
    assay_continuity_close(&c);
    /* While it runs. */
    run_command("rm -rf %s; true %s", a, a);
    c = start_folder(a, true);
    save_text(c, "of the second a");
    run_command("rm -rf %1$s; cp -a %2$s %1$s", a, b);
    for (int i = 0; i < 70; i++) {
        close_epochs(1);
        cr_expect_neq(assay_continuity_step(c, 20), ASSAY_CONTINUITY_MISUSE);
    }
    assay_continuity_close(&c);
    expect_start(a, ASSAY_CONTINUITY_OK);
}

Test(services_library_attacks, a_disk_that_is_read_only_at_a_start_is_none_later)
{
    const char *const folder = in_root("a");
    struct assay_continuity *c = start_folder(folder, true);
    save_text(c, "one");
    assay_continuity_close(&c);
    c = open_folder(folder, false);
    for (int i = 0; i < 3; i++) {
        set_disk(0, NEVER, EROFS);
        expect_result(c, start_within(c), ASSAY_CONTINUITY_STORAGE);
        cr_expect_not_null(strstr(assay_continuity_reason(c), "Read-only file system"), "%s",
                           assay_continuity_reason(c));
        expect_text(c, "", 0);
        expect_result(c, assay_continuity_update(c, "x", 1, NULL), ASSAY_CONTINUITY_TOO_EARLY);
    }
    set_disk(NEVER, 0, 0);
    expect_result(c, start_within(c), ASSAY_CONTINUITY_OK);
    expect_text(c, "one", 1);
    save_text(c, "two");
    assay_continuity_close(&c);
}

Test(services_library_attacks, a_clock_that_jumps_ends_nothing)
{
    static const int64_t jumps[] = {
        3600, -3600, INT64_C(1) << 32, -(INT64_C(1) << 32), 86400 * 50, -(86400 * 51)
    };
    const char *const folder = in_root("a");
    const uint8_t nonce[32] = { 1 };
    uint8_t receipt[ASSAY_CONTINUITY_RECEIPT_MAX];
    size_t len = 0;
    uint64_t index = 0;
    struct assay_continuity *c = start_folder(folder, true);
    save_text(c, "one");
    for (size_t i = 0; i < sizeof jumps / sizeof *jumps; i++) {
        expect_result(c, assay_continuity_update(c, "next", 4, &index), ASSAY_CONTINUITY_OK);
        clock_s += jumps[i];
        expect_result(c, wait_within(c, index), ASSAY_CONTINUITY_OK);
        cr_expect_geq(assay_continuity_timeout_ms(c), 0);
        expect_result(c, assay_continuity_confirm(c, SOON_MS), ASSAY_CONTINUITY_OK);
        clock_s -= jumps[i] / 2;
        expect_result(c, assay_continuity_receipt(c, nonce, receipt, sizeof receipt, &len, SOON_MS),
                      ASSAY_CONTINUITY_OK);
    }
    assay_continuity_close(&c);
    clock_s = 0;
    c = open_folder(folder, false);
    enum assay_continuity_result result = ASSAY_CONTINUITY_IN_DOUBT;
    for (int i = 0; i < SOON_MS / 20 && result == ASSAY_CONTINUITY_IN_DOUBT; i++) {
        if (i % 20 == 0) close_epochs(1);
        clock_s += i % 2 == 0 ? 86400 * 60 : -(86400 * 60);
        result = assay_continuity_start(c, 20);
    }
    expect_result(c, result, ASSAY_CONTINUITY_OK);
    expect_text(c, "next", 7);
    assay_continuity_close(&c);
}

/* As many states as may wait, without a quorum. */
Test(services_library_attacks, a_full_queue_stays_in_the_folder)
{
    const char *const folder = in_root("a");
    struct assay_continuity *c = start_folder(folder, true);
    save_text(c, "one");
    replica_kill(1);
    replica_kill(2);
    uint64_t index = 0;
    enum assay_continuity_result result = ASSAY_CONTINUITY_OK;
    while (result == ASSAY_CONTINUITY_OK)
        result = assay_continuity_update(c, &index, sizeof index, &index);
    expect_result(c, result, ASSAY_CONTINUITY_FULL);
    cr_expect_eq(index, 1 + 4096);
    expect_result(c, assay_continuity_save(c, "x", 1, 0), ASSAY_CONTINUITY_FULL);
    expect_result(c, assay_continuity_wait(c, index, 10), ASSAY_CONTINUITY_IN_DOUBT);
    assay_continuity_close(&c);
    cr_expect_eq(count_states(folder), 1 + 4096, "one of them may be certified");
}

/* --- arguments */

Test(services_library_attacks, arguments_that_cannot_be_end_no_process)
{
    const char *const folder = in_root("a");
    const struct assay_continuity_options o = options_of(folder);
    struct assay_continuity_options bad;
    struct assay_continuity *c = NULL;
    const uint8_t zeros[64] = { 0 };
#define REFUSES(change, word)                                                                      \
    do {                                                                                           \
        bad = o;                                                                                   \
        change;                                                                                    \
        expect_result(c, assay_continuity_create(&bad, &c), ASSAY_CONTINUITY_MISUSE);              \
        cr_expect_not_null(strstr(assay_continuity_reason(c), word), "%s",                         \
                           assay_continuity_reason(c));                                            \
        cr_expect_eq(access(folder, F_OK), -1, "nothing is written");                              \
        assay_continuity_close(&c);                                                                \
    } while (0)
    REFUSES(bad.size = SIZE_MAX, "size:");
    REFUSES((bad.daemon = house.folder, bad.group = 100000), "group:");
    REFUSES(bad.group = UINT32_MAX, "group:");
    REFUSES(bad.daemon = "", "daemon:");
    REFUSES((bad.later = zeros, bad.later_signature = zeros, bad.owner = zeros), "later:");
    char longer[200];
    memset(longer, 'a', sizeof longer - 1);
    longer[sizeof longer - 1] = '\0';
    REFUSES(bad.daemon = longer, "107 bytes");
    REFUSES((bad.later = zeros, bad.later_len = 0), "later:");
}

/* --- what a program sees */

/* Zero is what can be done without waiting: such calls alone get on. */
Test(services_library_attacks, calls_without_a_timeout_are_enough)
{
    const char *const folder = in_root("a");
    struct assay_continuity *c = open_folder(folder, true);
    enum assay_continuity_result result = ASSAY_CONTINUITY_IN_DOUBT;
    for (int i = 0; i < SOON_MS / 10 && result == ASSAY_CONTINUITY_IN_DOUBT; i++) {
        struct pollfd ready = { .fd = assay_continuity_fd(c), .events = POLLIN };
        if (i % 20 == 0) close_epochs(1);
        (void)poll(&ready, 1, 10);
        result = assay_continuity_start(c, 0);
    }
    expect_result(c, result, ASSAY_CONTINUITY_OK);
    expect_result(c, assay_continuity_update(c, "x", 1, NULL), ASSAY_CONTINUITY_OK);
    result = ASSAY_CONTINUITY_IN_DOUBT;
    for (int i = 0; i < SOON_MS / 10 && result == ASSAY_CONTINUITY_IN_DOUBT; i++) {
        struct pollfd ready = { .fd = assay_continuity_fd(c), .events = POLLIN };
        if (i % 20 == 0) close_epochs(1);
        (void)poll(&ready, 1, 10);
        result = assay_continuity_wait(c, 1, 0);
    }
    expect_result(c, result, ASSAY_CONTINUITY_OK);
    assay_continuity_close(&c);
}

/* A daemon that accepts nothing, with a full queue of callers. */
Test(services_library_attacks, a_daemon_that_hangs_does_not_hang_the_program)
{
    const char *const path = in_root("stuck");
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    const int listener = socket(AF_UNIX, SOCK_STREAM, 0);
    cr_assert_eq(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(listen(listener, 0), 0);
    int callers[4];
    for (int i = 0; i < 4; i++) {
        callers[i] = socket(AF_UNIX, SOCK_STREAM | SOCK_NONBLOCK, 0);
        (void)connect(callers[i], (struct sockaddr *)&address, sizeof address);
    }
    struct assay_continuity_options o = options_of(in_root("a"));
    struct assay_continuity *c = NULL;
    o.daemon = path;
    expect_result(c, assay_continuity_create(&o, &c), ASSAY_CONTINUITY_OK);
    (void)alarm(20);
    expect_result(c, assay_continuity_start(c, 300), ASSAY_CONTINUITY_IN_DOUBT);
    (void)alarm(0);
    assay_continuity_close(&c);
    for (int i = 0; i < 4; i++)
        (void)close(callers[i]);
    (void)close(listener);
}

/* A state above a smaller bound than before: the reason names the bound. */
Test(services_library_attacks, a_smaller_state_max_is_named)
{
    const char *const folder = in_root("a");
    struct assay_continuity_options o;
    struct assay_continuity *c = start_folder(folder, true);
    save_text(c, "a state of some length");
    assay_continuity_close(&c);
    o = options_of(folder);
    o.state_max = 5;
    expect_result(c, assay_continuity_open(&o, &c), ASSAY_CONTINUITY_OK);
    expect_result(c, start_within(c), ASSAY_CONTINUITY_SEALED);
    cr_expect_not_null(strstr(assay_continuity_reason(c), "state_max"), "%s",
                       assay_continuity_reason(c));
    assay_continuity_close(&c);
}

static int count_descriptors(void)
{
    DIR *const all = opendir("/proc/self/fd");
    int count = 0;
    while (readdir(all) != NULL)
        count++;
    closedir(all);
    return count;
}

Test(services_library_attacks, handles_leave_no_descriptor)
{
    const char *const folder = in_root("a/");
    struct assay_continuity *c = start_folder(folder, true);
    save_text(c, "one");
    assay_continuity_close(&c);
    const int before = count_descriptors();
    for (int i = 0; i < 50; i++) {
        const struct assay_continuity_options options = options_of(folder);
        c = open_folder(folder, false);
        cr_expect_neq(assay_continuity_step(c, 1), ASSAY_CONTINUITY_MISUSE);
        assay_continuity_close(&c);
        expect_result(c, assay_continuity_create(&options, &c), ASSAY_CONTINUITY_EXISTS);
        cr_expect_null(strstr(assay_continuity_reason(c), "//"));
        assay_continuity_close(&c);
    }
    pthread_mutex_lock(&house.lock);
    const int after = count_descriptors();
    pthread_mutex_unlock(&house.lock);
    cr_expect_leq(after, before + 8, "%d and %d", before, after);
}
