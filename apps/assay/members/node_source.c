/*
 * apps/assay/members/node_source.c - source of evidence of a node (node_source.h).
 */
#include "apps/assay/members/node_source.h"

#include "base/file/file.h"
#include "quote/source/soft/soft.h"
#include "quote/source/tpm/tpm.h"

#include <stdlib.h>

enum { PROGRAM_LEN_MAX = 1 << 30 };

static enum assay_status copy_evidence(struct assay_slice evidence, uint8_t *quote, size_t *len)
{
    if (evidence.len > ASSAY_EVIDENCE_LEN_MAX) return ASSAY_E_RANGE;
    assay_bytes_copy(quote, ASSAY_EVIDENCE_LEN_MAX, evidence.bytes, evidence.len);
    *len = evidence.len;
    return ASSAY_OK;
}

/* SOFT measures the program that enclave.path names. */
static enum assay_status of_soft(const struct assay_config *config, uint8_t *quote, size_t *len)
{
    struct assay_soft_node node;
    struct assay_soft_request request = { 0 };
    uint8_t *program = NULL;
    size_t program_len = 0;
    ASSAY_TRY(assay_soft_node_load(config->evidence.credential, &node));
    enum assay_status status = ASSAY_OK;
    if (quote != NULL)
        status = assay_file_read(config->enclave_path, PROGRAM_LEN_MAX, &program, &program_len);
    if (quote != NULL && status == ASSAY_OK) {
        assay_sha256(program, program_len, request.mrenclave);
        status = assay_soft_quote(&node, &request, quote, ASSAY_EVIDENCE_LEN_MAX, len);
    }
    free(program);
    assay_soft_node_deinit(&node);
    return status;
}

static enum assay_status of_tpm(const struct assay_config *config, uint8_t *quote, size_t *len,
                                char *message)
{
    static const uint8_t zeros[64];
    const struct assay_tpm_source_config settings = { .tcti = config->evidence.tcti,
                                                      .state_dir = config->evidence.credential };
    struct assay_tpm_source *source = NULL;
    struct assay_slice evidence = { 0 };
    enum assay_status status = assay_tpm_source_open(&settings, &source, message);
    if (quote != NULL && status == ASSAY_OK)
        status = assay_tpm_source_quote(source, zeros, &evidence, message);
    if (quote != NULL && status == ASSAY_OK) status = copy_evidence(evidence, quote, len);
    assay_tpm_source_close(&source);
    return status;
}

static const char *get_text(const char *text)
{
    return text[0] != '\0' ? text : NULL;
}

static enum assay_status of_driver(const struct assay_config_source *e, uint8_t *quote, size_t *len,
                                   char *message)
{
    const struct assay_source_config settings = {
        .name = assay_config_evidence_text(e->kind),
        .path = get_text(e->path),
        .has_privilege_level = e->has_privlevel,
        .privilege_level = e->privlevel,
        .service_provider = get_text(e->service_provider),
        .service_guid = get_text(e->service_guid),
        .service_manifest_version = e->service_manifest_version,
    };
    const struct assay_source_request request = { .deadline_ms = 0 };
    struct assay_source *source = NULL;
    struct assay_source_answer answer;
    enum assay_status status = assay_source_open(&settings, &source, message);
    if (quote != NULL && status == ASSAY_OK)
        status = assay_source_quote(source, &request, &answer, message);
    if (quote != NULL && status == ASSAY_OK) status = copy_evidence(answer.evidence, quote, len);
    assay_source_close(&source);
    return status;
}

enum assay_status cli_node_source_sample(const struct assay_config *config, uint8_t *quote,
                                         size_t *len, char message[static ASSAY_SOURCE_MESSAGE_LEN])
{
    switch (config->evidence.kind) {
    case ASSAY_CONFIG_SOFT: return of_soft(config, quote, len);
    case ASSAY_CONFIG_TPM: return of_tpm(config, quote, len, message);
    case ASSAY_CONFIG_TSM:
    case ASSAY_CONFIG_GRAMINE:
    case ASSAY_CONFIG_NSM:
    case ASSAY_CONFIG_RECORDED: return of_driver(&config->evidence, quote, len, message);
    }
    return ASSAY_E_UNSUPPORTED;
}
