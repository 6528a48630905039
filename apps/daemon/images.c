/*
 * apps/daemon/images.c - enclave images, checked against the reference values of the policy.
 *
 * A policy that allows no image of this node suspends it, and if all run the same image, it
 * suspends all: this is reported before the first epoch, not by scores. Only where the daemon
 * measures
 * what it starts (SOFT, TPM); a TEE that the daemon runs in was measured when it was launched.
 *
 * An upgrade of the package replaces the program that restore_path names, and must not stop a node:
 * an accepted image is copied into the state folder under its digest, and replaces one that is no
 * longer accepted.
 */
#include "apps/daemon/node.h"

#include "apps/daemon/images_prune.h"
#include "base/file/file.h"
#include "quote/accept/reference.h"
#include "quote/tpm/tpm.h"

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

enum { IMAGE_LEN_MAX = 64 * 1024 * 1024 }; /* as enforce/restore.h copies */

/* One image, and its measurement in evidence. */
struct image {
    const char *key, *path;
    uint8_t digest[32]; /* of the file, as sha256sum prints it */
    uint8_t value[32];  /* in the evidence */
    enum assay_reference_field field;
    enum assay_evidence_kind kind;
};

/* With the place in the configuration that names it. */
static enum assay_status report_refusal(struct daemon_node *node, enum assay_status status,
                                        const struct image *image, const char *why)
{
    (void)snprintf(node->message, sizeof node->message, "%.120s: %.300s", image->path, why);
    daemon_place(node, image->key);
    return status;
}

static enum assay_status measure_image(struct daemon_node *node, struct image *image)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    errno = 0;
    const enum assay_status status = assay_file_read(image->path, IMAGE_LEN_MAX, &bytes, &len);
    if (status == ASSAY_E_NOT_FOUND)
        return report_refusal(node, status, image,
                              "there is no such file: put the enclave's image there");
    if (status == ASSAY_E_RANGE || (status == ASSAY_OK && len == 0)) {
        free(bytes);
        return report_refusal(node, ASSAY_E_RANGE, image, "expected an image of 1 byte to 64 MiB");
    }
    if (status != ASSAY_OK)
        return report_refusal(node, status, image, errno != 0 ? strerror(errno) : "cannot be read");
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
    assay_reference_appraise(policy, &measured, &verdict);
    return verdict.reason_count == 0 || verdict.reasons[0].rule == ASSAY_RULE_MEASUREMENT_RETIRING;
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

static enum assay_status report_unknown_image(struct daemon_node *node,
                                              const struct assay_policy *policy,
                                              const struct image *image)
{
    char found[65], why[420], expected[128];
    assay_hex_encode(image->value, 32, found, sizeof found);
    put_expected(policy, image, expected, sizeof expected);
    (void)snprintf(why, sizeof why,
                   "matches nothing in the policy: its %s is %s, expected %s. A node that runs it "
                   "is suspended",
                   assay_reference_field_name(image->field), found, expected);
    return report_refusal(node, ASSAY_E_INVALID, image, why);
}

static struct image image_of(const struct daemon_node *node, bool restored)
{
    const struct assay_config *const config = node->config;
    const bool tpm = config->evidence.kind == ASSAY_CONFIG_TPM;
    return (struct image){
        .key = restored ? "enclave.restore_path" : "enclave.path",
        .path = restored ? config->enclave_restore_path : config->enclave_path,
        .field = tpm ? ASSAY_REFERENCE_PCR23 : ASSAY_REFERENCE_MRENCLAVE,
        .kind = tpm ? ASSAY_KIND_TPM : ASSAY_KIND_SOFT,
    };
}

static bool is_measured_here(const struct daemon_node *node)
{
    return node->config->evidence.kind == ASSAY_CONFIG_TPM ||
           node->config->evidence.kind == ASSAY_CONFIG_SOFT;
}

enum assay_status daemon_check_image(struct daemon_node *node, bool restored,
                                     const struct assay_policy *const *policies, size_t count,
                                     int64_t at_unix_s)
{
    struct image image = image_of(node, restored);
    ASSAY_TRY(measure_image(node, &image));
    if (!is_measured_here(node)) return ASSAY_OK;
    for (size_t i = 0; i < count; i++)
        if (is_taken(policies[i], &image, at_unix_s)) return ASSAY_OK;
    return count == 0 ? ASSAY_OK : report_unknown_image(node, policies[0], &image);
}

/* --- images in the state folder, each under its digest */
static bool images_folder(const struct daemon_node *node, char path[static PATH_MAX])
{
    const int len = snprintf(path, PATH_MAX, "%s/images", node->config->state_dir);
    return len > 0 && len < PATH_MAX - 80;
}

void daemon_pin_image(struct daemon_node *node)
{
    char path[PATH_MAX], name[65];
    uint8_t digest[32], *bytes = NULL;
    size_t len = 0;
    if (!is_measured_here(node) || !images_folder(node, path)) return;
    enum assay_status status =
        assay_file_read(node->config->enclave_restore_path, IMAGE_LEN_MAX, &bytes, &len);
    if (status == ASSAY_OK && mkdir(path, 0700) != 0 && errno != EEXIST) status = ASSAY_E_IO;
    if (status == ASSAY_OK) {
        assay_sha256(bytes, len, digest);
        assay_hex_encode(digest, sizeof digest, name, sizeof name);
        const size_t at = strlen(path);
        (void)snprintf(path + at, sizeof path - at, "/%s", name);
        status = assay_file_create(path, ASSAY_FILE_PROGRAM, assay_slice_over(bytes, len));
        if (status == ASSAY_E_DUPLICATE) status = ASSAY_OK;
    }
    free(bytes);
    if (status != ASSAY_OK)
        daemon_warn("the enclave's image could not be copied into the state folder: an upgrade of "
                    "the package would stop this node");
}

enum assay_status daemon_check_pins(struct daemon_node *node)
{
    char folder[PATH_MAX], name[65] = "", why[DAEMON_PIN_WHY];
    if (!is_measured_here(node) || !images_folder(node, folder)) return ASSAY_OK;
    if (daemon_images_sound(folder, IMAGE_LEN_MAX, name, why)) return ASSAY_OK;
    (void)snprintf(node->message, sizeof node->message,
                   "%.140s/%s: a pinned image of the enclave is damaged: %.100s, expected its name."
                   " Put the image of that name back, or remove it: that of enclave.restore_path "
                   "is pinned again if the policy accepts it",
                   folder, name, why);
    daemon_place(node, "node.state_dir");
    return ASSAY_E_INVALID;
}

/* What the policies are that may name an image. */
struct named_by {
    const struct daemon_node *node;
    const struct assay_policy *const *policies;
    size_t count;
};

/* By a reference value: a policy that names no image accepts every one, and keeps none. */
static bool is_named(const void *context, const uint8_t digest[static 32])
{
    const struct named_by *const by = context;
    struct image image = image_of(by->node, true);
    assay_bytes_copy(image.value, sizeof image.value, digest, 32);
    if (image.kind == ASSAY_KIND_TPM) assay_tpm_pcr_of(digest, image.value);
    for (size_t i = 0; i < by->count; i++)
        for (uint32_t k = 0; k < by->policies[i]->reference_count; k++) {
            const struct assay_reference *const r = &by->policies[i]->references[k];
            if (r->field == image.field && r->state != ASSAY_REFERENCE_DENIED &&
                r->value_len == sizeof image.value &&
                assay_bytes_equal(r->value, image.value, sizeof image.value))
                return true;
        }
    return false;
}

void daemon_drop_images(struct daemon_node *node, const struct assay_policy *const *policies,
                        size_t count)
{
    char folder[PATH_MAX], pinned[PATH_MAX] = "", hex[65], text[128];
    struct image restored = image_of(node, true);
    if (!is_measured_here(node) || !images_folder(node, folder)) return;
    if (measure_image(node, &restored) != ASSAY_OK) return;
    assay_hex_encode(restored.digest, sizeof restored.digest, hex, sizeof hex);
    (void)snprintf(pinned, sizeof pinned, "%.4000s/%s", folder, hex);
    const struct named_by by = { node, policies, count };
    const struct daemon_image_needs needs = {
        .used = { pinned, node->config->enclave_path, node->config->enclave_restore_path },
        .context = &by,
        .is_named = is_named,
    };
    const size_t removed = daemon_images_prune(folder, &needs);
    if (removed == 0) return;
    (void)snprintf(text, sizeof text,
                   "%zu pinned images of the enclave were removed: no policy names them", removed);
    daemon_warn(text);
}

/* Its name is verified: daemon_check_pins. Returns: whether the policy accepts it. */
static bool is_pinned(struct daemon_node *node, const char *path, const char *name,
                      const struct assay_policy *policy, int64_t at_unix_s)
{
    uint8_t digest[32];
    struct image image = image_of(node, true);
    image.path = path;
    if (!daemon_image_name(name, digest) || measure_image(node, &image) != ASSAY_OK) return false;
    if (!assay_bytes_equal(digest, image.digest, 32)) return false;
    return is_taken(policy, &image, at_unix_s);
}

static bool find_pinned_by(struct daemon_node *node, const struct assay_policy *policy,
                           int64_t at_unix_s, char found[static PATH_MAX])
{
    char dir[PATH_MAX];
    bool is_found = false;
    DIR *const stream = images_folder(node, dir) ? opendir(dir) : NULL;
    if (stream == NULL) return false;
    for (const struct dirent *e; !is_found && (e = readdir(stream)) != NULL;) {
        const int len = snprintf(found, PATH_MAX, "%s/%s", dir, e->d_name);
        is_found =
            len > 0 && len < PATH_MAX && is_pinned(node, found, e->d_name, policy, at_unix_s);
    }
    (void)closedir(stream);
    return is_found;
}

/* What the policy in force accepts goes before what only the one before it did. */
static bool find_pinned(struct daemon_node *node, const struct assay_policy *const *policies,
                        size_t count, int64_t at_unix_s, char found[static PATH_MAX])
{
    for (size_t i = 0; i < count; i++)
        if (find_pinned_by(node, policies[i], at_unix_s, found)) return true;
    return false;
}

/* What runs is a file of its own: a RESTART writes it. */
static enum assay_status copy_pinned(const char *from, const char *to)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    enum assay_status status = assay_file_read(from, IMAGE_LEN_MAX, &bytes, &len);
    if (status == ASSAY_OK)
        status = assay_file_replace(to, ASSAY_FILE_PROGRAM, assay_slice_over(bytes, len));
    free(bytes);
    return status;
}

enum assay_status daemon_use_pinned(struct daemon_node *node,
                                    const struct assay_policy *const *policies, size_t count,
                                    int64_t at_unix_s, bool is_check)
{
    char found[PATH_MAX], refused[ASSAY_CONFIG_MESSAGE_MAX], text[ASSAY_CONFIG_MESSAGE_MAX + 256];
    struct assay_config *const config = node->config;
    struct image restored = image_of(node, true), runs = image_of(node, false);
    (void)snprintf(refused, sizeof refused, "%s", node->message);
    const bool is_known = is_measured_here(node) && measure_image(node, &restored) == ASSAY_OK;
    const bool is_found = is_known && find_pinned(node, policies, count, at_unix_s, found);
    /* The package's program, in both places: the copy runs, too. Another one is tampered with, and
     * a RESTART restores it. */
    const bool is_same = is_found && measure_image(node, &runs) == ASSAY_OK &&
                         assay_bytes_equal(runs.digest, restored.digest, sizeof runs.digest);
    (void)snprintf(node->message, sizeof node->message, "%s", refused);
    if (!is_found) return ASSAY_E_NOT_FOUND;
    (void)snprintf(text, sizeof text,
                   "%.360s. The pinned image %.120s, which the policy accepts, is used in its "
                   "place: accept the new program by a change of policy",
                   refused, found);
    daemon_warn(text);
    (void)snprintf(config->enclave_restore_path, sizeof config->enclave_restore_path, "%s", found);
    if (!is_same) return ASSAY_OK;
    (void)snprintf(config->enclave_path, sizeof config->enclave_path, "%.4000s%s", found,
                   is_check ? "" : ".run");
    return is_check ? ASSAY_OK : copy_pinned(found, config->enclave_path);
}
