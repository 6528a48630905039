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
    "Offers a program on the ledger, runs it on inputs that are sealed to it, and claims what was\n"
    "vouched for each step. The program is compiled in: it counts words of a text by length.\n"
    "\n"
    "  --config FILE     configuration in YAML: service_version, daemon (its listen.services),\n"
    "                    listen (HOST:PORT, requestors), host (that they dial instead), store\n"
    "                    (file), key (file of 32 bytes, or a credential of systemd), code (digest\n"
    "                    of the measurement, 64 digits), price (a step), hold (an epoch\n"
    "                    of a task that it has accepted), account (that is paid),\n"
    "                    evm (file of a chain on which it is paid as well: anchor.yaml),\n"
    "                    metrics (file that is written)\n"
    "  --check-config    read configuration, key and evm with its key, then exit: 0 fit, 2 not\n"
    "  --version         print the version\n"
    "\n"
    "examples:\n"
    "  assay-executor --config /etc/assay-services/executor-a.yaml\n"
    "SIGTERM and SIGINT end it; what was vouched is claimed after the next start.\n"
    "exit status: 0 asked to end; 1 failure at run time (socket, disk); 2 usage or "
    "configuration,\n"
    "             or a chain or a contract on which nothing can be paid\n";

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
        ended = assay_executor_node_turn(node, 500);
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
                                                 .door = c->listen,
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
