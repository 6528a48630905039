/*
 * quote/yaml/policy_take.c - conversion of the mirror structs to a policy; errors name the place,
 * the expected and the found value.
 */
#include "quote/yaml/policy_internal.h"

#include "base/assert.h"
#include "base/rfc3339.h"
#include "quote/x509.h"

#include <stdio.h>
#include <string.h>

/* Stands alone in a list of kinds, and means every kind, also those to come. */
static const char every_kind[] = "every";

/* The path of one member of one entry: "roots[3].key"; of an entry itself without a member. */
struct path {
    char text[ASSAY_YAML_KEY_MAX];
};

static struct path path_of(const char *list, unsigned index, const char *member)
{
    struct path path;
    (void)snprintf(path.text, sizeof path.text, "%s[%u]%s%s", list, index,
                   member[0] != '\0' ? "." : "", member);
    return path;
}

/* --- values; in each, key is the path, and an absent one leaves *out as it is */
static enum assay_status take_number(const struct assay_yaml *file, const char *key,
                                     const char *text, uint64_t max, uint64_t *out)
{
    uint64_t value = 0;
    if (text == NULL) return ASSAY_OK;
    if (!assay_yaml_number(text, &value))
        return assay_yaml_fail(file, ASSAY_E_SYNTAX, key,
                               "expected a whole number, found \"%.40s\"", text);
    if (value > max)
        return assay_yaml_fail(file, ASSAY_E_RANGE, key, "expected at most %llu, found %.40s",
                               (unsigned long long)max, text);
    *out = value;
    return ASSAY_OK;
}

static enum assay_status take_byte(const struct assay_yaml *file, const char *key, const char *text,
                                   uint8_t max, uint8_t *out)
{
    uint64_t value = *out;
    ASSAY_TRY(take_number(file, key, text, max, &value));
    ASSAY_ASSERT(value <= UINT8_MAX);
    *out = (uint8_t)value;
    return ASSAY_OK;
}

/* Not libcyaml's, which takes every word but "false" and a few others for true. */
enum assay_status assay_yaml_take_bool(const struct assay_yaml *file, const char *key,
                                       const char *text, bool *out)
{
    if (text == NULL) return ASSAY_OK;
    const bool yes = strcmp(text, "true") == 0;
    if (!yes && strcmp(text, "false") != 0)
        return assay_yaml_fail(file, ASSAY_E_SYNTAX, key, "expected true or false, found \"%.40s\"",
                               text);
    *out = yes;
    return ASSAY_OK;
}

static enum assay_status take_acceptance(const struct assay_yaml *file, const char *key,
                                         const char *text, enum assay_acceptance *out)
{
    if (text == NULL) return ASSAY_OK;
    for (int i = ASSAY_ACCEPT_REFUSED; i <= ASSAY_ACCEPT_AFFIRMING; i++) {
        if (strcmp(text, assay_policy_acceptance_name((enum assay_acceptance)i)) != 0) continue;
        *out = (enum assay_acceptance)i;
        return ASSAY_OK;
    }
    return assay_yaml_fail(file, ASSAY_E_SYNTAX, key,
                           "expected refused, warning or affirming, found \"%.40s\"", text);
}

static enum assay_status take_hex(const struct assay_yaml *file, const char *key, const char *text,
                                  uint8_t *out, size_t len)
{
    ASSAY_ASSERT(text != NULL && len > 0);
    if (assay_hex_decode(text, strlen(text), out, len) == ASSAY_OK) return ASSAY_OK;
    return assay_yaml_fail(file, ASSAY_E_SYNTAX, key,
                           "expected %zu hexadecimal digits, found \"%.40s\"", 2 * len, text);
}

static enum assay_status take_text(const struct assay_yaml *file, const char *key, const char *text,
                                   char *out, size_t capacity)
{
    ASSAY_ASSERT(text != NULL && capacity > 0);
    const size_t len = strlen(text);
    if (len >= capacity)
        return assay_yaml_fail(file, ASSAY_E_RANGE, key,
                               "expected at most %zu characters, found %zu", capacity - 1, len);
    for (size_t i = 0; i < len; i++)
        if (text[i] < 0x20 || text[i] > 0x7e)
            return assay_yaml_fail(file, ASSAY_E_RANGE, key,
                                   "expected printable ASCII, found another character");
    assay_bytes_copy(out, capacity, text, len + 1);
    return ASSAY_OK;
}

static enum assay_status take_kinds(const struct assay_yaml *file, const char *list, char **kinds,
                                    unsigned count, uint32_t *mask)
{
    ASSAY_ASSERT(kinds != NULL && count > 0);
    *mask = 0;
    if (count == 1 && strcmp(kinds[0], every_kind) == 0) {
        *mask = ASSAY_KINDS_ALL;
        return ASSAY_OK;
    }
    for (unsigned i = 0; i < count; i++) {
        enum assay_evidence_kind kind;
        if (assay_kind_parse(kinds[i], &kind) != ASSAY_OK || kind == ASSAY_KIND_NONE)
            return assay_yaml_fail(file, ASSAY_E_SYNTAX, path_of(list, i, "").text,
                                   "\"%.40s\" is no kind of evidence", kinds[i]);
        *mask |= ASSAY_KIND_BIT(kind);
    }
    return ASSAY_OK;
}

static enum assay_status take_time(const struct assay_yaml *file, const char *key, const char *text,
                                   bool *has, int64_t *unix_s)
{
    if (text == NULL) return ASSAY_OK;
    *has = true;
    if (assay_rfc3339_parse(text, strlen(text), unix_s) == ASSAY_OK) return ASSAY_OK;
    return assay_yaml_fail(file, ASSAY_E_SYNTAX, key,
                           "\"%.40s\" is no RFC 3339 time such as 2027-01-31T12:00:00Z", text);
}

/* --- statuses */
static bool is_never_accepted(enum assay_tcb_status status)
{
    return status == ASSAY_TCB_NONE || status == ASSAY_TCB_REVOKED ||
           status == ASSAY_TCB_NOT_SUPPORTED;
}

static enum assay_status take_status(const struct assay_yaml *file, const struct yaml_status *from,
                                     unsigned i, bool seen[static ASSAY_TCB_STATUS_COUNT],
                                     struct assay_policy *policy)
{
    ASSAY_ASSERT(from->status != NULL);
    const struct path key = path_of("statuses", i, "status");
    enum assay_tcb_status status;
    if (assay_tcb_status_parse(from->status, strlen(from->status), &status) != ASSAY_OK)
        return assay_yaml_fail(file, ASSAY_E_SYNTAX, key.text, "\"%.40s\" is no TCB status",
                               from->status);
    ASSAY_ASSERT((unsigned)status < ASSAY_TCB_STATUS_COUNT);
    if (seen[status])
        return assay_yaml_fail(file, ASSAY_E_DUPLICATE, key.text, "%s comes twice", from->status);
    seen[status] = true;
    if (is_never_accepted(status) && from->accept != ASSAY_ACCEPT_REFUSED)
        return assay_yaml_fail(file, ASSAY_E_INVALID, path_of("statuses", i, "accept").text,
                               "%s is never accepted, expected refused", from->status);
    struct assay_status_rule *const to = &policy->statuses[status];
    to->acceptance = from->accept;
    to->has_grace = from->grace_s != NULL;
    to->grace_s = 0;
    return take_number(file, path_of("statuses", i, "grace_s").text, from->grace_s, UINT64_MAX,
                       &to->grace_s);
}

static enum assay_status take_statuses(const struct assay_yaml *file,
                                       const struct yaml_policy *yaml, struct assay_policy *policy)
{
    ASSAY_ASSERT(yaml->statuses_count <= ASSAY_TCB_STATUS_COUNT);
    bool seen[ASSAY_TCB_STATUS_COUNT] = { false };
    for (unsigned i = 0; i < yaml->statuses_count; i++)
        ASSAY_TRY(take_status(file, &yaml->statuses[i], i, seen, policy));
    return ASSAY_OK;
}

/* --- roots */
static enum assay_status take_key(const struct assay_yaml *file, const char *key, const char *text,
                                  struct assay_key *out)
{
    uint8_t bytes[ASSAY_KEY_BYTES_MAX];
    const size_t len = strlen(text) / 2;
    const enum assay_key_type type = assay_key_type_of_len(len);
    if (type == ASSAY_KEY_NONE)
        return assay_yaml_fail(file, ASSAY_E_SYNTAX, key,
                               "expected 128 hexadecimal digits (P-256: X, then Y), 192 (P-384), "
                               "or a modulus and exponent (RSA), found %zu characters",
                               strlen(text));
    ASSAY_ASSERT(len <= sizeof bytes);
    ASSAY_TRY(take_hex(file, key, text, bytes, len));
    assay_key_from(out, type, bytes, len);
    return ASSAY_OK;
}

static enum assay_status take_pem(const struct assay_yaml *file, const char *key, const char *text,
                                  struct assay_key *out)
{
    const enum assay_status status = assay_x509_root((const uint8_t *)text, strlen(text), out);
    if (status == ASSAY_OK) return ASSAY_OK;
    return assay_yaml_fail(file, status == ASSAY_E_MEMORY ? status : ASSAY_E_SYNTAX, key,
                           "expected a self-issued certificate or a public key as PEM, and: %s",
                           assay_status_text(status));
}

static enum assay_status take_pinned(const struct assay_yaml *file, const char *key,
                                     const char *text, struct assay_policy_root *to)
{
    ASSAY_ASSERT(text != NULL);
    for (int i = 0; i < ASSAY_PINNED_ROOTS; i++) {
        const enum assay_pinned_root which = (enum assay_pinned_root)i;
        if (strcmp(text, assay_pinned_root_name(which)) != 0) continue;
        if (assay_pinned_root(which, &to->key, &to->kinds) == ASSAY_OK) return ASSAY_OK;
    }
    return assay_yaml_fail(file, ASSAY_E_SYNTAX, key,
                           "expected intel-sgx, amd-milan, amd-genoa, amd-turin, aws-nitro, "
                           "nvidia-device or nvidia-rim, "
                           "found \"%.40s\"",
                           text);
}

static enum assay_status take_ak_form(const struct assay_yaml *file, const char *key,
                                      const char *text, struct assay_policy_root *to)
{
    if (text == NULL) return ASSAY_OK;
    for (int i = 0; i < ASSAY_AK_FORMS; i++) {
        if (strcmp(text, assay_ak_form_name((enum assay_ak_form)i)) != 0) continue;
        to->ak = (enum assay_ak_form)i;
        if (to->ak == ASSAY_AK_TCG || (to->kinds & ASSAY_KIND_BIT(ASSAY_KIND_TPM)) != 0)
            return ASSAY_OK;
        return assay_yaml_fail(file, ASSAY_E_INVALID, key, "%s is for roots of kind tpm2", text);
    }
    return assay_yaml_fail(file, ASSAY_E_SYNTAX, key,
                           "expected tcg, google or azure, found \"%.40s\"", text);
}

static enum assay_status take_root(const struct assay_yaml *file, const struct yaml_root *from,
                                   unsigned i, struct assay_policy_root *to)
{
    const int given = (from->key != NULL) + (from->pem != NULL) + (from->pinned != NULL);
    ASSAY_TRY(
        take_text(file, path_of("roots", i, "name").text, from->name, to->name, sizeof to->name));
    if (given != 1)
        return assay_yaml_fail(file, ASSAY_E_INVALID, path_of("roots", i, "").text,
                               "expected one of key, pem and pinned, found %d", given);
    if (from->pinned == NULL && from->kinds == NULL)
        return assay_yaml_fail(file, ASSAY_E_INVALID, path_of("roots", i, "").text,
                               "expected kinds: what may the root vouch for?");
    if (from->key != NULL)
        ASSAY_TRY(take_key(file, path_of("roots", i, "key").text, from->key, &to->key));
    if (from->pem != NULL)
        ASSAY_TRY(take_pem(file, path_of("roots", i, "pem").text, from->pem, &to->key));
    if (from->pinned != NULL)
        ASSAY_TRY(take_pinned(file, path_of("roots", i, "pinned").text, from->pinned, to));
    if (from->kinds != NULL)
        ASSAY_TRY(take_kinds(file, path_of("roots", i, "kinds").text, from->kinds,
                             from->kinds_count, &to->kinds));
    ASSAY_ASSERT(to->key.type != ASSAY_KEY_NONE);
    return take_ak_form(file, path_of("roots", i, "attestation_keys").text, from->attestation_keys,
                        to);
}

/* --- references */
static enum assay_status take_value(const struct assay_yaml *file, unsigned i, const char *text,
                                    struct assay_reference *to)
{
    const struct path key = path_of("references", i, "value");
    const size_t len = strlen(text) / 2;
    if (assay_reference_field_fits(to->field, len)) {
        to->value_len = (uint32_t)len;
        ASSAY_ASSERT(to->value_len <= sizeof to->value);
        return take_hex(file, key.text, text, to->value, len);
    }
    char lengths[32] = "";
    for (size_t bytes = 32; bytes <= ASSAY_MEASUREMENT_MAX; bytes += 16)
        if (assay_reference_field_fits(to->field, bytes)) {
            const size_t used = strlen(lengths);
            (void)snprintf(lengths + used, sizeof lengths - used, "%s%zu", used > 0 ? " or " : "",
                           2 * bytes);
        }
    return assay_yaml_fail(file, ASSAY_E_SYNTAX, key.text,
                           "expected %s hexadecimal digits for %s, found \"%.40s\" (%zu)", lengths,
                           assay_reference_field_name(to->field), text, strlen(text));
}

static enum assay_status check_weak_values(const struct assay_yaml *file,
                                           const struct assay_policy *policy, unsigned count)
{
    ASSAY_ASSERT(count <= ASSAY_REFERENCES_MAX);
    if (policy->tpm_weak_banks != ASSAY_ACCEPT_REFUSED) return ASSAY_OK;
    for (unsigned i = 0; i < count; i++)
        if (policy->references[i].value_len == ASSAY_SHA1_LEN)
            return assay_yaml_fail(file, ASSAY_E_INVALID, path_of("references", i, "value").text,
                                   "40 hexadecimal digits are of the SHA-1 bank, which only "
                                   "tpm_weak_banks: warning accepts");
    return ASSAY_OK;
}

static enum assay_status take_reference(const struct assay_yaml *file,
                                        const struct yaml_reference *from, unsigned i,
                                        struct assay_reference *to)
{
    ASSAY_ASSERT(from->field != NULL && from->value != NULL);
    uint64_t isvsvn_min = 0;
    to->state = from->state;
    if (assay_reference_field_parse(from->field, strlen(from->field), &to->field) != ASSAY_OK)
        return assay_yaml_fail(file, ASSAY_E_SYNTAX, path_of("references", i, "field").text,
                               "expected a field such as mrenclave, mrtd or pcr0, found \"%.40s\"",
                               from->field);
    ASSAY_TRY(take_number(file, path_of("references", i, "isvsvn_min").text, from->isvsvn_min,
                          UINT16_MAX, &isvsvn_min));
    to->isvsvn_min = (uint16_t)isvsvn_min;
    ASSAY_TRY(take_value(file, i, from->value, to));
    ASSAY_TRY(take_time(file, path_of("references", i, "not_before").text, from->not_before,
                        &to->has_not_before, &to->not_before_s));
    ASSAY_TRY(take_time(file, path_of("references", i, "not_after").text, from->not_after,
                        &to->has_not_after, &to->not_after_s));
    if (to->has_not_before && to->has_not_after && to->not_before_s > to->not_after_s)
        return assay_yaml_fail(file, ASSAY_E_INVALID, path_of("references", i, "not_after").text,
                               "expected a time after not_before (%.30s): the entry never holds",
                               from->not_before);
    return ASSAY_OK;
}

/* --- the whole */
static enum assay_status take_numbers(const struct assay_yaml *file, const struct yaml_policy *yaml,
                                      struct assay_policy *policy)
{
    enum { POLICY_VERSION = 1 };
    uint64_t version = 0, evaluation_number = 0, pcesvn = 0;
    ASSAY_TRY(take_number(file, "policy_version", yaml->policy_version, UINT32_MAX, &version));
    if (version != POLICY_VERSION)
        return assay_yaml_fail(file, ASSAY_E_VERSION, "policy_version", "expected %d, found %u",
                               POLICY_VERSION, (unsigned)version);
    ASSAY_TRY(take_number(file, "tcb_evaluation_number_min", yaml->tcb_evaluation_number_min,
                          UINT32_MAX, &evaluation_number));
    policy->has_collateral_age = yaml->collateral_age_max_s != NULL;
    ASSAY_TRY(take_number(file, "collateral_age_max_s", yaml->collateral_age_max_s, UINT64_MAX,
                          &policy->collateral_age_max_s));
    ASSAY_TRY(take_number(file, "pcesvn_min", yaml->pcesvn_min, UINT16_MAX, &pcesvn));
    policy->evaluation_number_min = (uint32_t)evaluation_number;
    policy->pcesvn_min = (uint16_t)pcesvn;
    if (yaml->tee_tcb_svn_min == NULL) return ASSAY_OK;
    return take_hex(file, "tee_tcb_svn_min", yaml->tee_tcb_svn_min, policy->tee_tcb_svn_min,
                    sizeof policy->tee_tcb_svn_min);
}

static enum assay_status take_platform(const struct assay_yaml *file,
                                       const struct yaml_policy *yaml,
                                       struct assay_platform_rules *rules)
{
    ASSAY_TRY(take_acceptance(file, "service_td", yaml->service_td, &rules->service_td));
    ASSAY_TRY(
        take_acceptance(file, "sept_ve_enabled", yaml->sept_ve_enabled, &rules->sept_ve_enabled));
    ASSAY_TRY(take_acceptance(file, "td_now_out_of_date", yaml->td_now_out_of_date,
                              &rules->td_now_out_of_date));
    ASSAY_TRY(
        take_acceptance(file, "td_now_revoked", yaml->td_now_revoked, &rules->td_now_revoked));
    if (rules->td_now_revoked == ASSAY_ACCEPT_AFFIRMING)
        return assay_yaml_fail(file, ASSAY_E_INVALID, "td_now_revoked",
                               "a revoked level is refused or a warning, never affirming");
    ASSAY_TRY(take_byte(file, "vmpl_max", yaml->vmpl_max, ASSAY_VMPL_MAX, &rules->vmpl_max));
    ASSAY_TRY(assay_yaml_take_bool(file, "migration_agent", yaml->migration_agent,
                                   &rules->allow_migration_agent));
    ASSAY_TRY(assay_yaml_take_bool(file, "smt", yaml->smt, &rules->allow_smt));
    ASSAY_TRY(assay_yaml_take_bool(file, "single_socket_required", yaml->single_socket_required,
                                   &rules->require_single_socket));
    ASSAY_TRY(assay_yaml_take_bool(file, "crl_required", yaml->crl_required, &rules->require_crl));
    const struct yaml_snp_tcb *const least = yaml->snp_tcb_min;
    uint8_t *const to = rules->snp_tcb_min;
    if (least == NULL) return ASSAY_OK;
    ASSAY_TRY(take_byte(file, "snp_tcb_min.bootloader", least->bootloader, UINT8_MAX, &to[0]));
    ASSAY_TRY(take_byte(file, "snp_tcb_min.tee", least->tee, UINT8_MAX, &to[1]));
    ASSAY_TRY(take_byte(file, "snp_tcb_min.snp", least->snp, UINT8_MAX, &to[2]));
    ASSAY_TRY(take_byte(file, "snp_tcb_min.microcode", least->microcode, UINT8_MAX, &to[3]));
    return take_byte(file, "snp_tcb_min.fmc", least->fmc, UINT8_MAX, &to[4]);
}

static enum assay_status take_lists(const struct assay_yaml *file, const struct yaml_policy *yaml,
                                    struct assay_policy *policy)
{
    ASSAY_ASSERT(yaml->roots_count <= ASSAY_POLICY_ROOTS_MAX);
    ASSAY_ASSERT(yaml->advisories_denied_count <= ASSAY_POLICY_ADVISORIES_MAX);
    ASSAY_ASSERT(yaml->references_count <= ASSAY_REFERENCES_MAX);
    if (yaml->kinds != NULL)
        ASSAY_TRY(take_kinds(file, "kinds", yaml->kinds, yaml->kinds_count, &policy->kinds));
    ASSAY_TRY(take_statuses(file, yaml, policy));
    for (unsigned i = 0; i < yaml->roots_count; i++)
        ASSAY_TRY(take_root(file, &yaml->roots[i], i, &policy->roots[i]));
    policy->root_count = yaml->roots_count;
    for (unsigned i = 0; i < yaml->advisories_denied_count; i++)
        ASSAY_TRY(take_text(file, path_of("advisories_denied", i, "").text,
                            yaml->advisories_denied[i], policy->advisories_denied[i],
                            ASSAY_ADVISORY_TEXT));
    policy->advisory_count = yaml->advisories_denied_count;
    ASSAY_TRY(
        take_acceptance(file, "tpm_weak_banks", yaml->tpm_weak_banks, &policy->tpm_weak_banks));
    if (policy->tpm_weak_banks == ASSAY_ACCEPT_AFFIRMING)
        return assay_yaml_fail(file, ASSAY_E_RANGE, "tpm_weak_banks",
                               "expected refused or warning, found \"affirming\"");
    for (unsigned i = 0; i < yaml->references_count; i++)
        ASSAY_TRY(take_reference(file, &yaml->references[i], i, &policy->references[i]));
    ASSAY_TRY(check_weak_values(file, policy, yaml->references_count));
    policy->reference_count = yaml->references_count;
    ASSAY_TRY(take_acceptance(file, "ima_unknown", yaml->ima_unknown, &policy->ima_unknown));
    return assay_yaml_take_events(file, yaml, policy);
}

enum assay_status assay_yaml_take_policy(const struct assay_yaml *file, struct assay_policy *policy)
{
    const struct yaml_policy *const yaml = file->data;
    ASSAY_ASSERT(yaml != NULL);
    assay_policy_default(policy);
    policy->profile = yaml->profile;
    ASSAY_TRY(take_numbers(file, yaml, policy));
    ASSAY_TRY(take_platform(file, yaml, &policy->platform));
    ASSAY_TRY(assay_yaml_take_gpu(file, yaml, &policy->gpu));
    ASSAY_TRY(take_lists(file, yaml, policy));
    /* Invalid policies were rejected above, where the place is known; this is the safety net. */
    const enum assay_status status = assay_policy_check(policy);
    if (status == ASSAY_OK) return ASSAY_OK;
    assay_yaml_set_message(file, (struct assay_yaml_place){ 1, 1 }, assay_status_text(status));
    return status;
}
