/*
 * tests/unit/enforce/test_systemd.c - a manager of units that speaks the bus: it answers well, it
 * refuses, it hangs, it says nonsense, it goes away.
 */
#include "enforce/systemd.h"
#include "tests/unit/apps/folder.h"

#include <criterion/criterion.h>
#include <poll.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <systemd/sd-bus.h>
#include <time.h>
#include <unistd.h>

enum mood {
    WELL,
    REFUSES,
    BUS_REFUSES,
    POLKIT_REFUSES,
    POLKIT_ASKS,
    SILENT,
    NONSENSE,
    HANGS_UP,
    FAILS_TO_START
};

static struct folder folder;
static char path[108], address[128], message[ASSAY_DRIVER_MESSAGE_LEN];
static struct assay_target *target;
static enum assay_target_state state;

/* --------------------------------------------------------------- the manager */

static atomic_int mood, starts, stops, freezes, thaws;
static atomic_bool stop, active, frozen;
static atomic_int slow; /* readings until a start or stop is done */
static pthread_t thread;
static int listener;

static const char unit_path[] = "/org/freedesktop/systemd1/unit/shop_2eservice";

static int answer_states(sd_bus_message *call)
{
    sd_bus_message *answer = NULL;
    const bool busy = atomic_load(&slow) > 0;
    if (busy) atomic_fetch_sub(&slow, 1);
    const char *active_now = atomic_load(&active) ? (busy ? "activating" : "active")
                                                  : (busy ? "deactivating" : "inactive");
    if (atomic_load(&mood) == FAILS_TO_START && !busy) active_now = "failed";
    sd_bus_message_new_method_return(call, &answer);
    sd_bus_message_open_container(answer, 'a', "{sv}");
    sd_bus_message_append(answer, "{sv}", "Id", "s", "shop.service");
    if (atomic_load(&mood) != NONSENSE)
        sd_bus_message_append(answer, "{sv}", "ActiveState", "s", active_now);
    sd_bus_message_append(answer, "{sv}", "CPUWeight", "t", (uint64_t)7);
    sd_bus_message_append(answer, "{sv}", "FreezerState", "s",
                          atomic_load(&frozen) ? "frozen" : "running");
    sd_bus_message_close_container(answer);
    const int r = sd_bus_send(NULL, answer, NULL);
    sd_bus_message_unref(answer);
    return r;
}

static int on_call(sd_bus_message *call, void *context, sd_bus_error *error)
{
    const char *member = sd_bus_message_get_member(call);
    uint8_t type = 0;
    (void)context;
    (void)error;
    sd_bus_message_get_type(call, &type);
    if (type != SD_BUS_MESSAGE_METHOD_CALL) return 0;
    if (strcmp(member, "Hello") == 0) return sd_bus_reply_method_return(call, "s", ":1.7");
    if (atomic_load(&mood) == SILENT) return 1;
    if (atomic_load(&mood) == HANGS_UP) {
        sd_bus_close(sd_bus_message_get_bus(call));
        return 1;
    }
    if (strcmp(member, "LoadUnit") == 0)
        return atomic_load(&mood) == NONSENSE ? sd_bus_reply_method_return(call, "u", 7U)
                                              : sd_bus_reply_method_return(call, "o", unit_path);
    if (strcmp(member, "GetAll") == 0) return answer_states(call);
    const char *name = "";
    sd_bus_message_read(call, "s", &name);
    if (atomic_load(&mood) == BUS_REFUSES)
        return sd_bus_reply_method_errorf(call, SD_BUS_ERROR_ACCESS_DENIED,
                                          "Rejected send message, 2 matched rules; type=...");
    if (atomic_load(&mood) == POLKIT_REFUSES)
        return sd_bus_reply_method_errorf(call, SD_BUS_ERROR_ACCESS_DENIED, "Access denied");
    if (atomic_load(&mood) == POLKIT_ASKS)
        return sd_bus_reply_method_errorf(call, SD_BUS_ERROR_INTERACTIVE_AUTHORIZATION_REQUIRED,
                                          "Interactive authentication required.");
    if (atomic_load(&mood) == REFUSES || strcmp(name, "shop.service") != 0)
        return sd_bus_reply_method_errorf(call, "org.freedesktop.systemd1.NoSuchUnit",
                                          "Unit %s not \033[1mfound.", name);
    if (strcmp(member, "StartUnit") == 0) {
        atomic_fetch_add(&starts, 1);
        atomic_store(&active, true);
        atomic_store(&slow, 3);
        return sd_bus_reply_method_return(call, "o", "/org/freedesktop/systemd1/job/1");
    }
    if (strcmp(member, "StopUnit") == 0) {
        atomic_fetch_add(&stops, 1);
        atomic_store(&active, false);
        atomic_store(&frozen, false);
        atomic_store(&slow, 3);
        return sd_bus_reply_method_return(call, "o", "/org/freedesktop/systemd1/job/2");
    }
    atomic_fetch_add(strcmp(member, "FreezeUnit") == 0 ? &freezes : &thaws, 1);
    atomic_store(&frozen, strcmp(member, "FreezeUnit") == 0);
    return sd_bus_reply_method_return(call, "");
}

static void serve(int fd)
{
    sd_bus *bus = NULL;
    sd_id128_t id = { .bytes = { 7 } };
    sd_bus_new(&bus);
    sd_bus_set_fd(bus, fd, fd);
    sd_bus_set_server(bus, 1, id);
    sd_bus_set_anonymous(bus, 1);
    sd_bus_set_trusted(bus, 1);
    sd_bus_add_filter(bus, NULL, on_call, NULL);
    int r = sd_bus_start(bus);
    while (r >= 0 && !atomic_load(&stop)) {
        r = sd_bus_process(bus, NULL);
        if (r == 0) sd_bus_wait(bus, 20000);
    }
    sd_bus_close(bus);
    sd_bus_unref(bus);
}

static void *run_manager(void *context)
{
    (void)context;
    while (!atomic_load(&stop)) {
        struct pollfd fd = { .fd = listener, .events = POLLIN };
        if (poll(&fd, 1, 20) != 1) continue;
        const int client = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC);
        if (client >= 0) serve(client);
    }
    return NULL;
}

/* --------------------------------------------------------------- */

static void set_up(void)
{
    struct sockaddr_un at = { .sun_family = AF_UNIX };
    folder = folder_make();
    snprintf(path, sizeof path, "%s", folder_at(&folder, "bus"));
    snprintf(address, sizeof address, "unix:path=%s", path);
    snprintf(at.sun_path, sizeof at.sun_path, "%s", path);
    listener = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
    cr_assert_eq(bind(listener, (struct sockaddr *)&at, sizeof at), 0);
    cr_assert_eq(listen(listener, 8), 0);
    cr_assert_eq(pthread_create(&thread, NULL, run_manager, NULL), 0);
    cr_assert_eq(assay_systemd_open(address, "shop.service", &target), ASSAY_OK);
}

static void tear_down(void)
{
    if (target != NULL) target->ops->close(target);
    atomic_store(&stop, true);
    pthread_join(thread, NULL);
    close(listener);
    folder_remove(&folder);
}

TestSuite(systemd, .init = set_up, .fini = tear_down);

static enum assay_status run_for(enum assay_target_verb verb, unsigned ms)
{
    const struct assay_target_act act = { .verb = verb };
    message[0] = '\0';
    enum assay_status status = target->ops->begin(target, &act, 0, message);
    if (status != ASSAY_OK) return status;
    status = ASSAY_E_AGAIN;
    for (uint64_t now = 0; status == ASSAY_E_AGAIN && now < ms; now += 5) {
        nanosleep(&(struct timespec){ 0, 5000000 }, NULL);
        status = target->ops->step(target, now, &state, message);
    }
    if (status == ASSAY_E_AGAIN) target->ops->abandon(target);
    return status;
}

static enum assay_status run(enum assay_target_verb verb)
{
    return run_for(verb, 10000);
}

Test(systemd, a_unit_is_looked_at_started_frozen_thawed_and_stopped)
{
    cr_assert_eq(run(ASSAY_TARGET_INSPECT), ASSAY_OK, "%s", message);
    cr_assert_eq(state, ASSAY_TARGET_DOWN);
    cr_assert_eq(run(ASSAY_TARGET_START), ASSAY_OK, "%s", message);
    cr_assert_eq(atomic_load(&slow), 0, "done when the unit says so, not when the job was queued");
    cr_assert_eq(run(ASSAY_TARGET_INSPECT), ASSAY_OK);
    cr_assert_eq(state, ASSAY_TARGET_RUNS);
    cr_assert_eq(run(ASSAY_TARGET_SUSPEND), ASSAY_OK, "%s", message);
    cr_assert_eq(run(ASSAY_TARGET_INSPECT), ASSAY_OK);
    cr_assert_eq(state, ASSAY_TARGET_FROZEN);
    cr_assert_eq(run(ASSAY_TARGET_RUN), ASSAY_OK, "%s", message);
    cr_assert_eq(run(ASSAY_TARGET_STOP), ASSAY_OK, "%s", message);
    cr_assert_eq(run(ASSAY_TARGET_INSPECT), ASSAY_OK);
    cr_assert_eq(state, ASSAY_TARGET_DOWN);
    cr_assert_eq(atomic_load(&starts), 1);
    cr_assert_eq(atomic_load(&stops), 1);
    cr_assert_eq(atomic_load(&freezes), 1);
    cr_assert_eq(atomic_load(&thaws), 1);
}

Test(systemd, a_unit_that_fails_to_start_is_said)
{
    atomic_store(&mood, FAILS_TO_START);
    cr_assert_eq(run(ASSAY_TARGET_START), ASSAY_E_INVALID);
    cr_assert_str_eq(message, "shop.service: start: failed");
}

Test(systemd, a_manager_that_refuses_is_quoted_without_its_control_bytes)
{
    atomic_store(&mood, REFUSES);
    cr_assert_eq(run(ASSAY_TARGET_SUSPEND), ASSAY_E_INVALID);
    cr_assert_str_eq(message, "shop.service: suspend: Unit shop.service not ?[1mfound.");
}

Test(systemd, who_refuses_and_what_to_do_is_said)
{
    atomic_store(&mood, BUS_REFUSES);
    cr_assert_eq(run(ASSAY_TARGET_SUSPEND), ASSAY_E_INVALID);
    cr_assert_not_null(strstr(message, "shop.service: suspend: the bus does not permit this user"),
                       "%s", message);
    for (enum mood by = POLKIT_REFUSES; by <= POLKIT_ASKS; by++) {
        atomic_store(&mood, by);
        cr_assert_eq(run(ASSAY_TARGET_STOP), ASSAY_E_INVALID);
        cr_assert_str_eq(message, "shop.service: stop: polkit does not allow it to this user; "
                                  "docs/enforcement.md 3 has the rule that does");
    }
}

Test(systemd, no_answer_nonsense_and_a_lost_bus_are_no_success_and_pass)
{
    atomic_store(&mood, SILENT);
    cr_assert_eq(run_for(ASSAY_TARGET_STOP, 200), ASSAY_E_AGAIN);
    atomic_store(&mood, NONSENSE);
    cr_assert_eq(run(ASSAY_TARGET_INSPECT), ASSAY_E_INVALID);
    cr_assert_not_null(strstr(message, "without a path"), "%s", message);
    atomic_store(&mood, HANGS_UP);
    const enum assay_status lost = run(ASSAY_TARGET_SUSPEND);
    cr_assert(lost == ASSAY_E_IO || lost == ASSAY_E_INVALID, "%s", message);
    atomic_store(&mood, WELL);
    cr_assert_eq(run(ASSAY_TARGET_INSPECT), ASSAY_OK, "a new bus: %s", message);
}

Test(systemd, a_bus_that_is_not_there_is_said)
{
    target->ops->close(target);
    cr_assert_eq(assay_systemd_open("unix:path=/nowhere/bus", "shop.service", &target), ASSAY_OK);
    cr_assert_eq(run(ASSAY_TARGET_INSPECT), ASSAY_E_IO);
    cr_assert_not_null(strstr(message, "bus of systemd: No such file"), "%s", message);
}

Test(systemd, names_of_units_are_whole_and_plain)
{
    static const char *const bad[] = {
        "", "shop", ".service", "a b.service", "../x.service", "x.mount", "x.service\n"
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        cr_assert_not(assay_systemd_unit_is_valid(bad[i]), "%s", bad[i]);
    cr_assert(assay_systemd_unit_is_valid("getty@tty1.service"));
    cr_assert(assay_systemd_unit_is_valid("dev-disk\\x2dby.slice"));
}
