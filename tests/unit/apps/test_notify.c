/*
 * tests/unit/apps/test_notify.c - tests of notifications to systemd.
 *
 * apps/daemon/notify.h: what systemd is told, and that the watchdog is fed by turns alone.
 */
#include "apps/daemon/notify.h"
#include "tests/unit/apps/folder.h"

#include <criterion/criterion.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

static struct folder folder;
static struct daemon_notify notify;
static int manager = -1;

static void listen_at(const char *path, bool abstract)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    (void)snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    if (abstract) address.sun_path[0] = '\0';
    const size_t len = sizeof address.sun_family + strlen(path) + (abstract ? 0 : 1);
    manager = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0);
    cr_assert(manager >= 0);
    cr_assert_eq(bind(manager, (const struct sockaddr *)&address, (socklen_t)len), 0);
    cr_assert_eq(setenv("NOTIFY_SOCKET", path, 1), 0);
}

static const char *heard(void)
{
    static char text[512];
    const ssize_t len = recv(manager, text, sizeof text - 1, 0);
    text[len > 0 ? len : 0] = '\0';
    return text;
}

static void set_up(void)
{
    folder = folder_make();
    notify.fd = -1;
}

static void tear_down(void)
{
    daemon_notify_close(&notify);
    if (manager >= 0) (void)close(manager);
    folder_remove(&folder);
}

TestSuite(apps_notify, .init = set_up, .fini = tear_down);

Test(apps_notify, tells_what_sd_notify_says)
{
    listen_at(folder_at(&folder, "notify"), false);
    daemon_notify_open(&notify);
    cr_expect_null(getenv("NOTIFY_SOCKET"), "the enclave does not speak for the daemon");
    daemon_notify_ready(&notify);
    cr_expect_str_eq(heard(), "READY=1");
    daemon_notify_reloading(&notify, 123456789);
    cr_expect_str_eq(heard(), "RELOADING=1\nMONOTONIC_USEC=123456789");
    daemon_notify_stopping(&notify);
    cr_expect_str_eq(heard(), "STOPPING=1");
    daemon_notify_stopping(&notify);
    cr_expect_str_eq(heard(), "", "said once");
    daemon_notify_status(&notify, "7 of 7 attested\nREADY=1");
    cr_expect_str_eq(heard(), "STATUS=7 of 7 attested", "one line, whatever the text holds");
    daemon_notify_status(&notify, "7 of 7 attested");
    cr_expect_str_eq(heard(), "", "said once");
}

Test(apps_notify, feeds_the_watchdog_at_turns_and_at_no_other_time)
{
    listen_at("@assay-test-notify", true);
    cr_assert_eq(setenv("WATCHDOG_USEC", "30000000", 1), 0);
    daemon_notify_open(&notify);
    cr_expect_null(getenv("WATCHDOG_USEC"));
    cr_expect_eq(notify.watchdog_ms, 15000);
    cr_expect_str_eq(heard(), "");
    cr_expect(daemon_notify_turned(&notify, 1000));
    cr_expect_str_eq(heard(), "WATCHDOG=1");
    cr_expect_not(daemon_notify_turned(&notify, 1500));
    cr_expect(daemon_notify_turned(&notify, 3000), "a status now and then");
    (void)daemon_notify_turned(&notify, 15999);
    cr_expect_str_eq(heard(), "");
    (void)daemon_notify_turned(&notify, 16000);
    cr_expect_str_eq(heard(), "WATCHDOG=1");
}

Test(apps_notify, a_watchdog_for_another_process_is_not_ours)
{
    listen_at(folder_at(&folder, "notify"), false);
    cr_assert_eq(setenv("WATCHDOG_USEC", "30000000", 1), 0);
    cr_assert_eq(setenv("WATCHDOG_PID", "1", 1), 0);
    daemon_notify_open(&notify);
    cr_expect_eq(notify.watchdog_ms, 0);
    (void)daemon_notify_turned(&notify, 1000);
    cr_expect_str_eq(heard(), "");
}

Test(apps_notify, without_a_manager_nothing_is_sent_and_nothing_waits, .timeout = 120)
{
    static const char *const bad[] = { "", "relative", "/no/such/socket", "@" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        cr_assert_eq(setenv("NOTIFY_SOCKET", bad[i], 1), 0);
        daemon_notify_open(&notify);
        cr_expect_eq(notify.fd, -1, "%s", bad[i]);
        daemon_notify_ready(&notify);
        cr_expect_not(daemon_notify_turned(&notify, 1));
    }
    listen_at(folder_at(&folder, "slow"), false);
    daemon_notify_open(&notify);
    for (int i = 0; i < 100000; i++)
        daemon_notify_ready(&notify); /* its queue is full long before: it is not waited for */
}
