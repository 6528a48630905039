/*
 * apps/executor/main.c - assay-executor: runs attested tasks for requestors, and is paid for each
 * proven step (docs/services.md 6.12).
 */
#include "apps/executor/chain.h"
#include "apps/service/program.h"
#include "net/services/tasks/sample_program.h"

#include <stdio.h>

static const char usage[] =
    "usage: assay-executor --config FILE [--check-config]\n"
    "\n"
    "Run one executor of attested tasks: offer a program on the ledger, run it on\n"
    "inputs that are sealed to it, and claim the payment of each step. The program is\n"
    "compiled in: it counts the words of a text by their length.\n"
    "\n"
    "  --config FILE     read the configuration from this YAML file, with keys\n"
    "                    service_version: 1\n"
    "                    daemon: folder listen.services of the daemon\n"
    "                    listen: HOST:PORT for requestors\n"
    "                    host: name or address that they dial; default as listen\n"
    "                    store: file of the vault\n"
    "                    key: file of 32 bytes, or a credential of systemd\n"
    "                    code: measurement of the program, 64 hex digits\n"
    "                    price: price of a step, 1 to 4294967295\n"
    "                    hold: rent of an accepted task in an epoch, up to price;\n"
    "                      default the least permitted\n"
    "                    account: account that is paid, 64 hex digits\n"
    "                    evm: anchor.yaml of a chain that pays as well; default none\n"
    "                    metrics: file to write metrics to; default none\n"
    "  --check-config    check configuration, key, evm and its key, then exit:\n"
    "                    0 valid, 2 not\n"
    "  --version         print the version\n"
    "\n"
    "examples:\n"
    "  assay-executor --config /etc/assay-services/executor-a.yaml\n"
    "\n"
    "signals: SIGTERM, SIGINT stop it; open claims are submitted after the next start\n"
    "exit status: 0 stopped on request; 1 runtime error (socket, disk); 2 usage or\n"
    "             configuration, or a chain or contract that cannot pay\n";

static void put_line(const struct assay_executor_node *node, bool on_chain, char *line, size_t len)
{
    const struct assay_executor_node_status s = assay_executor_node_status(node);
    const int said = snprintf(line, len, "%s, %u tasks, %llu steps made, %u claims not paid%s",
                              !s.follows  ? service_ledger_words(s.ledger)
                              : s.offered ? "offered"
                                          : "waits for its offer",
                              s.tasks, (unsigned long long)s.steps, s.claims,
                              s.refuses ? ", NO NEW TASK before some are paid" : "");
    if (on_chain && said > 0 && (size_t)said < len)
        (void)snprintf(line + said, len - (size_t)said,
                       "; chain: %u tasks not paid, %llu claims sent%s%s%s", s.owed,
                       (unsigned long long)s.sent, s.chain_answers ? "" : ", NO ANSWER",
                       s.chain_why[0] != '\0' ? ": " : "", s.chain_why);
}

static void put_metrics(struct service_metrics *m, const void *context)
{
    const struct assay_executor_node_status s = assay_executor_node_status(context);
    service_put_standing(m, s.follows, s.offered);
    service_gauge(m, "assay_executor_tasks", "Tasks that the executor runs.", s.tasks);
    service_counter(m, "assay_executor_steps_total", "Steps that the executor completed.", s.steps);
    service_gauge(m, "assay_executor_claims_pending",
                  "Tasks with a stored claim that the ledger has not paid.", s.claims);
    service_counter(m, "assay_executor_claims_paid_total", "Claims that the ledger paid.",
                    s.claims_paid);
    service_counter(m, "assay_executor_claims_refused_total",
                    "Claims that became final without a payment.", s.claims_refused);
    service_gauge(m, "assay_executor_refuses",
                  "1 while the store of claims is full, and no task is accepted.", s.refuses);
    service_gauge(m, "assay_executor_chain_pending", "Tasks on an EVM chain with unpaid steps.",
                  s.owed);
    service_counter(m, "assay_executor_chain_claims_total",
                    "Claims that were sent to the EVM chain.", s.sent);
    service_gauge(m, "assay_executor_chain_failing",
                  "1 while work on the EVM chain fails; the status line has the reason.",
                  s.chain_why[0] != '\0' || (s.on_chain && !s.chain_answers));
}

static enum assay_status run_node(struct service_program *program, struct assay_executor_node *node,
                                  bool on_chain)
{
    enum assay_status ended = ASSAY_OK;
    char line[SERVICE_LINE_MAX];
    service_ready(program);
    do {
        put_line(node, on_chain, line, sizeof line);
        if (!service_goes_on(program, line, node)) break;
        ended = assay_executor_node_step(node, 500);
    } while (ended == ASSAY_OK);
    return ended;
}

/* Additional check of --check-config. */
static enum assay_status check_chain(const struct service_config *config,
                                     char message[static ASSAY_CONFIG_MESSAGE_MAX])
{
    return config->evm[0] == '\0' ? ASSAY_OK : executor_chain_check(config->evm, message);
}

int main(int argc, char **argv)
{
    static struct service_program program = { .name = "assay-executor",
                                              .usage = usage,
                                              .keys = SERVICE_KEY_STORE | SERVICE_KEY_PROGRAM,
                                              .check = check_chain,
                                              .metrics = put_metrics };
    static struct assay_task_program words = { .step = assay_sample_program_step };
    static struct executor_chain chain;
    char message[ASSAY_EXECUTOR_NODE_MESSAGE_LEN] = "";
    struct assay_executor_node *node = NULL;
    int status = 0;
    if (!service_begin(&program, argc, argv, &status)) return status;
    struct service_config *c = &program.config;
    struct assay_executor_node_config config = { .ledger = c->daemon,
                                                 .client_listen = c->listen,
                                                 .host = c->host[0] != '\0' ? c->host : NULL,
                                                 .store = c->store,
                                                 .key = &c->key,
                                                 .program = &words,
                                                 .price = c->price,
                                                 .hold = c->hold };
    assay_bytes_copy(words.code, 32, c->code, 32);
    assay_bytes_copy(config.account, 32, c->account, 32);
    const bool on_chain = c->evm[0] != '\0';
    enum assay_status ended = on_chain ? executor_chain_open(&chain, c->evm, message) : ASSAY_OK;
    const bool unfit = ended != ASSAY_OK && assay_status_class(ended) == ASSAY_CLASS_INPUT;
    if (on_chain) config.chain = &chain.chain;
    if (ended == ASSAY_OK) ended = assay_executor_node_open(&config, &node, message);
    assay_secret_wipe(&c->key, sizeof c->key); /* the vault has it */
    if (ended != ASSAY_OK) service_say(&program, "%s", message);
    else ended = run_node(&program, node, on_chain);
    assay_executor_node_close(&node);
    executor_chain_close(&chain);
    status = service_end(&program, ended);
    return unfit ? SERVICE_USAGE : status;
}
