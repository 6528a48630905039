/*
 * apps/replica/main.c - assay-replica: remembers for enclaves what they certified last, as one of a
 * group (docs/services.md 4.3).
 */
#include "apps/service/program.h"
#include "net/services/replica_node.h"

#include <stdio.h>

static const char usage[] =
    "usage: assay-replica --config FILE [--check-config]\n"
    "\n"
    "Remembers for enclaves which state they certified last, so that no host can hand them an\n"
    "older one: one replica of a group, in memory alone. It has the daemon list it, and serves as\n"
    "long as it lives; what it remembers is lost with it, and kept by the others of its group.\n"
    "\n"
    "  --config FILE     configuration in YAML: service_version, daemon (socket of services),\n"
    "                    listen (HOST:PORT), host (that others dial instead), group (number),\n"
    "                    instances (at most; 1024)\n"
    "  --check-config    read the configuration, then exit: 0 fit, 2 not\n"
    "  --version         print the version\n"
    "\n"
    "  assay-replica --config /etc/assay/replica.yaml\n"
    "SIGTERM and SIGINT end it. Status 4: its member has listed another process.\n";

static void put_line(const struct assay_replica_node *node, char *line, size_t len)
{
    const struct assay_cont_status s = assay_replica_node_status(node);
    if (!assay_replica_node_is_listed(node))
        (void)snprintf(line, len, "waits for the ledger to list it (%s)",
                       service_ledger_words(assay_replica_node_ledger(node)));
    else if (s.serves) (void)snprintf(line, len, "serves view %llu", (unsigned long long)s.view);
    else (void)snprintf(line, len, "listed, without a seat");
}

int main(int argc, char **argv)
{
    static struct service_program program = { .name = "assay-replica",
                                              .usage = usage,
                                              .keys = SERVICE_KEY_GROUP };
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
    service_ready(&program);
    do {
        put_line(node, line, sizeof line);
        if (!service_goes_on(&program, line)) break;
        ended = assay_replica_node_turn(node, 500);
    } while (ended == ASSAY_OK);
    assay_replica_node_close(&node);
    return service_end(&program, ended);
}
