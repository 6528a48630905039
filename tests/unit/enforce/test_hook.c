/* tests/unit/enforce/test_hook.c - hooks that obey, refuse, hang, print garbage, or are not there.
 */
#include "enforce/hook.h"
#include "net/json/json.h"
#include "tests/unit/apps/folder.h"

#include <criterion/criterion.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static struct folder folder;
static struct assay_hook_runs *runs;
static struct assay_target *target;
static char message[ASSAY_DRIVER_MESSAGE_LEN];
static const struct assay_order order = {
    .kind = ASSAY_ORDER_SUSPEND, .epoch = 7, .seq = 3, .incarnation = 2
};

static bool sleeps_on;       /* SIGKILL has no effect, as in uninterruptible sleep */
static bool others_sleep_on; /* only the leader of a group ends by it */
static bool not_permitted;   /* a group is another user's */
static pid_t killed_group;   /* the last one */

/* In the place of the C library's. */
int kill(pid_t pid, int number)
{
    if (pid < 0 && number == SIGKILL) killed_group = -pid;
    if (not_permitted && pid < 0) {
        errno = EPERM;
        return -1;
    }
    if (sleeps_on && number == SIGKILL) return 0;
    if (others_sleep_on && number == SIGKILL && pid < 0) pid = -pid;
    return (int)syscall(SYS_kill, pid, number);
}

static void set_up(void)
{
    folder = folder_make();
    cr_assert_eq(assay_hook_runs_open(&runs), ASSAY_OK);
}

static void tear_down(void)
{
    if (target != NULL) target->ops->close(target);
    assay_hook_runs_close(&runs);
    folder_remove(&folder);
}

TestSuite(hook, .init = set_up, .fini = tear_down);

static void hook_of(const char *script)
{
    char text[2048];
    const int len = snprintf(text, sizeof text, "#!/bin/sh\ncd %s\n%s\n", folder.path, script);
    const char *path = folder_put(&folder, "hook", text, (size_t)len, 0700);
    const char *const arguments[] = { "one", "two words; $HOME" };
    const struct assay_hook_config config = {
        .runs = runs, .name = "web", .path = path, .arguments = arguments, .argument_count = 2
    };
    cr_assert_eq(assay_hook_open(&config, &target), ASSAY_OK);
}

static enum assay_status begin(void)
{
    const struct assay_target_act act = { .verb = ASSAY_TARGET_SUSPEND, .order = &order };
    return target->ops->begin(target, &act, 0, message);
}

static enum assay_status run_for(unsigned ms)
{
    enum assay_target_state state;
    enum assay_status status = ASSAY_E_AGAIN;
    for (unsigned i = 0; status == ASSAY_E_AGAIN && i < ms / 5; i++) {
        nanosleep(&(struct timespec){ 0, 5000000 }, NULL);
        status = target->ops->step(target, 0, &state, message);
    }
    return status;
}

static enum assay_status run(void)
{
    cr_assert_eq(begin(), ASSAY_OK, "%s", message);
    return run_for(10000);
}

static char *slurp(const char *name)
{
    static char text[4096];
    FILE *file = fopen(folder_at(&folder, name), "r");
    cr_assert_not_null(file, "%s", name);
    text[fread(text, 1, sizeof text - 1, file)] = '\0';
    fclose(file);
    return text;
}

Test(hook, is_told_what_to_do_and_why_in_one_line_of_json)
{
    hook_of("cat > told");
    cr_assert_eq(run(), ASSAY_OK, "%s", message);
    char *text = slurp("told");
    struct assay_json *told = NULL;
    cr_assert_eq(strchr(text, '\n'), text + strlen(text) - 1);
    cr_assert_eq(assay_json_parse(text, strlen(text), &told), ASSAY_OK, "%s", text);
    cr_assert_str_eq(assay_json_text(told, "schema", ""), "assay.hook");
    cr_assert_eq(assay_json_uint(told, "schema_version", 0), 1);
    cr_assert_str_eq(assay_json_text(told, "id", ""), "web/0.7.3.suspend");
    cr_assert_str_eq(assay_json_text(told, "act", ""), "suspend");
    const struct assay_json *why = assay_json_get(told, "order");
    cr_assert_str_eq(assay_json_text(why, "kind", ""), "SUSPEND");
    cr_assert_eq(assay_json_uint(why, "epoch", 0), 7);
    cr_assert_eq(assay_json_uint(why, "incarnation", 0), 2);
    assay_json_free(&told);
}

Test(hook, gets_its_arguments_no_shell_and_nothing_of_ours)
{
    setenv("ASSAY_SECRET", "do not tell", 1);
    const int leak = open("/dev/zero", O_RDONLY);
    cr_assert_geq(leak, 3);
    sigset_t blocked;
    sigemptyset(&blocked);
    sigaddset(&blocked, SIGTERM);
    sigprocmask(SIG_BLOCK, &blocked, NULL);
    hook_of("env > env; ls /proc/self/fd | wc -l > fds; printf '%s|' \"$@\" > args\n"
            "grep SigBlk /proc/self/status > mask; cat >/dev/null");
    cr_assert_eq(run(), ASSAY_OK, "%s", message);
    cr_assert_null(strstr(slurp("env"), "SECRET"));
    cr_assert_not_null(strstr(slurp("env"), "PATH=/usr/sbin:/usr/bin:/sbin:/bin"));
    cr_assert_str_eq(slurp("args"), "one|two words; $HOME|");
    cr_assert_leq(strtol(slurp("fds"), NULL, 10), 4,
                  "stdin, stdout, stderr and the folder itself: %s", slurp("fds"));
    cr_assert_not_null(strstr(slurp("mask"), "0000000000000000"), "%s", slurp("mask"));
    close(leak);
}

Test(hook, that_refuses_is_quoted)
{
    hook_of("cat >/dev/null; echo; echo 'no such \033[31mservice'; echo more; exit 3");
    cr_assert_eq(run(), ASSAY_E_INVALID);
    cr_assert_str_eq(message, "exit status 3: no such ?[31mservice");
}

Test(hook, that_dies_is_no_success)
{
    hook_of("kill -9 $$");
    cr_assert_eq(run(), ASSAY_E_INVALID);
    cr_assert_str_eq(message, "killed by signal 9");
}

Test(hook, that_does_not_listen_is_no_trouble)
{
    hook_of("exec <&-; exit 0");
    cr_assert_eq(run(), ASSAY_OK, "%s", message);
}

Test(hook, that_prints_without_end_is_read_and_its_words_are_bounded)
{
    hook_of("head -c 3000000 /dev/zero | tr '\\0' '\\377'; exit 1");
    cr_assert_eq(run(), ASSAY_E_INVALID);
    cr_assert_lt(strlen(message), 200);
    cr_assert_not_null(strstr(message, "exit status 1: ????"));
}

Test(hook, that_hangs_is_killed_with_everything_it_started)
{
    hook_of("trap '' TERM INT; sleep 300 & echo $! > child; sleep 300");
    cr_assert_eq(begin(), ASSAY_OK);
    cr_assert_eq(run_for(500), ASSAY_E_AGAIN);
    for (int i = 0; i < 400 && access(folder_at(&folder, "child"), F_OK) != 0; i++)
        nanosleep(&(struct timespec){ 0, 10000000 }, NULL);
    nanosleep(&(struct timespec){ 0, 50000000 }, NULL);
    const pid_t child = (pid_t)strtol(slurp("child"), NULL, 10);
    cr_assert_gt(child, 1);
    target->ops->abandon(target);
    char stat[64], line[256] = "";
    snprintf(stat, sizeof stat, "/proc/%d/stat", child);
    bool gone = false;
    for (int i = 0; i < 400 && !gone; i++) {
        FILE *file = fopen(stat, "r");
        gone =
            file == NULL || fgets(line, sizeof line, file) == NULL || strstr(line, ") Z ") != NULL;
        if (file != NULL) fclose(file);
        nanosleep(&(struct timespec){ 0, 10000000 }, NULL);
    }
    cr_assert(gone, "%s", line);
    cr_assert_eq(begin(), ASSAY_OK, "and it can be asked again");
    target->ops->abandon(target);
}

Test(hook, that_is_killed_and_sleeps_on_does_not_keep_us, .timeout = 120)
{
    struct timespec before, after;
    hook_of("exec sleep 20");
    cr_assert_eq(begin(), ASSAY_OK, "%s", message);
    sleeps_on = true;
    clock_gettime(CLOCK_MONOTONIC, &before);
    target->ops->abandon(target);
    clock_gettime(CLOCK_MONOTONIC, &after);
    cr_assert_leq(after.tv_sec - before.tv_sec, 5);
    cr_assert_eq(begin(), ASSAY_E_TIMEOUT, "two never run at once");
    cr_assert_not_null(strstr(message, "was killed and has not ended"), "%s", message);
    const pid_t pid = (pid_t)strtol(strstr(message, "process ") + 8, NULL, 10);
    cr_assert_gt(pid, 1);
    sleeps_on = false;
    cr_assert_eq(kill(pid, SIGKILL), 0);
    enum assay_status status = ASSAY_E_TIMEOUT;
    for (int i = 0; i < 400 && status == ASSAY_E_TIMEOUT; i++) {
        nanosleep(&(struct timespec){ 0, 10000000 }, NULL);
        status = begin();
    }
    cr_assert_eq(status, ASSAY_OK, "it ended, and the next act begins: %s", message);
    cr_assert_eq(kill(pid, 0), -1, "it is reaped");
    target->ops->abandon(target);
}

static void kill_child(void)
{
    cr_assert_eq(kill((pid_t)strtol(slurp("child"), NULL, 10), SIGKILL), 0);
}

static enum assay_status begin_until_it_may(void)
{
    enum assay_status status = ASSAY_E_TIMEOUT;
    for (int i = 0; i < 400 && status == ASSAY_E_TIMEOUT; i++) {
        nanosleep(&(struct timespec){ 0, 10000000 }, NULL);
        status = begin();
    }
    return status;
}

/* A shell ends at once; what it started sleeps in the kernel. */
Test(hook, whose_child_sleeps_on_has_not_ended, .timeout = 120)
{
    hook_of("sleep 30 & echo $! > new; mv new child; wait");
    cr_assert_eq(begin(), ASSAY_OK, "%s", message);
    for (int i = 0; i < 400 && access(folder_at(&folder, "child"), F_OK) != 0; i++)
        nanosleep(&(struct timespec){ 0, 10000000 }, NULL);
    others_sleep_on = true;
    target->ops->abandon(target);
    for (int i = 0; i < 20; i++) {
        nanosleep(&(struct timespec){ 0, 10000000 }, NULL);
        cr_assert_eq(begin(), ASSAY_E_TIMEOUT, "two never run at once");
    }
    target->ops->close(target);
    target = NULL;
    hook_of("sleep 30 & echo $! > new; mv new child; exit 0");
    cr_assert_eq(begin(), ASSAY_E_TIMEOUT, "nor does the next hook of that name");
    cr_assert_not_null(strstr(message, "was killed and has not ended"), "%s", message);
    kill_child();
    cr_assert_eq(begin_until_it_may(), ASSAY_OK, "%s", message);
    cr_assert_eq(run_for(10000), ASSAY_OK, "it says so itself: %s", message);
    cr_assert_eq(begin(), ASSAY_E_TIMEOUT, "what it left behind has not ended");
    kill_child();
    cr_assert_eq(begin_until_it_may(), ASSAY_OK, "%s", message);
    others_sleep_on = false;
    target->ops->abandon(target);
}

/* Begins a hook that ends when this test tells it to. Returns: the process id that it wrote. */
static pid_t begin_waiting(void)
{
    (void)unlink(folder_at(&folder, "end"));
    (void)unlink(folder_at(&folder, "number"));
    cr_assert_eq(begin(), ASSAY_OK, "%s", message);
    for (int i = 0; i < 1000 && access(folder_at(&folder, "number"), F_OK) != 0; i++)
        nanosleep(&(struct timespec){ 0, 10000000 }, NULL);
    return (pid_t)strtol(slurp("number"), NULL, 10);
}

/* SIGCHLD that is ignored outlasts execve; the kernel reaps children then. */
Test(hook, that_the_kernel_reaped_has_ended_and_is_no_success, .timeout = 120)
{
    cr_assert_neq(signal(SIGCHLD, SIG_IGN), SIG_ERR);
    hook_of("echo $$ > new; mv new number; while [ ! -e end ]; do sleep 0.01; done; exit 0");
    begin_waiting();
    folder_put(&folder, "end", "", 0, 0600);
    cr_assert_eq(run_for(10000), ASSAY_E_INVALID);
    cr_assert_str_eq(message, "exit status unknown");
    cr_assert_eq(killed_group, 0, "its number may be another group's");
    const pid_t pid = begin_waiting();
    folder_put(&folder, "end", "", 0, 0600);
    for (int i = 0; i < 1000 && kill(pid, 0) == 0; i++)
        nanosleep(&(struct timespec){ 0, 10000000 }, NULL);
    target->ops->abandon(target);
    cr_assert_eq(killed_group, 0, "nor is it killed when it is given up");
    begin_waiting();
    target->ops->abandon(target);
    cr_assert_gt(killed_group, 1, "while it is a child, its number is its own");
}

/* A process of another session that got the number of a group that has ended. */
Test(hook, is_not_delayed_by_a_stranger_that_got_its_number)
{
    for (int turn = 0; turn < 4; turn++) {
        const bool is_stranger = turn < 2;
        struct assay_hook_run *left = NULL;
        int ready[2];
        char byte;
        cr_assert_eq(pipe(ready), 0);
        const pid_t pid = fork();
        if (pid == 0) {
            const bool leads = is_stranger ? setsid() > 0 : setpgid(0, 0) == 0;
            (void)prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
            if (!leads || write(ready[1], "x", 1) != 1) _exit(1);
            for (;;)
                pause();
        }
        cr_assert_eq(read(ready[0], &byte, 1), 1);
        cr_assert_eq(assay_hook_runs_add(runs, "web", &left), ASSAY_OK);
        left->pid = pid;
        left->reaped = true;
        not_permitted = turn % 2 != 0;
        assay_hook_runs_leave(runs, &left);
        cr_assert_eq(assay_hook_runs_find(runs, "web"), is_stranger ? 0 : pid, "turn %d", turn);
        cr_assert_eq(kill(pid, SIGKILL), 0);
        cr_assert_eq(waitpid(pid, NULL, 0), pid);
        if (turn == 3)
            cr_assert_eq(assay_hook_runs_find(runs, "web"), pid, "there, and /proc hides it");
        not_permitted = false;
        cr_assert_eq(assay_hook_runs_find(runs, "web"), 0);
        close(ready[0]);
        close(ready[1]);
    }
}

Test(hook, of_another_name_waits_for_none)
{
    hook_of("exec sleep 20");
    cr_assert_eq(begin(), ASSAY_OK, "%s", message);
    sleeps_on = true;
    target->ops->close(target);
    const pid_t pid = assay_hook_runs_find(runs, "web");
    cr_assert_gt(pid, 1);
    const struct assay_hook_config config = { .runs = runs, .name = "shop", .path = "/bin/true" };
    cr_assert_eq(assay_hook_open(&config, &target), ASSAY_OK);
    cr_assert_eq(run(), ASSAY_OK, "%s", message);
    sleeps_on = false;
    cr_assert_eq(kill(pid, SIGKILL), 0);
    for (uint64_t now_ms = 0; now_ms < 400000 && kill(pid, 0) == 0; now_ms += 1000) {
        assay_hook_runs_reap(runs, now_ms);
        nanosleep(&(struct timespec){ 0, 10000000 }, NULL);
    }
    cr_assert_eq(kill(pid, 0), -1, "it is reaped");
    cr_assert_eq(assay_hook_runs_find(runs, "web"), 0);
}

Test(hook, that_leaves_somebody_behind_does_not_keep_us)
{
    hook_of("sleep 300 & exit 0");
    cr_assert_eq(run(), ASSAY_OK, "%s", message);
}

Test(hook, that_is_not_there_or_no_program_is_said)
{
    hook_of("true");
    cr_assert_eq(unlink(folder_at(&folder, "hook")), 0);
    cr_assert_eq(run(), ASSAY_E_INVALID);
    cr_assert_not_null(strstr(message, "No such file"), "%s", message);
    folder_put(&folder, "hook",
               "\x7f"
               "ELF garbage",
               11, 0700);
    cr_assert_eq(run(), ASSAY_E_INVALID);
    cr_assert_not_null(strstr(message, "cannot be executed"), "%s", message);
}

Test(hook, must_be_named_from_the_root)
{
    const struct assay_hook_config config = { .runs = runs, .name = "web", .path = "bin/hook" };
    struct assay_target *none = NULL;
    cr_assert_eq(assay_hook_open(&config, &none), ASSAY_E_RANGE);
}
