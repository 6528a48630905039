/*
 * quote/source/tpm/tpm_x509.c - certificates of a registrar; AK certificates after TCG, "TPM 2.0
 * Keys for Device Identity and Attestation" 1.0, section 8.2.
 */
#include "quote/source/tpm/tpm_x509.h"

#include "base/assert.h"
#include "quote/source/soft/issue.h"
#include "quote/tpm/tpm.h"

static const uint8_t oid_extended_key_usage[] = { 0x55, 0x1d, 0x25 };
static const uint8_t oid_aik[] = { 0x67, 0x81, 0x05, 0x08, 0x03 }; /* 2.23.133.8.3 */

static void make_registrar_name(const char *registrar, struct assay_dn *dn)
{
    ASSAY_ASSERT(registrar != NULL);
    assay_issue_name("Assay registrar of TPM keys", registrar, dn);
}

/* The subject of an AK names the endorsement key, in the one form that verifiers read. */
static void make_subject(const struct assay_tpm_certificate *c, struct assay_dn *dn)
{
    if (c->role == ASSAY_TPM_ROLE_REGISTRAR) make_registrar_name(c->registrar, dn);
    else if (c->ek_name == NULL)
        assay_issue_name(NULL, c->common_name != NULL ? c->common_name : "an attestation key", dn);
    else assay_tpm_subject_encode(c->ek_name, dn);
}

/* Leftmost 160 bits of the key's name. */
static void key_id(const struct assay_key *key, uint8_t id[ASSAY_KEY_ID_LEN])
{
    uint8_t name[ASSAY_SHA256_LEN];
    assay_key_name(key, name);
    assay_bytes_copy(id, ASSAY_KEY_ID_LEN, name, ASSAY_KEY_ID_LEN);
}

static void make_issuer(const char *registrar, const struct assay_key *key,
                        const struct assay_secret32 *secret, struct assay_issuer *issuer)
{
    ASSAY_ASSERT(secret != NULL);
    *issuer = (struct assay_issuer){ .secret = secret };
    make_registrar_name(registrar, &issuer->name);
    key_id(key, issuer->key_id);
}

static void put_ak_use(struct assay_der *d)
{
    const size_t mark = assay_der_mark(d);
    assay_der_value(d, ASSAY_DER_OID, oid_aik, sizeof oid_aik);
    assay_der_wrap(d, ASSAY_DER_SEQUENCE, mark);
    assay_issue_extension(d, oid_extended_key_usage, sizeof oid_extended_key_usage, false, mark);
}

enum assay_status assay_tpm_certificate_make(const struct assay_tpm_certificate *c, uint8_t *der,
                                             size_t capacity, size_t *len)
{
    struct assay_issue issue = { .not_before_s = c->not_before_s,
                                 .not_after_s = c->not_after_s,
                                 .key = c->key,
                                 .is_ca = c->role == ASSAY_TPM_ROLE_REGISTRAR };
    struct assay_issuer issuer;
    struct assay_der use;
    assay_der_init(&use);
    if (c->role == ASSAY_TPM_ROLE_AK) put_ak_use(&use);
    assay_der_raw(&use, c->extensions.bytes, c->extensions.len);
    ASSAY_ASSERT(!use.full);
    issue.extensions = assay_der_finish(&use);
    assay_bytes_copy(issue.serial, sizeof issue.serial, c->serial, sizeof c->serial);
    make_subject(c, &issue.subject);
    key_id(c->key, issue.key_id);
    make_issuer(c->registrar, c->issuer_key, c->issuer_secret, &issuer);
    return assay_issue_certificate(&issuer, &issue, der, capacity, len);
}

enum assay_status assay_tpm_crl_make(const struct assay_tpm_crl *crl, uint8_t *der, size_t capacity,
                                     size_t *len)
{
    const struct assay_issue_crl issue = { .this_update_s = crl->this_update_s,
                                           .next_update_s = crl->next_update_s,
                                           .revoked = crl->revoked,
                                           .revoked_count = crl->revoked_count };
    struct assay_issuer issuer;
    make_issuer(crl->registrar, crl->issuer_key, crl->issuer_secret, &issuer);
    return assay_issue_crl(&issuer, &issue, der, capacity, len);
}
