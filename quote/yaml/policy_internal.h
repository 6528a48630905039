/*
 * quote/yaml/policy_internal.h - mirror structs of a policy file: the schema of policy.c fills
 * them, policy_take.c converts them to a policy. Absent keys are NULL.
 */
#ifndef ASSAY_QUOTE_YAML_POLICY_INTERNAL_H
#define ASSAY_QUOTE_YAML_POLICY_INTERNAL_H

#include "quote/accept/policy.h"
#include "quote/result/token/issuers.h"
#include "quote/yaml/document.h"

struct yaml_status {
    char *status;
    enum assay_acceptance accept;
    char *grace_s;
};

struct yaml_root {
    char *name;
    char *key;
    char *pem;
    char *pinned;
    char *attestation_keys;
    char **kinds;
    unsigned kinds_count;
};

struct yaml_reference {
    char *field;
    enum assay_reference_state state;
    char *value;
    char *not_before;
    char *not_after;
    char *isvsvn_min;
};

/* Of firmware: register, perhaps type, and digest or data. Of IMA: file and digest. */
struct yaml_event {
    enum assay_event_state state;
    char *reg;
    char *type;
    char *data;
    char *file;
    char *digest;
};

struct yaml_token_issuer {
    char *service;
    char *issuer;
    char *audience;
    char *keys;
    char *root;
    char *age_max_s;
};

/* In the order of struct assay_platform_rules. */
struct yaml_snp_tcb {
    char *bootloader;
    char *tee;
    char *snp;
    char *microcode;
    char *fmc;
};

struct yaml_policy {
    char *policy_version;
    enum assay_profile profile;
    char **kinds;
    unsigned kinds_count;
    struct yaml_status *statuses;
    unsigned statuses_count;
    char *tcb_evaluation_number_min;
    char *collateral_age_max_s;
    char *pcesvn_min;
    char *tee_tcb_svn_min;
    char *service_td;
    char *sept_ve_enabled;
    char *td_now_out_of_date;
    char *td_now_revoked;
    char *vmpl_max;
    char *migration_agent;
    char *smt;
    char *single_socket_required;
    char *crl_required;
    struct yaml_snp_tcb *snp_tcb_min;
    char **gpu_architectures;
    unsigned gpu_architectures_count;
    char **gpu_modes;
    unsigned gpu_modes_count;
    char *gpu_driver_min;
    char *gpu_certificate_hold;
    char **gpu_firmware_min;
    unsigned gpu_firmware_min_count;
    char *gpu_count_min, *gpu_count_max;
    char *switch_count_min, *switch_count_max;
    char *devices_packed;
    struct yaml_root *roots;
    unsigned roots_count;
    char **advisories_denied;
    unsigned advisories_denied_count;
    struct yaml_reference *references;
    unsigned references_count;
    char *tpm_weak_banks;
    char *ima_unknown;
    struct yaml_event *events;
    unsigned events_count;
    struct yaml_token_issuer *token_issuers;
    unsigned token_issuers_count;
};

/* The entries of events, quote/yaml/policy_event.c. Returns: as assay_policy_parse_yaml */
ASSAY_CHECKED enum assay_status assay_yaml_take_events(const struct assay_yaml *file,
                                                       const struct yaml_policy *yaml,
                                                       struct assay_policy *policy);

/* "true" or "false"; key is the path, and an absent one leaves *out as it is. Returns: as
 * assay_policy_parse_yaml */
ASSAY_CHECKED enum assay_status assay_yaml_take_bool(const struct assay_yaml *file, const char *key,
                                                     const char *text, bool *out);

/* Rules for GPUs, quote/yaml/policy_gpu.c. Returns: as assay_policy_parse_yaml */
ASSAY_CHECKED enum assay_status assay_yaml_take_gpu(const struct assay_yaml *file,
                                                    const struct yaml_policy *yaml,
                                                    struct assay_gpu_rules *rules);
/* And back, as lines of a policy file. */
void assay_yaml_put_gpu(const struct assay_gpu_rules *rules, struct assay_writer *w);

/* file->data through every check, into *policy. Returns: as assay_policy_parse_yaml */
ASSAY_CHECKED enum assay_status assay_yaml_take_policy(const struct assay_yaml *file,
                                                       struct assay_policy *policy);

/* --- quote/yaml/policy_token.c. Returns: ASSAY_OK | ASSAY_E_INVALID, with a message */
ASSAY_CHECKED enum assay_status assay_yaml_take_issuers(const struct assay_yaml *file,
                                                        struct assay_token_issuers *out);

#endif
