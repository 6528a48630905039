/*
 * apps/identity_holder/main.c - assay-signer: keeps shares of the network's group key, as a holder
 * of a member, and signs certificates and tokens with other holders (docs/identity.md 3.20, 4.17).
 */
#include "apps/service/program.h"
#include "base/file/file.h"
#include "base/system_clock.h"
#include "net/services/identity/signer_node.h"

#include <stdio.h>
#include <stdlib.h>

static const char usage[] =
    "usage: assay-signer --config FILE [--check-config]\n"
    "\n"
    "Run one holder of the group key: make the key of the network's certificate\n"
    "authority with the other holders, keep shares of it, and sign with them what the\n"
    "ledger permits: certificates and tokens of attested keys. It verifies the ledger\n"
    "itself, from a checkpoint on, and registers its own key with the enclave of its\n"
    "member. Certificates are written as ca-NUMBER.pem and key-NAME.pem.\n"
    "\n"
    "  --config FILE     read the configuration from this YAML file, with keys\n"
    "                    service_version: 1\n"
    "                    daemon: folder listen.services of the daemon\n"
    "                    enclave: socket enclave.service of the daemon's configuration\n"
    "                    checkpoint: file of a checkpoint that you trust, as written by\n"
    "                    assay checkpoint --out\n"
    "                    listen: HOST:PORT for other holders\n"
    "                    host: name or address that others dial; default as listen\n"
    "                    store: folder of the vault\n"
    "                    key: file of 32 bytes, or a credential of systemd\n"
    "                    shares_at_rest: disk (default), or memory: a restart loses\n"
    "                    the shares, and the other holders make new ones\n"
    "                    publish: folder for certificates; default the vault's\n"
    "                    era: era that may undo what is stored; default none\n"
    "                    metrics: file to write metrics to; default none\n"
    "  --check-config    check configuration, key and checkpoint, then exit: 0 valid, 2\n"
    "                    not\n"
    "  --version         print the version\n"
    "\n"
    "examples:\n"
    "  assay-signer --config /etc/assay-services/signer-a.yaml\n"
    "\n"
    "signals: SIGTERM, SIGINT stop it\n"
    "exit status: 0 stopped on request; 1 runtime error (socket, disk); 2 usage or\n"
    "             configuration; 4 its member has listed another process\n";

enum { STEP_MS = 500 };

struct signer {
    struct assay_keyholder_node *node;
    struct assay_registration_client *registration;
};

static enum assay_status read_checkpoint(const struct service_config *c,
                                         struct assay_checkpoint *checkpoint,
                                         char message[static ASSAY_CONFIG_MESSAGE_MAX])
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    enum assay_status status =
        assay_file_read(c->checkpoint, ASSAY_CHECKPOINT_LEN_MAX, &bytes, &len);
    if (status == ASSAY_OK)
        status = assay_checkpoint_decode(assay_slice_over(bytes, len), checkpoint);
    free(bytes);
    if (status == ASSAY_E_NOT_FOUND)
        (void)snprintf(message, ASSAY_CONFIG_MESSAGE_MAX,
                       "checkpoint: %.200s: no such file: assay checkpoint --out writes it on a "
                       "node that you trust",
                       c->checkpoint);
    else if (status != ASSAY_OK)
        (void)snprintf(message, ASSAY_CONFIG_MESSAGE_MAX,
                       "checkpoint: %.200s: expected a checkpoint, as assay checkpoint --out "
                       "writes it on a node that you trust (%s)",
                       c->checkpoint, assay_status_text(status));
    return status;
}

static enum assay_status check_checkpoint(const struct service_config *config,
                                          char message[static ASSAY_CONFIG_MESSAGE_MAX])
{
    struct assay_checkpoint checkpoint;
    return read_checkpoint(config, &checkpoint, message);
}

/* --- status */

static const char *phase_words(enum assay_ca_phase phase)
{
    switch (phase) {
    case ASSAY_CA_IDLE: return "none";
    case ASSAY_CA_OFFERS: return "offers";
    case ASSAY_CA_DEALS: return "deals";
    case ASSAY_CA_DISPUTES: return "disputes";
    case ASSAY_CA_HAVES: return "confirmations";
    }
    return "unknown";
}

/* What keeps it from acting. Returns: NULL: nothing does */
static const char *obstacle(const struct assay_keyholder_node_status *s)
{
    if (!s->follows) return service_ledger_words(s->ledger);
    if (s->expired != NULL) return s->expired;
    if (s->is_fenced) return "operators fenced this era: nothing is signed until it is released";
    if (s->is_diverged)
        return "what the daemon shows of the group key is not what the ledger proves: nothing is "
               "signed";
    if (s->is_behind) return "the ledger is older than what is stored: nothing is signed";
    if (s->acted_epoch == 0)
        return s->fault != NULL ? s->fault : "waits for a proof of the ledger from the daemon";
    return NULL;
}

/* It has lost its share, or the generation was made without it (docs/identity.md 3.4). */
static void put_lack(const struct assay_keyholder_node_status *s, const char *key, char *line,
                     size_t len)
{
    char from[64] = "";
    if (s->offers_from > s->acted_epoch)
        (void)snprintf(from, sizeof from, "it may offer from epoch %llu on, and ",
                       (unsigned long long)s->offers_from);
    (void)snprintf(line, len,
                   "signs nothing: it has no share of generation %llu; %sthe next reshare begins "
                   "in epoch %llu at the latest; %s%s",
                   (unsigned long long)s->generation, from, (unsigned long long)s->reshare_due, key,
                   s->phase != ASSAY_CA_IDLE ? "; the next generation is made" : "");
}

static void put_line(const struct signer *signer, char *line, size_t len)
{
    const struct assay_keyholder_node_status s = assay_keyholder_node_status(signer->node);
    const char *const why = obstacle(&s);
    if (why != NULL) {
        (void)snprintf(line, len, "does nothing: %s", why);
        return;
    }
    const char *const key = s.is_listed ? "its key is active"
                            : assay_registration_client_is_done(signer->registration)
                                ? "its key is registered, and active two to three epochs later"
                                : assay_registration_client_message(signer->registration);
    if (s.signing.is_open)
        (void)snprintf(line, len, "signs for generation %llu with %u %s; %s%s",
                       (unsigned long long)s.generation, s.indices,
                       s.indices == 1 ? "index" : "indices", key,
                       s.phase != ASSAY_CA_IDLE ? "; the next generation is made" : "");
    else if (s.signing.lacks_plan)
        (void)snprintf(line, len,
                       "signs nothing: the plan that the daemon shows is not the ledger's");
    else if (s.lacks_share) put_lack(&s, key, line, len);
    else (void)snprintf(line, len, "%s; ceremony: %s", key, phase_words(s.phase));
}

static void put_metrics(struct service_metrics *m, const void *context)
{
    const struct signer *const signer = context;
    const struct assay_keyholder_node_status s = assay_keyholder_node_status(signer->node);
    service_put_standing(m, s.follows, s.is_listed);
    service_gauge(m, "assay_signer_registered", "1 if the enclave has the holder's key.",
                  assay_registration_client_is_done(signer->registration));
    service_gauge(m, "assay_signer_signs", "1 if the holder joins signing sessions.",
                  s.signing.is_open);
    service_gauge(m, "assay_signer_fenced", "1 if the daemon reports a fence.", s.is_fenced);
    service_gauge(m, "assay_signer_diverged",
                  "1 if what the daemon shows of the group key is not the ledger's.",
                  s.is_diverged);
    service_gauge(m, "assay_signer_epoch", "Newest epoch that the holder verified.",
                  s.proven_epoch);
    service_gauge(m, "assay_signer_generation", "Generation of the shares in force; 0: none.",
                  s.generation);
    service_gauge(m, "assay_signer_indices", "Indices that the holder signs with.", s.indices);
    service_gauge(m, "assay_signer_records_pending",
                  "Records of the holder that are submitted and not final.", s.pending);
    service_counter(m, "assay_signer_answers_total", "Messages of sessions that it replied to.",
                    s.signing.answered);
    service_counter(m, "assay_signer_refused_total", "Messages of sessions that it refused.",
                    s.signing.refused);
    service_counter(m, "assay_signer_journal_bytes_total",
                    "Bytes of the journal of signatures that it wrote.", s.signing.journal_bytes);
    service_counter(m, "assay_signer_proofs_refused_total",
                    "Proofs of the ledger that did not verify.", s.refused);
    service_counter(m, "assay_signer_issued_total",
                    "Certificates of workload keys of its member that it obtained.",
                    s.signing.issued);
}

/* --- a run */

static enum assay_status make_statement(void *context, const struct assay_registration_boot *boot,
                                        struct assay_registration_statement *statement,
                                        char reason[static ASSAY_REGISTRATION_REASON_LEN])
{
    const struct signer *const signer = context;
    const enum assay_status status =
        assay_keyholder_node_make_statement(signer->node, boot, statement);
    const char *text = assay_status_text(status);
    if (status == ASSAY_E_CHAIN)
        text = "the enclave is of another network than the checkpoint: `enclave` and `checkpoint` "
               "must be of one member";
    if (status == ASSAY_E_STRANGER)
        text = "the enclave is of another member than the daemon: `enclave` and `daemon` must be "
               "of one member";
    if (status == ASSAY_E_AGAIN) text = "the daemon has not named its member yet";
    (void)snprintf(reason, ASSAY_REGISTRATION_REASON_LEN, "%s", text);
    return status;
}

static enum assay_status open_all(struct service_program *program, struct signer *signer)
{
    struct service_config *const c = &program->config;
    char message[ASSAY_CONFIG_MESSAGE_MAX], why[ASSAY_KEYHOLDER_NODE_MESSAGE_LEN] = "";
    struct assay_keyholder_node_config config = { .ledger = c->daemon,
                                                  .store = c->store,
                                                  .key = &c->key,
                                                  .is_memory_only = c->is_memory_only,
                                                  .listen = c->listen,
                                                  .host = c->host[0] != '\0' ? c->host : NULL,
                                                  .publish =
                                                      c->publish[0] != '\0' ? c->publish : NULL,
                                                  .era = c->era };
    const struct assay_registration_config registration = { .path = c->enclave,
                                                            .make = make_statement,
                                                            .context = signer };
    enum assay_status status = read_checkpoint(c, &config.checkpoint, message);
    if (status != ASSAY_OK) {
        service_say(program, "%s", message);
        return status;
    }
    status = assay_keyholder_node_open(&config, &signer->node, why);
    if (status != ASSAY_OK) {
        service_say(program, "%s", why);
        return status;
    }
    status = assay_registration_client_create(&registration, &signer->registration);
    if (status == ASSAY_E_RANGE)
        service_say(program, "enclave: %.200s: the path is too long for a socket", c->enclave);
    return status;
}

int main(int argc, char **argv)
{
    static struct service_program program = {
        .name = "assay-signer",
        .usage = usage,
        .keys = SERVICE_KEY_STORE | SERVICE_KEY_SIGNER,
        .check = check_checkpoint,
        .metrics = put_metrics,
    };
    static struct signer signer;
    char line[SERVICE_LINE_MAX];
    int status = 0;
    if (!service_begin(&program, argc, argv, &status)) return status;
    enum assay_status ended = open_all(&program, &signer);
    assay_secret_wipe(&program.config.key, sizeof program.config.key); /* the vault has it */
    if (ended == ASSAY_OK) service_ready(&program);
    while (ended == ASSAY_OK) {
        put_line(&signer, line, sizeof line);
        if (!service_goes_on(&program, line, &signer)) break;
        assay_registration_client_step(signer.registration, assay_monotonic_ms());
        ended = assay_keyholder_node_step(signer.node, STEP_MS);
    }
    if (ended == ASSAY_E_FULL)
        service_say(&program,
                    "too many generations that the ledger undid are stored: `era` names the era "
                    "that may undo them (docs/identity.md 3.16)");
    if (ended == ASSAY_E_SIGNATURE && signer.node != NULL)
        service_say(&program,
                    "files of the store were changed, or were put there after the start: only the "
                    "files that belong to its file `checkpoint` may be there (docs/identity.md "
                    "3.20)");
    assay_registration_client_destroy(&signer.registration);
    assay_keyholder_node_close(&signer.node);
    return service_end(&program, ended);
}
