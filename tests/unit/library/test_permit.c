/*
 * tests/unit/library/test_permit.c - tests of permits through the library.
 *
 * apps/api/permit.c through the shared library: a daemon that permits, denies, says something else,
 * half of it, or nothing.
 */
#include <assay/permit.h>

#include <criterion/criterion.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <time.h>
#include <unistd.h>

static char folder[] = "/tmp/assay-permit.XXXXXX", path[64], asked[64];
static const char *says; /* NULL: nothing */
static int listener = -1;
static pthread_t thread;

static void *serve(void *context)
{
    (void)context;
    const int fd = accept(listener, NULL, NULL);
    const ssize_t n = recv(fd, asked, sizeof asked - 1, 0);
    asked[n > 0 ? n : 0] = '\0';
    if (says != NULL) (void)!send(fd, says, strlen(says), MSG_NOSIGNAL);
    else nanosleep(&(struct timespec){ 0, 400000000 }, NULL);
    close(fd);
    return NULL;
}

static void set_up(void)
{
    struct sockaddr_un address = { .sun_family = AF_UNIX };
    cr_assert_not_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/admin.sock", folder);
    snprintf(address.sun_path, sizeof address.sun_path, "%s", path);
    listener = socket(AF_UNIX, SOCK_STREAM, 0);
    cr_assert_eq(bind(listener, (struct sockaddr *)&address, sizeof address), 0);
    cr_assert_eq(listen(listener, 1), 0);
}

static void tear_down(void)
{
    close(listener);
    unlink(path);
    rmdir(folder);
}

TestSuite(permit, .init = set_up, .fini = tear_down);

static struct assay_permit_answer answer = { .size = sizeof answer };

static enum assay_status ask(const char *said, enum assay_permit_class class_)
{
    says = said;
    memset(&answer, 0xff, sizeof answer);
    cr_assert_eq(pthread_create(&thread, NULL, serve, NULL), 0);
    const enum assay_status status = assay_permit_ask(path, class_, 200, &answer);
    pthread_join(thread, NULL);
    return status;
}

#define ANSWER(class_, rest)                                                                       \
    "{\"schema\":\"assay.permit\",\"schema_version\":1,\"data\":{\"class\":\"" class_ "\"" rest    \
    "}}\n"

Test(permit, a_yes_and_a_no_are_told_apart)
{
    cr_assert_eq(
        ask(ANSWER("critical", ",\"permitted\":true,\"reason\":\"\""), ASSAY_PERMIT_CRITICAL),
        ASSAY_OK);
    cr_assert(answer.permitted);
    cr_assert_str_eq(asked, "permit critical\n");
    cr_assert_eq(
        ask(ANSWER("normal", ",\"permitted\":false,\"reason\":\"held\""), ASSAY_PERMIT_NORMAL),
        ASSAY_OK);
    cr_assert_not(answer.permitted);
    cr_assert_str_eq(answer.reason, "held");
    cr_assert_str_eq(asked, "permit normal\n");
}

Test(permit, everything_else_is_a_no)
{
    static const char *const others[] = {
        "",
        "\n",
        "garbage\n",
        "{}\n",
        ANSWER("normal", ",\"permitted\":true"), /* of the other class */
        ANSWER("critical", ",\"permitted\":\"true\""),
        ANSWER("critical", ",\"permitted\":1"),
        ANSWER("critical", ""),
        "{\"schema\":\"assay.error\",\"data\":{\"class\":\"critical\",\"permitted\":true}}\n",
        "{\"schema\":\"assay.permit\",\"data\":{\"class\":\"critical\",\"permitted\":tr",
        "{\"schema\":\"assay.permit\",\"data\":{\"class\":\"critical\",\"permitted\":true}}junk\n",
    };
    for (size_t i = 0; i < sizeof others / sizeof others[0]; i++) {
        cr_assert_neq(ask(others[i], ASSAY_PERMIT_CRITICAL), ASSAY_OK, "%zu", i);
        cr_assert_not(answer.permitted, "%zu", i);
        cr_assert_str_eq(answer.reason, "unreachable", "%zu", i);
    }
}

Test(permit, who_says_nothing_and_who_is_not_there_is_not_waited_for)
{
    cr_assert_eq(ask(NULL, ASSAY_PERMIT_CRITICAL), ASSAY_E_NOT_FOUND);
    cr_assert_not(answer.permitted);
    cr_assert_eq(assay_permit_ask("/nowhere/admin.sock", ASSAY_PERMIT_NORMAL, 0, &answer),
                 ASSAY_E_NOT_FOUND);
    cr_assert_not(answer.permitted);
}

Test(permit, reasons_are_fit_for_a_header)
{
    cr_assert_eq(ask(ANSWER("critical", ",\"permitted\":false,\"reason\":\"a\\r\\nX: y, and so on "
                                        "for longer than there is room\""),
                     ASSAY_PERMIT_CRITICAL),
                 ASSAY_OK);
    cr_assert_str_eq(answer.reason, "a???X: y, and so on for longer ");
}

Test(permit, arguments_are_checked)
{
    cr_assert_eq(assay_permit_ask(NULL, ASSAY_PERMIT_NORMAL, 0, &answer), ASSAY_E_INVALID);
    cr_assert_eq(assay_permit_ask(path, ASSAY_PERMIT_NORMAL, 0, NULL), ASSAY_E_INVALID);
    cr_assert_eq(assay_permit_ask(path, (enum assay_permit_class)3, 0, &answer), ASSAY_E_INVALID);
    cr_assert_eq(assay_permit_ask(path, ASSAY_PERMIT_NORMAL, 60001, &answer), ASSAY_E_INVALID);
}
