/*
 * tests/bench/services/group_processes.c - ledger and replicas of a benchmark as processes.
 */
#include "tests/bench/services/group_processes.h"

#include "base/assert.h"
#include "base/file/file.h"
#include "base/system_clock.h"
#include "net/services/continuity/replica_node.h"
#include "tests/support/services/light_ledger.h"

#include <errno.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

enum {
    CHILDREN = 16,
    INSTANCES = 16,
    CLOSES = 40, /* then the ledger is silent: it has proven what an enclave needs */
    CLOSE_MS = 250,
    PATHS = 8,
    PATH_LEN = 200,
};

static char folder[100];
static pid_t children[CHILDREN];
static size_t child_count;

void group_processes_require(bool good, const char *what)
{
    if (good) return;
    (void)fprintf(stderr, "%s: %s\n", program_invocation_short_name, what);
    exit(1);
}

pid_t group_processes_spawn(void (*run)(const void *argument), const void *argument)
{
    ASSAY_ASSERT(child_count < CHILDREN);
    (void)fflush(stdout);
    const pid_t pid = fork();
    group_processes_require(pid >= 0, "fork");
    if (pid == 0) {
        (void)prctl(PR_SET_PDEATHSIG, SIGKILL);
        run(argument);
        _exit(0);
    }
    children[child_count++] = pid;
    return pid;
}

void group_processes_end(void)
{
    while (child_count > 0) {
        const pid_t pid = children[--child_count];
        (void)kill(pid, SIGKILL);
        (void)waitpid(pid, NULL, 0);
    }
}

const char *group_processes_path(const char *name)
{
    static char paths[PATHS][PATH_LEN];
    static unsigned turn;
    char *const path = paths[turn++ % PATHS];
    (void)snprintf(path, PATH_LEN, "%s/%s", folder, name);
    return path;
}

const char *group_processes_socket(void)
{
    return group_processes_path("enclaves");
}

const char *group_processes_checkpoint(void)
{
    return group_processes_path("checkpoint");
}

static void make_folder(void)
{
    const char *const parent = getenv("TMPDIR");
    (void)snprintf(folder, sizeof folder, "%.60s/assay-replicas.XXXXXX",
                   parent != NULL ? parent : "/tmp");
    group_processes_require(mkdtemp(folder) != NULL, "no folder for files");
}

/* What the owner of the enclave trusts. */
static void save_checkpoint(const struct light_ledger *light)
{
    struct assay_checkpoint at;
    uint8_t bytes[ASSAY_CHECKPOINT_LEN_MAX];
    struct assay_writer w = assay_writer_over(bytes, sizeof bytes);
    light_ledger_checkpoint(light, &at);
    group_processes_require(assay_checkpoint_encode(&at, &w) == ASSAY_OK &&
                                assay_file_replace(group_processes_checkpoint(), ASSAY_FILE_SECRET,
                                                   assay_slice_over(bytes, w.len)) == ASSAY_OK,
                            "no checkpoint");
}

static void run_ledger(const void *argument)
{
    const uint32_t size = *(const uint32_t *)argument;
    struct service_ledger *ledger =
        service_ledger_open(group_processes_path("ledger"), GROUP_PROCESSES_GROUP, size, INSTANCES);
    struct light_ledger *light =
        light_ledger_open(ledger, GROUP_PROCESSES_GROUP, group_processes_socket());
    save_checkpoint(light);
    for (uint64_t closes = 0, at_ms = assay_monotonic_ms();;) {
        service_ledger_turn(ledger, closes < CLOSES ? CLOSE_MS / 5 : 1000);
        if (closes >= CLOSES || assay_monotonic_ms() - at_ms < CLOSE_MS) continue;
        service_ledger_close_epoch(ledger);
        at_ms = assay_monotonic_ms();
        closes++;
    }
}

static void run_replica(const void *argument)
{
    const struct assay_replica_node_config config = { .ledger = group_processes_path("ledger"),
                                                      .listen = "127.0.0.1:0",
                                                      .group = GROUP_PROCESSES_GROUP,
                                                      .instances_max = INSTANCES };
    struct assay_replica_node *node = NULL;
    char message[ASSAY_REPLICA_NODE_MESSAGE_LEN];
    (void)argument;
    group_processes_require(assay_replica_node_open(&config, &node, message) == ASSAY_OK, message);
    while (assay_replica_node_step(node, 1000) == ASSAY_OK) {
    }
}

pid_t group_processes_start(uint32_t size)
{
    pid_t last = 0;
    make_folder();
    (void)group_processes_spawn(run_ledger, &size);
    for (int i = 0; i < 200 && access(group_processes_checkpoint(), F_OK) != 0; i++)
        (void)usleep(10000);
    group_processes_require(access(group_processes_checkpoint(), F_OK) == 0, "no ledger");
    for (uint32_t i = 0; i < size; i++)
        last = group_processes_spawn(run_replica, NULL);
    return last;
}

static int remove_file(const char *path, const struct stat *file, int kind, struct FTW *walk)
{
    (void)file;
    (void)kind;
    (void)walk;
    return remove(path);
}

void group_processes_stop(void)
{
    group_processes_end();
    (void)nftw(folder, remove_file, 8, FTW_DEPTH | FTW_PHYS);
}
