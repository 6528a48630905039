/*
 * apps/daemon/images.c - the enclave's images against the reference values of the policy.
 *
 * A policy that allows no image of this node suspends it, and one image for everybody suspends
 * everybody: that is told before the first epoch, not by scores. Only where the daemon measures
 * what it starts (SOFT, TPM); a TEE that the daemon runs in was measured when it was launched.
 */
#include "apps/daemon/node.h"

#include "quote/accept/reference.h"
#include "quote/tpm/tpm.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { IMAGE_LEN_MAX = 64 * 1024 * 1024 }; /* as enforce/restore.h copies */

/* One image, and what evidence will say of it. */
struct image {
    const char *key, *path;
    uint8_t digest[32]; /* of the file, as sha256sum prints it */
    uint8_t value[32];  /* in the evidence */
    enum assay_reference_field field;
    enum assay_evidence_kind kind;
};

/* With the place in the configuration that names it. */
static enum assay_status refuse(struct daemon_node *node, enum assay_status status,
                                const struct image *image, const char *why)
{
    (void)snprintf(node->message, sizeof node->message, "%.120s: %.300s", image->path, why);
    daemon_place(node, image->key);
    return status;
}

static enum assay_status measure(struct daemon_node *node, struct image *image)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    errno = 0;
    const enum assay_status status = assay_file_read(image->path, IMAGE_LEN_MAX, &bytes, &len);
    if (status == ASSAY_E_NOT_FOUND)
        return refuse(node, status, image, "there is no such file: put the enclave's image there");
    if (status == ASSAY_E_RANGE || (status == ASSAY_OK && len == 0)) {
        free(bytes);
        return refuse(node, ASSAY_E_RANGE, image, "expected an image of 1 byte to 64 MiB");
    }
    if (status != ASSAY_OK)
        return refuse(node, status, image, errno != 0 ? strerror(errno) : "cannot be read");
    assay_sha256(bytes, len, image->digest);
    free(bytes);
    assay_bytes_copy(image->value, 32, image->digest, 32);
    if (image->kind == ASSAY_KIND_TPM) assay_tpm_pcr_of(image->digest, image->value);
    return ASSAY_OK;
}

/* Retiring is still accepted. */
static bool is_taken(const struct assay_policy *policy, const struct image *image,
                     int64_t at_unix_s)
{
    struct assay_verdict verdict;
    const struct assay_measured measured = { .field = image->field,
                                             .value = image->value,
                                             .value_len = sizeof image->value };
    assay_verdict_init(&verdict, image->kind, at_unix_s);
    assay_reference_judge(policy, &measured, &verdict);
    return verdict.reason_count == 0 ||
           verdict.reasons[0].rule == ASSAY_RULE_MEASUREMENT_RETIRING;
}

/* "expected 5d6b...": the first value that would have done, of how many. */
static void put_expected(const struct assay_policy *policy, const struct image *image, char *text,
                         size_t len)
{
    char hex[65] = "";
    unsigned count = 0;
    for (uint32_t i = 0; i < policy->reference_count; i++) {
        const struct assay_reference *r = &policy->references[i];
        if (r->field != image->field || r->state == ASSAY_REFERENCE_DENIED || r->value_len != 32)
            continue;
        if (count++ == 0) assay_hex_encode(r->value, 32, hex, sizeof hex);
    }
    (void)snprintf(text, len, "%s%s%s", hex, count > 1 ? " or another of its list" : "",
                   count == 0 ? "nothing that is not denied" : "");
}

static enum assay_status unknown(struct daemon_node *node, const struct assay_policy *policy,
                                 const struct image *image)
{
    char found[65], why[420], expected[128];
    assay_hex_encode(image->value, 32, found, sizeof found);
    put_expected(policy, image, expected, sizeof expected);
    (void)snprintf(why, sizeof why,
                   "matches nothing in the policy: its %s is %s, expected %s. A node that runs it "
                   "is suspended",
                   assay_reference_field_name(image->field), found, expected);
    return refuse(node, ASSAY_E_INVALID, image, why);
}

enum assay_status daemon_check_image(struct daemon_node *node, bool restored,
                                     const struct assay_policy *const *policies, size_t count,
                                     int64_t at_unix_s)
{
    const struct assay_config *const config = node->config;
    const bool tpm = config->evidence.kind == ASSAY_CONFIG_TPM;
    struct image image = {
        .key = restored ? "enclave.restore_path" : "enclave.path",
        .path = restored ? config->enclave_restore_path : config->enclave_path,
        .field = tpm ? ASSAY_REFERENCE_PCR23 : ASSAY_REFERENCE_MRENCLAVE,
        .kind = tpm ? ASSAY_KIND_TPM : ASSAY_KIND_SOFT,
    };
    ASSAY_TRY(measure(node, &image));
    if (!tpm && config->evidence.kind != ASSAY_CONFIG_SOFT) return ASSAY_OK;
    for (size_t i = 0; i < count; i++)
        if (is_taken(policies[i], &image, at_unix_s)) return ASSAY_OK;
    return count == 0 ? ASSAY_OK : unknown(node, policies[0], &image);
}
