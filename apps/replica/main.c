/*
 * apps/replica/main.c - assay-replica: stores the last certified entries of enclaves, as one
 * replica of a group (docs/services.md 4.3).
 */
#include "apps/service/program.h"
#include "apps/service/signals.h"
#include "net/services/continuity/replica_node.h"

#include <stdio.h>

static const char usage[] =
    "usage: assay-replica --config FILE [--check-config]\n"
    "\n"
    "Run one replica of a group of state continuity: store in memory which state each\n"
    "enclave certified last, so that no host can start an enclave from an older one.\n"
    "The daemon lists the replica on the ledger. Its memory ends with the process;\n"
    "the other replicas of the group retain theirs.\n"
    "\n"
    "  --config FILE     read the configuration from this YAML file, with keys\n"
    "                    service_version: 1\n"
    "                    daemon: folder listen.services of the daemon\n"
    "                    listen: HOST:PORT to listen at\n"
    "                    host: name or address that others dial; default as listen\n"
    "                    group: number of the group, 0 to 7\n"
    "                    instances: most enclaves, 1 to 10240; default 1024\n"
    "                    metrics: file to write metrics to; default none\n"
    "  --check-config    check the configuration, then exit: 0 valid, 2 not\n"
    "  --version         print the version\n"
    "\n"
    "examples:\n"
    "  assay-replica --config /etc/assay-services/replica-a.yaml\n"
    "\n"
    "signals: SIGUSR1 drains it, like `assay continuity drain`: its seat moves to\n"
    "another member, then it exits; SIGTERM, SIGINT stop it at once\n"
    "exit status: 0 stopped on request, or drained; 1 runtime error (socket, file);\n"
    "             2 usage or configuration; 4 its member has listed another process\n";

/* Its state, as a word of the metric and as a line. */
enum state { WAITS, LISTED, ENTERING, SERVES, LEAVING, HALTED, STATES };

static enum state state_of(const struct assay_replica_node *node)
{
    const struct assay_cont_status s = assay_replica_node_status(node);
    if (s.lost) return HALTED;
    if (s.leaving) return LEAVING;
    if (s.entering) return ENTERING;
    if (s.serves) return SERVES;
    return assay_replica_node_is_listed(node) ? LISTED : WAITS;
}

static void put_metrics(struct service_metrics *m, const void *context)
{
    static const char *const words[] = { "waits",  "listed",  "entering",
                                         "serves", "leaving", "halted" };
    const struct assay_replica_node *const node = context;
    const struct assay_cont_status s = assay_replica_node_status(node);
    const struct assay_replica_node_figures f = assay_replica_node_figures(node);
    service_put_standing(m, assay_replica_node_ledger(node) == ASSAY_OK,
                         assay_replica_node_is_listed(node));
    service_state(m, "assay_replica_state", "1 for the current state of the replica.", words,
                  STATES, state_of(node));
    service_gauge(m, "assay_replica_view", "View that the replica serves, or served last.", s.view);
    service_gauge(m, "assay_replica_view_pending", "Decided view that has not started; 0: none.",
                  s.pending_view);
    service_gauge(m, "assay_replica_instances", "Enclaves of which the replica stores state.",
                  s.instances);
    service_counter(m, "assay_replica_frames_total", "Frames that the replica accepted.", f.frames);
    service_counter(m, "assay_replica_frames_refused_total",
                    "Frames that the replica refused: unknown senders, other views.", f.refused);
}

static void put_line(const struct assay_replica_node *node, char *line, size_t len)
{
    const struct assay_cont_status s = assay_replica_node_status(node);
    if (s.lost)
        (void)snprintf(line, len,
                       "HALTED: of the last view that served (%llu) too few memories are left; "
                       "nothing is certified in this group any more",
                       (unsigned long long)s.view);
    else if (!assay_replica_node_is_listed(node))
        (void)snprintf(line, len, "waits for the ledger to list it (%s)",
                       service_ledger_words(assay_replica_node_ledger(node)));
    else if (assay_replica_node_drains(node))
        (void)snprintf(line, len,
                       "drains: serves until a listed replica of another member has its "
                       "seat");
    else if (s.serves) (void)snprintf(line, len, "serves view %llu", (unsigned long long)s.view);
    else (void)snprintf(line, len, "listed, without a seat");
}

int main(int argc, char **argv)
{
    static struct service_program program = {
        .name = "assay-replica", .usage = usage, .keys = SERVICE_KEY_GROUP, .metrics = put_metrics
    };
    char message[ASSAY_REPLICA_NODE_MESSAGE_LEN], line[200];
    struct assay_replica_node *node = NULL;
    int status = 0;
    if (!service_begin(&program, argc, argv, &status)) return status;
    const struct service_config *c = &program.config;
    const struct assay_replica_node_config config = { .ledger = c->daemon,
                                                      .listen = c->listen,
                                                      .host = c->host[0] != '\0' ? c->host : NULL,
                                                      .group = c->group,
                                                      .instances_max = c->instances };
    enum assay_status ended = assay_replica_node_open(&config, &node, message);
    if (ended != ASSAY_OK) {
        service_say(&program, "%s", message);
        return service_end(&program, ended);
    }
    service_take_drain();
    service_ready(&program);
    do {
        put_line(node, line, sizeof line);
        if (!service_goes_on(&program, line, node)) break;
        if (service_asked_to_drain) assay_replica_node_drain(node);
        ended = assay_replica_node_step(node, 500);
    } while (ended == ASSAY_OK && !assay_replica_node_is_drained(node));
    if (ended == ASSAY_E_RANGE)
        service_say(&program,
                    "the group may have more instances than there is room for: \"instances\" is %u",
                    (unsigned)c->instances);
    assay_replica_node_close(&node);
    return service_end(&program, ended);
}
