/*
 * apps/assay/members/network.c - genesis, policy, collateral and verifier in one object.
 */
#include "apps/assay/members/network.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/file_fault.h"
#include "base/file/file.h"
#include "engine/store/store_sqlite.h"
#include "quote/accept/policy.h"
#include "quote/collateral/endorsements.h"
#include "quote/verify.h"

#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>

enum { ENTRIES = 1024, FINDINGS = 256 };

static int report_error(const char *command, const char *what, enum assay_status status)
{
    (void)fprintf(stderr, "%s: %s: %s\n", command, what,
                  cli_file_fault_of(what, status, "a genesis"));
    if (status == ASSAY_E_NOT_FOUND) return ASSAY_EXIT_NOT_FOUND;
    return assay_status_class(status) == ASSAY_CLASS_INPUT ? ASSAY_EXIT_MALFORMED
                                                           : ASSAY_EXIT_INTERNAL;
}

static enum assay_status read_rules(struct assay_slice policy, struct assay_slice set,
                                    struct assay_policy *out, struct assay_collateral **collateral,
                                    struct assay_endorsements *endorsements)
{
    size_t count = 0;
    free(*collateral);
    *collateral = NULL;
    ASSAY_TRY(assay_policy_decode(policy.bytes, policy.len, out));
    out->refuses_svsm = true;
    ASSAY_TRY(assay_endorsements_count(set.bytes, set.len, &count));
    *collateral = calloc(count > 0 ? count : 1, sizeof **collateral);
    if (*collateral == NULL) return ASSAY_E_MEMORY;
    return assay_endorsements_decode(set.bytes, set.len, *collateral, count, endorsements);
}

static enum assay_status open_appraisal(struct assay_network *n, const struct assay_genesis *g)
{
    return read_rules(g->policy, g->endorsements, n->policy, &n->collateral, n->endorsements);
}

bool cli_network_rule_before(struct assay_network *n, struct assay_slice policy,
                             struct assay_slice endorsements)
{
    if (n->before_policy == NULL) n->before_policy = calloc(1, sizeof *n->before_policy);
    if (n->before_endorsements == NULL)
        n->before_endorsements = calloc(1, sizeof *n->before_endorsements);
    return n->before_policy != NULL && n->before_endorsements != NULL &&
           read_rules(policy, endorsements, n->before_policy, &n->before_collateral,
                      n->before_endorsements) == ASSAY_OK;
}

bool cli_network_rule(struct assay_network *network, const struct assay_genesis *effective)
{
    /* What was found under other rules is nothing under these. */
    for (uint32_t i = 0; i < network->findings.count; i++)
        network->finding_items[i] = (struct assay_finding_record){ 0 };
    network->findings.newest = 0;
    return open_appraisal(network, effective) == ASSAY_OK;
}

static enum assay_status open_verifier(struct assay_network *n)
{
    const size_t len = assay_verifier_size(ENTRIES);
    n->verifier_memory = aligned_alloc(64, (len + 63) / 64 * 64);
    n->finding_items = calloc(FINDINGS, sizeof *n->finding_items);
    if (n->verifier_memory == NULL || n->finding_items == NULL) return ASSAY_E_MEMORY;
    n->findings.items = n->finding_items;
    n->findings.count = FINDINGS;
    return assay_verifier_init(n->verifier_memory, len, ENTRIES, &n->verifier);
}

int cli_network_open(struct assay_network *network, const char *command, const char *path)
{
    size_t len = 0;
    struct assay_where where = { 0 };
    *network = (struct assay_network){ .genesis = calloc(1, sizeof *network->genesis),
                                       .policy = calloc(1, sizeof *network->policy),
                                       .endorsements = calloc(1, sizeof *network->endorsements) };
    if (network->genesis == NULL || network->policy == NULL || network->endorsements == NULL)
        return report_error(command, "start", ASSAY_E_MEMORY);
    enum assay_status status = assay_file_read(path, ASSAY_GENESIS_LEN_MAX, &network->bytes, &len);
    if (status == ASSAY_OK)
        status = assay_genesis_decode(network->bytes, len, false, network->genesis, &where);
    if (status != ASSAY_OK) return report_error(command, path, status);
    status = open_appraisal(network, network->genesis);
    if (status == ASSAY_OK) status = open_verifier(network);
    return status == ASSAY_OK ? ASSAY_EXIT_OK : report_error(command, path, status);
}

void cli_network_close(struct assay_network *network)
{
    assay_verifier_deinit(&network->verifier);
    free(network->verifier_memory);
    free(network->finding_items);
    free(network->collateral);
    free(network->endorsements);
    free(network->policy);
    free(network->before_collateral);
    free(network->before_endorsements);
    free(network->before_policy);
    free(network->genesis);
    free(network->bytes);
    *network = (struct assay_network){ .bytes = NULL };
}

const struct assay_finding_record *cli_network_appraise(void *context, const struct assay_ask *ask)
{
    struct assay_network *n = context;
    static struct assay_verdict verdict; /* large */
    const struct assay_evidence_request request = {
        .kind = ask->kind,
        .bytes = ask->bytes.bytes,
        .len = ask->bytes.len,
        .at_unix_s = ask->at_unix_s,
        .at_end = ask->before,
        .endorsements = ask->before ? n->before_endorsements : n->endorsements,
        .policy = ask->before ? n->before_policy : n->policy,
    };
    const struct assay_finding_record *known =
        assay_findings_get(&n->findings, ask->digest, ask->at_unix_s, ask->kind, ask->before);
    if (known != NULL) return known;
    if (request.endorsements == NULL) return NULL; /* the rules before were not read */
    n->judged++;
    const enum assay_status status = assay_evidence_verify(n->verifier, &request, &verdict);
    if (assay_status_class(status) == ASSAY_CLASS_HOST) return NULL; /* does not cover it */
    return assay_findings_put(&n->findings, ask->digest, ask->at_unix_s, ask->before, &verdict);
}

bool cli_network_store_path(const char *path, char file[static PATH_MAX])
{
    struct stat info;
    const bool folder = stat(path, &info) == 0 && S_ISDIR(info.st_mode);
    const int len = snprintf(file, PATH_MAX, "%s%s", path, folder ? "/store.sqlite" : "");
    return len >= 0 && len < PATH_MAX;
}

int cli_network_store(const char *command, const char *path, const char *instead,
                      struct assay_store **store)
{
    char file[PATH_MAX], message[ASSAY_STORE_MESSAGE_LEN] = "";
    if (!cli_network_store_path(path, file)) return report_error(command, path, ASSAY_E_RANGE);
    const enum assay_status status =
        assay_store_sqlite_inspect(file, store, message, sizeof message);
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    const bool is_held = status == ASSAY_E_STORE && assay_store_sqlite_is_held(file);
    const char *const remedy = is_held                     ? instead
                               : status == ASSAY_E_INVALID ? CLI_NETWORK_STORE_DAMAGED
                                                           : "";
    (void)fprintf(stderr, "%s: %s%s\n", command, message, remedy);
    if (is_held) return ASSAY_EXIT_CONFLICT;
    if (status == ASSAY_E_INVALID) return ASSAY_EXIT_CONTRAINDICATED;
    return status == ASSAY_E_NOT_FOUND ? ASSAY_EXIT_NOT_FOUND : ASSAY_EXIT_INTERNAL;
}
