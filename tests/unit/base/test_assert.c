/*
 * tests/unit/base/test_assert.c - tests of assertions: place, message, and termination.
 */
#include "base/assert.h"

#include <criterion/criterion.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

Test(base_assert, goes_on_when_the_condition_holds)
{
    int evaluated = 0;
    ASSAY_ASSERT(++evaluated == 1);
    cr_assert_eq(evaluated, 1, "the condition is evaluated once");
}

Test(base_assert, aborts_when_the_condition_does_not_hold, .signal = SIGABRT)
{
    const int two = 2;
    ASSAY_ASSERT(two == 3);
}

Test(base_assert, aborts_where_nothing_may_arrive, .signal = SIGABRT)
{
    ASSAY_UNREACHABLE("the end of this test");
}

Test(base_assert, prints_file_function_and_condition)
{
    int ends[2];
    cr_assert_eq(pipe(ends), 0);
    const pid_t child = fork();
    cr_assert_geq(child, 0);
    if (child == 0) {
        dup2(ends[1], STDERR_FILENO);
        signal(SIGABRT, SIG_DFL);
        assay_assert_failed("some/file.c", 42, "some_function", "a > b");
    }
    close(ends[1]);
    char text[256] = { 0 };
    size_t len = 0;
    ssize_t got = 1;
    while (got > 0 && len < sizeof text - 1) {
        got = read(ends[0], text + len, sizeof text - 1 - len);
        if (got > 0) len += (size_t)got;
    }
    close(ends[0]);
    int status = 0;
    cr_assert_eq(waitpid(child, &status, 0), child);
    cr_assert(WIFSIGNALED(status));
    cr_assert_eq(WTERMSIG(status), SIGABRT);
    cr_assert_str_eq(text, "some/file.c:42: some_function: assertion failed: a > b\n");
}
