/* tests/unit/enforce/test_container.c - containers through an engine that answers well, and badly.
 */
#include "enforce/container.h"
#include "tests/unit/apps/folder.h"
#include "tests/unit/enforce/stand_in.h"

#include <criterion/criterion.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

static struct folder folder;
static struct stand_in engine;
static struct assay_target *target;
static enum assay_target_state state;
static char message[ASSAY_DRIVER_MESSAGE_LEN];

static void set_up(void)
{
    folder = folder_make();
    stand_in_open(&engine, folder_at(&folder, "engine.sock"));
    cr_assert_eq(assay_container_open(engine.path, "web", &target), ASSAY_OK);
}

static void tear_down(void)
{
    target->ops->close(target);
    stand_in_close(&engine);
    folder_remove(&folder);
}

TestSuite(container, .init = set_up, .fini = tear_down);

static enum assay_status run_for(enum assay_target_verb verb, unsigned ms)
{
    const struct assay_target_act act = { .verb = verb };
    message[0] = '\0';
    enum assay_status status = target->ops->begin(target, &act, 0, message);
    if (status != ASSAY_OK) return status;
    status = ASSAY_E_AGAIN;
    for (unsigned i = 0; status == ASSAY_E_AGAIN && i < ms / 2; i++) {
        status = target->ops->step(target, 0, &state, message);
        if (status == ASSAY_E_AGAIN) nanosleep(&(struct timespec){ 0, 2000000 }, NULL);
    }
    if (status == ASSAY_E_AGAIN) target->ops->abandon(target);
    return status;
}

static enum assay_status run(enum assay_target_verb verb)
{
    return run_for(verb, 10000);
}

Test(container, is_looked_at_started_paused_and_stopped)
{
    for (int chunked = 0; chunked < 2; chunked++) {
        atomic_store(&engine.chunked, chunked == 1);
        cr_assert_eq(run(ASSAY_TARGET_INSPECT), ASSAY_OK, "%s", message);
        cr_assert_eq(state, ASSAY_TARGET_DOWN);
        cr_assert_eq(run(ASSAY_TARGET_START), ASSAY_OK, "%s", message);
        cr_assert_eq(run(ASSAY_TARGET_START), ASSAY_OK, "304 says that it is so already");
        cr_assert_eq(run(ASSAY_TARGET_INSPECT), ASSAY_OK);
        cr_assert_eq(state, ASSAY_TARGET_RUNS);
        cr_assert_eq(run(ASSAY_TARGET_SUSPEND), ASSAY_OK, "%s", message);
        cr_assert_eq(run(ASSAY_TARGET_INSPECT), ASSAY_OK);
        cr_assert_eq(state, ASSAY_TARGET_FROZEN);
        cr_assert_eq(run(ASSAY_TARGET_RUN), ASSAY_OK, "%s", message);
        cr_assert_eq(run(ASSAY_TARGET_STOP), ASSAY_OK, "%s", message);
        cr_assert_eq(run(ASSAY_TARGET_STOP), ASSAY_OK);
        cr_assert_eq(run(ASSAY_TARGET_INSPECT), ASSAY_OK);
        cr_assert_eq(state, ASSAY_TARGET_DOWN);
    }
    cr_assert_eq(atomic_load(&engine.starts), 2);
    cr_assert_eq(atomic_load(&engine.pauses), 2);
}

Test(container, that_is_paused_is_stopped_also_where_the_engine_refuses_to)
{
    atomic_store(&engine.refuses_paused, true);
    atomic_store(&engine.state, STAND_IN_PAUSED);
    cr_assert_eq(run(ASSAY_TARGET_STOP), ASSAY_OK, "%s", message);
    cr_assert_eq(atomic_load(&engine.state), STAND_IN_EXITED);
    cr_assert_eq(atomic_load(&engine.unpauses), 1);
}

Test(container, that_is_not_there_is_said)
{
    target->ops->close(target);
    cr_assert_eq(assay_container_open(engine.path, "nope", &target), ASSAY_OK);
    cr_assert_eq(run(ASSAY_TARGET_INSPECT), ASSAY_E_NOT_FOUND);
    cr_assert_str_eq(message,
                     "nope: the engine answered 404: no container with name \"nope\" found");
    cr_assert_eq(run(ASSAY_TARGET_STOP), ASSAY_E_NOT_FOUND, "what cannot be found is not stopped");
}

Test(container, an_engine_that_refuses_is_quoted_without_its_control_bytes)
{
    atomic_store(&engine.mood, STAND_IN_BROKEN);
    cr_assert_eq(run(ASSAY_TARGET_SUSPEND), ASSAY_E_INVALID);
    cr_assert_str_eq(message, "web: the engine answered 500: the disk is ?[2J full");
    cr_assert_eq(run(ASSAY_TARGET_INSPECT), ASSAY_E_INVALID);
    cr_assert_eq(run(ASSAY_TARGET_STOP), ASSAY_E_INVALID);
}

Test(container, no_bad_answer_counts_as_done)
{
    static const struct {
        enum stand_in_mood mood;
        enum assay_status look, act;
    } cases[] = {
        { STAND_IN_HALF, ASSAY_E_TRUNCATED, ASSAY_E_TRUNCATED },
        { STAND_IN_GARBAGE, ASSAY_E_SYNTAX, ASSAY_E_SYNTAX },
        { STAND_IN_ENDLESS, ASSAY_E_RANGE, ASSAY_E_RANGE },
        { STAND_IN_HANGS_UP, ASSAY_E_TRUNCATED, ASSAY_E_TRUNCATED },
        { STAND_IN_SILENT, ASSAY_E_AGAIN, ASSAY_E_AGAIN },
    };
    atomic_store(&engine.state, STAND_IN_RUNNING);
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        atomic_store(&engine.mood, cases[i].mood);
        const unsigned ms = cases[i].mood == STAND_IN_SILENT ? 300 : 10000;
        cr_assert_eq(run_for(ASSAY_TARGET_INSPECT, ms), cases[i].look, "%zu: %s", i, message);
        cr_assert_eq(run_for(ASSAY_TARGET_SUSPEND, ms), cases[i].act, "%zu: %s", i, message);
        atomic_store(&engine.state, STAND_IN_RUNNING);
    }
    atomic_store(&engine.mood, STAND_IN_WRONG);
    cr_assert_eq(run(ASSAY_TARGET_INSPECT), ASSAY_E_SYNTAX);
    cr_assert_str_eq(message, "the engine's answer has no State.Running");
    atomic_store(&engine.mood, STAND_IN_WELL);
    cr_assert_eq(run(ASSAY_TARGET_INSPECT), ASSAY_OK, "and then it is well again: %s", message);
}

Test(container, an_engine_that_drips_is_heard_out_or_given_up)
{
    atomic_store(&engine.mood, STAND_IN_DRIP);
    cr_assert_eq(run_for(ASSAY_TARGET_INSPECT, 200), ASSAY_E_AGAIN);
    cr_assert_eq(run_for(ASSAY_TARGET_START, 20000), ASSAY_OK, "%s", message);
}

Test(container, an_engine_that_is_gone_is_said_at_once)
{
    cr_assert_eq(unlink(engine.path), 0);
    cr_assert_eq(run(ASSAY_TARGET_INSPECT), ASSAY_E_IO);
    cr_assert_not_null(strstr(message, "engine.sock: No such file"), "%s", message);
}

Test(container, names_cannot_leave_their_place_in_the_path)
{
    static const char *const bad[] = { "",      "../../x", "a/b",       "a b",
                                       "a?x=1", "-a",      "a\r\nX: y", "%2e" };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        struct assay_target *none = NULL;
        cr_assert_eq(assay_container_open("/x", bad[i], &none), ASSAY_E_SYNTAX, "%s", bad[i]);
    }
    cr_assert(assay_container_name_is_valid("web-1.app_2"));
}
