/*
 * tests/hostile/fleet.c - see fleet.h.
 */
#include "tests/hostile/fleet.h"

#include "apps/client.h"
#include "base/file/file.h"
#include "tests/support/ports.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { ASK_MS = 5000, LOOK_MS = 100, START_S = 60, GENESIS_MAX = 1 << 20 };

static struct fleet *running; /* for failures */

uint64_t fleet_ms(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
}

static void end_all(struct fleet *f, int with)
{
    for (uint32_t i = 0; i < f->count; i++)
        if (f->nodes[i].pid > 0) (void)kill(f->nodes[i].pid, with);
}

static void show_log(const struct fleet_node *node)
{
    char command[160];
    (void)snprintf(command, sizeof command, "tail -n 3 %s/log >&2", node->dir);
    if (system(command) != 0) return;
}

_Noreturn void fleet_fail(const char *what, const char *about)
{
    (void)fprintf(stderr, "hostile: FAILED: %s: %s\n", about, what);
    if (running != NULL) {
        for (uint32_t i = 0; i < running->honest; i++)
            show_log(&running->nodes[i]);
        end_all(running, SIGKILL);
        (void)fprintf(stderr, "hostile: what there was is in %s\n", running->dir);
    }
    exit(1);
}

/* ------------------------------------------------------------ starting */

static void run(const char *const *words)
{
    int status = 0;
    const pid_t pid = fork();
    if (pid == 0) {
        (void)execvp(words[0], (char *const *)(uintptr_t)words);
        _exit(127);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
        fleet_fail("the network cannot be made", words[1]);
}

static void make(struct fleet *f, const char *source)
{
    char script[512], epoch[16], ports[FLEET_MAX][8];
    const char *words[6 + FLEET_MAX] = { "sh", script, f->bin, f->dir, epoch };
    (void)snprintf(script, sizeof script, "%s/tests/hostile/network.sh", source);
    (void)snprintf(epoch, sizeof epoch, "%u", f->epoch_ms);
    int held[FLEET_MAX];
    unsigned first = 0;
    if (!test_ports_bind(f->count, &first, held)) fleet_fail("no free ports", f->dir);
    for (uint32_t i = 0; i < f->count; i++) {
        f->nodes[i].port = (uint16_t)(first + i);
        (void)snprintf(ports[i], sizeof ports[i], "%u", first + i);
        words[5 + i] = ports[i];
    }
    for (uint32_t i = 0; i < f->count; i++)
        (void)close(held[i]);
    run(words);
}

static void start(const struct fleet *f, struct fleet_node *node)
{
    char daemon[300], log[128];
    (void)snprintf(daemon, sizeof daemon, "%s/%s", f->bin,
                   f->overlay != NULL ? "../libexec/assay/assayd-byzantine" : "assayd");
    (void)snprintf(log, sizeof log, "%s/log", node->dir);
    const pid_t parent = getpid();
    node->pid = fork();
    if (node->pid != 0) return;
    const int fd = open(log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
    (void)prctl(PR_SET_PDEATHSIG, SIGKILL); /* no daemon outlives the test, whatever ends it */
    if (getppid() != parent) _exit(126);
    if (f->overlay != NULL && setenv("ASSAY_TEST_OVERLAY", f->overlay, 1) != 0) _exit(126);
    if (fd < 0 || dup2(fd, 1) < 0 || dup2(fd, 2) < 0 || chdir(node->dir) != 0) _exit(126);
    (void)execl(daemon, "assayd", "--config", "assayd.yaml", (char *)NULL);
    _exit(127);
}

static struct assay_json *ask(const struct fleet_node *node, const char *what)
{
    struct assay_json *document = NULL;
    if (assay_client_request(node->socket, what, ASK_MS, &document) == ASSAY_OK) return document;
    assay_json_free(&document);
    return NULL;
}

static uint64_t number(const struct assay_json *object, const char *key)
{
    int64_t value = 0;
    const bool is_number = assay_json_as_int(assay_json_get(object, key), &value);
    return is_number && value > 0 ? (uint64_t)value : 0;
}

static void await_epoch(struct fleet *f, uint64_t epoch)
{
    const uint64_t end_ms = fleet_ms() + START_S * UINT64_C(1000);
    for (uint32_t i = 0; i < f->count;) {
        struct assay_json *status = ask(&f->nodes[i], "status");
        const uint64_t at = number(assay_json_get(status, "data"), "epoch");
        assay_json_free(&status);
        if (at >= epoch) {
            i++;
            continue;
        }
        if (fleet_ms() > end_ms) fleet_fail("the network does not begin", f->nodes[i].dir);
        (void)usleep(LOOK_MS * 1000);
    }
}

static void read_genesis(struct fleet *f)
{
    char path[128];
    struct assay_where where = { 0 };
    (void)snprintf(path, sizeof path, "%s/genesis", f->dir);
    f->genesis_bytes = malloc(GENESIS_MAX);
    FILE *file = fopen(path, "rbe");
    if (f->genesis_bytes == NULL || file == NULL) fleet_fail("no genesis", path);
    const size_t len = fread(f->genesis_bytes, 1, GENESIS_MAX, file);
    (void)fclose(file);
    if (assay_genesis_decode(f->genesis_bytes, len, false, &f->genesis, &where) != ASSAY_OK)
        fleet_fail("the genesis is none", path);
    for (uint32_t i = 0; i < f->count; i++) {
        char name[16];
        const int n = snprintf(name, sizeof name, "node-%u", i + 1);
        for (uint16_t s = 0; s < f->genesis.member_count; s++)
            if (assay_slice_equal(f->genesis.members[s].name, assay_slice_over(name, (size_t)n)))
                f->nodes[i].slot = s;
    }
}

void fleet_open(struct fleet *f, const char *source, const char *bin, uint32_t count,
                uint32_t honest)
{
    char dir[] = "/tmp/assay-hostile.XXXXXX";
    f->count = count;
    f->honest = honest;
    (void)snprintf(f->bin, sizeof f->bin, "%s", bin);
    if (mkdtemp(dir) == NULL) fleet_fail("no folder", dir);
    (void)snprintf(f->dir, sizeof f->dir, "%s", dir);
    running = f;
    make(f, source);
    read_genesis(f);
    for (uint32_t i = 0; i < count; i++) {
        struct fleet_node *node = &f->nodes[i];
        (void)snprintf(node->dir, sizeof node->dir, "%s/node-%u", dir, i + 1);
        (void)snprintf(node->socket, sizeof node->socket, "%s/node-%u/admin.sock", dir, i + 1);
        start(f, node);
    }
    await_epoch(f, 3);
}

void fleet_close(struct fleet *f)
{
    const char *gone = NULL;
    for (uint32_t i = 0; i < f->honest; i++)
        if (waitpid(f->nodes[i].pid, NULL, WNOHANG) != 0) gone = f->nodes[i].dir;
    if (gone != NULL) fleet_fail("an honest daemon ended by itself", gone);
    end_all(f, SIGTERM);
    for (uint32_t i = 0; i < f->count; i++)
        (void)waitpid(f->nodes[i].pid, NULL, 0);
    const char *const words[] = { "rm", "-rf", f->dir, NULL };
    run(words);
    running = NULL;
    free(f->genesis_bytes);
}

/* ------------------------------------------------------------ looking */

static uint64_t private_kib(pid_t pid)
{
    char path[64], line[128];
    uint64_t sum = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/smaps_rollup", (int)pid);
    FILE *file = fopen(path, "re");
    if (file == NULL) return 0;
    while (fgets(line, sizeof line, file) != NULL) {
        if (strncmp(line, "Private_", 8) != 0) continue;
        const char *colon = strchr(line, ':');
        if (colon != NULL) sum += strtoull(colon + 1, NULL, 10);
    }
    (void)fclose(file);
    return sum;
}

static uint32_t files_of(pid_t pid)
{
    char path[64];
    uint32_t count = 0;
    (void)snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    DIR *dir = opendir(path);
    if (dir == NULL) return 0;
    while (readdir(dir) != NULL) count++;
    (void)closedir(dir);
    return count - 2;
}

/* User and system time; the name in parentheses may hold anything. */
static uint64_t ticks_of(pid_t pid)
{
    char path[64], text[1024];
    (void)snprintf(path, sizeof path, "/proc/%d/stat", (int)pid);
    FILE *file = fopen(path, "re");
    if (file == NULL) return 0;
    const size_t len = fread(text, 1, sizeof text - 1, file);
    (void)fclose(file);
    text[len] = '\0';
    char *at = strrchr(text, ')');
    uint64_t sum = 0;
    for (int field = 2; at != NULL && field < 15; field++) {
        at = strchr(at + 1, ' ');
        if (at != NULL && field >= 13) sum += strtoull(at, NULL, 10);
    }
    return sum;
}

/* The process that has its sockets: a child of its main thread. Returns: 0: there is none now. */
static pid_t transport_of(pid_t pid)
{
    static const char role[] = "assay-transport";
    char path[64], text[1024], words[sizeof role];
    (void)snprintf(path, sizeof path, "/proc/%d/task/%d/children", (int)pid, (int)pid);
    FILE *file = fopen(path, "re");
    const size_t len = file != NULL ? fread(text, 1, sizeof text - 1, file) : 0;
    if (file != NULL) (void)fclose(file);
    text[len] = '\0';
    char *at = text;
    for (long child = strtol(at, &at, 10); child > 0; child = strtol(at, &at, 10)) {
        (void)snprintf(path, sizeof path, "/proc/%ld/cmdline", child);
        file = fopen(path, "re");
        const size_t got = file != NULL ? fread(words, 1, sizeof words, file) : 0;
        if (file != NULL) (void)fclose(file);
        if (got == sizeof role && assay_bytes_equal(words, role, sizeof role)) return (pid_t)child;
    }
    return 0;
}

/* No attack may crash it: it is the same process all the time. */
static void look_at_transport(struct fleet_node *node)
{
    const pid_t now = transport_of(node->pid);
    if (now == 0 || (node->transport != 0 && now != node->transport))
        fleet_fail("an honest transport fell", node->dir);
    node->transport = now;
}

void fleet_look(struct fleet *f)
{
    for (uint32_t i = 0; i < f->honest; i++) {
        struct fleet_node *node = &f->nodes[i];
        if (waitpid(node->pid, NULL, WNOHANG) != 0)
            fleet_fail("an honest daemon ended by itself", node->dir);
        look_at_transport(node);
        node->private_kib = private_kib(node->pid) + private_kib(node->transport);
        node->files = files_of(node->pid) + files_of(node->transport);
        if (node->private_kib > node->peak_kib) node->peak_kib = node->private_kib;
        if (node->files > node->files_peak) node->files_peak = node->files;
    }
}

void fleet_begin(struct fleet *f)
{
    for (uint32_t i = 0; i < f->honest; i++) {
        f->nodes[i].peak_kib = 0;
        f->nodes[i].files_peak = 0;
    }
    fleet_look(f);
}

void fleet_begin_epochs(struct fleet *f)
{
    f->held = 0;
    f->since_epoch = atomic_load(&f->epoch);
}

/* What became final since the last time, as the node measured it. */
static void sample(struct fleet *f, struct fleet_node *node, struct fleet_window *window)
{
    struct assay_json *status = ask(node, "status");
    if (status == NULL) fleet_fail("an honest daemon does not answer", node->dir);
    const struct assay_json *data = assay_json_get(status, "data");
    const struct assay_json *finality = assay_json_get(data, "finality");
    const struct assay_json *neighbours = assay_json_get(data, "neighbours");
    if (f->overlay != NULL && !assay_json_bool(neighbours, "used", false))
        fleet_fail("everybody is its neighbour", node->dir);
    const struct assay_json *newest = assay_json_get(finality, "newest_us");
    const uint64_t samples = number(finality, "samples"), epoch = number(data, "epoch");
    uint64_t fresh = samples - node->samples;
    if (fresh > assay_json_count(newest)) fresh = assay_json_count(newest);
    for (uint64_t i = 0; i < fresh && window != NULL && window->count < FLEET_SAMPLES; i++) {
        int64_t us = 0;
        if (assay_json_as_int(assay_json_at(newest, i), &us))
            window->us[window->count++] = (uint32_t)us;
    }
    node->samples = samples;
    if (epoch > atomic_load(&f->epoch)) atomic_store(&f->epoch, epoch);
    f->held += epoch > f->since_epoch + 1 && !assay_json_bool(data, "certified", true);
    assay_json_free(&status);
}

void fleet_watch(struct fleet *f, uint64_t ms, struct fleet_window *window)
{
    const uint64_t begin_ms = fleet_ms();
    uint64_t before = 0, after = 0;
    for (uint32_t i = 0; i < f->honest; i++) {
        sample(f, &f->nodes[i], NULL);
        before += ticks_of(f->nodes[i].pid) + ticks_of(f->nodes[i].transport);
    }
    while (fleet_ms() - begin_ms < ms) {
        (void)usleep(LOOK_MS * 1000);
        fleet_look(f);
        for (uint32_t i = 0; i < f->honest; i++)
            sample(f, &f->nodes[i], window);
    }
    for (uint32_t i = 0; i < f->honest; i++)
        after += ticks_of(f->nodes[i].pid) + ticks_of(f->nodes[i].transport);
    if (window == NULL) return;
    window->cpu_ticks += after - before;
    window->ms += fleet_ms() - begin_ms;
}

static uint32_t number_of(const struct fleet *f, uint64_t slot)
{
    for (uint32_t i = 0; i < f->count; i++)
        if (f->nodes[i].slot == slot) return i;
    return f->count;
}

static void judge(struct fleet *f, struct fleet_node *node)
{
    struct assay_json *document = ask(node, "nodes");
    const struct assay_json *nodes = assay_json_get(assay_json_get(document, "data"), "nodes");
    if (assay_json_count(nodes) != f->count) fleet_fail("no standings", node->dir);
    node->shuts = 0;
    for (size_t i = 0; i < f->count; i++) {
        const struct assay_json *m = assay_json_at(nodes, i);
        const uint32_t who = number_of(f, number(m, "slot"));
        node->score_bp[who] = number(m, "score_bp");
        (void)snprintf(node->standing[who], sizeof node->standing[who], "%s",
                       assay_json_text(m, "standing", "?"));
        if (assay_json_bool(m, "shut_out", false)) {
            if (who < f->honest) fleet_fail("an honest member is shut out", node->dir);
            node->shuts++;
        }
    }
    assay_json_free(&document);
}

void fleet_judge(struct fleet *f)
{
    for (uint32_t i = 0; i < f->honest; i++)
        judge(f, &f->nodes[i]);
}

static int by_size(const void *a, const void *b)
{
    const uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;
    return x < y ? -1 : x > y;
}

uint32_t fleet_us(struct fleet_window *window, uint32_t permille)
{
    if (window->count == 0) return 0;
    qsort(window->us, window->count, sizeof window->us[0], by_size);
    return window->us[(uint64_t)(window->count - 1) * permille / 1000];
}
