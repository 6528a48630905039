/*
 * apps/assay/policy/policy_corim.c - `assay policy import` and `export`: reference values from
 * signed CoRIM into policy files, and back.
 */
#include "apps/assay/policy/policy.h"

#include "apps/assay/core/command.h"
#include "apps/assay/core/file_fault.h"
#include "apps/assay/core/output.h"
#include "apps/assay/evidence/evidence_print.h"
#include "base/assert.h"
#include "base/rfc3339.h"
#include "net/keys/keyring.h"
#include "quote/accept/corim.h"
#include "quote/x509.h"
#include "quote/yaml.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

/* Neither verb has --json: the one prints YAML, the other writes a binary file. */
#define COMPLAIN(...) cli_print_error(false, ASSAY_EXIT_USAGE, "usage", __VA_ARGS__)

static int out_of_memory(void)
{
    return cli_print_error(false, ASSAY_EXIT_INTERNAL, "internal", "out of memory");
}

static int cannot_read(const char *path, enum assay_status status)
{
    if (status == ASSAY_E_MEMORY) return out_of_memory();
    return cli_print_file_fault(false, "", path, status);
}

/* --- the key that signs */
/* What `assay keys operator` prints: public_key: "HEX". Or the digits alone. */
static enum assay_status key_of_text(const uint8_t *bytes, size_t len, struct assay_key *key)
{
    static const char before[] = "public_key: \"";
    uint8_t raw[ASSAY_P256_PUBLIC_LEN];
    struct assay_slice text = assay_slice_over(bytes, len);
    while (text.len > 0 && strchr(" \r\n\"", text.bytes[text.len - 1]) != NULL)
        text.len--;
    if (text.len >= sizeof before - 1 && assay_bytes_equal(text.bytes, before, sizeof before - 1)) {
        text.bytes += sizeof before - 1;
        text.len -= sizeof before - 1;
    }
    ASSAY_TRY(assay_hex_decode((const char *)text.bytes, text.len, raw, sizeof raw));
    *key = assay_key_p256(raw);
    return ASSAY_OK;
}

/* A root or a bare key, a certificate of another issuer, or our own text. */
static enum assay_status key_of_file(const uint8_t *bytes, size_t len, struct assay_key *key)
{
    struct assay_certificate *const certificates = calloc(ASSAY_CHAIN_MAX, sizeof *certificates);
    size_t count = 0;
    if (certificates == NULL) return ASSAY_E_MEMORY;
    enum assay_status status = assay_x509_root(bytes, len, key);
    if (status != ASSAY_OK) {
        status = assay_x509_certificates(bytes, len, certificates, ASSAY_CHAIN_MAX, &count);
        if (status == ASSAY_OK) *key = certificates[0].key;
    }
    free(certificates);
    return status == ASSAY_OK ? ASSAY_OK : key_of_text(bytes, len, key);
}

static int read_signer(const char *path, struct assay_key *key)
{
    uint8_t *bytes = NULL;
    size_t len = 0;
    enum assay_status status = assay_file_read(path, ASSAY_PEM_MAX, &bytes, &len);
    if (status != ASSAY_OK) return cannot_read(path, status);
    status = key_of_file(bytes, len, key);
    free(bytes);
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    return COMPLAIN("--signer %s: expected a public key or a certificate (PEM or DER), or what "
                    "`assay keys operator` printed",
                    path);
}

/* --- import */
static int read_corim(const struct assay_policy_options *options, struct assay_corim *corim)
{
    const struct assay_corim_options how = { .partial = options->partial };
    struct assay_where where = { 0 };
    struct assay_key signer;
    uint8_t *bytes = NULL;
    size_t len = 0;
    const int result = read_signer(options->signer, &signer);
    if (result != ASSAY_EXIT_OK) return result;
    enum assay_status status = assay_file_read(options->first, ASSAY_CORIM_LEN_MAX, &bytes, &len);
    if (status != ASSAY_OK) return cannot_read(options->first, status);
    status = assay_corim_open(bytes, len, &signer, &how, corim, &where);
    free(bytes);
    if (status == ASSAY_OK) return ASSAY_EXIT_OK;
    if (status == ASSAY_E_MEMORY) return out_of_memory();
    return COMPLAIN("%s: byte %lu: %s: %s%s", options->first, where.offset,
                    where.field != NULL ? where.field : "manifest", assay_status_text(status),
                    status == ASSAY_E_UNSUPPORTED && !options->partial
                        ? " (--partial leaves out what a policy cannot hold)"
                        : "");
}

static void print_window(const struct assay_corim *corim)
{
    char from[ASSAY_RFC3339_LEN + 1];
    char to[ASSAY_RFC3339_LEN + 1];
    assay_rfc3339_format(corim->not_before_s, from);
    assay_rfc3339_format(corim->not_after_s, to);
    (void)printf("# valid from %s to %s\n", corim->has_not_before ? from : "ever",
                 corim->has_not_after ? to : "ever");
}

/* YAML comments: the source, and the parts that were left out. */
static void print_origin(const struct assay_corim *corim)
{
    (void)printf("# CoRIM \"%s\", signed by \"%s\", profile %s\n", corim->id, corim->signer,
                 assay_corim_profile_name(corim->profile));
    print_window(corim);
    for (int i = 0; i < ASSAY_CORIM_PARTS; i++) {
        if (corim->left_out[i] == 0) continue;
        const char *const text = assay_corim_part_text((enum assay_corim_part)i);
        (void)printf("# left out: %s (%lu)\n", text, (unsigned long)corim->left_out[i]);
        (void)fprintf(stderr, "assay policy import: left out: %s (%lu)\n", text,
                      (unsigned long)corim->left_out[i]);
    }
}

static bool has_reference(const struct assay_policy *policy, const struct assay_reference *entry)
{
    for (uint32_t i = 0; i < policy->reference_count; i++) {
        const struct assay_reference *const r = &policy->references[i];
        if (r->field == entry->field && r->state == entry->state &&
            r->value_len == entry->value_len &&
            assay_bytes_equal(r->value, entry->value, entry->value_len) &&
            r->has_not_before == entry->has_not_before && r->not_before_s == entry->not_before_s &&
            r->has_not_after == entry->has_not_after && r->not_after_s == entry->not_after_s &&
            r->isvsvn_min == entry->isvsvn_min)
            return true;
    }
    return false;
}

static int merge_references(struct assay_policy *policy, const struct assay_corim *corim,
                            const char *path)
{
    for (uint32_t i = 0; i < corim->reference_count; i++) {
        if (has_reference(policy, &corim->references[i])) continue;
        if (policy->reference_count == ASSAY_REFERENCES_MAX)
            return COMPLAIN("%s: more than %d reference values together", path,
                            ASSAY_REFERENCES_MAX);
        policy->references[policy->reference_count++] = corim->references[i];
    }
    return ASSAY_EXIT_OK;
}

static int print_written(const struct assay_writer *w)
{
    struct assay_slice text;
    if (assay_writer_finish(w, &text) != ASSAY_OK)
        return COMPLAIN("the policy is too long for a file");
    const bool written = fwrite(text.bytes, 1, text.len, stdout) == text.len;
    return written && fflush(stdout) == 0 ? ASSAY_EXIT_OK : ASSAY_EXIT_INTERNAL;
}

static int print_import(const struct assay_policy_options *options, const struct assay_corim *corim,
                        char *memory)
{
    ASSAY_ASSERT(corim != NULL);
    struct assay_policy_file file = { 0 };
    struct assay_writer w = assay_writer_over(memory, ASSAY_YAML_LEN_MAX);
    int result = ASSAY_EXIT_OK;
    if (options->into != NULL) {
        result = cli_policy_file_open(&file, options->into, false);
        if (result == ASSAY_EXIT_OK) result = merge_references(file.policy, corim, options->into);
        if (result == ASSAY_EXIT_OK) assay_policy_put_yaml(file.policy, &w);
    } else {
        static const char head[] = "references:\n";
        assay_writer_put(&w, head, sizeof head - 1);
        assay_references_put_yaml(corim->references, corim->reference_count, &w);
    }
    if (result == ASSAY_EXIT_OK) {
        print_origin(corim);
        result = print_written(&w);
    }
    cli_policy_file_close(&file);
    return result;
}

int cli_policy_run_import(const struct assay_policy_options *options)
{
    if (options->format != NULL && strcmp(options->format, "keylime") == 0)
        return cli_policy_import_keylime(options);
    struct assay_corim *const corim = calloc(1, sizeof *corim);
    char *const memory = malloc(ASSAY_YAML_LEN_MAX);
    int result = ASSAY_EXIT_OK;
    if (options->signer == NULL)
        result = COMPLAIN("policy import: expected --signer KEY: the key of the trusted signer");
    else if (corim == NULL || memory == NULL) result = out_of_memory();
    if (result == ASSAY_EXIT_OK) result = read_corim(options, corim);
    if (result == ASSAY_EXIT_OK) result = print_import(options, corim, memory);
    free(corim);
    free(memory);
    return result;
}

/* --- export */
/* Names go into the manifest and onto terminals of others: plain characters only. */
static bool is_name(const char *text)
{
    const size_t len = strlen(text);
    for (size_t i = 0; i < len; i++)
        if (text[i] < 0x20 || text[i] > 0x7e) return false;
    return len > 0 && len < ASSAY_CORIM_TEXT_MAX;
}

static enum assay_status sign_manifest(struct assay_slice manifest, const char *issuer,
                                       const char *key_path, uint8_t *memory,
                                       struct assay_slice *sealed)
{
    struct assay_secret32 secret;
    uint8_t public_key[ASSAY_P256_PUBLIC_LEN];
    uint8_t digest[ASSAY_SHA256_LEN];
    uint8_t signature[ASSAY_P256_SIGNATURE_LEN];
    struct assay_p256_signer *signer = NULL;
    ASSAY_TRY(assay_keyring_operator_load(key_path, &secret, public_key));
    struct assay_writer w = assay_writer_over(memory, ASSAY_CORIM_LEN_MAX);
    assay_corim_seal(manifest, issuer, public_key, NULL, &w);
    enum assay_status status = assay_writer_finish(&w, sealed);
    if (status == ASSAY_OK) status = assay_corim_digest(*sealed, digest);
    if (status == ASSAY_OK) status = assay_p256_signer_load(&secret, &signer);
    if (status == ASSAY_OK) status = assay_p256_sign(signer, digest, signature);
    assay_p256_signer_free(&signer);
    assay_secret_wipe(&secret, sizeof secret);
    if (status != ASSAY_OK) return status;
    w = assay_writer_over(memory, ASSAY_CORIM_LEN_MAX);
    assay_corim_seal(manifest, issuer, public_key, signature, &w);
    return assay_writer_finish(&w, sealed);
}

static int write_out(const char *path, struct assay_slice bytes)
{
    if (path != NULL)
        return cli_output_write("assay policy export", path, ASSAY_FILE_PUBLIC, bytes);
    if (isatty(STDOUT_FILENO))
        return COMPLAIN("policy export: a CoRIM is binary: expected --out FILE, or a pipe");
    const bool written = fwrite(bytes.bytes, 1, bytes.len, stdout) == bytes.len;
    return written && fflush(stdout) == 0 ? ASSAY_EXIT_OK : ASSAY_EXIT_INTERNAL;
}

/* Named Information has no number for SHA-1. Returns: ASSAY_EXIT_OK when a manifest can have
 * all. */
static int check_values(const struct assay_policy_options *options,
                        const struct assay_policy *policy)
{
    for (uint32_t i = 0; i < policy->reference_count; i++)
        if (policy->references[i].value_len == ASSAY_SHA1_LEN)
            return COMPLAIN("%s: references[%u].value: expected values of SHA-256, SHA-384 or "
                            "SHA-512, found one of SHA-1, which a CoRIM cannot have",
                            options->first, (unsigned)i);
    return ASSAY_EXIT_OK;
}

static int export_policy(const struct assay_policy_options *options,
                         const struct assay_policy_file *file, uint8_t *manifest_memory,
                         uint8_t *sealed_memory)
{
    char id[ASSAY_CORIM_TEXT_MAX];
    char digest[65];
    struct assay_slice bytes;
    assay_hex_encode(file->digest, sizeof file->digest, digest, sizeof digest);
    (void)snprintf(id, sizeof id, "%s%s", options->id != NULL ? options->id : "assay-policy-",
                   options->id != NULL ? "" : digest);
    struct assay_writer w = assay_writer_over(manifest_memory, ASSAY_CORIM_LEN_MAX);
    assay_corim_write(id, file->policy->references, file->policy->reference_count, &w);
    enum assay_status status = assay_writer_finish(&w, &bytes);
    if (status == ASSAY_OK && options->key != NULL)
        status = sign_manifest(bytes, options->issuer != NULL ? options->issuer : "assay operator",
                               options->key, sealed_memory, &bytes);
    if (status != ASSAY_OK)
        return COMPLAIN("%s: %s", options->key != NULL ? options->key : options->first,
                        assay_status_text(status));
    return write_out(options->out, bytes);
}

/* Returns: ASSAY_EXIT_OK when the options fit together. */
static int check_export(const struct assay_policy_options *options)
{
    if (options->format == NULL || strcmp(options->format, "corim") != 0)
        return COMPLAIN("policy export: expected --format corim, found %s%s",
                        options->format != NULL ? "--format " : "none",
                        options->format != NULL ? options->format : "");
    if (options->issuer != NULL && options->key == NULL)
        return COMPLAIN("policy export: --issuer names who signs: expected --key, too");
    if ((options->id != NULL && !is_name(options->id)) ||
        (options->issuer != NULL && !is_name(options->issuer)))
        return COMPLAIN("policy export: --id and --issuer: expected 1 to %d printable characters",
                        ASSAY_CORIM_TEXT_MAX - 1);
    return ASSAY_EXIT_OK;
}

int cli_policy_run_export(const struct assay_policy_options *options)
{
    struct assay_policy_file file = { 0 };
    uint8_t *const manifest = malloc(ASSAY_CORIM_LEN_MAX);
    uint8_t *const sealed = malloc(ASSAY_CORIM_LEN_MAX);
    int result = check_export(options);
    if (result == ASSAY_EXIT_OK && (manifest == NULL || sealed == NULL)) result = out_of_memory();
    if (result == ASSAY_EXIT_OK) result = cli_policy_file_open(&file, options->first, false);
    if (result == ASSAY_EXIT_OK && file.policy->reference_count == 0)
        result = COMPLAIN("%s: the policy has no reference values", options->first);
    if (result == ASSAY_EXIT_OK) result = check_values(options, file.policy);
    if (result == ASSAY_EXIT_OK) result = export_policy(options, &file, manifest, sealed);
    free(manifest);
    free(sealed);
    cli_policy_file_close(&file);
    return result;
}
