/*
 * apps/holder/main.c - assay-holder: stores shares of secrets, as the holder of a member
 * (docs/services.md 5.13).
 */
#include "apps/service/program.h"
#include "net/services/shares/holder_node.h"

#include <stdio.h>

static const char usage[] =
    "usage: assay-holder --config FILE [--check-config]\n"
    "\n"
    "Run one holder of shares: store shares of secrets on disk, sealed, and send them\n"
    "to the parties that the ledger and their evidence permit. The daemon lists the\n"
    "holder on the ledger; the network assigns it a slot of a cluster. What it has\n"
    "confirmed is durable; what the ledger takes away is erased.\n"
    "\n"
    "  --config FILE     read the configuration from this YAML file, with keys\n"
    "                    service_version: 1\n"
    "                    daemon: folder listen.services of the daemon\n"
    "                    listen: HOST:PORT for other holders\n"
    "                    host: name or address that others dial; default as listen\n"
    "                    client_listen: HOST:PORT for owners and readers\n"
    "                    cluster: number of the cluster, 0 to 7\n"
    "                    store: file of the vault\n"
    "                    key: file of 32 bytes, or a credential of systemd\n"
    "                    era: era that may undo what is stored; default none\n"
    "                    metrics: file to write metrics to; default none\n"
    "  --check-config    check configuration and key, then exit: 0 valid, 2 not\n"
    "  --version         print the version\n"
    "\n"
    "examples:\n"
    "  assay-holder --config /etc/assay-services/holder-a.yaml\n"
    "\n"
    "signals: SIGTERM, SIGINT stop it\n"
    "exit status: 0 stopped on request; 1 runtime error (socket, disk); 2 usage or\n"
    "             configuration; 4 its member has listed another process; 5 a new era\n"
    "             of the ledger undoes what is stored, and nothing was erased\n";

static void put_line(const struct assay_holder_node *node, char *line, size_t len)
{
    const struct assay_holder_node_status s = assay_holder_node_status(node);
    if (!s.listed)
        (void)snprintf(line, len, "waits for the ledger to list it (%s)",
                       service_ledger_words(s.follows ? ASSAY_OK : s.ledger));
    else if (!s.share.seated) (void)snprintf(line, len, "listed, without a slot");
    else
        (void)snprintf(line, len, "slot %u of cluster %u, %s, %u shares stored, %u missing%s",
                       s.share.slot, s.share.cluster, s.share.ready ? "ready" : "not ready",
                       s.share.kept, s.share.missing, s.follows ? "" : "; no daemon");
}

static void put_metrics(struct service_metrics *m, const void *context)
{
    const struct assay_holder_node_status s = assay_holder_node_status(context);
    service_put_standing(m, s.follows, s.listed);
    service_gauge(m, "assay_holder_seated", "1 if the holder has a slot of its cluster.",
                  s.share.seated);
    service_gauge(m, "assay_holder_ready", "1 if the holder has confirmed all synced secrets.",
                  s.share.ready);
    service_gauge(m, "assay_holder_shares_stored", "Secrets of which the holder stores its share.",
                  s.share.kept);
    service_gauge(m, "assay_holder_shares_missing",
                  "Synced secrets of which the holder lacks its share, as far as checked.",
                  s.share.missing);
    service_gauge(m, "assay_holder_renewing", "Shares of next generations that the holder stores.",
                  s.share.renewing);
    service_gauge(m, "assay_holder_exchanges", "Exchanges in progress.", s.share.exchanges);
    service_gauge(m, "assay_holder_records_pending",
                  "Records of the holder that are submitted and not final.", s.pending);
    service_counter(m, "assay_holder_requests_total", "Exchanges that the holder started.",
                    s.share.asked);
    service_counter(m, "assay_holder_late_total", "Exchanges that timed out.", s.share.late);
    service_counter(m, "assay_holder_refused_total", "Received shares that were invalid.",
                    s.share.refused);
}

/* Nothing was erased: the operator decides first. */
static int end_undone(struct service_program *program, const struct assay_holder_undone *u)
{
    service_say(
        program,
        "era %llu of the ledger undoes what is stored here: of %u shares %u are of secrets that "
        "it does not have, %u of later generations%s. Nothing was erased. When the operators "
        "know what was undone (docs/services.md 5.15), era: %llu in the configuration goes "
        "on, and erases what this era does not have",
        (unsigned long long)u->era, u->kept, u->unknown, u->ahead,
        u->moved ? ", and the slot of all is another's or nobody's" : "",
        (unsigned long long)u->era);
    (void)service_end(program, ASSAY_E_CHAIN);
    return SERVICE_UNDONE;
}

int main(int argc, char **argv)
{
    static struct service_program program = {
        .name = "assay-holder",
        .usage = usage,
        .keys = SERVICE_KEY_CLUSTER | SERVICE_KEY_CLIENT_LISTEN | SERVICE_KEY_STORE,
        .metrics = put_metrics,
    };
    char message[ASSAY_HOLDER_NODE_MESSAGE_LEN], line[200];
    struct assay_holder_node *node = NULL;
    int status = 0;
    if (!service_begin(&program, argc, argv, &status)) return status;
    struct service_config *c = &program.config;
    const struct assay_holder_node_config config = { .ledger = c->daemon,
                                                     .listen = c->listen,
                                                     .client_listen = c->client_listen,
                                                     .host = c->host[0] != '\0' ? c->host : NULL,
                                                     .store = c->store,
                                                     .key = &c->key,
                                                     .cluster = c->cluster,
                                                     .era = c->era };
    enum assay_status ended = assay_holder_node_open(&config, &node, message);
    assay_secret_wipe(&c->key, sizeof c->key); /* the vault has it */
    if (ended != ASSAY_OK) {
        service_say(&program, "%s", message);
        return service_end(&program, ended);
    }
    service_ready(&program);
    do {
        put_line(node, line, sizeof line);
        if (!service_goes_on(&program, line, node)) break;
        ended = assay_holder_node_step(node, 500);
    } while (ended == ASSAY_OK);
    const struct assay_holder_undone undone = assay_holder_node_status(node).undone;
    assay_holder_node_close(&node);
    return ended == ASSAY_E_CHAIN ? end_undone(&program, &undone) : service_end(&program, ended);
}
