/*
 * apps/assay/setup/setup_run.c - `assay setup local --start` and `--stop`: a network as processes.
 *
 * Each program is the leader of a session of its own and outlives this command; its log is in its
 * node's folder.
 */
#include "apps/assay/setup/setup.h"

#include "apps/assay/core/daemon_request.h"
#include "apps/assay/core/result_json.h"
#include "apps/assay/setup/setup_process.h"
#include "base/system_clock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

enum {
    PLAN_MAX = 1 << 20,
    ASK_MS = 2000,
    ANSWER_MS = 60000, /* for the next answer: sanitizers start slowly */
    CLOSE_MS = 20000,  /* for the first close, and three epochs more */
    END_MS = 60000,
    LOG_TAIL = 256,
};

static struct {
    char dir[PATH_MAX]; /* absolute */
    unsigned long nodes;
    size_t count;
    struct assay_local_process processes[ASSAY_LOCAL_PROGRAMS]; /* assayd of all nodes first */
} network;

static volatile sig_atomic_t interrupted;

static void on_interrupt(int number)
{
    (void)number;
    interrupted = 1;
}

/* ------------------------------------------------------------ the folder */

__attribute__((format(printf, 2, 3))) static const char *in(const char *dir, const char *format,
                                                            ...)
{
    char name[64];
    va_list args;
    va_start(args, format);
    (void)vsnprintf(name, sizeof name, format, args);
    va_end(args);
    return cli_setup_path(dir, name);
}

/* Nodes that the plan names by the folders that `setup local` makes. */
static unsigned long count_planned(const char *dir)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    unsigned long count = 0;
    char member[32];
    if (assay_file_read(in(dir, "plan.yaml"), PLAN_MAX, &bytes, &len) != ASSAY_OK) return 0;
    for (const uint8_t *at = bytes;; count++) {
        (void)snprintf(member, sizeof member, "card: node-%lu/keys/", count + 1);
        at = memmem(at, len - (size_t)(at - bytes), member, strlen(member));
        if (at == NULL) break;
    }
    free(bytes);
    return count;
}

static bool has_config(const char *dir, unsigned long n)
{
    return access(in(dir, "node-%lu/assayd.yaml", n), F_OK) == 0 || errno != ENOENT;
}

/* A node that is reached from this machine alone, with its socket in its folder. */
static bool is_local_node(const char *dir, unsigned long n)
{
    static const char loopback[] = "127.0.0.1:";
    char gossip[64], admin[64];
    const char *const config = in(dir, "node-%lu/assayd.yaml", n);
    return cli_setup_value(config, "  gossip", gossip, sizeof gossip) &&
           strncmp(gossip, loopback, sizeof loopback - 1) == 0 &&
           cli_setup_value(config, "  admin", admin, sizeof admin) &&
           strcmp(admin, "admin.sock") == 0;
}

unsigned long cli_setup_find_local(const char *dir, unsigned long *missing)
{
    struct stat genesis;
    unsigned long found = 0, first = 0;
    const unsigned long nodes = count_planned(dir);
    *missing = 0;
    if (nodes == 0 || nodes > ASSAY_LOCAL_NODES) return 0;
    if (stat(in(dir, "genesis"), &genesis) != 0 || !S_ISREG(genesis.st_mode)) return 0;
    for (unsigned long n = 1; n <= nodes; n++) {
        if (is_local_node(dir, n)) found++;
        else if (has_config(dir, n)) return 0;
        else if (first == 0) first = n;
    }
    if (found == 0) return 0;
    *missing = first;
    return nodes;
}

static void add_program(unsigned long n, const char *program, const char *config, const char *log)
{
    struct assay_local_process *const p = &network.processes[network.count];
    *p = (struct assay_local_process){ .program = program, .node = n };
    (void)snprintf(p->config, sizeof p->config, "%s", in(network.dir, "node-%lu/%s", n, config));
    (void)snprintf(p->log, sizeof p->log, "%s", in(network.dir, "node-%lu/%s", n, log));
    /* A daemon may run on without its configuration. */
    if (strcmp(program, "assayd") == 0 || access(p->config, F_OK) == 0) network.count++;
}

/* What another user may replace decides neither what is started nor what is ended. Reports errors.
 * Returns: an enum assay_exit. */
static int check_owner(const char *dir)
{
    struct stat info;
    unsigned long missing = 0;
    const unsigned long nodes = cli_setup_find_local(dir, &missing);
    for (unsigned long n = 0; n <= nodes; n++) {
        const char *const folder = n == 0 ? dir : in(dir, "node-%lu", n);
        if (cli_process_owns(folder) || (lstat(folder, &info) != 0 && errno == ENOENT)) continue;
        (void)fprintf(stderr, "assay setup local: %s: it is no folder of this user\n",
                      cli_setup_shown(folder));
        return ASSAY_EXIT_CONFLICT;
    }
    return ASSAY_EXIT_OK;
}

static void read_network(const char *dir)
{
    static const char *const services[][3] = {
        { "assay-replica", "replica.yaml", "replica.log" },
        { "assay-holder", "holder.yaml", "holder.log" },
        { "assay-executor", "executor.yaml", "executor.log" },
        { "assay-signer", "signer.yaml", "signer.log" },
    };
    (void)snprintf(network.dir, sizeof network.dir, "%s", dir);
    unsigned long missing = 0;
    network.nodes = cli_setup_find_local(dir, &missing);
    network.count = 0;
    for (unsigned long n = 1; n <= network.nodes; n++) {
        struct assay_local_process *const p = &network.processes[network.count];
        add_program(n, "assayd", "assayd.yaml", "log");
        (void)snprintf(p->admin, sizeof p->admin, "%s", in(dir, "node-%lu/admin.sock", n));
    }
    for (unsigned long n = 1; n <= network.nodes; n++)
        for (size_t i = 0; i < sizeof services / sizeof services[0]; i++)
            add_program(n, services[i][0], services[i][1], services[i][2]);
    cli_process_look(network.processes, network.count);
}

/* ------------------------------------------------------------ messages */

/* Not beside a document: the first line on stderr is that of its error. */
__attribute__((format(printf, 1, 2))) static void report_progress(const char *format, ...)
{
    va_list args;
    if (cli_json_mode_is_on()) return;
    va_start(args, format);
    (void)vfprintf(stderr, format, args);
    va_end(args);
    (void)fputc('\n', stderr);
}

/* The last line of a log has the reason of an end. */
static void read_last_line(const char *path, char line[static LOG_TAIL])
{
    char tail[LOG_TAIL] = "";
    line[0] = '\0';
    const int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
    FILE *const log = fd >= 0 ? fdopen(fd, "r") : NULL;
    if (log == NULL && fd >= 0) (void)close(fd);
    if (log == NULL) return;
    if (fseek(log, 1 - (long)LOG_TAIL, SEEK_END) != 0) rewind(log);
    size_t len = fread(tail, 1, LOG_TAIL - 1, log);
    (void)fclose(log);
    while (len > 0 && tail[len - 1] == '\n')
        tail[--len] = '\0';
    const char *const newline = strrchr(tail, '\n');
    (void)snprintf(line, LOG_TAIL, "%s", newline != NULL ? newline + 1 : tail);
}

static struct assay_json *process_json(const struct assay_local_process *p)
{
    struct assay_json *const object = assay_json_object();
    char name[32];
    (void)snprintf(name, sizeof name, "node-%lu", p->node);
    assay_json_set_text(object, "name", name);
    assay_json_set_text(object, "program", p->program);
    assay_json_set_text(object, "config", p->config);
    assay_json_set_text(object, "log", p->log);
    if (p->admin[0] != '\0') assay_json_set_text(object, "admin", p->admin);
    if (p->pid != 0) assay_json_set_uint(object, "pid", (uint64_t)p->pid);
    return object;
}

/* In: is_named: which processes are listed. Takes nothing over. Returns: an enum assay_exit. */
static int print_processes(const char *key, bool made, const char *sentence)
{
    struct assay_json *const list = assay_json_array();
    struct assay_json *const data =
        cli_result_json("setup local", (const char *const[]){ network.dir, NULL });
    for (size_t i = 0; i < network.count; i++)
        if (network.processes[i].pid != 0 || network.processes[i].ended)
            assay_json_append(list, process_json(&network.processes[i]));
    if (sentence != NULL) assay_json_set_bool(data, "made", made);
    if (sentence != NULL) assay_json_set_text(data, "sentence", sentence);
    assay_json_set(data, key, list);
    return cli_result_json_print(data);
}

/* ------------------------------------------------------------ start */

static void sleep_ms(long ms)
{
    const struct timespec pause = { .tv_nsec = ms * 1000000 };
    (void)nanosleep(&pause, NULL);
}

static size_t count_answering(void)
{
    size_t count = 0;
    for (unsigned long n = 0; n < network.nodes; n++)
        count += network.processes[n].answers;
    return count;
}

static bool ask_status(const struct assay_local_process *p, struct assay_json **status)
{
    return assay_client_request(p->admin, "status", ASK_MS, status) == ASSAY_OK;
}

/* Returns: whether another node answers. */
static bool ask_next(void)
{
    bool more = false;
    for (unsigned long n = 0; n < network.nodes; n++) {
        struct assay_local_process *const p = &network.processes[n];
        struct assay_json *status = NULL;
        if (p->answers || interrupted || !ask_status(p, &status)) continue;
        assay_json_free(&status);
        p->answers = more = true;
        report_progress("node-%lu answers (%zu of %lu)", p->node, count_answering(), network.nodes);
    }
    return more;
}

/* Returns: ASSAY_EXIT_OK while every process runs that was started here. */
static int check_processes(void)
{
    char line[LOG_TAIL];
    if (interrupted) {
        (void)fputs("assay setup local: interrupted; the network is not started\n", stderr);
        return ASSAY_EXIT_INTERNAL;
    }
    for (size_t i = 0; i < network.count; i++) {
        struct assay_local_process *const p = &network.processes[i];
        if (!cli_process_is_reaped(p)) continue;
        read_last_line(p->log, line);
        (void)fprintf(stderr, "assay setup local: node-%lu: %s ended; %s: %s\n", p->node,
                      p->program, cli_setup_shown(p->log), cli_text_sanitized(line));
        return ASSAY_EXIT_INTERNAL;
    }
    return ASSAY_EXIT_OK;
}

static int wait_for_answers(void)
{
    uint64_t until = assay_monotonic_ms() + ANSWER_MS;
    while (count_answering() < network.nodes) {
        const int status = check_processes();
        if (status != ASSAY_EXIT_OK) return status;
        if (ask_next()) until = assay_monotonic_ms() + ANSWER_MS;
        else sleep_ms(100);
        if (!assay_monotonic_is_past(until)) continue;
        for (unsigned long n = 0; n < network.nodes; n++)
            if (!network.processes[n].answers)
                (void)fprintf(stderr,
                              "assay setup local: node-%lu does not answer; its log is %s\n", n + 1,
                              cli_setup_shown(network.processes[n].log));
        return ASSAY_EXIT_TIMEOUT;
    }
    return check_processes();
}

static bool has_closed(char sentence[static LOG_TAIL])
{
    struct assay_json *status = NULL;
    if (!ask_status(&network.processes[0], &status)) return false;
    const struct assay_json *const data = assay_json_get(status, "data");
    const bool certified = assay_json_bool(data, "certified", false);
    (void)snprintf(sentence, LOG_TAIL, "%s", cli_text_of(data, "sentence", ""));
    assay_json_free(&status);
    return certified;
}

/* The first close says who is attested. A network that has none yet is started all the same, and a
 * node alone never has one. */
static void wait_for_close(char sentence[static LOG_TAIL])
{
    char epoch_ms[24] = "0";
    (void)cli_setup_value(in(network.dir, "plan.yaml"), "epoch_ms", epoch_ms, sizeof epoch_ms);
    const uint64_t until =
        assay_monotonic_ms() + CLOSE_MS + 3 * (uint64_t)strtoul(epoch_ms, NULL, 10);
    if (has_closed(sentence) || network.nodes == 1) return;
    report_progress("the first epoch closes in about %s ms", epoch_ms);
    while (!has_closed(sentence) && !interrupted && !assay_monotonic_is_past(until))
        sleep_ms(100);
}

/* Also where a reader of stderr is gone: processes must not be left behind. */
static void take_signals(void)
{
    static const int ends[] = { SIGINT, SIGTERM, SIGHUP };
    const struct sigaction action = { .sa_handler = on_interrupt };
    for (size_t i = 0; i < sizeof ends / sizeof ends[0]; i++)
        (void)sigaction(ends[i], &action, NULL);
    (void)signal(SIGPIPE, SIG_IGN);
}

/* Those that ran before run on. */
static void undo_start(void)
{
    for (size_t i = 0; i < network.count; i++)
        if (!network.processes[i].is_child) network.processes[i].pid = 0;
    (void)cli_process_end(network.processes, network.count, END_MS, NULL);
}

static size_t count_running(void)
{
    size_t count = 0;
    for (size_t i = 0; i < network.count; i++)
        count += network.processes[i].pid != 0;
    return count;
}

static int start_processes(size_t *started)
{
    const bool all = count_running() == network.count;
    if (all) report_progress("all %zu programs run already", network.count);
    for (size_t i = 0; i < network.count && !all; i++) {
        struct assay_local_process *const p = &network.processes[i];
        if (p->pid != 0) report_progress("node-%lu: %s runs already", p->node, p->program);
        if (p->pid != 0) continue;
        if (!cli_process_start(p)) return ASSAY_EXIT_NOT_FOUND;
        *started += 1;
    }
    return wait_for_answers();
}

int cli_setup_start(const char *dir, bool made)
{
    char sentence[LOG_TAIL] = "";
    size_t started = 0;
    int status = check_owner(dir);
    if (status != ASSAY_EXIT_OK) return status;
    read_network(dir);
    take_signals();
    status = start_processes(&started);
    if (status == ASSAY_EXIT_OK) wait_for_close(sentence);
    if (status == ASSAY_EXIT_OK) status = check_processes();
    if (status != ASSAY_EXIT_OK) {
        undo_start();
        (void)fprintf(
            stderr,
            "assay setup local: %s: the network stays, with its logs, and nothing runs "
            "that was started: when the cause is repaired, `assay setup local %s --start`; "
            "or remove the folder\n",
            cli_setup_shown(dir), cli_setup_shown(dir));
        return status;
    }
    if (cli_json_mode_is_on()) return print_processes("running", made, sentence);
    const char *const shown = cli_setup_shown(dir);
    (void)printf("%s: %lu of %lu nodes answer; %zu programs started, logs in %s/node-N\n", shown,
                 network.nodes, network.nodes, started, shown);
    (void)printf("%s\n", sentence);
    return ASSAY_EXIT_OK;
}

/* ------------------------------------------------------------ stop */

static void report_end(const struct assay_local_process *p)
{
    if (!cli_json_mode_is_on()) (void)printf("node-%lu: %s ended\n", p->node, p->program);
}

int cli_setup_stop(const char *dir)
{
    const int status = check_owner(dir);
    if (status != ASSAY_EXIT_OK) return status;
    read_network(dir);
    const char *const shown = cli_setup_shown(dir);
    const size_t running = count_running();
    for (unsigned long n = 1; n <= network.nodes; n++)
        if (!has_config(dir, n))
            report_progress("%s/node-%lu/assayd.yaml is missing; what runs is ended all the same",
                            shown, n);
    const size_t left = cli_process_end(network.processes, network.count, END_MS, report_end);
    for (size_t i = 0; i < network.count; i++)
        if (network.processes[i].pid != 0)
            (void)fprintf(stderr, "assay setup local: node-%lu: %s (process %ld) has not ended\n",
                          network.processes[i].node, network.processes[i].program,
                          (long)network.processes[i].pid);
    if (left > 0) return ASSAY_EXIT_TIMEOUT;
    if (cli_json_mode_is_on()) return print_processes("ended", false, NULL);
    if (running == 0) (void)printf("%s: nothing runs\n", shown);
    else (void)printf("%s: %zu programs ended\n", shown, running);
    return ASSAY_EXIT_OK;
}
