/*
 * tests/unit/apps/test_setup_process.c - tests of processes of a local network
 * (apps/assay/setup/setup_process.h).
 *
 * The test program is its own stand-in for a daemon: started with --config it waits.
 */
#include "apps/assay/setup/setup_process.h"

#include "apps/assay/setup/setup.h"
#include "tests/unit/apps/folder.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { WAIT_MS = 10000, OTHER_USER = 65534 };

static struct folder folder;
static struct assay_local_process process;
static unsigned ended;

/* In the current folder. */
static void listen_here(void)
{
    const struct sockaddr_un address = { .sun_family = AF_UNIX, .sun_path = "admin.sock" };
    const int fd = socket(AF_UNIX, SOCK_STREAM, 0);
    if (bind(fd, (const struct sockaddr *)&address, sizeof address) != 0 || listen(fd, 4) != 0)
        _exit(1);
}

/* Before main, and before anything of Criterion. */
__attribute__((constructor)) static void stand_in(int argc, char **argv)
{
    if (argc < 3 || strcmp(argv[1], "--config") != 0) return;
    if (strstr(argv[2], "stubborn") != NULL) (void)signal(SIGTERM, SIG_IGN);
    if (argc > 3 && strcmp(argv[3], "--listen") == 0) listen_here();
    (void)alarm(60); /* a test that fails leaves none behind for good */
    (void)dprintf(STDERR_FILENO, "waits\n");
    for (;;)
        (void)pause();
}

bool cli_setup_find_program(const char *name, char path[static PATH_MAX])
{
    const ssize_t len = readlink("/proc/self/exe", path, PATH_MAX - 1);
    cr_assert(len > 0);
    path[len] = '\0';
    return strcmp(name, "missing") != 0;
}

static void set_up(void)
{
    folder = folder_make();
    process = (struct assay_local_process){ .program = "assayd", .node = 1 };
    (void)snprintf(process.config, sizeof process.config, "%s", folder_at(&folder, "assayd.yaml"));
    (void)snprintf(process.log, sizeof process.log, "%s", folder_at(&folder, "log"));
    ended = 0;
}

static void tear_down(void)
{
    (void)unlink(process.log);
    folder_remove(&folder);
}

TestSuite(setup_process, .init = set_up, .fini = tear_down, .timeout = 60);

static void on_end(const struct assay_local_process *p)
{
    cr_expect_str_eq(p->program, "assayd");
    ended++;
}

static void sleep_ms(long ms)
{
    const struct timespec pause = { .tv_nsec = ms * 1000000 };
    (void)nanosleep(&pause, NULL);
}

/* Until the stand-in is there: its first line is in the log. */
static void wait_for_log(void)
{
    struct stat log = { 0 };
    for (int i = 0; i < WAIT_MS / 10 && log.st_size == 0; i++) {
        sleep_ms(10);
        if (stat(process.log, &log) != 0) log.st_size = 0;
    }
    cr_assert_gt(log.st_size, 0);
}

static void start(void)
{
    cr_assert(cli_process_start(&process));
    cr_assert(process.is_child);
    wait_for_log();
}

/* A process with this command line in the folder, which is no child by the process's record. */
static pid_t run_stand_in_as(uid_t user, const char *name, const char *config, const char *more)
{
    const pid_t pid = fork();
    cr_assert(pid >= 0);
    if (pid == 0) {
        (void)freopen(process.log, "a", stderr);
        if (chdir(folder.path) != 0 || (user != geteuid() && setuid(user) != 0)) _exit(126);
        (void)execl("/proc/self/exe", name, "--config", config, more, NULL);
        _exit(127);
    }
    wait_for_log();
    return pid;
}

static pid_t run_stand_in(const char *name, const char *config, const char *more)
{
    return run_stand_in_as(geteuid(), name, config, more);
}

static void kill_stand_in(pid_t pid)
{
    (void)kill(pid, SIGKILL);
    cr_assert_eq(waitpid(pid, NULL, 0), pid);
}

Test(setup_process, leads_a_session_of_its_own_with_its_log)
{
    start();
    cr_expect_eq(getsid(process.pid), process.pid);
    cr_expect_not(cli_process_is_reaped(&process));
    (void)kill(process.pid, SIGKILL);
    for (int i = 0; i < WAIT_MS / 10 && !cli_process_is_reaped(&process); i++)
        sleep_ms(10);
    cr_expect_eq(process.pid, 0);
}

Test(setup_process, is_not_started_without_its_program)
{
    process.program = "missing";
    cr_expect_not(cli_process_start(&process));
    cr_expect_eq(process.pid, 0);
}

Test(setup_process, is_found_by_its_command_line)
{
    cli_process_look(&process, 1);
    cr_expect_eq(process.pid, 0);
    const pid_t pid = run_stand_in("/usr/bin/assayd", process.config, NULL);
    cli_process_look(&process, 1);
    cr_expect_eq(process.pid, pid);
    kill_stand_in(pid);
}

Test(setup_process, is_not_found_by_another_command_line)
{
    char other[PATH_MAX + 8];
    (void)snprintf(other, sizeof other, "%s.old", process.config);
    const pid_t pids[] = { run_stand_in("assayd", process.config, "--check-config"),
                           run_stand_in("assayd", other, NULL),
                           run_stand_in("assay-holder", process.config, NULL) };
    sleep_ms(200); /* all three have their own command lines */
    cli_process_look(&process, 1);
    cr_expect_eq(process.pid, 0);
    for (size_t i = 0; i < 3; i++)
        kill_stand_in(pids[i]);
}

Test(setup_process, of_another_user_is_not_found)
{
    if (geteuid() != 0) cr_skip_test("only root can run it as another user");
    const pid_t pid = run_stand_in_as(OTHER_USER, "assayd", process.config, NULL);
    cli_process_look(&process, 1);
    cr_expect_eq(process.pid, 0);
    kill_stand_in(pid);
}

static void set_admin(const char *name)
{
    (void)folder_put(&folder, "assayd.yaml", "", 0, 0600);
    (void)folder_put(&folder, "other.yaml", "", 0, 0600);
    (void)snprintf(process.admin, sizeof process.admin, "%s", folder_at(&folder, name));
}

Test(setup_process, is_found_at_its_admin_socket)
{
    set_admin("admin.sock");
    const pid_t pid = run_stand_in("assayd", "assayd.yaml", "--listen");
    cli_process_look(&process, 1);
    cr_assert_eq(process.pid, pid);
    cr_expect_eq(cli_process_end(&process, 1, WAIT_MS, on_end), 0);
    cr_expect_eq(ended, 1);
    cr_expect_eq(waitpid(pid, NULL, 0), pid);
    cli_process_look(&process, 1);
    cr_expect_eq(process.pid, 0, "nothing listens");
}

Test(setup_process, is_no_other_program_at_its_admin_socket)
{
    set_admin("admin.sock");
    const pid_t pid = run_stand_in("assay-holder", "assayd.yaml", "--listen");
    cli_process_look(&process, 1);
    cr_expect_eq(process.pid, 0);
    kill_stand_in(pid);
}

Test(setup_process, is_no_daemon_of_another_configuration_at_its_admin_socket)
{
    set_admin("admin.sock");
    const pid_t pid = run_stand_in("assayd", "other.yaml", "--listen");
    cli_process_look(&process, 1);
    cr_expect_eq(process.pid, 0);
    kill_stand_in(pid);
}

Test(setup_process, of_another_user_is_not_found_at_its_admin_socket)
{
    if (geteuid() != 0) cr_skip_test("only root can run it as another user");
    set_admin("admin.sock");
    cr_assert_eq(chmod(folder.path, 0777), 0);
    const pid_t pid = run_stand_in_as(OTHER_USER, "assayd", "assayd.yaml", "--listen");
    cli_process_look(&process, 1);
    cr_expect_eq(process.pid, 0);
    kill_stand_in(pid);
}

Test(setup_process, is_not_found_through_a_link_to_a_socket)
{
    set_admin("link.sock");
    cr_assert_eq(symlink("admin.sock", process.admin), 0);
    const pid_t pid = run_stand_in("assayd", "assayd.yaml", "--listen");
    cli_process_look(&process, 1);
    cr_expect_eq(process.pid, 0);
    kill_stand_in(pid);
}

Test(setup_process, that_cannot_be_opened_has_not_ended)
{
    struct rlimit files;
    const pid_t pid = run_stand_in("assayd", process.config, NULL);
    cli_process_look(&process, 1);
    cr_assert_eq(process.pid, pid);
    cr_assert_eq(getrlimit(RLIMIT_NOFILE, &files), 0);
    const struct rlimit none = { .rlim_cur = 0, .rlim_max = files.rlim_max };
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &none), 0);
    const size_t left = cli_process_end(&process, 1, WAIT_MS, on_end);
    cr_assert_eq(setrlimit(RLIMIT_NOFILE, &files), 0);
    cr_expect_eq(left, 1);
    cr_expect_eq(process.pid, pid);
    cr_expect_eq(ended, 0);
    kill_stand_in(pid);
}

Test(setup_process, has_no_log_behind_a_link)
{
    struct stat log;
    const char *const target = folder_put(&folder, "target", "", 0, 0600);
    cr_assert_eq(symlink(target, process.log), 0);
    cr_assert(cli_process_start(&process));
    for (int i = 0; i < 200 && !cli_process_is_reaped(&process); i++)
        sleep_ms(10);
    cr_expect_eq(process.pid, 0, "it has not started");
    cr_expect_eq(cli_process_end(&process, 1, WAIT_MS, NULL), 0);
    cr_assert_eq(stat(target, &log), 0);
    cr_expect_eq(log.st_size, 0);
}

Test(setup_process, owns_folders_of_this_user_alone)
{
    cr_expect(cli_process_owns(folder.path));
    cr_expect_not(cli_process_owns(folder_put(&folder, "file", "", 0, 0600)));
    const char *const link = folder_at(&folder, "link");
    cr_assert_eq(symlink(folder.path, link), 0);
    cr_expect_not(cli_process_owns(link));
    if (geteuid() != 0) return;
    cr_assert_eq(chown(folder.path, OTHER_USER, (gid_t)-1), 0);
    cr_expect_not(cli_process_owns(folder.path));
}

Test(setup_process, ends_by_sigterm)
{
    const pid_t pid = run_stand_in("assayd", process.config, NULL);
    cli_process_look(&process, 1);
    cr_assert_eq(process.pid, pid);
    cr_expect_eq(cli_process_end(&process, 1, WAIT_MS, on_end), 0);
    cr_expect(process.ended);
    cr_expect_eq(ended, 1);
    cr_expect_eq(waitpid(pid, NULL, 0), pid);
}

Test(setup_process, kills_a_stubborn_child_and_no_other)
{
    (void)snprintf(process.config, sizeof process.config, "%s", folder_at(&folder, "stubborn"));
    start();
    const pid_t child = process.pid;
    cr_expect_eq(cli_process_end(&process, 1, 300, NULL), 0);
    cr_expect_neq(kill(child, 0), 0);
    (void)unlink(process.log);
    const pid_t pid = run_stand_in("assayd", process.config, NULL);
    process.is_child = false;
    cli_process_look(&process, 1);
    cr_expect_eq(cli_process_end(&process, 1, 300, on_end), 1);
    cr_expect_eq(process.pid, pid);
    cr_expect_eq(ended, 0);
    kill_stand_in(pid);
}

Test(setup_process, signals_no_other_process_that_has_its_number)
{
    const pid_t stranger = run_stand_in("assay-holder", process.config, NULL);
    process.pid = stranger;
    cr_expect_eq(cli_process_end(&process, 1, WAIT_MS, NULL), 0);
    sleep_ms(200);
    cr_expect_eq(waitpid(stranger, NULL, WNOHANG), 0, "it runs on");
    kill_stand_in(stranger);
}
