/* tests/unit/enforce/test_process.c - the process driver over real processes, and restore. */
#include "enforce/process.h"
#include "enforce/restore.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/pidfd.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

/* A source whose processes are shells: "path" is the script. */
static struct {
    bool ready, fails;
    uint64_t received_ms;
    int ended;
    enum assay_work work;
} source;

static struct assay_driver *driver;
static char folder[64];

static pid_t killed_group; /* the last one */

/* In the place of the C library's. */
int kill(pid_t pid, int number)
{
    if (pid < 0) killed_group = -pid;
    return (int)syscall(SYS_kill, pid, number);
}

static uint64_t now_ms(void)
{
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * 1000 + (uint64_t)now.tv_nsec / 1000000;
}

static enum assay_status start(void *context, const char *path, uint64_t at_ms,
                               struct assay_process_child *child,
                               char message[static ASSAY_DRIVER_MESSAGE_LEN])
{
    cr_assert_eq(context, &source);
    if (source.fails) {
        snprintf(message, ASSAY_DRIVER_MESSAGE_LEN, "no shell today");
        return ASSAY_E_IO;
    }
    source.received_ms = at_ms;
    const pid_t pid = fork();
    if (pid == 0) {
        setpgid(0, 0);
        execl("/bin/sh", "sh", "-c", path, (char *)NULL);
        _exit(127);
    }
    setpgid(pid, pid);
    *child = (struct assay_process_child){ pid, pidfd_open(pid, 0) };
    return ASSAY_OK;
}

static int ended(void *context)
{
    (void)context;
    return source.ended++, 0;
}

static bool ready(void *context)
{
    (void)context;
    return source.ready;
}

static uint64_t received_ms(void *context)
{
    (void)context;
    return source.received_ms;
}

static enum assay_status set_work(void *context, enum assay_work work)
{
    (void)context;
    source.work = work;
    return ASSAY_OK;
}

static void open_driver(const char *script)
{
    const struct assay_process_config config = {
        .path = script,
        .source = { &source, start, ended, ready, received_ms, set_work },
        .grace_ms = 300,
        .ready_ms_max = 400,
        .silent_ms_max = 500,
    };
    cr_assert_eq(assay_process_open(&config, &driver), ASSAY_OK);
}

static void set_up(void)
{
    source.ready = true;
    snprintf(folder, sizeof folder, "/tmp/assay-test-process-XXXXXX");
    cr_assert_not_null(mkdtemp(folder));
}

static void tear_down(void)
{
    assay_process_close(&driver);
    DIR *open_folder = opendir(folder);
    for (struct dirent *entry = readdir(open_folder); entry != NULL; entry = readdir(open_folder))
        unlinkat(dirfd(open_folder), entry->d_name, 0);
    closedir(open_folder);
    rmdir(folder);
}

TestSuite(process, .init = set_up, .fini = tear_down, .timeout = 120);

/* Step until an event of this kind, at most half a minute. */
static struct assay_driver_event wait_for(enum assay_driver_event_kind kind)
{
    struct assay_driver_event event;
    const uint64_t end_ms = now_ms() + 30000;
    while (now_ms() < end_ms) {
        struct pollfd fd = { .fd = -1 };
        driver->ops->poll_set(driver, &fd, 1);
        poll(&fd, 1, 10);
        driver->ops->step(driver, now_ms());
        while (driver->ops->next(driver, &event))
            if (event.kind == kind) return event;
    }
    cr_assert_fail("event %d did not come", (int)kind);
    return event;
}

static int64_t begin(void)
{
    char message[ASSAY_DRIVER_MESSAGE_LEN];
    cr_assert_eq(driver->ops->start(driver, now_ms(), message), ASSAY_OK);
    return wait_for(ASSAY_DRIVER_STARTED).pid;
}

static bool alive(int64_t pid)
{
    char path[64], state = 'Z';
    snprintf(path, sizeof path, "/proc/%ld/stat", (long)pid);
    FILE *file = fopen(path, "r");
    if (file == NULL) return false;
    const bool read = fscanf(file, "%*d %*s %c", &state) == 1;
    fclose(file);
    return read && state != 'Z';
}

Test(process, stops_politely_what_listens)
{
    open_driver("trap 'exit 9' TERM; while :; do sleep 0.01; done");
    const int64_t pid = begin();
    wait_for(ASSAY_DRIVER_READY);
    cr_assert_eq(assay_process_pid(driver), pid);
    usleep(100000); /* the shell sets its trap */
    source.received_ms = UINT64_MAX;
    driver->ops->stop(driver, now_ms());
    const struct assay_driver_event event = wait_for(ASSAY_DRIVER_ENDED);
    cr_assert_eq(event.pid, pid);
    cr_assert_eq(event.cause, ASSAY_CAUSE_STOPPED);
    cr_assert_not(event.killed);
    cr_assert_eq(event.wait_status, 9);
    cr_assert_str_eq(event.message, "exit status 9");
    cr_assert_eq(source.ended, 1);
    cr_assert_eq(assay_process_pid(driver), 0);
}

Test(process, kills_after_the_grace_time_what_does_not)
{
    open_driver("trap '' TERM; while :; do sleep 0.01; done");
    begin();
    wait_for(ASSAY_DRIVER_READY);
    usleep(100000);
    source.received_ms = UINT64_MAX;
    const uint64_t before_ms = now_ms();
    driver->ops->stop(driver, before_ms);
    cr_assert_eq(driver->ops->wake_at(driver), before_ms + 300);
    driver->ops->stop(driver, before_ms + 200); /* said again: the time does not start anew */
    const struct assay_driver_event event = wait_for(ASSAY_DRIVER_ENDED);
    cr_assert_eq(event.cause, ASSAY_CAUSE_STOPPED);
    cr_assert(event.killed);
    cr_assert_eq(event.wait_status, SIGKILL);
    const uint64_t took_ms = now_ms() - before_ms;
    cr_assert(took_ms >= 300 && took_ms < 2000, "%lu ms", (unsigned long)took_ms);
}

Test(process, takes_the_whole_group_with_it)
{
    char script[128], path[96];
    snprintf(path, sizeof path, "%s/child", folder);
    snprintf(script, sizeof script, "sleep 100 & echo $! > %s; exit 3", path);
    open_driver(script);
    begin();
    const struct assay_driver_event event = wait_for(ASSAY_DRIVER_ENDED);
    cr_assert_eq(event.wait_status, 3);
    FILE *file = fopen(path, "r");
    long child = 0;
    cr_assert_eq(fscanf(file, "%ld", &child), 1);
    fclose(file);
    for (int i = 0; i < 200 && alive(child); i++)
        usleep(10000);
    cr_assert_not(alive(child), "a child of the enclave lives on");
}

Test(process, reports_an_end_by_itself)
{
    open_driver("sleep 0.2; exit 7");
    begin();
    wait_for(ASSAY_DRIVER_READY);
    const struct assay_driver_event event = wait_for(ASSAY_DRIVER_ENDED);
    cr_assert_eq(event.cause, ASSAY_CAUSE_ITSELF);
    cr_assert_eq(event.wait_status, 7);
    begin(); /* and starts again */
    wait_for(ASSAY_DRIVER_READY);
}

/* SIGCHLD that is ignored outlasts execve; the kernel reaps children then. */
Test(process, takes_what_the_kernel_reaped_for_ended)
{
    char script[160], path[96];
    snprintf(path, sizeof path, "%s/end", folder);
    snprintf(script, sizeof script, "while [ ! -e %s ]; do sleep 0.01; done; exit 0", path);
    cr_assert_neq(signal(SIGCHLD, SIG_IGN), SIG_ERR);
    open_driver(script);
    begin();
    wait_for(ASSAY_DRIVER_READY);
    source.received_ms = UINT64_MAX; /* no probe */
    const int end = open(path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    cr_assert_geq(end, 0);
    close(end);
    struct assay_driver_event event = wait_for(ASSAY_DRIVER_ENDED);
    cr_assert_eq(event.cause, ASSAY_CAUSE_ITSELF);
    cr_assert_not(event.killed);
    cr_assert_eq(event.wait_status, -1, "no success");
    cr_assert_str_eq(event.message, "exit status unknown");
    cr_assert_eq(killed_group, 0, "its number may be another group's");
    assay_process_close(&driver);
    open_driver("sleep 100");
    const int64_t pid = begin();
    wait_for(ASSAY_DRIVER_READY);
    driver->ops->stop(driver, now_ms());
    event = wait_for(ASSAY_DRIVER_ENDED);
    cr_assert_eq(event.cause, ASSAY_CAUSE_STOPPED);
    cr_assert_eq(killed_group, (pid_t)pid, "while it is a child, its number is its own");
    begin();
    wait_for(ASSAY_DRIVER_READY);
}

Test(process, kills_what_does_not_become_ready)
{
    open_driver("sleep 100");
    source.ready = false;
    begin();
    const struct assay_driver_event event = wait_for(ASSAY_DRIVER_ENDED);
    cr_assert_eq(event.cause, ASSAY_CAUSE_NO_START);
    cr_assert(event.killed);
}

Test(process, kills_what_falls_silent)
{
    open_driver("sleep 100");
    const int64_t pid = begin();
    wait_for(ASSAY_DRIVER_READY);
    kill((pid_t)pid, SIGSTOP); /* nothing short of SIGKILL helps then */
    const struct assay_driver_event event = wait_for(ASSAY_DRIVER_ENDED);
    cr_assert_eq(event.cause, ASSAY_CAUSE_SILENT);
    cr_assert_eq(event.wait_status, SIGKILL);
}

Test(process, hands_on_work_only_to_what_is_ready)
{
    open_driver("sleep 100");
    cr_assert_eq(driver->ops->set_work(driver, ASSAY_WORK_FULL), ASSAY_E_AGAIN);
    begin();
    wait_for(ASSAY_DRIVER_READY);
    cr_assert_eq(driver->ops->set_work(driver, ASSAY_WORK_RESTRICTED), ASSAY_OK);
    cr_assert_eq(source.work, ASSAY_WORK_RESTRICTED);
    driver->ops->stop(driver, now_ms());
    cr_assert_eq(driver->ops->set_work(driver, ASSAY_WORK_FULL), ASSAY_E_AGAIN);
}

Test(process, hands_on_why_it_cannot_start)
{
    open_driver("true");
    source.fails = true;
    char message[ASSAY_DRIVER_MESSAGE_LEN];
    cr_assert_eq(driver->ops->start(driver, now_ms(), message), ASSAY_E_IO);
    cr_assert_str_eq(message, "no shell today");
    driver->ops->stop(driver, now_ms()); /* nothing to stop */
    cr_assert_eq(driver->ops->wake_at(driver), UINT64_MAX);
}

Test(process, kills_what_runs_when_it_is_closed)
{
    open_driver("trap '' TERM; while :; do sleep 0.01; done");
    const int64_t pid = begin();
    assay_process_close(&driver);
    cr_assert_null(driver);
    cr_assert_not(alive(pid));
}

/* --------------------------------------------------------------- restore */

static void write_file(const char *path, const char *text, mode_t mode)
{
    const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
    cr_assert_geq(fd, 0);
    cr_assert_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
}

static bool file_says(const char *path, const char *text)
{
    char buffer[64] = "";
    const int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0) return false;
    const ssize_t got = read(fd, buffer, sizeof buffer);
    close(fd);
    return got == (ssize_t)strlen(text) && assay_bytes_equal(buffer, text, strlen(text));
}

static int entries(void)
{
    int count = 0;
    DIR *open_folder = opendir(folder);
    for (struct dirent *entry = readdir(open_folder); entry != NULL; entry = readdir(open_folder))
        count += entry->d_name[0] != '.';
    closedir(open_folder);
    return count;
}

Test(process, restores_a_file_whole_over_whatever_is_there)
{
    char from[96], to[96], left[112], message[ASSAY_DRIVER_MESSAGE_LEN] = "";
    snprintf(from, sizeof from, "%s/pristine", folder);
    snprintf(to, sizeof to, "%s/enclave", folder);
    snprintf(left, sizeof left, "%s/enclave.restore", folder);
    write_file(from, "the right build", 0600);
    write_file(to, "another", 0600);
    write_file(left, "half a", 0600); /* a crash in the middle of an earlier one */
    cr_assert_eq(assay_enforce_restore_file(from, to, message), ASSAY_OK, "%s", message);
    cr_assert(file_says(to, "the right build"));
    struct stat about;
    cr_assert_eq(stat(to, &about), 0);
    cr_assert_eq(about.st_mode & 0777, 0755);
    unlink(to);
    cr_assert_eq(assay_enforce_restore_file(from, to, message), ASSAY_OK, "%s", message);
    cr_assert(file_says(to, "the right build"));
    cr_assert_eq(entries(), 2);
}

Test(process, restores_nothing_from_a_bad_source)
{
    char from[96], to[96], longer[5000], message[ASSAY_DRIVER_MESSAGE_LEN];
    snprintf(from, sizeof from, "%s/pristine", folder);
    snprintf(to, sizeof to, "%s/enclave", folder);
    for (size_t i = 0; i < sizeof longer; i++)
        longer[i] = i + 1 < sizeof longer ? 'x' : '\0';
    write_file(to, "what is there", 0600);
    cr_assert_eq(assay_enforce_restore_file(from, to, message), ASSAY_E_NOT_FOUND);
    cr_assert_not_null(strstr(message, "No such file"));
    write_file(from, "", 0600);
    cr_assert_eq(assay_enforce_restore_file(from, to, message), ASSAY_E_RANGE);
    cr_assert_eq(assay_enforce_restore_file(folder, to, message), ASSAY_E_RANGE);
    cr_assert_eq(assay_enforce_restore_file("/dev/zero", to, message), ASSAY_E_RANGE);
    cr_assert_eq(assay_enforce_restore_file(to, longer, message), ASSAY_E_RANGE);
    cr_assert_eq(truncate(from, (off_t)ASSAY_RESTORE_LEN_MAX + 1), 0);
    cr_assert_eq(assay_enforce_restore_file(from, to, message), ASSAY_E_RANGE);
    write_file(from, "right", 0600);
    cr_assert_eq(assay_enforce_restore_file(from, "/nonexistent/enclave", message), ASSAY_E_IO);
    cr_assert(file_says(to, "what is there"));
}

Test(process, restores_over_a_program_that_runs)
{
    char from[96], to[96], command[256], message[ASSAY_DRIVER_MESSAGE_LEN] = "";
    snprintf(from, sizeof from, "%s/pristine", folder);
    snprintf(to, sizeof to, "%s/enclave", folder);
    write_file(from, "the right build", 0600);
    snprintf(command, sizeof command, "cp /bin/sleep %s && chmod 700 %s", to, to);
    cr_assert_eq(system(command), 0);

    const pid_t pid = fork();
    if (pid == 0) {
        execl(to, "sleep", "100", (char *)NULL);
        _exit(127);
    }
    usleep(100000);
    const int fd = open(to, O_WRONLY | O_CLOEXEC);
    cr_assert(fd < 0 && errno == ETXTBSY, "else this test proves nothing");
    cr_assert_eq(assay_enforce_restore_file(from, to, message), ASSAY_OK, "%s", message);
    cr_assert(file_says(to, "the right build"));
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}
