/*
 * apps/holder/main.c - assay-holder: keeps shares of secrets, as the holder of a member
 * (docs/services.md 5.13).
 */
#include "apps/service/program.h"
#include "net/services/holder_node.h"

#include <stdio.h>

static const char usage[] =
    "usage: assay-holder --config FILE [--check-config]\n"
    "\n"
    "Keeps shares of secrets on disk, sealed, and gives them to whom ledger and evidence allow: a\n"
    "slot of a cluster when the network has chosen this member for one. It has the daemon list\n"
    "it. What it confirmed is durable; what the ledger takes away is wiped.\n"
    "\n"
    "  --config FILE     configuration in YAML: service_version, daemon (socket of services),\n"
    "                    listen (HOST:PORT, other holders), host (that others dial instead),\n"
    "                    door (HOST:PORT, owners and readers), cluster (number), store (file),\n"
    "                    key (file of 32 bytes, or a credential of systemd)\n"
    "  --check-config    read configuration and key, then exit: 0 fit, 2 not\n"
    "  --version         print the version\n"
    "\n"
    "  assay-holder --config /etc/assay/holder.yaml\n"
    "SIGTERM and SIGINT end it. Status 4: its member has listed another holder.\n";

static void put_line(const struct assay_holder_node *node, char *line, size_t len)
{
    const struct assay_holder_node_status s = assay_holder_node_status(node);
    if (!s.listed)
        (void)snprintf(line, len, "waits for the ledger to list it (%s)",
                       service_ledger_words(s.follows ? ASSAY_OK : s.ledger));
    else if (!s.share.seated) (void)snprintf(line, len, "listed, without a slot");
    else
        (void)snprintf(line, len, "slot %u of cluster %u, %s, %u shares kept, %u missing%s",
                       s.share.slot, s.share.cluster, s.share.ready ? "ready" : "not ready",
                       s.share.kept, s.share.missing, s.follows ? "" : "; no daemon");
}

int main(int argc, char **argv)
{
    static struct service_program program = {
        .name = "assay-holder",
        .usage = usage,
        .keys = SERVICE_KEY_CLUSTER | SERVICE_KEY_DOOR | SERVICE_KEY_STORE,
    };
    char message[ASSAY_HOLDER_NODE_MESSAGE_LEN], line[200];
    struct assay_holder_node *node = NULL;
    int status = 0;
    if (!service_begin(&program, argc, argv, &status)) return status;
    struct service_config *c = &program.config;
    const struct assay_holder_node_config config = { .ledger = c->daemon,
                                                     .listen = c->listen,
                                                     .door = c->door,
                                                     .host = c->host[0] != '\0' ? c->host : NULL,
                                                     .store = c->store,
                                                     .key = &c->key,
                                                     .cluster = c->cluster };
    enum assay_status ended = assay_holder_node_open(&config, &node, message);
    assay_secret_wipe(&c->key, sizeof c->key); /* the vault has it */
    if (ended != ASSAY_OK) {
        service_say(&program, "%s", message);
        return service_end(&program, ended);
    }
    service_ready(&program);
    do {
        put_line(node, line, sizeof line);
        if (!service_goes_on(&program, line)) break;
        ended = assay_holder_node_turn(node, 500);
    } while (ended == ASSAY_OK);
    assay_holder_node_close(&node);
    return service_end(&program, ended);
}
